// German: number words as one compound up to a million, said from its morphemes; money; sentences.
// The grammar is our own: n2words has "zweihunderteinstausend", and its compounds cannot be taken apart for recordings.
import { sayMoney, sayUnit, type CurrencyUnits, type MoneyGrammar } from '../currencies';
import { readOut } from '../digits';
import type { Language } from '../language';
import type { Money } from '../money';
import { LARGEST_NUMBER, plurals, wholeNumber } from '../numbers';
import { inDecimals, latinSigns, sentences, vocabularyOf, type Phrases } from '../sentences';
import { join, nothing, say, type Spoken } from '../spoken';

const TAG = 'de';
const plural = plurals(TAG);

/** A one at the end of a number: counting ("eins"), before a masculine or neuter noun, before a feminine one. */
type One = 'eins' | 'ein' | 'eine';

const SMALL = (
  'null ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf ' +
  'dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn'
).split(' ');
const TENS = 'zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig'.split(' ');
/** Nouns of their own, feminine: "eine Million", "zwei Millionen". */
const SCALES = [
  { size: 10n ** 12n, one: 'Billion', other: 'Billionen' },
  { size: 10n ** 9n, one: 'Milliarde', other: 'Milliarden' },
  { size: 10n ** 6n, one: 'Million', other: 'Millionen' },
] as const;

/** The morphemes of 0 to 99; none for 0. */
function belowHundred(n: number, one: One): readonly string[] {
  if (n === 0) return [];
  if (n === 1) return [one];
  if (n < 20) return [SMALL[n]!];
  const unit = n % 10;
  return [...(unit === 0 ? [] : [SMALL[unit]!, 'und']), TENS[Math.floor(n / 10) - 2]!];
}

/** The morphemes of 0 to 999,999; none for 0. */
function belowMillion(n: number, one: One): readonly string[] {
  if (n >= 1000)
    return [...belowMillion(Math.floor(n / 1000), 'ein'), 'tausend', ...belowMillion(n % 1000, one)];
  const hundreds = n < 100 ? [] : [SMALL[Math.floor(n / 100)]!, 'hundert'];
  return [...hundreds, ...belowHundred(n % 100, one)];
}

function compound(morphemes: readonly string[]): Spoken {
  return morphemes.length === 0 ? nothing : say(morphemes.join(''), ...morphemes);
}

function spell(n: bigint, one: One): Spoken {
  if (n === 0n) return say('null');
  const scales = SCALES.map(({ size, ...name }) => {
    const count = Number((n / size) % 1000n);
    return count === 0
      ? nothing
      : join(compound(belowMillion(count, 'eine')), say(count === 1 ? name.one : name.other));
  });
  return join(...scales, compound(belowMillion(Number(n % 1_000_000n), one)));
}

const minus = say('minus');
const point = say('Komma');

function cardinal(n: number | bigint): Spoken {
  const whole = wholeNumber(n);
  return whole < 0n ? join(minus, spell(-whole, 'eins')) : spell(whole, 'eins');
}

const noun = (gender: One) => (one: string, other: string) => ({ forms: { one, other }, gender });
const der = noun('ein');
const die = noun('eine');
const das = der;

/** Units that do not change: "zwei Cent". */
const CENT = der('Cent', 'Cent');
const CENTAVO = der('Centavo', 'Centavos');
const OERE = das('Öre', 'Öre');

const CURRENCIES: Readonly<Record<string, CurrencyUnits<One>>> = {
  ARS: { major: der('argentinischer Peso', 'argentinische Pesos'), minor: CENTAVO },
  AUD: { major: der('australischer Dollar', 'australische Dollar'), minor: CENT },
  BRL: { major: der('brasilianischer Real', 'brasilianische Real'), minor: CENTAVO },
  CAD: { major: der('kanadischer Dollar', 'kanadische Dollar'), minor: CENT },
  CHF: { major: der('Franken', 'Franken'), minor: der('Rappen', 'Rappen') },
  CNY: { major: der('Yuan', 'Yuan'), minor: der('Fen', 'Fen') },
  CZK: { major: die('tschechische Krone', 'tschechische Kronen'), minor: der('Heller', 'Heller') },
  DKK: { major: die('dänische Krone', 'dänische Kronen'), minor: OERE },
  EUR: { major: der('Euro', 'Euro'), minor: CENT },
  GBP: { major: das('Pfund', 'Pfund'), minor: der('Penny', 'Pence') },
  INR: { major: die('indische Rupie', 'indische Rupien'), minor: der('Paisa', 'Paise') },
  JPY: { major: der('Yen', 'Yen') },
  KWD: { major: der('Kuwait-Dinar', 'Kuwait-Dinar'), minor: der('Fils', 'Fils') },
  MXN: { major: der('mexikanischer Peso', 'mexikanische Pesos'), minor: CENTAVO },
  NOK: { major: die('norwegische Krone', 'norwegische Kronen'), minor: OERE },
  PLN: { major: der('Zloty', 'Zloty'), minor: der('Groschen', 'Groschen') },
  RUB: { major: der('Rubel', 'Rubel'), minor: die('Kopeke', 'Kopeken') },
  SEK: { major: die('schwedische Krone', 'schwedische Kronen'), minor: OERE },
  TRY: { major: die('türkische Lira', 'türkische Lira'), minor: der('Kuruş', 'Kuruş') },
  UAH: { major: die('Hrywnja', 'Hrywnja'), minor: die('Kopeke', 'Kopeken') },
  USD: { major: der('Dollar', 'Dollar'), minor: CENT },
};

/** Of a currency that has no entry: as its name begins, "Isländische Krone", "Kasachischer Tenge", "Mauritius-Rupie". */
function oneOf(name: string): One {
  return /^\S*e( |$)/.test(name) ? 'eine' : 'ein';
}

const MONEY: MoneyGrammar<One> = {
  tag: TAG,
  currencies: CURRENCIES,
  minus,
  link: say('und'),
  count: (n, unit) => join(spell(wholeNumber(n), unit.gender), sayUnit(unit, plural(n))),
  decimal: inDecimals(cardinal, point),
  whole: (n, one) => spell(wholeNumber(n), oneOf(one)),
};

function money(amount: Money): Spoken {
  return sayMoney(amount, MONEY);
}

const SIGNS = latinSigns(cardinal);

function digits(number: string): Spoken {
  return readOut(number, SIGNS);
}

const PHRASES: Phrases = {
  next: say('Sie sind als Nächstes an der Reihe'),
  place: say('Sie sind in der Warteschlange auf Platz'),
  // Not "beträgt": that would be "einen Euro", and the number of an amount is said as it counts.
  balance: say('Ihr Kontostand ist'),
  balanceOf: say('Der Stand des Kontos'),
  is: say('ist'),
};

const NUMBER_CLIPS = [
  ...[...SMALL, ...TENS, 'eins', 'eine', 'und', 'hundert', 'tausend', 'minus'].map((word) => say(word)),
  ...SCALES.flatMap(({ size, one, other }) =>
    size === LARGEST_NUMBER ? [say(one)] : [say(one), say(other)],
  ),
];

const vocabulary = vocabularyOf({
  words: [...NUMBER_CLIPS, ...SIGNS.values()],
  phrases: PHRASES,
  foreign: [point],
  money: MONEY,
});

export const de: Language = {
  tag: TAG,
  cardinal,
  money,
  digits,
  ...sentences(PHRASES, { cardinal, money, digits }),
  vocabulary,
  // Debian has no German pack of Asterisk's.
  asterisk: {},
};
