// Asker: asks the store for a caller's choice, and never waits longer than a caller's first audio may.
// A store that answers late is asked by one call at a time until it answers in time again: the others don't wait at all.
import type { Cancel, Clock } from '../util/clock';
import { errnoOf } from '../util/errors';
import { inTime, LATE } from '../util/inTime';
import type { Outage } from './outage';
import type { Phone, Store } from './store';
import { tooSlow } from './storeErrors';

export interface AskerParts {
  clock: Clock;
  outage: Outage;
  /** An answer that takes longer is late, milliseconds. */
  waitMs: number;
  /** One that takes longer will not come, milliseconds. */
  hangMs: number;
  /** The store is of no use any more. */
  onFailure: (store: Store, error: unknown) => void;
  /** It answers in time again. */
  onWell: () => void;
}

/** So many answers in time, one after the other, and a slow store is not slow any more. */
const TIMELY = 3;

export class Asker {
  #asking = 0;
  /** Answers in time that are missing until the store is well. */
  #missing = 0;

  constructor(private readonly parts: AskerParts) {}

  /** It has answered late, or not at all, or refused, and not been right since. */
  get isSlow(): boolean {
    return this.#missing > 0;
  }

  /** Another store is open: nothing is known against it. */
  reset(): void {
    this.#missing = 0;
  }

  /** Never rejects; undefined after `limitMs` at the latest. */
  async choice(store: Store, phone: Phone, limitMs: number): Promise<string | undefined> {
    if (this.isSlow && this.#asking > 0) return undefined;
    const answer = await inTime(this.parts.clock, limitMs, this.#ask(store, phone));
    return answer === LATE ? undefined : answer;
  }

  /** Resolves when the store answers or fails, which may be never. */
  async #ask(store: Store, phone: Phone): Promise<string | undefined> {
    const { clock, waitMs, hangMs, onFailure } = this.parts;
    const askedAt = clock.now();
    const cancels: Cancel[] = [
      clock.after(waitMs, () => this.#bad(tooSlow('answer', waitMs))),
      clock.after(hangMs, () => onFailure(store, tooSlow('answer', hangMs))),
    ];
    this.#asking++;
    try {
      const track = await store.choice(phone);
      if (clock.now() - askedAt < waitMs) this.#good();
      return track;
    } catch (error) {
      // Who may not read today may not read on another connection either.
      if (errnoOf(error) === 'HC_STORE_REFUSED') this.#bad(error);
      else onFailure(store, error);
      return undefined;
    } finally {
      this.#asking--;
      for (const cancel of cancels) cancel();
    }
  }

  #bad(error: unknown): void {
    this.#missing = TIMELY;
    this.parts.outage.begin(error);
  }

  #good(): void {
    if (this.#missing === 0) return;
    if (--this.#missing === 0) this.parts.onWell();
  }
}
