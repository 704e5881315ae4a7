// Voices: the fate of each announcement of a Program, told to its listener. An advice counts as heard when the caller heard
// all of it or, if the program was killed in its middle, most of it; otherwise the rota plays it once more.
import type { Clip } from '../audio/source';
import { lengthOf, type Announcement, type Listening } from './announcement';
import type { AnnouncerListener } from './announcer';
import type { PlayoutHistory } from './playoutHistory';
import type { AdviceRota } from './rota';
import type { AdviceSlot } from './adviceSlots';

export type VoiceEvent =
  | { type: 'voice-start'; atSample: number; announcement: Announcement; shelf?: AdviceSlot }
  | { type: 'voice-end'; atSample: number; announcement: Announcement }
  | { type: 'voice-cut'; atSample: number; announcement: Announcement }
  | { type: 'voice-failed'; atSample: number; announcement: Announcement; clip: Clip; error: unknown };

export interface VoicesParts {
  rota: Pick<AdviceRota, 'giveBack' | 'cutOff'>;
  history: PlayoutHistory;
  /** Sample of the call at which the current block begins. */
  now: () => number;
  emit: (event: VoiceEvent) => void;
}

/** The listener of an announcement that is not over. */
interface Pending {
  readonly shelf?: AdviceSlot | undefined;
  readonly listening?: Listening | undefined;
}

export class Voices implements AnnouncerListener {
  readonly #pending = new Map<Announcement, Pending & { began: boolean }>();
  /** Advices of which the caller may not have heard the end. */
  #fresh: Announcement[] = [];

  constructor(private readonly parts: VoicesParts) {}

  /** An announcement is about to be said. */
  expect(announcement: Announcement, pending: Pending): void {
    this.#pending.set(announcement, { ...pending, began: false });
    if (announcement.kind === 'advice') this.#fresh = [...this.#stillFresh(), announcement];
  }

  /** Ids of the advices of which less than half lies before sample `at`, and whether any of it does. */
  unheard(at: number): ReadonlyMap<string, boolean> {
    const unheard = new Map<string, boolean>();
    for (const advice of this.#stillFresh()) {
      const spoken = this.parts.history.spoken(advice, at);
      if (spoken < lengthOf(advice) / 2) for (const { id } of advice.clips) unheard.set(id, spoken > 0);
    }
    return unheard;
  }

  voiceStarted(announcement: Announcement, offset: number): void {
    const atSample = this.parts.now() + offset;
    const pending = this.#pending.get(announcement);
    const shelf = pending?.shelf;
    if (pending) pending.began = true;
    this.parts.history.began(announcement, atSample);
    this.parts.emit({ type: 'voice-start', atSample, announcement, ...(shelf && { shelf }) });
    pending?.listening?.began?.();
  }

  voiceEnded(announcement: Announcement, offset: number): void {
    this.parts.emit({ type: 'voice-end', atSample: this.parts.now() + offset, announcement });
    this.#over(announcement, offset);
  }

  voiceCut(announcement: Announcement, offset: number): void {
    this.#return(announcement, (advice) => this.parts.rota.cutOff(advice));
    this.parts.emit({ type: 'voice-cut', atSample: this.parts.now() + offset, announcement });
    this.#over(announcement, offset);
  }

  voiceWithdrawn(announcement: Announcement): void {
    this.#return(announcement, (advice) => this.parts.rota.giveBack(advice));
    this.#over(announcement, 0);
  }

  voiceFailed(announcement: Announcement, clip: Clip, error: unknown): void {
    this.parts.emit({ type: 'voice-failed', atSample: this.parts.now(), announcement, clip, error });
    if (this.#pending.get(announcement)?.began) return; // what was said before that clip ends as any voice does
    this.#forget(announcement);
    this.#over(announcement, 0);
  }

  #over(announcement: Announcement, offset: number): void {
    const { history, now } = this.parts;
    const at = now() + offset;
    const { listening } = this.#pending.get(announcement) ?? {};
    this.#pending.delete(announcement);
    history.ended(announcement, at);
    listening?.over?.(history.spoken(announcement, at));
  }

  #stillFresh(): Announcement[] {
    return this.#fresh.filter((advice) => !this.parts.history.isPast(advice));
  }

  #forget(advice: Announcement): void {
    this.#fresh = this.#fresh.filter((other) => other !== advice);
  }

  #return(announcement: Announcement, toRota: (advice: Clip) => void): void {
    if (announcement.kind !== 'advice') return;
    this.#forget(announcement);
    announcement.clips.forEach(toRota);
  }
}
