// Joins: which of a caller's joinings of a queue is meant. A caller who leaves a queue and joins it again begins a new wait, in
// which nothing was told yet, though queue and Uniqueid are the same.
import type { Clock } from '../util/clock';
import { JOINS_APART_MS } from './feed';

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

  /** It joins a queue now. */
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
    this.#at.delete(uniqueid);
    this.#at.set(uniqueid, atMs);
    for (const [oldest] of this.#at) {
      if (this.#at.size <= MOST_JOINS) break;
      this.#at.delete(oldest);
    }
  }
}
