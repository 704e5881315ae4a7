// English: American number words (no "and" between hundreds), money of the currencies that callers pay in, sentences.
import { toCardinal, toOrdinal } from 'n2words/en-US';
import { sayMoney, sayUnit, unitClips, type CurrencyUnits, type MoneyGrammar } from '../currencies';
import { readOut } from '../digits';
import type { Language, SpokenAccount } from '../language';
import { lengthOfTime } from '../durations';
import { ordinalNumber, plurals, wholeNumber } from '../numbers';
import { LATIN_LETTERS, LATIN_SOUNDS, inDecimals, latinSigns } from '../sentences';
import { join, pause, say, stop, words, type Spoken } from '../spoken';

const TAG = 'en';
const plural = plurals(TAG);

function cardinal(n: number | bigint): Spoken {
  return words(toCardinal(wholeNumber(n)));
}

/** Singular and plural of major and minor units; the plural of a unit is that of its number alone. */
function units(major: readonly [string, string], minor?: readonly [string, string]): CurrencyUnits {
  const unit = ([one, other]: readonly [string, string]) => ({ forms: { one, other }, gender: '' });
  return { major: unit(major), ...(minor && { minor: unit(minor) }) };
}

const CENTS = ['cent', 'cents'] as const;
const KOPECKS = ['kopeck', 'kopecks'] as const;

const CURRENCIES: Readonly<Record<string, CurrencyUnits>> = {
  AUD: units(['Australian dollar', 'Australian dollars'], CENTS),
  BRL: units(['Brazilian real', 'Brazilian reais'], ['centavo', 'centavos']),
  BYN: units(['Belarusian ruble', 'Belarusian rubles'], KOPECKS),
  CAD: units(['Canadian dollar', 'Canadian dollars'], CENTS),
  CHF: units(['Swiss franc', 'Swiss francs'], ['centime', 'centimes']),
  CNY: units(['yuan', 'yuan'], ['fen', 'fen']),
  CZK: units(['Czech koruna', 'Czech korunas'], ['heller', 'hellers']),
  DKK: units(['Danish krone', 'Danish kroner'], ['øre', 'øre']),
  EUR: units(['euro', 'euros'], CENTS),
  GBP: units(['pound', 'pounds'], ['penny', 'pence']),
  INR: units(['Indian rupee', 'Indian rupees'], ['paisa', 'paise']),
  JPY: units(['yen', 'yen']),
  KWD: units(['Kuwaiti dinar', 'Kuwaiti dinars'], ['fils', 'fils']),
  KZT: units(['tenge', 'tenge'], ['tiyn', 'tiyn']),
  NOK: units(['Norwegian krone', 'Norwegian kroner'], ['øre', 'øre']),
  PLN: units(['zloty', 'zlotys'], ['grosz', 'groszy']),
  RUB: units(['ruble', 'rubles'], KOPECKS),
  SEK: units(['Swedish krona', 'Swedish kronor'], ['öre', 'öre']),
  TRY: units(['Turkish lira', 'Turkish lira'], ['kurus', 'kurus']),
  UAH: units(['hryvnia', 'hryvnias'], ['kopiyka', 'kopiykas']),
  USD: units(['dollar', 'dollars'], CENTS),
};

const MONEY: MoneyGrammar = {
  tag: TAG,
  currencies: CURRENCIES,
  minus: say('minus'),
  link: say('and'),
  count: (n, unit) => join(cardinal(n), sayUnit(unit, plural(n))),
  decimal: inDecimals(cardinal, say('point')),
  whole: cardinal,
};

const SIGNS = latinSigns(cardinal);

function digits(number: string): Spoken {
  return readOut(number, SIGNS);
}

const unit = (one: string, other: string) => (n: number) =>
  join(cardinal(n), say(plural(BigInt(n)) === 'one' ? one : other));
const hours = unit('hour', 'hours');
const minutes = unit('minute', 'minutes');
const seconds = unit('second', 'seconds');
const about = say('about');

function duration(ms: number): Spoken {
  const time = lengthOfTime(ms);
  if (time.seconds !== undefined) return join(about, seconds(time.seconds));
  if (time.hours === 0) return join(about, minutes(time.minutes));
  return time.minutes === 0
    ? join(about, hours(time.hours))
    : join(about, hours(time.hours), say('and'), minutes(time.minutes));
}

function position(place: number): Spoken {
  return ordinalNumber(place) === 1n
    ? join(say('You are next'), stop)
    : join(say('You are number'), cardinal(place), say('in the queue'), stop);
}

function balance(accounts: readonly SpokenAccount[]): Spoken {
  const [first] = accounts;
  if (!first) throw new RangeError('no account to speak of');
  const amount = (account: SpokenAccount) => sayMoney(account.balance, MONEY);
  if (accounts.length === 1) return join(say('Your balance is'), amount(first), stop);
  return join(
    ...accounts.flatMap((account) => [
      ...[say('On account number'), digits(account.number), pause],
      ...[say('your balance is'), amount(account), stop],
    ]),
  );
}

const ROUND = [...Array.from({ length: 20 }, (_, n) => n), ...[20, 30, 40, 50, 60, 70, 80, 90]];
const SCALES = ['hundred', 'thousand', 'million', 'billion', 'trillion'];
const OTHERS = ['minus', 'and', 'about', 'hour', 'hours', 'minute', 'minutes', 'second', 'seconds'];
const PHRASES = [
  ...['Your balance is', 'On account number'],
  ...['You are next', 'You are number', 'in the queue'],
];
const WORDS = [...ROUND.map((n) => toCardinal(n)), ...SCALES, ...OTHERS, ...LATIN_LETTERS, ...PHRASES];

/** Debian's asterisk-core-sounds-en: what it has of the above. It has no words for balances, and dollars only. */
const ASTERISK: Language['asterisk'] = {
  ...Object.fromEntries(ROUND.map((n) => [toCardinal(n), [`digits/${n}`]])),
  ...Object.fromEntries(
    ['hundred', 'thousand', 'million', 'billion', 'minus', 'dollars'].map((word) => [
      word,
      [`digits/${word}`],
    ]),
  ),
  ...LATIN_SOUNDS,
  ...Object.fromEntries(['hours', 'minute', 'minutes', 'second', 'seconds'].map((word) => [word, [word]])),
  and: ['vm-and'],
  // "Your call is now first in line and will be answered by the next available representative."
  'you-are-next': ['queue-youarenext'],
  // "You are currently caller number" … "waiting to speak with a representative."
  'you-are-number': ['queue-thereare'],
  'in-the-queue': ['queue-callswaiting'],
};

export const en: Language = {
  tag: TAG,
  cardinal,
  ordinal: (n) => words(toOrdinal(ordinalNumber(n))),
  money: (money) => sayMoney(money, MONEY),
  digits,
  duration,
  position,
  balance,
  vocabulary: (currencies) => [
    ...new Set([...WORDS.flatMap((word) => say(word).clips), ...unitClips(currencies, MONEY)]),
  ],
  asterisk: ASTERISK,
};
