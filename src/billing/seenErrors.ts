// SeenErrors: which of them the log has told already, so that none of them is told at each press of a key.
// What is wrong with billing is news again when it has answered in between; what is wrong with one caller, an hour later.
import type { Clock } from '../util/clock';

const TOLD_AGAIN_MS = 3_600_000;
/** Texts of each kind; they are few, and when one of them changes each time, there is an end to it. */
const MOST = 50;

export class SeenErrors {
  readonly #ofBilling = new Set<string>();
  /** When each was told, milliseconds; the oldest first. */
  readonly #ofOne = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  /** Whether the log should tell it. @param ofOne one question failed, not billing */
  isNews(text: string, ofOne: boolean): boolean {
    return ofOne ? this.#isNewsOfOne(text) : this.#isNewsOfBilling(text);
  }

  /** Billing has answered. @returns whether there was trouble with it */
  over(): boolean {
    const was = this.#ofBilling.size > 0;
    this.#ofBilling.clear();
    return was;
  }

  #isNewsOfBilling(text: string): boolean {
    if (this.#ofBilling.has(text) || this.#ofBilling.size >= MOST) return false;
    this.#ofBilling.add(text);
    return true;
  }

  #isNewsOfOne(text: string): boolean {
    const now = this.clock.now();
    for (const [told, at] of this.#ofOne) {
      if (now - at < TOLD_AGAIN_MS) break;
      this.#ofOne.delete(told);
    }
    if (this.#ofOne.has(text) || this.#ofOne.size >= MOST) return false;
    this.#ofOne.set(text, now);
    return true;
  }
}
