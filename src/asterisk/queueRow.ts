// QueueRow: one queue as the QueueBoard knows it: who waits and where, which changes came while Asterisk was asked, who wants to
// be told. Joins: since when each caller waits.
// States: quiet; a look is under way (`since` is set); a look waits for its time (`next` is set).
import type { Cancel, Clock } from '../util/clock';
import { setNewest } from '../util/setNewest';
import type { AmiEvent } from './events';
import { JOINS_APART_MS } from './callNews';

export type QueueMove = Extract<AmiEvent, { type: 'queue-join' | 'queue-leave' }>;

export type QueueChange = QueueMove | { readonly type: 'gone'; readonly uniqueid: string };

/** Told whether the place is known as Asterisk has it. */
export type PlaceAsker = (confirmed: boolean) => void;

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

/** A wait told in whole seconds, and a join that was set later so that two are apart, differ by less than this, milliseconds. */
const SAME_WAIT_MS = 2 * JOINS_APART_MS;
/** Calls that are remembered; the one that joined longest ago is forgotten first. */
const MOST_JOINS = 10_000;

/**
 * A join is named by the moment when it was, wall time: Asterisk tells how long a caller has waited, so another
 * process, or this one after a lost connection, comes to the same moment by itself, within two seconds. Two joins of one
 * call are always further apart than that.
 */
export class Joins {
  readonly #at = new Map<string, number>();

  constructor(private readonly clock: Pick<Clock, 'wall'>) {}

  /** When the call joined a queue last, milliseconds since 1970; undefined: it is not known to have joined one. */
  of(uniqueid: string): number | undefined {
    return this.#at.get(uniqueid);
  }

  began(uniqueid: string): void {
    const before = this.#at.get(uniqueid) ?? -Infinity;
    this.#put(uniqueid, Math.max(this.clock.wall(), before + JOINS_APART_MS));
  }

  /** It waits in a queue, and has so for `waitMs`: since the join that is known, or since another that nobody told. */
  seen(uniqueid: string, waitMs: number): void {
    const since = this.clock.wall() - waitMs;
    const known = this.#at.get(uniqueid);
    if (known === undefined || Math.abs(known - since) > SAME_WAIT_MS) this.#put(uniqueid, since);
  }

  forget(uniqueid: string): void {
    this.#at.delete(uniqueid);
  }

  #put(uniqueid: string, atMs: number): void {
    setNewest(this.#at, uniqueid, atMs, MOST_JOINS);
  }
}

/** Callers of one queue that are remembered; what is said of places behind them is passed over. */
const MOST_CALLERS = 5000;

/** Uniqueids in order; undefined: somebody who is not known by name. */
type Callers = readonly (string | undefined)[];

/** The callers of one queue. A caller not known by name is a gap: their place counts all the same. */
export class Line {
  #callers: (string | undefined)[];
  /** Others may stand behind the last one that is known. */
  #open: boolean;

  /** @param callers all of them; absent: nobody is known yet */
  constructor(callers?: Callers) {
    this.#callers = callers?.slice(0, MOST_CALLERS) ?? [];
    this.#open = callers === undefined || callers.length > MOST_CALLERS;
  }

  /** Nobody is known by name. */
  get isEmpty(): boolean {
    return this.#callers.every((caller) => caller === undefined);
  }

  named(): string[] {
    return this.#callers.filter((caller) => caller !== undefined);
  }

  /** 1 and more; 0: not in this queue. */
  placeOf(uniqueid: string): number {
    return this.#callers.indexOf(uniqueid) + 1;
  }

  /**
   * Somebody joins at `position`, ahead of those who stood there.
   * @param settling who is here already has been seen
   * @returns whether that can be so
   */
  join(uniqueid: string, position: number, settling: boolean): boolean {
    const place = this.placeOf(uniqueid);
    if (place > 0 && (settling || place === position)) return true;
    if (position > MOST_CALLERS) return false;
    if (place > 0) this.remove(uniqueid);
    const fits = place === 0 && (this.#open || position <= this.#callers.length + 1);
    this.#open ||= !fits;
    while (this.#callers.length < position - 1) this.#callers.push(undefined);
    this.#callers.splice(position - 1, 0, uniqueid);
    if (this.#callers.length > MOST_CALLERS) {
      this.#callers.pop();
      this.#open = true;
    }
    return fits;
  }

  /**
   * Somebody leaves from `position`, and those behind move up.
   * @param settling who is not here has been seen to leave
   * @returns whether that can be so
   */
  leave(uniqueid: string, position: number, settling: boolean): boolean {
    const place = this.placeOf(uniqueid);
    if (place > 0) return this.remove(uniqueid) && place === position;
    if (position > this.#callers.length) return this.#open || settling;
    if (this.#callers[position - 1] !== undefined) return settling;
    this.#callers.splice(position - 1, 1);
    return true;
  }

  /** @returns whether the caller was in this queue */
  remove(uniqueid: string): boolean {
    const place = this.placeOf(uniqueid);
    if (place > 0) this.#callers.splice(place - 1, 1);
    return place > 0;
  }
}
