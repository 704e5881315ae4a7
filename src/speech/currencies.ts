// How an amount is said in any language: major units, minor units, and currencies that the language has no words for.
// The words and the grammar stand in the language's own file.
import { minorDigits, type Money } from './money';
import { formOf, type Forms, type PluralCategory } from './numbers';
import { join, nothing, say, type Spoken } from './spoken';

/** A unit of a currency: "рубль, рубля, рублей", masculine. */
export interface Unit<Gender extends string = string> {
  readonly forms: Forms;
  readonly gender: Gender;
}

export interface CurrencyUnits<Gender extends string = string> {
  readonly major: Unit<Gender>;
  /** Absent where the currency has none: yen. */
  readonly minor?: Unit<Gender>;
}

export interface MoneyGrammar<Gender extends string = string> {
  readonly tag: string;
  /** By ISO 4217 code. */
  readonly currencies: Readonly<Record<string, CurrencyUnits<Gender>>>;
  readonly minus: Spoken;
  /** Stands between major and minor units; `nothing` where nothing does. */
  readonly link: Spoken;
  /** "две копейки": the number, agreeing with the unit, and the unit. `n` is 0 and more. */
  count(n: bigint, unit: Unit<Gender>): Spoken;
  /** "twelve point five zero"; `fraction` has the digits after the point, at least one of them not 0. */
  decimal(whole: bigint, fraction: string): Spoken;
  /** "twelve", before the name of a currency that the language has no words for; `one`: that name in the singular. */
  whole(n: bigint, one: string): Spoken;
}

/** @throws RangeError for a currency that ISO 4217 does not know */
export function sayMoney<Gender extends string>(money: Money, grammar: MoneyGrammar<Gender>): Spoken {
  const sign = money.minor < 0n ? grammar.minus : nothing;
  const minor = money.minor < 0n ? -money.minor : money.minor;
  const units = unitsOf(grammar, money.currency);
  return join(
    sign,
    units ? sayUnits(minor, money.currency, units, grammar) : sayForeign(minor, money, grammar),
  );
}

function sayUnits<Gender extends string>(
  amount: bigint,
  currency: string,
  units: CurrencyUnits<Gender>,
  grammar: MoneyGrammar<Gender>,
): Spoken {
  const { whole, rest } = split(amount, currency);
  if (!units.minor || rest === 0n) return grammar.count(whole, units.major);
  const minor = grammar.count(rest, units.minor);
  return whole === 0n ? minor : join(grammar.count(whole, units.major), grammar.link, minor);
}

/** The currency's name comes from ICU, in the form that goes with the number. */
function sayForeign<Gender extends string>(
  amount: bigint,
  { currency }: Money,
  grammar: MoneyGrammar<Gender>,
): Spoken {
  const { whole, rest, digits } = split(amount, currency);
  const fraction = rest === 0n ? '' : String(rest).padStart(digits, '0');
  const name = (n: bigint, decimals: string): string => foreignName(grammar.tag, currency, n, decimals);
  const number = fraction === '' ? grammar.whole(whole, name(1n, '')) : grammar.decimal(whole, fraction);
  return join(number, say(name(whole, fraction)));
}

function split(amount: bigint, currency: string): { whole: bigint; rest: bigint; digits: number } {
  const digits = minorDigits(currency);
  if (digits === undefined) throw new RangeError('no such currency');
  const unit = 10n ** BigInt(digits);
  return { whole: amount / unit, rest: amount % unit, digits };
}

function unitsOf<Gender extends string>(
  { currencies }: MoneyGrammar<Gender>,
  currency: string,
): CurrencyUnits<Gender> | undefined {
  return Object.hasOwn(currencies, currency) ? currencies[currency] : undefined;
}

/** Making one costs ICU a tenth of a millisecond. One for each language, currency and number of decimals that is said. */
const namers = new Map<string, Intl.NumberFormat>();

function namerOf(tag: string, currency: string, decimals: number): Intl.NumberFormat {
  const key = `${tag} ${currency} ${decimals}`;
  let namer = namers.get(key);
  if (!namer) {
    const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
    namer = new Intl.NumberFormat(tag, { style: 'currency', currencyDisplay: 'name', currency, ...digits });
    namers.set(key, namer);
  }
  return namer;
}

function foreignName(tag: string, currency: string, whole: bigint, fraction: string): string {
  const format = namerOf(tag, currency, fraction.length);
  const amount = Number(fraction === '' ? whole : `${whole}.${fraction}`);
  return format.formatToParts(amount).find(({ type }) => type === 'currency')?.value ?? currency;
}

/** Amounts that bring every form of a unit to light in the languages of the world. */
const SAMPLES: readonly bigint[] = [0n, 1n, 2n, 3n, 5n, 11n, 21n, 100n, 1_000_000n];

/** Every recording that amounts in the currencies given need beside the number words: the names of units, "point". */
export function unitClips<Gender extends string>(
  currencies: readonly string[],
  grammar: MoneyGrammar<Gender>,
): readonly string[] {
  return currencies.flatMap((currency) => {
    const unit = 10n ** BigInt(minorDigits(currency) ?? 0);
    const parts = [0n, ...SAMPLES].filter((part) => part < unit);
    const amounts = SAMPLES.flatMap((whole) => parts.map((part) => whole * unit + part));
    return amounts.flatMap((minor) => sayMoney({ minor, currency }, grammar).clips);
  });
}

/** "рублей": the form of a unit that goes with a number. */
export function sayUnit(unit: Unit, category: PluralCategory): Spoken {
  return say(formOf(unit.forms, category));
}
