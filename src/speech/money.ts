// Money: an amount in whole minor units of an ISO 4217 currency, never a float.
// Amounts come from other people's systems: what is not exactly an amount is none.

export interface Money {
  /** Whole minor units (cents, kopecks); yen for a currency that has none. Negative: owed by the caller. */
  readonly minor: bigint;
  /** ISO 4217 code in capitals: "RUB". */
  readonly currency: string;
}

/** No balance that is said is larger, in major units, either way. */
export const LARGEST_AMOUNT = 1_000_000_000_000n;

/** Decimal places of a currency (ISO 4217: 2 for USD, 0 for JPY, 3 for KWD); undefined when there is no such currency. */
export function minorDigits(currency: string): number | undefined {
  throw new Error(`to be written: ${currency}`);
}

/**
 * An amount as a billing system tells it, in major units: a finite number, or a string of digits with at most one dot
 * ("-1234.50"). Refused, as undefined: commas, spaces, exponents, NaN, more decimals than the currency has (12.345
 * roubles; trailing zeros are allowed), more than LARGEST_AMOUNT, an unknown currency.
 */
export function parseMoney(amount: unknown, currency: string): Money | undefined {
  throw new Error(`to be written: ${String(amount)} ${currency}`);
}
