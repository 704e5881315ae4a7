// Settings of billing as an operator writes them; the rest of the room gets them with every default in place.
import type { DatabaseSettings } from '../store/settings';
import type { BillingQuestion } from './billing';

/** What an operator's code or mapping says of one account. */
export interface BillingAccount {
  /** As it is written: '000412'. A number is refused, since it has lost its zeros. */
  readonly number: string;
  /** Major units: 12.5 or '12.50'; below 0: the caller owes it. Anything else is refused, see parseMoney. */
  readonly balance: number | string;
  /** ISO 4217. Default: billing.currency. */
  readonly currency?: string | undefined;
}

/** The result of mappings and functions: the caller's accounts, none if not registered, or that the PIN is wrong. */
export type BillingAnswer = readonly BillingAccount[] | 'wrong-pin';

/** Asked over HTTP. `{phone}`, `{uniqueid}`, `{language}` and `{pin}` stand for the call's, encoded for where they stand. */
export interface HttpBilling {
  /** 'https://billing.example/balance?phone={phone}'. */
  readonly url: string;
  /** Default 'GET', or 'POST' where there is a body. */
  readonly method?: 'GET' | 'POST' | 'PUT' | undefined;
  /** One that is undefined (a variable of the environment that is not set) is not sent. */
  readonly headers?: Readonly<Record<string, string | undefined>> | undefined;
  /** Sent as JSON; placeholders in its strings are filled in. */
  readonly body?: unknown;
  /** Basic authentication. */
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** Bearer authentication. */
  readonly token?: string | undefined;
  /** File with the certificate (PEM) of an own authority; TLS is always checked. */
  readonly ca?: string | undefined;
  /**
   * From the JSON that came to what is said. Default: that it is a BillingAnswer already. Status 404 with JSON or nothing
   * is "none", 401 and 403 to a question with a PIN are 'wrong-pin'; neither comes here.
   */
  readonly answer?: ((json: unknown, question: BillingQuestion) => BillingAnswer) | undefined;
}

/** Asked of MySQL or MariaDB with a query of the operator's. */
export interface SqlBilling {
  readonly database: DatabaseSettings;
  /** With `:phone`, `:uniqueid`, `:language`, `:pin`, which are passed as parameters, never as text. */
  readonly query: string;
  /** From the rows to what is said. Default: the columns number, balance, currency. DECIMAL comes as a string. */
  readonly answer?:
    | ((rows: readonly Readonly<Record<string, unknown>>[], question: BillingQuestion) => BillingAnswer)
    | undefined;
}

/** The operator's own way of asking. */
export type BillingFunction = (
  question: BillingQuestion & { readonly signal: AbortSignal },
) => Promise<BillingAnswer> | BillingAnswer;

/** How a number is turned before it is asked about. */
export interface PhoneRules {
  /** ISO 3166 country that national numbers are of: 'GB'. Absent: numbers go as Asterisk tells them. */
  readonly country?: string;
  /** 'e164': +442079460018; 'national': 02079460018; 'digits': 442079460018. Only where there is a country. */
  readonly format: 'e164' | 'national' | 'digits';
}

export const defaultPin = {
  /** 3 to 12. */
  digits: 4,
  /** Wrong ones in a row until a number is locked, over all its calls and all that share the store. */
  tries: 3,
  /** For so long after the last of them, milliseconds. */
  lockMs: 3_600_000,
  /** Wrong ones over all numbers within `allMs` until none is taken: it slows who tries one PIN on many numbers. */
  allTries: 30,
  /** Milliseconds. */
  allMs: 600_000,
};
export type PinRules = Readonly<typeof defaultPin>;

export const defaultBilling = {
  /** ISO 4217: what balances are in that name no currency. */
  currency: 'USD',
  /** An answer that takes longer is none, milliseconds. */
  limitMs: 3000,
  /** How long an answer is reused, milliseconds; 0: asked each time. */
  cacheMs: 30_000,
  /** After this many failures in a row billing is paused … */
  failures: 5,
  /** … for this time, milliseconds. */
  restMs: 30_000,
};

export interface BillingSettings extends Readonly<typeof defaultBilling> {
  readonly source: { readonly http: HttpBilling } | { readonly sql: SqlBilling } | BillingFunction;
  readonly phone: PhoneRules;
  /** Absent: no PIN is asked for. */
  readonly pin?: PinRules;
}
