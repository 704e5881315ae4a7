// Language: what one language must know to speak to a caller: its numbers, its money, its sentences.
// One file a language under languages/; adding one touches that file and the list in languages.ts.
import type { Money } from './money';
import type { Spoken } from './spoken';

/** An account as its owner hears of it. */
export interface SpokenAccount {
  /** As the billing system writes it, leading zeros and all; digits and letters are read out. */
  readonly number: string;
  readonly balance: Money;
}

export interface Language {
  /** ISO 639-1: "en". */
  readonly tag: string;
  /** A whole number as one counts, −10^12 to 10^12. @throws RangeError outside */
  cardinal(n: number | bigint): Spoken;
  /** "third", masculine nominative where a language has more, 1 to 10^12; absent: this language is not there yet. */
  ordinal?(n: number | bigint): Spoken;
  /** "minus five dollars and one cent"; zero; without minor units where there are none. */
  money(money: Money): Spoken;
  /**
   * An account number read out digit by digit in groups of three or so, leading zeros and all; punctuation is a break.
   * @throws RangeError for a letter or digit that this language has no name for
   */
  digits(number: string): Spoken;
  /** A length of time as one says it on the telephone: "about four minutes"; milliseconds, 0 and more. */
  duration?(ms: number): Spoken;
  /** The caller's place in the queue, 1 and more: a whole sentence. */
  position(place: number): Spoken;
  /** All accounts of the caller, at least one: a sentence for one, a sentence each (with its number) for several. */
  balance(accounts: readonly SpokenAccount[]): Spoken;
  /** Every recording that `cardinal` (to 10^12), `money` in the currencies given, `digits`, `position`, `balance` may ask for. */
  vocabulary(currencies: readonly string[]): readonly string[];
  /**
   * The same recordings as Asterisk's own sound packs have them: for the name of a clip the names of sound files
   * without ending ("digits/20"), none where nothing is to be said. A clip that is not here, the pack cannot say.
   */
  readonly asterisk: Readonly<Record<string, readonly string[]>>;
}
