// Failure: what went wrong between us and a billing system, as an error that an operator can act on.
// What such a system says may name people, numbers and amounts: of all that nothing gets into a message.
import { HoldcastError, messageOf } from '../util/errors';

/** HC_BILLING_FAILED: billing is away, refused, or did not answer in time. */
export class BillingFailure extends HoldcastError {
  /**
   * @param again the connection failed, not the question, and asking once more does no harm
   */
  constructor(
    message: string,
    hint: string,
    readonly again = false,
  ) {
    super('HC_BILLING_FAILED', message, hint);
  }
}

/** HC_BILLING_ANSWER: it answered what cannot be said. `place` names where ("accounts[1].balance"), never a value. */
export function strangeAnswer(place: string, what: string, hint = ANSWER_HINT): HoldcastError {
  return new HoldcastError('HC_BILLING_ANSWER', `${place} ${what}`, hint);
}

const ANSWER_HINT =
  'see that billing answers with a list of { number, balance, currency } as docs/billing.md has them';

/** Whether an error says of itself that the same may be asked again. By its shape: a bundle may have its own class. */
export function mayAskAgain(error: unknown): boolean {
  return typeof error === 'object' && error !== null && (error as { again?: unknown }).again === true;
}

/** Characters of an operator's message that stand in the log. */
const LONGEST_TEXT = 300;
/** A digit and what stands between digits of one number or amount. */
const DIGITS = /\+?\p{N}(?:[\p{N} ().,:/-]*\p{N})?/gu;

/** The text of what an operator's code threw, every number in it masked. Has one for whatever was thrown. */
export function maskedText(error: unknown): string {
  try {
    return messageOf(error).slice(0, LONGEST_TEXT).replace(DIGITS, '…');
  } catch {
    return 'threw something that has no text';
  }
}
