// One queue as the QueueBoard knows it: who waits, which changes came while Asterisk was asked, who wants to be told.
// States: quiet; a look is under way (`since` is set); a look waits for its time (`next` is set).
import type { Cancel } from '../util/clock';
import type { AmiEvent } from './events';
import { Line } from './queueLine';

export type QueueMove = Extract<AmiEvent, { type: 'queue-join' | 'queue-leave' }>;

export type QueueChange = QueueMove | { readonly type: 'gone'; readonly uniqueid: string };

/** Told whether the place is known as Asterisk has it. */
export type PlaceAsker = (confirmed: boolean) => void;

/** One queue in which somebody waits. */
export interface QueueRow {
  /** As Asterisk spells it. */
  name: string;
  line: Line;
  /** Watched calls that wait in it, or are supposed to. */
  readonly watched: Set<string>;
  /** Changes since Asterisk was asked; undefined: no look is under way. */
  since: QueueChange[] | undefined;
  askedAt: number;
  /** Looks that failed, one after the other. */
  failures: number;
  /** Set while the next look waits for its time. */
  next: Cancel | undefined;
  settlesAt: number;
  /** Calls that left while it settles. */
  readonly left: Set<string>;
  /** They want a look that is not under way yet. */
  askers: PlaceAsker[];
}

export function newRow(queue: string): QueueRow {
  return {
    name: queue,
    line: new Line(),
    watched: new Set(),
    since: undefined,
    askedAt: -Infinity,
    failures: 0,
    next: undefined,
    settlesAt: -Infinity,
    left: new Set(),
    askers: [],
  };
}

/** Nobody waits for a look at it any more. */
export function release(row: QueueRow): void {
  row.next?.();
  row.next = undefined;
  for (const asker of row.askers.splice(0)) asker(false);
}

/** Asterisk takes "Sales" and "sales" for the same queue, and tells ASCII letters only. */
export function keyOf(queue: string): string {
  return queue.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

export function sameQueue(one: string | undefined, other: string): boolean {
  return one !== undefined && keyOf(one) === keyOf(other);
}
