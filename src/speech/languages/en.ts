// English: American number words (no "and" between hundreds), money of the currencies that callers pay in, sentences.
import { toCardinal } from 'n2words/en-US';
import { LATIN_SOUNDS, latinLetters, noun, type CurrencyUnits } from '../grammar';
import { languageOf } from '../language';
import { words } from '../spoken';

const unit = noun('');
const units = (one: string, other: string, minor?: readonly [string, string]): CurrencyUnits<string> => [
  unit(one, other),
  minor && unit(...minor),
];

const CENTS = ['cent', 'cents'] as const;
const KOPECKS = ['kopeck', 'kopecks'] as const;

const CURRENCIES: Readonly<Record<string, CurrencyUnits<string>>> = {
  AUD: units('Australian dollar', 'Australian dollars', CENTS),
  BRL: units('Brazilian real', 'Brazilian reais', ['centavo', 'centavos']),
  BYN: units('Belarusian ruble', 'Belarusian rubles', KOPECKS),
  CAD: units('Canadian dollar', 'Canadian dollars', CENTS),
  CHF: units('Swiss franc', 'Swiss francs', ['centime', 'centimes']),
  CNY: units('yuan', 'yuan', ['fen', 'fen']),
  CZK: units('Czech koruna', 'Czech korunas', ['heller', 'hellers']),
  DKK: units('Danish krone', 'Danish kroner', ['øre', 'øre']),
  EUR: units('euro', 'euros', CENTS),
  GBP: units('pound', 'pounds', ['penny', 'pence']),
  INR: units('Indian rupee', 'Indian rupees', ['paisa', 'paise']),
  JPY: units('yen', 'yen'),
  KWD: units('Kuwaiti dinar', 'Kuwaiti dinars', ['fils', 'fils']),
  KZT: units('tenge', 'tenge', ['tiyn', 'tiyn']),
  NOK: units('Norwegian krone', 'Norwegian kroner', ['øre', 'øre']),
  PLN: units('zloty', 'zlotys', ['grosz', 'groszy']),
  RUB: units('ruble', 'rubles', KOPECKS),
  SEK: units('Swedish krona', 'Swedish kronor', ['öre', 'öre']),
  TRY: units('Turkish lira', 'Turkish lira', ['kurus', 'kurus']),
  UAH: units('hryvnia', 'hryvnias', ['kopiyka', 'kopiykas']),
  USD: units('dollar', 'dollars', CENTS),
};

const ROUND = [...Array.from({ length: 20 }, (_, n) => n), ...[20, 30, 40, 50, 60, 70, 80, 90]];
const SCALES = ['hundred', 'thousand', 'million', 'billion', 'trillion'];
/** Debian's asterisk-core-sounds-en: what it has of the above. It has no words for balances, and dollars only. */
const ASTERISK = {
  ...Object.fromEntries(ROUND.map((n) => [toCardinal(n), [`digits/${n}`]])),
  ...Object.fromEntries(
    ['hundred', 'thousand', 'million', 'billion', 'minus', 'dollars'].map((word) => [
      word,
      [`digits/${word}`],
    ]),
  ),
  ...LATIN_SOUNDS,
  and: ['vm-and'],
  // "Your call is now first in line and will be answered by the next available representative."
  'you-are-next': ['queue-youarenext'],
  // "You are currently caller number" … "waiting to speak with a representative."
  'you-are-number': ['queue-thereare'],
  'in-the-queue': ['queue-callswaiting'],
};

export const en = languageOf<string>({
  tag: 'en',
  spell: (n) => words(toCardinal(n)),
  minus: 'minus',
  phrases: {
    next: 'You are next',
    place: 'You are number',
    placeEnd: 'in the queue',
    balance: 'Your balance is',
    balanceOf: 'On account number',
    is: ', your balance is',
  },
  numbers: [...ROUND.map((n) => toCardinal(n)), ...SCALES],
  letters: latinLetters(),
  currencies: CURRENCIES,
  link: 'and',
  decimals: 'point',
  asterisk: ASTERISK,
});
