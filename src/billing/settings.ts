// Settings of billing, with the defaults: the rest of the room gets them with every default in place. What the figures mean, and their
// ranges, is said in config/serviceOptions.ts.
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
  readonly query: string;
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
  /** Absent: numbers go as Asterisk tells them. */
  readonly country?: string;
  readonly format: 'e164' | 'national' | 'digits';
}

export const defaultBilling = {
  currency: 'USD',
  limitMs: 3000,
  cacheMs: 30_000,
  failures: 5,
  restMs: 30_000,
};
export const defaultPin = {
  digits: 4,
  tries: 3,
  lockMs: 3_600_000,
  allTries: 30,
  allMs: 600_000,
};

export type PinRules = Readonly<typeof defaultPin>;
export type BillingSettings = Readonly<typeof defaultBilling> & {
  readonly source: { readonly http: HttpBilling } | { readonly sql: SqlBilling } | BillingFunction;
  readonly phone: PhoneRules;
  /** Absent: no PIN is asked for. */
  readonly pin?: PinRules;
};
