// French as in France: number words, money ("un million d'euros"), sentences.
// n2words has the words right (deux cents millions, deux cent mille); "une" and what follows a million are ours.
import { toCardinal } from 'n2words/fr-FR';
import { sayMoney, sayUnit, type CurrencyUnits, type MoneyGrammar } from '../currencies';
import { readOut } from '../digits';
import type { Language } from '../language';
import type { Money } from '../money';
import { plurals, wholeNumber } from '../numbers';
import { LATIN_SOUNDS, inDecimals, latinSigns, sentences, vocabularyOf, type Phrases } from '../sentences';
import { clipName, join, nothing, say, type Spoken } from '../spoken';

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
  UAH: { major: la('hryvnia'), minor: part('kopeck') },
  USD: { major: le('dollar'), minor: CENTIME },
};

const point = say('virgule');
const de = say('de');

/** For names that ICU knows and we don't; the recording of "de" does for both. */
function elided({ text, clips }: Spoken): Spoken {
  return { text: text.replace(/ de (?=[aeiouéœ])/i, " d'"), clips };
}

/** Currencies without an entry whose names are feminine. */
const FEMININE = /^(couronne|livre|roupie|lire|gourde|pataca|rufiyaa)( |$)/;

function oneOf(name: string): One {
  return FEMININE.test(name) ? 'une' : 'un';
}

const MONEY: MoneyGrammar<One> = {
  tag: TAG,
  currencies: CURRENCIES,
  minus: say('moins'),
  link: say('et'),
  count: (n, unit) => join(spell(wholeNumber(n), unit.gender), sayUnit(unit, plural(n))),
  decimal: inDecimals(cardinal, point),
  whole: (n, one) => join(spell(wholeNumber(n), oneOf(one)), plural(n) === 'many' ? de : nothing),
};

function money(amount: Money): Spoken {
  return elided(sayMoney(amount, MONEY));
}

const SIGNS = latinSigns(cardinal);

function digits(number: string): Spoken {
  return readOut(number, SIGNS);
}

const PHRASES: Phrases = {
  next: say('Votre appel est le prochain'),
  place: say("Vous êtes l'appelant numéro"),
  // Not "est de": that would be "d'un euro", "de onze euros".
  balance: say("Votre solde s'élève à"),
  balanceOf: say('Le solde du compte'),
  is: say("s'élève à"),
};

const BELOW_HUNDRED = Array.from({ length: 100 }, (_, n) => n);
const SCALES = ['million', 'millions', 'milliard', 'milliards', 'billion'];
const NUMBERS = [
  ...BELOW_HUNDRED.flatMap((n) => [spell(BigInt(n), 'un'), spell(BigInt(n), 'une')]),
  ...['quatre-vingt', 'cent', 'cents', 'mille', ...SCALES, 'moins'].map((word) => say(word)),
];

const vocabulary = vocabularyOf({
  words: [...NUMBERS, ...SIGNS.values()],
  phrases: PHRASES,
  foreign: [point, de],
  money: MONEY,
});

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
  ...LATIN_SOUNDS,
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
  [PHRASES.next.clips[0]!]: ['queue-youarenext'],
  // "Vous êtes présentement l'appelant numéro"
  [PHRASES.place.clips[0]!]: ['queue-thereare'],
};

export const fr: Language = {
  tag: TAG,
  cardinal,
  money,
  digits,
  ...sentences(PHRASES, { cardinal, money, digits }),
  vocabulary,
  asterisk: ASTERISK,
};
