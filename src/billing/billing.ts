// Billing: the port to whatever knows what a caller owes. Adapters differ in how they ask; what comes back is the same.
import type { Money } from '../speech/money';
import type { PinLedger } from '../store/store';
import type { Clock } from '../util/clock';
import type { Logger } from '../util/log';

export interface BillingQuestion {
  /** The caller's number as the operator's config wants it (see PhoneRules); never one that is withheld or malformed. */
  readonly phone: string;
  /** Of the call, for the operator's logs. */
  readonly uniqueid: string;
  /** "en", "pt_BR": as Asterisk or the config says. */
  readonly language: string;
  /** Digits that the caller has keyed in; only where the config asks for a PIN. */
  readonly pin?: string;
}

export interface Account {
  /** Not empty, at most 64 characters; a string always. */
  readonly number: string;
  readonly balance: Money;
}

/** What a billing system says of a caller. */
export type BillingReply =
  /** None: the number is not registered. At most MOST_ACCOUNTS. */
  { readonly status: 'accounts'; readonly accounts: readonly Account[] } | { readonly status: 'wrong-pin' };

export const MOST_ACCOUNTS = 10;

export interface Billing {
  /**
   * @param signal aborted when nobody waits any more: whoever asks (BalanceService) has gone on then, whether it is obeyed or not
   * @throws HoldcastError HC_BILLING_FAILED (away, refused), HC_BILLING_ANSWER (it said what cannot be said)
   */
  accounts(question: BillingQuestion, signal: AbortSignal): Promise<BillingReply>;
  /** Ends what is under way; may be called again. */
  close?(): Promise<void> | void;
}

/** The outcome of a caller's request for their balance, after every guard (see BalanceService). */
export type BalanceAnswer =
  /** None: the caller's number is not registered. */
  | { readonly status: 'accounts'; readonly accounts: readonly Account[] }
  /** A PIN is to be keyed in: none was given yet, or it was wrong. */
  | { readonly status: 'pin'; readonly wrong: boolean; readonly digits: number }
  /** Too many wrong PINs: not today. */
  | { readonly status: 'locked' }
  /** The caller's number is withheld, malformed, or not certain. */
  | { readonly status: 'unknown-caller' }
  /** Billing is away, slow, wrong, or there is none. The log says why. */
  | { readonly status: 'unavailable' };

/**
 * What became of a PIN. `unanswered`: it was sent, and nobody knows whether it was right, so that it counts as wrong.
 * `unjudged`: it was not sent, since billing was not reached. The others were not sent: the number was locked, too many
 * were wrong over all numbers, or the store could not count the try.
 */
export const PIN_RESULTS = [
  ...(['right', 'wrong', 'unanswered', 'unjudged', 'locked', 'limited', 'uncounted'] as const),
];
export type PinResult = (typeof PIN_RESULTS)[number];

/** What the hosts give to all of it. */
export interface BillingParts {
  clock: Clock;
  log: Logger;
  /** Where tries of PINs are counted. */
  pins: PinLedger;
  /** Told of each PIN that was keyed in. */
  onPin?: ((result: PinResult) => void) | undefined;
}
