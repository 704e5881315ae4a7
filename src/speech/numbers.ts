// What the numbers of all languages have in common: how large they may be, and which plural goes with them.
// The words themselves stand in the language's own file.

/** 10^12: what is larger, either way, nobody has to hear on hold. */
export const LARGEST_NUMBER = 10n ** 12n;

/** @throws RangeError for what is not whole or beyond LARGEST_NUMBER */
export function wholeNumber(n: number | bigint): bigint {
  if (typeof n === 'number' && !Number.isSafeInteger(n)) throw new RangeError('no whole number');
  const whole = BigInt(n);
  if (whole > LARGEST_NUMBER || whole < -LARGEST_NUMBER) throw new RangeError('a number beyond 10^12');
  return whole;
}

/** @throws RangeError for what has no place in an order: zero, negative, not whole, beyond LARGEST_NUMBER */
export function ordinalNumber(n: number | bigint): bigint {
  const whole = wholeNumber(n);
  if (whole < 1n) throw new RangeError('an ordinal below the first');
  return whole;
}

export type PluralCategory = Intl.LDMLPluralRule;
/** Forms of a word by plural category; `other` stands for every category that is not named. */
export type Forms = { readonly other: string } & Partial<Readonly<Record<PluralCategory, string>>>;

/** The plural category that goes with a whole number in a language, its sign left aside. */
export function plurals(tag: string): (n: bigint) => PluralCategory {
  const rules = new Intl.PluralRules(tag);
  return (n) => rules.select(Math.abs(Number(n)));
}

export function formOf(forms: Forms, category: PluralCategory): string {
  return forms[category] ?? forms.other;
}
