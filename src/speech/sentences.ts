// What sentences and signs have in common in languages that are built alike: a phrase, an amount or a number, the end.
// The words and their order stand in the language's own file; one that is built otherwise leaves this alone.
import { unitClips, type MoneyGrammar } from './currencies';
import type { Language, SpokenAccount } from './language';
import { ordinalNumber } from './numbers';
import { join, say, stop, type Spoken } from './spoken';

/** Whole phrases, each recorded as one. */
export interface Phrases {
  /** "You are next". */
  readonly next: Spoken;
  /** "You are number", before the place. */
  readonly place: Spoken;
  /** "Your balance is", before the amount. */
  readonly balance: Spoken;
  /** "The balance of account", before its number … */
  readonly balanceOf: Spoken;
  /** … "is", before the amount. */
  readonly is: Spoken;
}

/** @param parts of the same language */
export function sentences(
  phrases: Phrases,
  { cardinal, money, digits }: Pick<Language, 'cardinal' | 'money' | 'digits'>,
): Pick<Language, 'position' | 'balance'> {
  const { next, place: at, balance, balanceOf, is } = phrases;
  const one = ({ number, balance }: SpokenAccount): Spoken =>
    join(balanceOf, digits(number), is, money(balance), stop);
  return {
    position: (place) => (ordinalNumber(place) === 1n ? join(next, stop) : join(at, cardinal(place), stop)),
    balance: (accounts) => {
      const [first] = accounts;
      if (!first) throw new RangeError('no account to speak of');
      return accounts.length === 1 ? join(balance, money(first.balance), stop) : join(...accounts.map(one));
    },
  };
}

export const LATIN_LETTERS: readonly string[] = [...'abcdefghijklmnopqrstuvwxyz'];

/**
 * Digits, and Latin letters by their own names.
 * @param recordings of letters whose recordings are called otherwise than they are: { y: 'i-griega' }
 */
export function latinSigns(
  cardinal: Language['cardinal'],
  recordings: Readonly<Record<string, string>> = {},
): ReadonlyMap<string, Spoken> {
  return new Map([
    ...LATIN_LETTERS.map(
      (letter) => [letter, say(letter.toUpperCase(), recordings[letter] ?? letter)] as const,
    ),
    ...Array.from({ length: 10 }, (_, digit) => [String(digit), cardinal(digit)] as const),
  ]);
}

/** "twelve point five zero": an amount whose currency has no name for its parts here. */
export function inDecimals(cardinal: Language['cardinal'], point: Spoken): MoneyGrammar['decimal'] {
  return (whole, fraction) =>
    join(cardinal(whole), point, ...[...fraction].map((digit) => cardinal(Number(digit))));
}

/** Where Asterisk's packs have the names of letters. */
export const LATIN_SOUNDS: Language['asterisk'] = Object.fromEntries(
  LATIN_LETTERS.map((letter) => [letter, [`letters/${letter}`]]),
);

export interface Words<Gender extends string> {
  /** Of numbers and signs: needed whatever the currencies are, as the phrases are. */
  readonly words: readonly Spoken[];
  readonly phrases: Phrases;
  /** Needed where one of the currencies is none of the grammar's. */
  readonly foreign: readonly Spoken[];
  readonly money: MoneyGrammar<Gender>;
}

/** Every recording that a language needs. */
export function vocabularyOf<Gender extends string>(all: Words<Gender>): Language['vocabulary'] {
  const { words, phrases, foreign, money } = all;
  const always = [...words, ...Object.values<Spoken>({ ...phrases }), money.minus, money.link];
  return (currencies) => {
    const isForeign = currencies.some((code) => !Object.hasOwn(money.currencies, code));
    const clips = [...always, ...(isForeign ? foreign : [])].flatMap((spoken) => spoken.clips);
    return [...new Set([...clips, ...unitClips(currencies, money)])];
  };
}
