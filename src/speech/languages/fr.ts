// French as in France: number words, money ("un million d'euros"), sentences.
// n2words has the words right (deux cents millions, deux cent mille); "une" and what follows a million are ours.
import { toCardinal } from 'n2words/fr-FR';
import { LATIN_SOUNDS, latinLetters, noun, type CurrencyUnits } from '../grammar';
import { languageOf } from '../language';
import { clipName, say, type Spoken } from '../spoken';

/** A one at the end of a number, as it agrees: "vingt et un euros", "vingt et une livres". */
type One = 'un' | 'une';

/** Words joined by hyphens are recorded as one: "vingt-deux" is not said as "vingt" and "deux". */
function spell(n: bigint, one: One = 'un'): Spoken {
  const text = toCardinal(n).replace(/\bun$/, one);
  return say(text, ...text.split(' ').map(clipName));
}

/** After round millions, which are nouns, stands "de", shortened before a vowel: "un million d'euros". */
function ofThem(name: string): string {
  return /^[aeéiouœ]/i.test(name) ? `d'${name}` : `de ${name}`;
}

const units =
  (gender: One) =>
  (one: string, other = `${one}s`) =>
    noun(gender, ofThem)(one, other);
const le = units('un');
const la = units('une');
/** Dollars have them too: "cents" would be read, and recorded, as hundreds. */
const CENTIME = le('centime');
const CENTAVO = le('centavo');
const ORE = le('öre', 'öre');

const CURRENCIES: Readonly<Record<string, CurrencyUnits<One>>> = {
  ARS: [le('peso argentin', 'pesos argentins'), CENTAVO],
  AUD: [le('dollar australien', 'dollars australiens'), CENTIME],
  BRL: [le('réal brésilien', 'réals brésiliens'), CENTAVO],
  CAD: [le('dollar canadien', 'dollars canadiens'), CENTIME],
  CHF: [le('franc suisse', 'francs suisses'), CENTIME],
  CNY: [le('yuan'), le('fen', 'fen')],
  CZK: [la('couronne tchèque', 'couronnes tchèques'), le('heller')],
  DKK: [la('couronne danoise', 'couronnes danoises'), ORE],
  EUR: [le('euro'), CENTIME],
  GBP: [la('livre'), le('penny', 'pence')],
  INR: [la('roupie indienne', 'roupies indiennes'), le('paisa', 'paise')],
  JPY: [le('yen')],
  KWD: [le('dinar koweïtien', 'dinars koweïtiens'), le('fils', 'fils')],
  MXN: [le('peso mexicain', 'pesos mexicains'), CENTAVO],
  NOK: [la('couronne norvégienne', 'couronnes norvégiennes'), ORE],
  PLN: [le('zloty'), le('grosz', 'groszy')],
  RUB: [le('rouble'), le('kopeck')],
  SEK: [la('couronne suédoise', 'couronnes suédoises'), ORE],
  TRY: [la('livre turque', 'livres turques'), le('kurus', 'kurus')],
  UAH: [la('hryvnia'), le('kopeck')],
  USD: [le('dollar'), CENTIME],
};

/** For names that ICU knows and we don't; the recording of "de" does for both. */
function elided({ text, clips }: Spoken): Spoken {
  return { text: text.replace(/ de (?=[aeiouéœ])/i, " d'"), clips };
}

/** Currencies without an entry whose names are feminine. */
const FEMININE = /^(couronne|livre|roupie|lire|gourde|pataca|rufiyaa)( |$)/;

function oneOf(name: string): One {
  return FEMININE.test(name) ? 'une' : 'un';
}

const NEXT = 'Votre appel est le prochain';
const PLACE = "Vous êtes l'appelant numéro";

const BELOW_HUNDRED = Array.from({ length: 100 }, (_, n) => n);
const SCALES = ['million', 'millions', 'milliard', 'milliards', 'billion'];
const NUMBERS = [
  ...BELOW_HUNDRED.flatMap((n) => [...spell(BigInt(n)).clips, ...spell(BigInt(n), 'une').clips]),
  ...['quatre-vingt', 'cent', 'cents', 'mille', ...SCALES],
];

/** The sound files of a word for 0 to 99: "soixante-dix-sept" is 60 and 17, "quatre-vingt-onze" 80 and 11. */
function soundsOf(n: number): readonly string[] {
  if (n <= 16 || n % 10 === 0 || n < 20) return [`digits/${n}`];
  const tens = n < 70 ? n - (n % 10) : n < 80 ? 60 : 80;
  return [`digits/${tens}`, `digits/${n - tens}`];
}

/** Debian's asterisk-core-sounds-fr: what it has of the above. It has no "une", nothing beyond millions, dollars only. */
const ASTERISK = {
  ...Object.fromEntries(
    BELOW_HUNDRED.filter((n) => spell(BigInt(n)).clips.length === 1).map((n) => [toCardinal(n), soundsOf(n)]),
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
  [clipName(NEXT)]: ['queue-youarenext'],
  // "Vous êtes présentement l'appelant numéro"
  [clipName(PLACE)]: ['queue-thereare'],
};

export const fr = languageOf<One>({
  tag: 'fr',
  spell,
  minus: 'moins',
  phrases: {
    next: NEXT,
    place: PLACE,
    // Not "est de": that would be "d'un euro", "de onze euros".
    balance: "Votre solde s'élève à",
    balanceOf: 'Le solde du compte',
    is: "s'élève à",
  },
  numbers: NUMBERS,
  letters: latinLetters(),
  currencies: CURRENCIES,
  link: 'et',
  genderOf: oneOf,
  of: 'de',
  decimals: 'virgule',
  contract: elided,
  asterisk: ASTERISK,
});
