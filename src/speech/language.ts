// Language: what one language must know to speak to a caller: its numbers, its money, its sentences.
// One grammar a language under languages/; adding one touches that file and the list in languages.ts.
import { sayMoney, unitClips } from './amounts';
import type { Grammar } from './grammar';
import type { Money } from './money';
import { digitGroups, wholeNumber } from './numbers';
import { clipName, join, nothing, pause, PAUSE, say, stop, type Spoken } from './spoken';

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
  /** "minus five dollars and one cent"; zero; without minor units where there are none. */
  money(money: Money): Spoken;
  /**
   * An account number read out digit by digit in groups of three or so, leading zeros and all; punctuation is a break.
   * @throws RangeError for a letter or digit that this language has no name for: left out, two numbers would be heard as one
   */
  digits(number: string): Spoken;
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

export function languageOf<Gender extends string>(grammar: Grammar<Gender>): Language {
  const { tag, spell, minus, phrases, numbers, letters, link, asterisk } = grammar;
  const { next, place: at, placeEnd = '', balance, balanceOf, is } = phrases;

  const cardinal = (n: number | bigint): Spoken => {
    const whole = wholeNumber(n);
    return whole < 0n ? join(say(minus), spell(-whole)) : spell(whole);
  };
  const money = (amount: Money): Spoken => sayMoney(amount, grammar);
  const said = (sign: string): Spoken => {
    const saying = /^\d$/.test(sign) ? cardinal(Number(sign)) : letters.get(sign);
    if (!saying) throw new RangeError('a sign that this language has no name for');
    return saying;
  };
  const digits = (number: string): Spoken => {
    const groups = digitGroups(number.normalize('NFC'));
    return join(...groups.flatMap((group) => [pause, ...[...group.toLowerCase()].map(said)]));
  };
  const always = [
    ...[...numbers, minus, link ?? '', ...Object.values<string>({ ...phrases })].map(clipName),
    ...[...letters.values()].flatMap(({ clips }) => clips),
  ].filter((clip) => clip !== '');

  return {
    tag,
    cardinal,
    money,
    digits,
    position: (place) => {
      if (wholeNumber(place) < 1n) throw new RangeError('a place before the first');
      return place === 1
        ? join(phrase(next), stop)
        : join(phrase(at), cardinal(place), phrase(placeEnd), stop);
    },
    balance: (accounts) => {
      const [first] = accounts;
      if (!first) throw new RangeError('no account to speak of');
      if (accounts.length === 1) return join(phrase(balance), money(first.balance), stop);
      return join(
        ...accounts.flatMap((account) => [
          ...[phrase(balanceOf), digits(account.number), phrase(is), money(account.balance), stop],
        ]),
      );
    },
    vocabulary: (currencies) => [...new Set([...always, ...unitClips(currencies, grammar)])],
    asterisk,
  };
}

/** One recording, after a short break where it begins with punctuation. */
function phrase(text: string): Spoken {
  if (text === '') return nothing;
  const clip = clipName(text);
  return { text, clips: [...(/^[,:]/.test(text) ? [PAUSE] : []), ...(clip === '' ? [] : [clip])] };
}
