// SpokenPlaces: places in the queue as a voice says them, for which there is no recording. A voice may take seconds, so
// a place is requested, and the announcer checks again when it is there.
import type { Clip } from '../audio/source';
import type { Clock } from '../util/clock';
import { inTime } from '../util/inTime';
import { setNewest } from '../util/setNewest';
import { SPEECH_MS, type Speech } from './speech';

export interface SpokenPlacesParts {
  speech(): Pick<Speech, 'position'> | undefined;
  clock: Clock;
  onAnswer(): void;
}

/** Clips to say, `asked`: wait for them; undefined: no voice says it. */
export type SpokenPlace = readonly Clip[] | 'asked' | undefined;

interface Asked {
  readonly key: string;
  readonly abort: AbortController;
}

/** What no voice could say is asked for again after this, milliseconds. */
const RETRY_MS = 60_000;
const MOST_KEPT = 100;

export class SpokenPlaces {
  /** What is known of a place, the oldest first: its clips, or when it could not be said. */
  readonly #known = new Map<string, readonly Clip[] | { readonly failedMs: number }>();
  /** One at a time: of a place that has changed meanwhile nobody wants to hear. */
  #asked: Asked | undefined;

  constructor(private readonly parts: SpokenPlacesParts) {}

  get busy(): boolean {
    return this.#asked !== undefined;
  }

  /** Whether a voice says it, as far as is known. */
  may(place: number, language: string): boolean {
    const known = this.#knownOf(keyOf(place, language));
    return known ? Array.isArray(known) : this.parts.speech() !== undefined;
  }

  /** The place in words; the first to want it has it asked for. */
  of(place: number, language: string): SpokenPlace {
    const key = keyOf(place, language);
    const known = this.#knownOf(key);
    if (known) return Array.isArray(known) ? (known as readonly Clip[]) : undefined;
    if (this.#asked?.key === key) return 'asked';
    const speech = this.parts.speech();
    if (!speech) return undefined;
    this.#ask(key, (signal) => speech.position(place, language, signal));
    return 'asked';
  }

  close(): void {
    this.#forget();
  }

  #knownOf(key: string): readonly Clip[] | { readonly failedMs: number } | undefined {
    const known = this.#known.get(key);
    const stale = known && 'failedMs' in known && this.parts.clock.now() - known.failedMs >= RETRY_MS;
    return stale ? undefined : known;
  }

  #ask(key: string, task: (signal: AbortSignal) => Promise<readonly Clip[] | undefined>): void {
    this.#forget();
    const abort = new AbortController();
    const asked: Asked = { key, abort };
    this.#asked = asked;
    const settle = (clips?: unknown): void => {
      if (this.#asked !== asked) return;
      this.#asked = undefined;
      const isSaid = Array.isArray(clips) && clips.length > 0;
      const known = isSaid ? (clips as Clip[]) : { failedMs: this.parts.clock.now() };
      setNewest(this.#known, key, known, MOST_KEPT);
      this.parts.onAnswer();
    };
    inTime(this.parts.clock, SPEECH_MS, task, abort.signal).then(settle, () => settle());
  }

  /** Nobody waits for what was asked for. */
  #forget(): void {
    this.#asked?.abort.abort();
    this.#asked = undefined;
  }
}

const keyOf = (place: number, language: string): string => `${language} ${place}`;
