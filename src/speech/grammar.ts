// Grammar: what is peculiar to one language: its words, and how a number agrees with what it counts.
// language.ts makes sentences of it, which are built alike in all languages.
import type { Forms } from './numbers';
import { say, type Spoken } from './spoken';

/** A unit of a currency: "рубль, рубля, рублей", masculine. */
export interface Unit<Gender extends string = string> {
  readonly forms: Forms;
  readonly gender: Gender;
}

/** Major and minor units; no minor ones where the currency has none: yen. */
export type CurrencyUnits<Gender extends string = string> = readonly [
  major: Unit<Gender>,
  minor?: Unit<Gender> | undefined,
];

/** Whole phrases, each recorded as one. A comma or colon before one is a short break. */
export interface Phrases {
  /** "You are next". */
  readonly next: string;
  /** "You are number", before the place … */
  readonly place: string;
  /** … and "in the queue", behind it. */
  readonly placeEnd?: string;
  /** "Your balance is", before the amount. */
  readonly balance: string;
  /** "The balance of account", before its number … */
  readonly balanceOf: string;
  /** … "is", before the amount. */
  readonly is: string;
}

/** Code for any language takes a Grammar without its genders: it gives `spell` only those of the same grammar. */
export interface Grammar<Gender extends string = string> {
  /** ISO 639-1: "en". */
  readonly tag: string;
  /** 0 to 10^12: as one counts, or agreeing with a noun that follows. */
  spell(this: void, n: bigint, gender?: Gender): Spoken;
  readonly minus: string;
  readonly phrases: Phrases;
  /** Every recording, by the word that it says, that `spell` may ask for. */
  readonly numbers: readonly string[];
  /** Letters of account numbers as they are read out, in lower case. */
  readonly letters: ReadonlyMap<string, Spoken>;
  /** By ISO 4217 code. */
  readonly currencies: Readonly<Record<string, CurrencyUnits<Gender>>>;
  /** Stands between major and minor units, where anything does. */
  readonly link?: string;
  /** Of a currency that has no entry, by its name as ICU has it. */
  readonly genderOf?: (name: string) => Gender;
  /** Before such a name, after round millions, which are nouns in some languages: "un millón de". */
  readonly of?: string;
  /**
   * "twelve point five zero": the word for the point, or all of it where that is not how one says it. `fraction` has the
   * digits after the point, at least one of them not 0; `count` says a number with its unit.
   */
  readonly decimals:
    string | ((whole: bigint, fraction: string, count: (n: bigint, unit: Unit<Gender>) => Spoken) => Spoken);
  /** Corrects an amount once it is put together: "de euros" is written "d'euros". */
  readonly contract?: (amount: Spoken) => Spoken;
  /** See Language. */
  readonly asterisk: Readonly<Record<string, readonly string[]>>;
}

/** Units of one gender: `noun('un')('euro', 'euros')`. @param of what stands before them after round millions */
export function noun<Gender extends string>(gender: Gender, of?: (other: string) => string) {
  return (one: string, other: string): Unit<Gender> => ({
    forms: { one, other, ...(of && { many: of(other) }) },
    gender,
  });
}

const LATIN_LETTERS: readonly string[] = [...'abcdefghijklmnopqrstuvwxyz'];

/**
 * Latin letters by their own names.
 * @param recordings of letters whose recordings are called otherwise than they are: { y: 'i-griega' }
 */
export function latinLetters(recordings: Readonly<Record<string, string>> = {}): ReadonlyMap<string, Spoken> {
  return new Map(
    LATIN_LETTERS.map((letter) => [letter, say(letter.toUpperCase(), recordings[letter] ?? letter)] as const),
  );
}

/** Where Asterisk's packs have the names of letters. */
export const LATIN_SOUNDS: Grammar['asterisk'] = Object.fromEntries(
  LATIN_LETTERS.map((letter) => [letter, [`letters/${letter}`]]),
);
