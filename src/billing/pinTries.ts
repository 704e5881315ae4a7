// PinTries: a few PIN attempts per number, then none for a while; and a limit over all numbers, which slows anyone who
// tries one PIN on many numbers. Counted in the store, so that no restart and no other process brings new ones.
import type { PinCaller, PinCounts, PinLimits } from '../store/store';
import type { Cancel } from '../util/clock';
import { errorFields } from '../util/errors';
import { inTime } from '../util/inTime';
import type { BillingParts, BillingQuestion } from './billing';
import type { PinRules } from './settings';

export interface PinTriesParts extends BillingParts {
  readonly rules: PinRules;
}

/** Who tries. */
export type PinTryer = Pick<BillingQuestion, 'phone' | 'uniqueid'>;

export type PinRefusal = 'locked' | 'limited';

/** That a PIN was right is noted within it, or behind the answer, milliseconds. */
const END_MS = 200;

export class PinTries {
  readonly #limits: PinLimits;
  #cancelSweep: Cancel = () => {};
  #closed = false;
  #limitTold = false;
  #uncountedTold = false;

  constructor(private readonly parts: PinTriesParts) {
    this.#limits = limitsOf(parts.rules);
  }

  /** Why no PIN is to be asked for now; undefined: one may be. @throws HoldcastError when the store cannot say */
  async refusal({ phone }: PinTryer): Promise<PinRefusal | undefined> {
    const counts = await this.#counted(() => this.parts.pins.counts(pinCaller(phone), this.#limits));
    return this.#refusalBy(counts);
  }

  /**
   * Counts a try, before its PIN is sent. A try that is not ended counts as wrong.
   * @returns what `end` is told @throws HoldcastError when the store cannot: the PIN may not be sent
   */
  async begin(who: PinTryer): Promise<PinCounts | PinRefusal> {
    const { pins, onPin } = this.parts;
    const caller = pinCaller(who.phone);
    try {
      const { begun, ...counts } = await this.#counted(() => pins.begin(caller, this.#limits));
      if (begun) {
        this.#sweepLater(caller);
        return counts;
      }
      const refusal = this.#refusalBy(counts) ?? 'limited';
      onPin?.(refusal);
      return refusal;
    } catch (error) {
      onPin?.('uncounted');
      throw error;
    }
  }

  /** May be called again. */
  close(): void {
    this.#closed = true;
    this.#cancelSweep();
  }

  /** Once for each try that was begun. @returns whether the number is locked now */
  async end(
    who: PinTryer,
    counts: PinCounts,
    result: 'right' | 'wrong' | 'unanswered' | 'unjudged',
  ): Promise<boolean> {
    const { clock, pins, log, onPin } = this.parts;
    onPin?.(result);
    if (result === 'right' || result === 'unjudged') {
      // Where it fails the try counts as wrong, which is the safe side.
      await inTime(clock, END_MS, pins.end(pinCaller(who.phone), result)).catch((error: unknown) =>
        log.debug({ uniqueid: who.uniqueid, ...errorFields(error) }, 'a PIN attempt stays counted'),
      );
      return false;
    }
    const { phone, uniqueid } = who;
    const { tries, lockMs } = this.#limits;
    const left = Math.max(0, tries - counts.ofLine);
    if (left > 0) log.info({ uniqueid, phone, result, left }, 'wrong PIN');
    else log.warn({ uniqueid, phone, result, lockMs }, 'too many wrong PINs: this caller’s number is locked');
    return left === 0;
  }

  #refusalBy({ ofLine, ofAll }: PinCounts): PinRefusal | undefined {
    const { tries, allTries, allMs } = this.#limits;
    const limited = ofAll >= allTries;
    if (limited && !this.#limitTold) {
      const hint =
        'somebody may be guessing PINs over many numbers; see docs/billing.md, and billing.pin.allTries';
      this.parts.log.warn(
        { tries: ofAll, allMs, hint },
        'too many wrong PINs over all numbers: no PIN is accepted',
      );
    }
    this.#limitTold = limited;
    if (ofLine >= tries) return 'locked';
    return limited ? 'limited' : undefined;
  }

  async #counted<T>(count: () => Promise<T>): Promise<T> {
    const { log } = this.parts;
    try {
      const counts = await count();
      if (this.#uncountedTold) log.info({}, 'PINs are accepted again');
      this.#uncountedTold = false;
      return counts;
    } catch (error) {
      if (!this.#uncountedTold)
        log.error(errorFields(error), 'no PIN is accepted: the store cannot count attempts');
      this.#uncountedTold = true;
      throw error;
    }
  }

  /** A lock is gone when it is over, also where nobody tries again. */
  #sweepLater(caller: PinCaller): void {
    if (this.#closed) return;
    this.#cancelSweep();
    this.#cancelSweep = this.parts.clock.after(this.#limits.lockMs, () => {
      this.parts.pins.counts(caller, this.#limits).catch(() => {}); // the next try does it
    });
  }
}

/** A store remembers tries for `lockMs`: a limit over a longer time is the same rate over that. */
function limitsOf({ tries, lockMs, allTries, allMs }: PinRules): PinLimits {
  if (allMs <= lockMs) return { tries, lockMs, allTries, allMs };
  return { tries, lockMs, allTries: Math.max(tries, Math.ceil((allTries * lockMs) / allMs)), allMs: lockMs };
}

/**
 * What all spellings of a number have in common are its last digits: without the country nobody can say more. Numbers have seven
 * and more behind their country and trunk prefix, but in a handful of small countries; two callers whose last seven are the same
 * share their tries: one in ten million pairs.
 */
const SHARED_DIGITS = 7;

/** Whose tries count together. @param phone as billing is asked about it */
export function pinCaller(phone: string): PinCaller {
  // "0201" is extension 201 with a prefix.
  const digits = phone.replace(/\D/g, '').replace(/^0+/, '');
  return { line: digits.slice(-SHARED_DIGITS), told: phone };
}
