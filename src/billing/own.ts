// Billing by the operator's own function. It is code like any other: it may throw, hang, or answer with anything.
// Its time is limited by its caller (BalanceService); here it is given the signal and its answer is checked.
import { replyOf } from './answer';
import type { Billing, BillingQuestion, BillingReply } from './billing';
import { BillingFailure, isNotReached } from './failure';
import type { BillingFunction } from './settings';
import { thrownCode, redactedError } from './redactedError';
import { unlessAborted } from './within';

export class BillingByFunction implements Billing {
  /** @param currency ISO 4217, of amounts that name none */
  constructor(
    private readonly ask: BillingFunction,
    private readonly currency: string,
  ) {}

  async accounts(question: BillingQuestion, signal: AbortSignal): Promise<BillingReply> {
    const answer = await unlessAborted(signal, () => this.#asked(question, signal));
    return replyOf(answer, this.currency);
  }

  async #asked(question: BillingQuestion, signal: AbortSignal): Promise<unknown> {
    try {
      return await this.ask({ ...question, signal });
    } catch (error) {
      const hint = 'correct the function `billing.ask` in config.ts';
      const unjudged = isNotReached(thrownCode(error));
      throw new BillingFailure(`the function ${redactedError(error)}`, hint, { unjudged });
    }
  }
}
