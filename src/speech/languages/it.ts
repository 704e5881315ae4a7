// Italian: number words as one compound up to a million, said from recordings of 0 to 99, cento, mille and mila; money;
// sentences. n2words has the compounds (centotto) but for accents; scales above, agreement and recordings are ours.
import { toCardinal } from 'n2words/it-IT';
import { sayMoney, sayUnit, type CurrencyUnits, type MoneyGrammar } from '../currencies';
import { readOut } from '../digits';
import type { Language } from '../language';
import type { Money } from '../money';
import { LARGEST_NUMBER, plurals, wholeNumber } from '../numbers';
import { LATIN_SOUNDS, inDecimals, latinSigns, sentences, vocabularyOf, type Phrases } from '../sentences';
import { join, nothing, say, type Spoken } from '../spoken';

const TAG = 'it';
const plural = plurals(TAG);

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

function spell(n: bigint): Spoken {
  if (n === 0n) return say('zero');
  const scales = SCALES.map(({ size, one, other }) => {
    const count = Number((n / size) % 1000n);
    if (count <= 1) return count === 0 ? nothing : say(one);
    return join(belowMillion(count), say(other));
  });
  return join(...scales, belowMillion(Number(n % 1_000_000n)));
}

const minus = say('meno');
const point = say('virgola');

function cardinal(n: number | bigint): Spoken {
  const whole = wholeNumber(n);
  return whole < 0n ? join(minus, spell(-whole)) : spell(whole);
}

/** After round millions, which are nouns, stands "di": "un milione di euro". */
const noun = (gender: One) => (one: string, other: string) => ({
  forms: { one, other, many: `di ${other}` },
  gender,
});
const part = (gender: One) => (one: string, other: string) => ({ forms: { one, other }, gender });
const il = noun('un');
const la = noun('una');
const CENTESIMO = part('un')('centesimo', 'centesimi');
const CENTAVO = part('un')('centavo', 'centavos');
const ORE = part('un')('öre', 'öre');

const CURRENCIES: Readonly<Record<string, CurrencyUnits<One>>> = {
  ARS: { major: il('peso argentino', 'pesos argentini'), minor: CENTAVO },
  AUD: { major: il('dollaro australiano', 'dollari australiani'), minor: CENTESIMO },
  BRL: { major: il('real brasiliano', 'real brasiliani'), minor: CENTAVO },
  CAD: { major: il('dollaro canadese', 'dollari canadesi'), minor: CENTESIMO },
  CHF: { major: il('franco svizzero', 'franchi svizzeri'), minor: CENTESIMO },
  CNY: { major: noun('uno')('yuan', 'yuan'), minor: part('un')('fen', 'fen') },
  CZK: { major: la('corona ceca', 'corone ceche'), minor: part('un')('heller', 'heller') },
  DKK: { major: la('corona danese', 'corone danesi'), minor: ORE },
  EUR: { major: il('euro', 'euro'), minor: CENTESIMO },
  GBP: { major: la('sterlina', 'sterline'), minor: part('un')('penny', 'pence') },
  INR: { major: la('rupia indiana', 'rupie indiane'), minor: part('una')('paisa', 'paise') },
  JPY: { major: noun('uno')('yen', 'yen') },
  KWD: { major: il('dinaro kuwaitiano', 'dinari kuwaitiani'), minor: part('un')('fils', 'fils') },
  MXN: { major: il('peso messicano', 'pesos messicani'), minor: CENTAVO },
  NOK: { major: la('corona norvegese', 'corone norvegesi'), minor: ORE },
  PLN: { major: noun('uno')('zloty', 'zloty'), minor: part('un')('grosz', 'groszy') },
  RUB: { major: il('rublo', 'rubli'), minor: part('un')('copeco', 'copechi') },
  SEK: { major: la('corona svedese', 'corone svedesi'), minor: ORE },
  TRY: { major: la('lira turca', 'lire turche'), minor: part('un')('kurus', 'kurus') },
  UAH: { major: la('grivnia', 'grivnie'), minor: part('un')('copeco', 'copechi') },
  USD: { major: il('dollaro', 'dollari'), minor: CENTESIMO },
};

const di = say('di');

/** Of a currency that has no entry: as its name begins, "corona islandese", "scellino somalo", but "tala samoano"; four we know. */
function oneOf(name: string): One {
  if (/^(?!balboa |pula |taka |córdoba )\S*a( (?!\S*o( |$))|$)/i.test(name)) return 'una';
  return /^([xyz]|s[^aeiou]|gn|p[ns])/i.test(name) ? 'uno' : 'un';
}

const MONEY: MoneyGrammar<One> = {
  tag: TAG,
  currencies: CURRENCIES,
  minus,
  link: say('e'),
  count: (n, unit) => join(n === 1n ? say(unit.gender) : spell(wholeNumber(n)), sayUnit(unit, plural(n))),
  decimal: inDecimals(cardinal, point),
  whole: (n, one) => join(n === 1n ? say(oneOf(one)) : cardinal(n), plural(n) === 'many' ? di : nothing),
};

function money(amount: Money): Spoken {
  return sayMoney(amount, MONEY);
}

/** The letter "e" sounds as the word does. */
const SIGNS = latinSigns(cardinal);

function digits(number: string): Spoken {
  return readOut(number, SIGNS);
}

const PHRASES: Phrases = {
  next: say('La sua chiamata è la prima in attesa'),
  place: say('Lei è il chiamante numero'),
  balance: say('Il suo saldo è di'),
  balanceOf: say('Il saldo del conto'),
  is: say('è di'),
};

const BELOW_HUNDRED = Array.from({ length: 100 }, (_, n) => n);
const NUMBERS = [
  ...[...BELOW_HUNDRED.map(word), 'cento', 'mille', 'mila', 'un', 'una', 'meno'].map((text) => say(text)),
  ...SCALES.flatMap(({ size, one, other }) =>
    size === LARGEST_NUMBER ? [say(one)] : [say(one), say(other)],
  ),
];

const vocabulary = vocabularyOf({
  words: [...NUMBERS, ...SIGNS.values()],
  phrases: PHRASES,
  foreign: [point, di],
  money: MONEY,
});

/** The sound files of 0 to 99: what begins with a vowel after its tens (21, 28) is a file of its own, "ventuno". */
function soundsOf(n: number): readonly string[] {
  const unit = n % 10;
  if (n <= 20 || unit === 0 || unit === 1 || unit === 8) return [`digits/${n}`];
  return [`digits/${n - unit}`, `digits/${unit}`];
}

/** Debian's asterisk-core-sounds-it: what it has of the above; euros and dollars, but no cents. */
const ASTERISK: Language['asterisk'] = {
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
  [PHRASES.next.clips[0]!]: ['queue-youarenext'],
  // "Attualmente sei il chiamante numero"
  [PHRASES.place.clips[0]!]: ['queue-thereare'],
};

export const it: Language = {
  tag: TAG,
  cardinal,
  money,
  digits,
  ...sentences(PHRASES, { cardinal, money, digits }),
  vocabulary,
  asterisk: ASTERISK,
};
