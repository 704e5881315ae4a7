// Failure: what went wrong between us and a billing system, as an error that an operator can act on.
// What such a system says may name people, numbers and amounts: of all that nothing gets into a message.
import { HoldcastError } from '../util/errors';

/** What follows from a failure; what is absent does not. */
export interface FailureTraits {
  /** The connection failed, not the question, and asking once more does no harm. */
  readonly again?: boolean;
  /** It was this question that failed: of billing itself that says nothing. */
  readonly ofOne?: boolean;
  /** Nobody looked at its PIN: it was never sent. */
  readonly unjudged?: boolean;
}

/** HC_BILLING_FAILED: billing is away, refused, or did not answer in time. */
export class BillingFailure extends HoldcastError implements Required<FailureTraits> {
  readonly again: boolean;
  readonly ofOne: boolean;
  readonly unjudged: boolean;

  constructor(message: string, hint: string, traits: FailureTraits = {}) {
    super('HC_BILLING_FAILED', message, hint);
    this.again = traits.again === true;
    this.ofOne = traits.ofOne === true;
    this.unjudged = traits.unjudged === true;
  }
}

/** HC_BILLING_ANSWER: it answered what cannot be said. */
class StrangeAnswer extends HoldcastError {
  constructor(
    message: string,
    hint: string,
    readonly ofOne: boolean,
  ) {
    super('HC_BILLING_ANSWER', message, hint);
  }
}

/**
 * @param place where ("accounts[1].balance"), never a value
 * @param ofOne the answer to this question is strange, others may be right: see BillingFailure
 */
export function strangeAnswer(place: string, what: string, hint = ANSWER_HINT, ofOne = true): HoldcastError {
  return new StrangeAnswer(`${place} ${what}`, hint, ofOne);
}

const ANSWER_HINT =
  'see that billing answers with a list of { number, balance, currency } as docs/billing.md has them';

/** Whether an error says of itself that the same may be asked again. By its shape: a bundle may have its own class. */
export function mayAskAgain(error: unknown): boolean {
  return says(error, 'again');
}

/** Whether an error says of itself that one question failed and not billing. By its shape, as above. */
export function isOfOne(error: unknown): boolean {
  return says(error, 'ofOne');
}

/** Whether an error says of itself that nobody looked at the PIN. By its shape, as above. */
export function isUnjudged(error: unknown): boolean {
  return says(error, 'unjudged');
}

/** Nobody was there to be asked: codes of a connection that was never made. */
const NOT_REACHED = new Set([
  ...['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN', 'ENOENT'],
  ...['UND_ERR_CONNECT_TIMEOUT'],
]);

/** Whether a code of a failed connection says that nothing was sent on it. */
export function isNotReached(code: string | undefined): boolean {
  return code !== undefined && NOT_REACHED.has(code);
}

function says(error: unknown, what: keyof FailureTraits): boolean {
  return typeof error === 'object' && error !== null && (error as Record<string, unknown>)[what] === true;
}
