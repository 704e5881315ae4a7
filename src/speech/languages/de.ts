// German: number words as one compound up to a million, said from its morphemes; money; sentences.
// The grammar is our own: n2words has "zweihunderteinstausend", and its compounds cannot be taken apart for recordings.
import { latinLetters, noun, type CurrencyUnits } from '../grammar';
import { languageOf } from '../language';
import { LARGEST_NUMBER } from '../numbers';
import { join, nothing, say, type Spoken } from '../spoken';

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

function spell(n: bigint, one: One = 'eins'): Spoken {
  if (n === 0n) return say('null');
  const scales = SCALES.map(({ size, ...name }) => {
    const count = Number((n / size) % 1000n);
    return count === 0
      ? nothing
      : join(compound(belowMillion(count, 'eine')), say(count === 1 ? name.one : name.other));
  });
  return join(...scales, compound(belowMillion(Number(n % 1_000_000n), one)));
}

const der = noun('ein');
const die = noun('eine');
const das = der;

/** Units that do not change: "zwei Cent". */
const CENT = der('Cent', 'Cent');
const CENTAVO = der('Centavo', 'Centavos');
const OERE = das('Öre', 'Öre');

const CURRENCIES: Readonly<Record<string, CurrencyUnits<One>>> = {
  ARS: [der('argentinischer Peso', 'argentinische Pesos'), CENTAVO],
  AUD: [der('australischer Dollar', 'australische Dollar'), CENT],
  BRL: [der('brasilianischer Real', 'brasilianische Real'), CENTAVO],
  CAD: [der('kanadischer Dollar', 'kanadische Dollar'), CENT],
  CHF: [der('Franken', 'Franken'), der('Rappen', 'Rappen')],
  CNY: [der('Yuan', 'Yuan'), der('Fen', 'Fen')],
  CZK: [die('tschechische Krone', 'tschechische Kronen'), der('Heller', 'Heller')],
  DKK: [die('dänische Krone', 'dänische Kronen'), OERE],
  EUR: [der('Euro', 'Euro'), CENT],
  GBP: [das('Pfund', 'Pfund'), der('Penny', 'Pence')],
  INR: [die('indische Rupie', 'indische Rupien'), der('Paisa', 'Paise')],
  JPY: [der('Yen', 'Yen')],
  KWD: [der('Kuwait-Dinar', 'Kuwait-Dinar'), der('Fils', 'Fils')],
  MXN: [der('mexikanischer Peso', 'mexikanische Pesos'), CENTAVO],
  NOK: [die('norwegische Krone', 'norwegische Kronen'), OERE],
  PLN: [der('Zloty', 'Zloty'), der('Groschen', 'Groschen')],
  RUB: [der('Rubel', 'Rubel'), die('Kopeke', 'Kopeken')],
  SEK: [die('schwedische Krone', 'schwedische Kronen'), OERE],
  TRY: [die('türkische Lira', 'türkische Lira'), der('Kuruş', 'Kuruş')],
  UAH: [die('Hrywnja', 'Hrywnja'), die('Kopeke', 'Kopeken')],
  USD: [der('Dollar', 'Dollar'), CENT],
};

/** Of a currency that has no entry: as its name begins, "Isländische Krone", "Kasachischer Tenge", "Mauritius-Rupie". */
function oneOf(name: string): One {
  return /^\S*e( |$)/.test(name) ? 'eine' : 'ein';
}

const NUMBERS = [
  ...[...SMALL, ...TENS, 'eins', 'eine', 'und', 'hundert', 'tausend'],
  ...SCALES.flatMap(({ size, one, other }) => (size === LARGEST_NUMBER ? [one] : [one, other])),
];

export const de = languageOf<One>({
  tag: 'de',
  spell,
  minus: 'minus',
  phrases: {
    next: 'Sie sind als Nächstes an der Reihe',
    place: 'Sie sind in der Warteschlange auf Platz',
    // Not "beträgt": that would be "einen Euro", and the number of an amount is said as it counts.
    balance: 'Ihr Kontostand ist',
    balanceOf: 'Der Stand des Kontos',
    is: 'ist',
  },
  numbers: NUMBERS,
  letters: latinLetters(),
  currencies: CURRENCIES,
  link: 'und',
  genderOf: oneOf,
  decimals: 'Komma',
  // Debian has no German pack of Asterisk's.
  asterisk: {},
});
