// How an amount is said in any language: major units, minor units, and currencies that the language has no words for.
// The words and the agreement stand in the language's own grammar.
import type { CurrencyUnits, Grammar, Unit } from './grammar';
import { minorDigits, type Money } from './money';
import { pluralOf, wholeNumber } from './numbers';
import { join, nothing, say, type Spoken } from './spoken';

/** @throws RangeError for a currency that ISO 4217 does not know, and for what no language has words for */
export function sayMoney({ minor, currency }: Money, grammar: Grammar): Spoken {
  const amount = minor < 0n ? -minor : minor;
  const units = Object.hasOwn(grammar.currencies, currency) ? grammar.currencies[currency] : undefined;
  const said = units ? sayUnits(amount, currency, units, grammar) : sayForeign(amount, currency, grammar);
  const signed = join(minor < 0n ? say(grammar.minus) : nothing, said);
  return grammar.contract?.(signed) ?? signed;
}

/** "две копейки": the number, agreeing with the unit, and the unit. */
function count(n: bigint, unit: Unit, { spell, tag }: Grammar): Spoken {
  return join(spell(wholeNumber(n), unit.gender), say(unit.forms[pluralOf(tag, n)] ?? unit.forms.other));
}

function sayUnits(amount: bigint, currency: string, [major, minor]: CurrencyUnits, grammar: Grammar): Spoken {
  const { whole, rest } = split(amount, currency);
  if (!minor || rest === 0n) return count(whole, major, grammar);
  const parts = count(rest, minor, grammar);
  const link = grammar.link === undefined ? nothing : say(grammar.link);
  return whole === 0n ? parts : join(count(whole, major, grammar), link, parts);
}

/** The currency's name comes from ICU, in the form that goes with the number. */
function sayForeign(amount: bigint, currency: string, grammar: Grammar): Spoken {
  const { whole, rest, digits } = split(amount, currency);
  const fraction = rest === 0n ? '' : String(rest).padStart(digits, '0');
  const name = (n: bigint, decimals: string): string => foreignName(grammar.tag, currency, n, decimals);
  const number =
    fraction === '' ? sayWhole(whole, name(1n, ''), grammar) : sayDecimals(whole, fraction, grammar);
  return join(number, say(name(whole, fraction)));
}

/** "twelve", before the name of a currency; `one`: that name in the singular. */
function sayWhole(n: bigint, one: string, grammar: Grammar): Spoken {
  const { spell, genderOf, of, tag } = grammar;
  const isNoun = of !== undefined && pluralOf(tag, n) === 'many';
  return join(spell(wholeNumber(n), genderOf?.(one)), isNoun ? say(of) : nothing);
}

function sayDecimals(whole: bigint, fraction: string, grammar: Grammar): Spoken {
  const { decimals, spell } = grammar;
  if (typeof decimals === 'function') return decimals(whole, fraction, (n, unit) => count(n, unit, grammar));
  const digits = [...fraction].map((digit) => spell(BigInt(digit)));
  return join(spell(wholeNumber(whole)), say(decimals), ...digits);
}

function split(amount: bigint, currency: string): { whole: bigint; rest: bigint; digits: number } {
  const digits = minorDigits(currency);
  if (digits === undefined) throw new RangeError('no such currency');
  const unit = 10n ** BigInt(digits);
  return { whole: amount / unit, rest: amount % unit, digits };
}

/** Making one costs ICU a tenth of a millisecond. One for each language, currency and number of decimals that is said. */
const namers = new Map<string, Intl.NumberFormat>();

function foreignName(tag: string, currency: string, whole: bigint, fraction: string): string {
  const decimals = fraction.length;
  const key = `${tag} ${currency} ${decimals}`;
  let namer = namers.get(key);
  if (!namer) {
    const digits = { minimumFractionDigits: decimals, maximumFractionDigits: decimals };
    namer = new Intl.NumberFormat(tag, { style: 'currency', currencyDisplay: 'name', currency, ...digits });
    namers.set(key, namer);
  }
  const amount = Number(fraction === '' ? whole : `${whole}.${fraction}`);
  return namer.formatToParts(amount).find(({ type }) => type === 'currency')?.value ?? currency;
}

/** Amounts that bring every form of a unit to light in the languages of the world. */
const SAMPLES: readonly bigint[] = [0n, 1n, 2n, 3n, 5n, 11n, 21n, 100n, 1_000_000n];

/** Every recording that amounts in the currencies given need beside the number words: the names of units, "point". */
export function unitClips(currencies: readonly string[], grammar: Grammar): readonly string[] {
  return currencies.flatMap((currency) => {
    const unit = 10n ** BigInt(minorDigits(currency) ?? 0);
    const parts = SAMPLES.filter((part) => part < unit);
    const amounts = SAMPLES.flatMap((whole) => parts.map((part) => whole * unit + part));
    return amounts.flatMap((minor) => sayMoney({ minor, currency }, grammar).clips);
  });
}
