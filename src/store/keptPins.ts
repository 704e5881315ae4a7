// KeptPins: the PinLedger of the store that is open just now. A caller waits for the answer, so that each is in time or
// none: where tries cannot be counted nobody may try.
import type { Clock } from '../util/clock';
import { errnoOf } from '../util/errors';
import { inTime, LATE } from '../util/inTime';
import type { PinLedger } from './pinLedger';
import type { Store } from './store';
import { away, tooSlow } from './storeErrors';
import type { StoreLink } from './storeLink';

export interface KeptPinsParts {
  readonly link: StoreLink;
  readonly clock: Clock;
  /** An answer that takes longer will not come, milliseconds. */
  readonly hangMs: number;
  /** The store is of no use any more. */
  readonly onFailure: (store: Store, error: unknown) => void;
  readonly onWell: () => void;
}

/** A disk that is waited for, or a connection that is made; a caller hears music meanwhile. Milliseconds. */
const LIMIT_MS = 1000;

export class KeptPins implements PinLedger {
  constructor(private readonly parts: KeptPinsParts) {}

  counts: PinLedger['counts'] = (...asked) => this.#ask((pins) => pins.counts(...asked));
  begin: PinLedger['begin'] = (...asked) => this.#ask((pins) => pins.begin(...asked));
  end: PinLedger['end'] = (...asked) => this.#ask((pins) => pins.end(...asked));
  sweep: PinLedger['sweep'] = (...asked) => this.#ask((pins) => pins.sweep(...asked));

  async #ask<T>(ask: (pins: PinLedger) => Promise<T>): Promise<T> {
    const { link, clock } = this.parts;
    const askedAt = clock.now();
    const store = link.store ?? (await inTime(clock, LIMIT_MS, link.opened()));
    if (typeof store !== 'object') throw away('the store is away: no try of a PIN can be counted');
    const answer = await inTime(clock, LIMIT_MS - (clock.now() - askedAt), this.#answer(store, ask));
    if (answer === LATE) throw tooSlow('answer', LIMIT_MS);
    return answer;
  }

  /** Settles when the store does. */
  async #answer<T>(store: Store, ask: (pins: PinLedger) => Promise<T>): Promise<T> {
    const { clock, hangMs, onFailure, onWell } = this.parts;
    const cancel = clock.after(hangMs, () => onFailure(store, tooSlow('answer', hangMs)));
    try {
      const answer = await ask(store.pins);
      onWell();
      return answer;
    } catch (error) {
      if (errnoOf(error) !== 'HC_STORE_REFUSED') onFailure(store, error);
      throw error;
    } finally {
      cancel();
    }
  }
}
