// SpokenPlaces: places in the queue as a voice says them, for which there is no recording. A voice may take seconds, so
// a place is requested, and the announcer checks again when it is there.
import type { Clip } from '../audio/source';
import type { Clock } from '../util/clock';
import { inTime } from '../util/inTime';
import { SPEECH_MS, type Speech } from './speech';

export interface SpokenPlacesParts {
  speech(): Pick<Speech, 'position'> | undefined;
  clock: Clock;
  onAnswer(): void;
}

/** Clips to say, `asked`: wait for them; undefined: no voice says it. */
export type SpokenPlace = readonly Clip[] | 'asked' | undefined;

interface Sentence {
  readonly key: string;
  readonly abort: AbortController;
  said: SpokenPlace;
  /** When no voice could say it. */
  failedMs: number;
}

/** What no voice could say is asked for again after this, milliseconds. */
const RETRY_MS = 60_000;

export class SpokenPlaces {
  /** The one that was wanted last: of a place that has changed nobody wants to hear. */
  #sentence: Sentence | undefined;

  constructor(private readonly parts: SpokenPlacesParts) {}

  get busy(): boolean {
    return this.#sentence?.said === 'asked';
  }

  /** Whether a voice says it, as far as is known. */
  may(place: number, language: string): boolean {
    const sentence = this.#wanted(keyOf(place, language));
    return (sentence ? sentence.said : this.parts.speech()) !== undefined;
  }

  /** The place in words; the first to want it has it asked for. */
  of(place: number, language: string): SpokenPlace {
    const key = keyOf(place, language);
    const sentence = this.#wanted(key);
    if (sentence) return sentence.said;
    const speech = this.parts.speech();
    if (!speech) return undefined;
    this.#ask(key, (signal) => speech.position(place, language, signal));
    return 'asked';
  }

  /** Nobody waits for what was asked for. */
  close(): void {
    this.#sentence?.abort.abort();
    this.#sentence = undefined;
  }

  #wanted(key: string): Sentence | undefined {
    const sentence = this.#sentence;
    if (sentence?.key !== key) return undefined;
    const isStale = !sentence.said && this.parts.clock.now() - sentence.failedMs >= RETRY_MS;
    return isStale ? undefined : sentence;
  }

  #ask(key: string, task: (signal: AbortSignal) => Promise<readonly Clip[] | undefined>): void {
    this.close();
    const sentence: Sentence = { key, abort: new AbortController(), said: 'asked', failedMs: 0 };
    this.#sentence = sentence;
    const settle = (clips?: unknown): void => {
      if (this.#sentence !== sentence) return;
      sentence.said = Array.isArray(clips) && clips.length > 0 ? (clips as Clip[]) : undefined;
      sentence.failedMs = this.parts.clock.now();
      this.parts.onAnswer();
    };
    inTime(this.parts.clock, SPEECH_MS, task, sentence.abort.signal).then(settle, () => settle());
  }
}

const keyOf = (place: number, language: string): string => `${language} ${place}`;
