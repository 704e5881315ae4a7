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

/**
 * The currencies of ISO 4217 List One (SIX Financial Information, the standard's maintenance agency) by their decimal
 * places; units of account that have none (XAU, XDR, XTS) are left out. Intl would not do: its decimal places are
 * CLDR's, which are those of daily use (0 for IQD, LBP and COP), and it knows currencies that are long gone.
 */
const CODES_BY_DIGITS: readonly (readonly [digits: number, codes: string])[] = [
  [0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'],
  [
    2,
    'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW ' +
      'CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF ' +
      'IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK ' +
      'MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP ' +
      'SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG ' +
      'YER ZAR ZMW ZWG',
  ],
  [3, 'BHD IQD JOD KWD LYD OMR TND'],
  [4, 'CLF UYW'],
];

const DIGITS: ReadonlyMap<string, number> = new Map(
  CODES_BY_DIGITS.flatMap(([digits, codes]) => codes.split(' ').map((code) => [code, digits] as const)),
);

/** Decimal places of a currency (ISO 4217: 2 for USD, 0 for JPY, 3 for KWD); undefined when there is no such currency. */
export function minorDigits(currency: string): number | undefined {
  return DIGITS.get(currency);
}

/** Twelve digits and the one of LARGEST_AMOUNT itself, after leading zeros; decimals up to a dozen trailing zeros more. */
const AMOUNT = /^(?<sign>-?)0{0,12}(?<whole>\d{1,13})(?:\.(?<fraction>\d{1,16}))?$/;

/**
 * An amount as a billing system tells it, in major units: a finite number, or a string of digits with at most one dot
 * ("-1234.50"). Refused, as undefined: commas, spaces, exponents, NaN, more decimals than the currency has (12.345
 * roubles; trailing zeros are allowed), more than LARGEST_AMOUNT, an unknown currency.
 */
export function parseMoney(amount: unknown, currency: string): Money | undefined {
  const digits = minorDigits(currency);
  if (digits === undefined || (typeof amount !== 'number' && typeof amount !== 'string')) return undefined;
  const { sign, whole, fraction = '' } = AMOUNT.exec(String(amount))?.groups ?? {};
  const decimals = fraction.replace(/0+$/, '');
  if (whole === undefined || decimals.length > digits) return undefined;
  const minor = BigInt(whole + decimals.padEnd(digits, '0'));
  if (minor > LARGEST_AMOUNT * 10n ** BigInt(digits)) return undefined;
  return { minor: sign === '-' ? -minor : minor, currency };
}
