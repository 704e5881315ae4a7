// What the numbers of all languages have in common: how large they may be, which plural goes with them, and how the
// signs of an account number are grouped. The words themselves stand in the language's own file.

/** 10^12: what is larger, either way, nobody has to hear on hold. */
export const LARGEST_NUMBER = 10n ** 12n;

/** @throws RangeError for what is not whole or beyond LARGEST_NUMBER */
export function wholeNumber(n: number | bigint): bigint {
  if (typeof n === 'number' && !Number.isSafeInteger(n)) throw new RangeError('no whole number');
  const whole = BigInt(n);
  if (whole > LARGEST_NUMBER || whole < -LARGEST_NUMBER) throw new RangeError('a number beyond 10^12');
  return whole;
}

/** Forms of a word by plural category; `other` stands for every category that is not named. */
export type Forms = { readonly other: string } & Partial<Readonly<Record<Intl.LDMLPluralRule, string>>>;

const rules = new Map<string, Intl.PluralRules>();

/** The plural category that goes with a whole number in a language, its sign left aside. */
export function pluralOf(tag: string, n: bigint): Intl.LDMLPluralRule {
  const known = rules.get(tag) ?? new Intl.PluralRules(tag);
  rules.set(tag, known);
  return known.select(Math.abs(Number(n)));
}

const LONGEST_GROUP = 4;

/** "00421-7" → ["004", "21", "7"]: groups of three, one of four rather than leave a sign alone. */
export function digitGroups(number: string): readonly string[] {
  return number.split(/[^\p{L}\p{M}\p{N}]+/u).flatMap((part) => {
    if (part.length <= LONGEST_GROUP) return part === '' ? [] : [part];
    return (part.match(/[\p{L}\p{M}]+|\p{N}+/gu) ?? []).flatMap(inThrees);
  });
}

function inThrees(signs: string): readonly string[] {
  return signs.match(/.{4}$|.{3}(?!.$)|.{1,4}$/gu) ?? [];
}
