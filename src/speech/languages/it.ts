// Italian: number words as one compound up to a million, said from recordings of 0 to 99, cento, mille and mila; money;
// sentences. n2words has the compounds (centotto) but for accents; scales above, agreement and recordings are ours.
import { toCardinal } from 'n2words/it-IT';
import { LATIN_SOUNDS, latinLetters, noun, type CurrencyUnits } from '../grammar';
import { languageOf } from '../language';
import { LARGEST_NUMBER } from '../numbers';
import { clipName, join, nothing, say, type Spoken } from '../spoken';

/** One of something, as its noun wants it: "un euro", "uno yen", "una sterlina". Compounds of one do not change. */
type One = 'un' | 'uno' | 'una';

const word = (n: number): string => toCardinal(n);

/** The recordings of 1 to 999,999; none for 0. */
function recordings(n: number): readonly string[] {
  if (n >= 2000) return [...recordings(Math.floor(n / 1000)), 'mila', ...recordings(n % 1000)];
  if (n >= 1000) return ['mille', ...recordings(n % 1000)];
  const hundreds = Math.floor(n / 100);
  return [
    ...(hundreds > 1 ? [word(hundreds)] : []),
    ...(hundreds > 0 ? ['cento'] : []),
    ...(n % 100 > 0 ? [word(n % 100)] : []),
  ];
}

/** "Tre" has its accent at the end of a compound, and nowhere else: "duemilatré", "ventitremila". */
function compound(n: number): string {
  return toCardinal(n)
    .replaceAll('é', 'e')
    .replace(/(?<=.)tre$/, 'tré');
}

function belowMillion(n: number): Spoken {
  return n === 0 ? nothing : say(compound(n), ...recordings(n));
}

const SCALES = [
  { size: 10n ** 12n, one: 'un bilione', other: 'bilioni' },
  { size: 10n ** 9n, one: 'un miliardo', other: 'miliardi' },
  { size: 10n ** 6n, one: 'un milione', other: 'milioni' },
] as const;

function spell(n: bigint, one?: One): Spoken {
  if (n === 0n) return say('zero');
  if (n === 1n && one !== undefined) return say(one);
  const scales = SCALES.map(({ size, one, other }) => {
    const count = Number((n / size) % 1000n);
    if (count <= 1) return count === 0 ? nothing : say(one);
    return join(belowMillion(count), say(other));
  });
  return join(...scales, belowMillion(Number(n % 1_000_000n)));
}

/** After round millions, which are nouns, stands "di": "un milione di euro". */
const of = (other: string): string => `di ${other}`;
const il = noun('un', of);
const lo = noun('uno', of);
const la = noun('una', of);
const CENTESIMO = il('centesimo', 'centesimi');
const CENTAVO = il('centavo', 'centavos');
const ORE = il('öre', 'öre');

const CURRENCIES: Readonly<Record<string, CurrencyUnits<One>>> = {
  ARS: [il('peso argentino', 'pesos argentini'), CENTAVO],
  AUD: [il('dollaro australiano', 'dollari australiani'), CENTESIMO],
  BRL: [il('real brasiliano', 'real brasiliani'), CENTAVO],
  CAD: [il('dollaro canadese', 'dollari canadesi'), CENTESIMO],
  CHF: [il('franco svizzero', 'franchi svizzeri'), CENTESIMO],
  CNY: [lo('yuan', 'yuan'), il('fen', 'fen')],
  CZK: [la('corona ceca', 'corone ceche'), il('heller', 'heller')],
  DKK: [la('corona danese', 'corone danesi'), ORE],
  EUR: [il('euro', 'euro'), CENTESIMO],
  GBP: [la('sterlina', 'sterline'), il('penny', 'pence')],
  INR: [la('rupia indiana', 'rupie indiane'), la('paisa', 'paise')],
  JPY: [lo('yen', 'yen')],
  KWD: [il('dinaro kuwaitiano', 'dinari kuwaitiani'), il('fils', 'fils')],
  MXN: [il('peso messicano', 'pesos messicani'), CENTAVO],
  NOK: [la('corona norvegese', 'corone norvegesi'), ORE],
  PLN: [lo('zloty', 'zloty'), il('grosz', 'groszy')],
  RUB: [il('rublo', 'rubli'), il('copeco', 'copechi')],
  SEK: [la('corona svedese', 'corone svedesi'), ORE],
  TRY: [la('lira turca', 'lire turche'), il('kurus', 'kurus')],
  UAH: [la('grivnia', 'grivnie'), il('copeco', 'copechi')],
  USD: [il('dollaro', 'dollari'), CENTESIMO],
};

/** Of a currency that has no entry: as its name begins, "corona islandese", "scellino somalo", but "tala samoano"; four we know. */
function oneOf(name: string): One {
  if (/^(?!balboa |pula |taka |córdoba )\S*a( (?!\S*o( |$))|$)/i.test(name)) return 'una';
  return /^([xyz]|s[^aeiou]|gn|p[ns])/i.test(name) ? 'uno' : 'un';
}

const NEXT = 'La sua chiamata è la prima in attesa';
const PLACE = 'Lei è il chiamante numero';

const BELOW_HUNDRED = Array.from({ length: 100 }, (_, n) => n);
const NUMBERS = [
  ...[...BELOW_HUNDRED.map(word), 'cento', 'mille', 'mila', 'un', 'una'],
  ...SCALES.flatMap(({ size, one, other }) => (size === LARGEST_NUMBER ? [one] : [one, other])),
];

/** The sound files of 0 to 99: what begins with a vowel after its tens (21, 28) is a file of its own, "ventuno". */
function soundsOf(n: number): readonly string[] {
  const unit = n % 10;
  if (n <= 20 || unit === 0 || unit === 1 || unit === 8) return [`digits/${n}`];
  return [`digits/${n - unit}`, `digits/${unit}`];
}

/** Debian's asterisk-core-sounds-it: what it has of the above; euros and dollars, but no cents. */
const ASTERISK = {
  ...Object.fromEntries(BELOW_HUNDRED.map((n) => [word(n), soundsOf(n)])),
  ...LATIN_SOUNDS,
  e: ['digits/e'],
  un: ['digits/un'],
  cento: ['digits/hundred'],
  mille: ['digits/thousand'],
  mila: ['digits/thousands'],
  // Asterisk says this file alone for 1,000,000.
  'un-milione': ['digits/million'],
  milioni: ['digits/millions'],
  meno: ['digits/minus'],
  euro: ['digits/euros'],
  dollari: ['digits/dollars'],
  // "La sua chiamata è ora la prima in lista e verrà risposta appena si libera un operatore."
  [clipName(NEXT)]: ['queue-youarenext'],
  // "Attualmente sei il chiamante numero"
  [clipName(PLACE)]: ['queue-thereare'],
};

export const it = languageOf<One>({
  tag: 'it',
  spell,
  minus: 'meno',
  phrases: {
    next: NEXT,
    place: PLACE,
    balance: 'Il suo saldo è di',
    balanceOf: 'Il saldo del conto',
    is: 'è di',
  },
  numbers: NUMBERS,
  // The letter "e" sounds as the word does.
  letters: latinLetters(),
  currencies: CURRENCIES,
  link: 'e',
  genderOf: oneOf,
  of: 'di',
  decimals: 'virgola',
  asterisk: ASTERISK,
});
