// LastAnnounced: the place in the queue that a caller was told last, and how much of an announcement they must have heard for that.
import { isSameWait } from '../asterisk/callNews';
import { lengthOf } from '../program/announcement';
import type { PositionWords } from './positionWords';

export interface LastAnnounced {
  readonly queue: string;
  readonly position: number;
  /** Of the wait in which it was told, see `QueuePlace`. */
  readonly joinedMs?: number | undefined;
  /** When it began, by the monotonic clock. */
  readonly atMs: number;
  /** The last estimate that they heard in this wait, see `WAIT_RUNGS`. */
  readonly rung?: number | undefined;
}

/** `LastAnnounced` as it is kept for another process of the same call. */
export interface ToldPlace extends Omit<LastAnnounced, 'atMs'> {
  /** Milliseconds since 1970. */
  readonly wallMs: number;
}

/** An announcement of a place as far as it matters for what is known of it. */
export interface Telling {
  readonly words: PositionWords;
  /** What the caller knows after hearing all of it; unset: it tells no place, or has not begun. */
  readonly told?: LastAnnounced | undefined;
  readonly before?: LastAnnounced | undefined;
}

/** Samples after which the place counts as told: half of the number. */
export function enoughOf({ number }: PositionWords): number {
  return number / 2;
}

/** What the caller knows after hearing this many samples of it. */
export function heardOf({ words, told, before }: Telling, spoken: number): LastAnnounced | undefined {
  if (!told || spoken < enoughOf(words)) return before;
  if (words.rung === undefined || spoken >= lengthOf(words) - words.clips.at(-1)!.samples / 2) return told;
  return { ...told, rung: before && isSameWait(before, told) ? before.rung : undefined };
}
