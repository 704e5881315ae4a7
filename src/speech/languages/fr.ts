// French as in France: number words, money ("un million d'euros"), sentences.
// n2words has the words right (deux cents millions, deux cent mille); "une" and what follows a million are ours.
import { toCardinal } from 'n2words/fr-FR';
import { sayMoney, sayUnit, unitClips, type CurrencyUnits, type MoneyGrammar } from '../currencies';
import { readOut } from '../digits';
import type { Language, SpokenAccount } from '../language';
import type { Money } from '../money';
import { ordinalNumber, plurals, wholeNumber } from '../numbers';
import { clipName, join, nothing, say, stop, type Spoken } from '../spoken';

const TAG = 'fr';
const plural = plurals(TAG);

/** A one at the end of a number, as it agrees: "vingt et un euros", "vingt et une livres". */
type One = 'un' | 'une';

/** Words joined by hyphens are recorded as one: "vingt-deux" is not said as "vingt" and "deux". */
function spell(n: bigint, one: One): Spoken {
  const text = toCardinal(n).replace(/\bun$/, one);
  return say(text, ...text.split(' ').map(clipName));
}

function cardinal(n: number | bigint): Spoken {
  return spell(wholeNumber(n), 'un');
}

/** After round millions, which are nouns, stands "de", shortened before a vowel: "un million d'euros". */
function ofThem(name: string): string {
  return /^[aeéiouœ]/i.test(name) ? `d'${name}` : `de ${name}`;
}

const noun =
  (gender: One) =>
  (one: string, other = `${one}s`) => ({ forms: { one, other, many: ofThem(other) }, gender });
const part = (one: string, other = `${one}s`) => ({ forms: { one, other }, gender: 'un' as const });
const le = noun('un');
const la = noun('une');
/** Dollars have them too: "cents" would be read, and recorded, as hundreds. */
const CENTIME = part('centime');
const CENTAVO = part('centavo');
const ORE = part('öre', 'öre');

const CURRENCIES: Readonly<Record<string, CurrencyUnits<One>>> = {
  ARS: { major: le('peso argentin', 'pesos argentins'), minor: CENTAVO },
  AUD: { major: le('dollar australien', 'dollars australiens'), minor: CENTIME },
  BRL: { major: le('réal brésilien', 'réals brésiliens'), minor: CENTAVO },
  CAD: { major: le('dollar canadien', 'dollars canadiens'), minor: CENTIME },
  CHF: { major: le('franc suisse', 'francs suisses'), minor: CENTIME },
  CNY: { major: le('yuan'), minor: part('fen', 'fen') },
  CZK: { major: la('couronne tchèque', 'couronnes tchèques'), minor: part('heller') },
  DKK: { major: la('couronne danoise', 'couronnes danoises'), minor: ORE },
  EUR: { major: le('euro'), minor: CENTIME },
  GBP: { major: la('livre'), minor: part('penny', 'pence') },
  INR: { major: la('roupie indienne', 'roupies indiennes'), minor: part('paisa', 'paise') },
  JPY: { major: le('yen') },
  KWD: { major: le('dinar koweïtien', 'dinars koweïtiens'), minor: part('fils', 'fils') },
  MXN: { major: le('peso mexicain', 'pesos mexicains'), minor: CENTAVO },
  NOK: { major: la('couronne norvégienne', 'couronnes norvégiennes'), minor: ORE },
  PLN: { major: le('zloty'), minor: part('grosz', 'groszy') },
  RUB: { major: le('rouble'), minor: part('kopeck') },
  SEK: { major: la('couronne suédoise', 'couronnes suédoises'), minor: ORE },
  TRY: { major: la('livre turque', 'livres turques'), minor: part('kurus', 'kurus') },
  USD: { major: le('dollar'), minor: CENTIME },
};

const point = say('virgule');
const de = say('de');

/** For names that ICU knows and we don't; the recording of "de" does for both. */
function elided({ text, clips }: Spoken): Spoken {
  return { text: text.replace(/ de (?=[aeiouéœ])/i, " d'"), clips };
}

const MONEY: MoneyGrammar<One> = {
  tag: TAG,
  currencies: CURRENCIES,
  minus: say('moins'),
  link: say('et'),
  count: (n, unit) => join(spell(wholeNumber(n), unit.gender), sayUnit(unit, plural(n))),
  decimal: (whole, fraction) =>
    join(cardinal(whole), point, ...[...fraction].map((digit) => cardinal(Number(digit)))),
  whole: (n) => join(cardinal(n), plural(n) === 'many' ? de : nothing),
};

function money(amount: Money): Spoken {
  return elided(sayMoney(amount, MONEY));
}

const LETTERS = [...'abcdefghijklmnopqrstuvwxyz'];
const SIGNS: ReadonlyMap<string, Spoken> = new Map([
  ...LETTERS.map((letter) => [letter, say(letter.toUpperCase())] as const),
  ...Array.from({ length: 10 }, (_, digit) => [String(digit), cardinal(digit)] as const),
]);

function digits(number: string): Spoken {
  return readOut(number, SIGNS);
}

const YOU_ARE_NEXT = say('Votre appel est le prochain');
const YOU_ARE_NUMBER = say("Vous êtes l'appelant numéro");
// Not "est de": that would be "d'un euro", "de onze euros".
const YOUR_BALANCE_IS = say("Votre solde s'élève à");
const BALANCE_OF = say('Le solde du compte');
const IS = say("s'élève à");

function position(place: number): Spoken {
  return ordinalNumber(place) === 1n ? join(YOU_ARE_NEXT, stop) : join(YOU_ARE_NUMBER, cardinal(place), stop);
}

function balance(accounts: readonly SpokenAccount[]): Spoken {
  const [first] = accounts;
  if (!first) throw new RangeError('no account to speak of');
  if (accounts.length === 1) return join(YOUR_BALANCE_IS, money(first.balance), stop);
  return join(
    ...accounts.flatMap((account) => [
      ...[BALANCE_OF, digits(account.number)],
      ...[IS, money(account.balance), stop],
    ]),
  );
}

const BELOW_HUNDRED = Array.from({ length: 100 }, (_, n) => n);
const SCALES = ['million', 'millions', 'milliard', 'milliards', 'billion'];
const NUMBERS = [
  ...BELOW_HUNDRED.flatMap((n) => [spell(BigInt(n), 'un'), spell(BigInt(n), 'une')]),
  ...['quatre-vingt', 'cent', 'cents', 'mille', ...SCALES, 'moins'].map((word) => say(word)),
];

function vocabulary(currencies: readonly string[]): readonly string[] {
  const sentences = [YOU_ARE_NEXT, YOU_ARE_NUMBER, YOUR_BALANCE_IS, BALANCE_OF, IS, MONEY.link];
  const foreign = currencies.every((code) => code in CURRENCIES) ? [] : [point, de];
  const clips = [...NUMBERS, ...SIGNS.values(), ...sentences, ...foreign].flatMap((spoken) => spoken.clips);
  return [...new Set([...clips, ...unitClips(currencies, MONEY)])];
}

/** The sound files of a word for 0 to 99: "soixante-dix-sept" is 60 and 17, "quatre-vingt-onze" 80 and 11. */
function soundsOf(n: number): readonly string[] {
  if (n <= 16 || n % 10 === 0 || n < 20) return [`digits/${n}`];
  const tens = n < 70 ? n - (n % 10) : n < 80 ? 60 : 80;
  return [`digits/${tens}`, `digits/${n - tens}`];
}

/** Debian's asterisk-core-sounds-fr: what it has of the above. It has no "une", nothing beyond millions, dollars only. */
const ASTERISK: Language['asterisk'] = {
  ...Object.fromEntries(
    BELOW_HUNDRED.filter((n) => cardinal(n).clips.length === 1).map((n) => [toCardinal(n), soundsOf(n)]),
  ),
  ...Object.fromEntries(LETTERS.map((letter) => [letter, [`letters/${letter}`]])),
  et: ['digits/et'],
  'quatre-vingt': ['digits/80'],
  cent: ['digits/hundred'],
  cents: ['digits/hundred'],
  mille: ['digits/thousand'],
  million: ['digits/million'],
  millions: ['digits/million'],
  moins: ['digits/minus'],
  dollar: ['digits/dollars'],
  dollars: ['digits/dollars'],
  // "Votre appel sera le prochain à être traité."
  [YOU_ARE_NEXT.clips[0]!]: ['queue-youarenext'],
  // "Vous êtes présentement l'appelant numéro"
  [YOU_ARE_NUMBER.clips[0]!]: ['queue-thereare'],
};

export const fr: Language = {
  tag: TAG,
  cardinal,
  money,
  digits,
  position,
  balance,
  vocabulary,
  asterisk: ASTERISK,
};
