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

/** HC_BILLING_FAILED: billing is away, refused, or did not answer in time. HC_BILLING_ANSWER: it answered what cannot be said. */
export class BillingFailure extends HoldcastError implements Required<FailureTraits> {
  readonly again: boolean;
  readonly ofOne: boolean;
  readonly unjudged: boolean;

  constructor(
    message: string,
    hint: string,
    { again = false, ofOne = false, unjudged = false }: FailureTraits = {},
    code: 'HC_BILLING_FAILED' | 'HC_BILLING_ANSWER' = 'HC_BILLING_FAILED',
  ) {
    super(code, message, hint);
    this.again = again;
    this.ofOne = ofOne;
    this.unjudged = unjudged;
  }
}

const ANSWER_HINT =
  'see that billing answers with a list of { number, balance, currency } as docs/billing.md has them';

/**
 * @param place where ("accounts[1].balance"), never a value
 * @param ofOne the answer to this question is strange, others may be right: see BillingFailure
 */
export function strangeAnswer(place: string, what: string, hint = ANSWER_HINT, ofOne = true): BillingFailure {
  return new BillingFailure(`${place} ${what}`, hint, { ofOne }, 'HC_BILLING_ANSWER');
}

/** Whether an error says this of itself. By its shape: a bundle may have its own class. */
export function says(error: unknown, trait: keyof FailureTraits): boolean {
  return typeof error === 'object' && error !== null && (error as FailureTraits)[trait] === true;
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
