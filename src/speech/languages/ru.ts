// Russian: numbers with gender ("одна тысяча", "две копейки"), units by case ("21 рубль", "11 рублей"), sentences.
// е for ё throughout, as in all the texts.
import { toCardinal } from 'n2words/ru-RU';
import {
  sayMoney,
  sayUnit,
  unitClips,
  type CurrencyUnits,
  type MoneyGrammar,
  type Unit,
} from '../currencies';
import { readOut } from '../digits';
import { lengthOfTime } from '../durations';
import type { Language, SpokenAccount } from '../language';
import { ordinalNumber, plurals, wholeNumber } from '../numbers';
import { colon, join, nothing, say, stop, words, type Spoken } from '../spoken';

type Gender = 'masculine' | 'feminine' | 'neuter';
type RussianUnit = Unit<Gender>;

const TAG = 'ru';
const plural = plurals(TAG);

function cardinalText(n: number | bigint, gender: Gender = 'masculine'): string {
  const text = toCardinal(wholeNumber(n), { gender: gender === 'feminine' ? 'feminine' : 'masculine' });
  return gender === 'neuter' ? text.replace(/один$/, 'одно') : text;
}

function cardinal(n: number | bigint, gender: Gender = 'masculine'): Spoken {
  return words(cardinalText(n, gender));
}

function count(n: number | bigint, counted: RussianUnit): Spoken {
  return join(cardinal(n, counted.gender), sayUnit(counted, plural(BigInt(n))));
}

function unit(gender: Gender, one: string, few: string, many: string): RussianUnit {
  return { gender, forms: { one, few, many, other: few } };
}

const indeclinable = (gender: Gender, word: string): RussianUnit => unit(gender, word, word, word);

function units(major: RussianUnit, minor?: RussianUnit): CurrencyUnits<Gender> {
  return { major, ...(minor && { minor }) };
}

const dollar = (of = ['', '']): RussianUnit =>
  unit('masculine', `${of[0]}доллар`, `${of[1]}доллара`, `${of[1]}долларов`);
const krone = (stem: string): RussianUnit =>
  unit('feminine', `${stem}ая крона`, `${stem}ие кроны`, `${stem}их крон`);

const CENT = unit('masculine', 'цент', 'цента', 'центов');
const KOPECK = unit('feminine', 'копейка', 'копейки', 'копеек');
const ORE = indeclinable('neuter', 'эре');

/** By ISO 4217 code. */
const CURRENCIES: Readonly<Record<string, CurrencyUnits<Gender>>> = {
  AUD: units(dollar(['австралийский ', 'австралийских ']), CENT),
  BRL: units(
    unit('masculine', 'бразильский реал', 'бразильских реала', 'бразильских реалов'),
    indeclinable('masculine', 'сентаво'),
  ),
  BYN: units(unit('masculine', 'белорусский рубль', 'белорусских рубля', 'белорусских рублей'), KOPECK),
  CAD: units(dollar(['канадский ', 'канадских ']), CENT),
  CHF: units(
    unit('masculine', 'швейцарский франк', 'швейцарских франка', 'швейцарских франков'),
    unit('masculine', 'сантим', 'сантима', 'сантимов'),
  ),
  CNY: units(unit('masculine', 'юань', 'юаня', 'юаней'), unit('masculine', 'фэнь', 'фэня', 'фэней')),
  CZK: units(krone('чешск'), unit('masculine', 'геллер', 'геллера', 'геллеров')),
  DKK: units(krone('датск'), ORE),
  EUR: units(indeclinable('masculine', 'евро'), CENT),
  GBP: units(
    unit('masculine', 'фунт стерлингов', 'фунта стерлингов', 'фунтов стерлингов'),
    unit('masculine', 'пенс', 'пенса', 'пенсов'),
  ),
  INR: units(
    unit('feminine', 'индийская рупия', 'индийские рупии', 'индийских рупий'),
    unit('feminine', 'пайса', 'пайсы', 'пайс'),
  ),
  JPY: units(unit('feminine', 'иена', 'иены', 'иен')),
  KWD: units(
    unit('masculine', 'кувейтский динар', 'кувейтских динара', 'кувейтских динаров'),
    unit('masculine', 'филс', 'филса', 'филсов'),
  ),
  KZT: units(indeclinable('masculine', 'тенге'), unit('masculine', 'тиын', 'тиына', 'тиынов')),
  NOK: units(krone('норвежск'), ORE),
  PLN: units(unit('masculine', 'злотый', 'злотых', 'злотых'), unit('masculine', 'грош', 'гроша', 'грошей')),
  RUB: units(unit('masculine', 'рубль', 'рубля', 'рублей'), KOPECK),
  SEK: units(krone('шведск'), ORE),
  TRY: units(
    unit('feminine', 'турецкая лира', 'турецкие лиры', 'турецких лир'),
    unit('masculine', 'куруш', 'куруша', 'курушей'),
  ),
  UAH: units(unit('feminine', 'гривна', 'гривны', 'гривен'), KOPECK),
  USD: units(dollar(), CENT),
};

/** Decimal places: "пятьдесят сотых". */
const FRACTIONS = ['десят', 'сот', 'тысячн', 'десятитысячн'].map((stem) =>
  unit('feminine', `${stem}ая`, `${stem}ых`, `${stem}ых`),
);
const WHOLE = unit('feminine', 'целая', 'целых', 'целых');

/** Of a currency that has no entry: as its name begins, "исландская крона", "дирхам ОАЭ". */
function genderOf(name: string): Gender {
  return /^\S*[ая]( |$)/.test(name) ? 'feminine' : 'masculine';
}

const MONEY: MoneyGrammar<Gender> = {
  tag: TAG,
  currencies: CURRENCIES,
  minus: say('минус'),
  link: nothing,
  count,
  decimal: (whole, fraction) =>
    join(count(whole, WHOLE), count(BigInt(fraction), FRACTIONS[fraction.length - 1]!)),
  whole: (n, one) => cardinal(n, genderOf(one)),
};

/** Latin letters by their names as Russians say them, then their own. */
const LETTERS =
  'a=а b=бэ c=цэ d=дэ e=е f=эф g=гэ h=аш i=и j=йот k=ка l=эль m=эм n=эн o=о p=пэ q=ку r=эр s=эс t=тэ u=у v=вэ ' +
  'w=дубль-вэ x=икс y=игрек z=зет ' +
  'а=а б=бэ в=вэ г=гэ д=дэ е=е ё=е ж=жэ з=зэ и=и й=и-краткое к=ка л=эль м=эм н=эн о=о п=пэ р=эр с=эс т=тэ у=у ф=эф ' +
  'х=ха ц=цэ ч=че ш=ша щ=ща ъ=твердый-знак ы=ы ь=мягкий-знак э=э ю=ю я=я';
const SIGNS: ReadonlyMap<string, Spoken> = new Map([
  ...LETTERS.split(' ').map((pair) => {
    const [letter = '', name = ''] = pair.split('=');
    return [letter, say(name.replace('-', ' '))] as const;
  }),
  ...Array.from({ length: 10 }, (_, digit) => [String(digit), cardinal(digit)] as const),
]);

function digits(number: string): Spoken {
  return readOut(number, SIGNS);
}

const HOUR = unit('masculine', 'час', 'часа', 'часов');
const MINUTE = unit('feminine', 'минута', 'минуты', 'минут');
const SECOND = unit('feminine', 'секунда', 'секунды', 'секунд');
const about = say('примерно');

/** In the nominative: "примерно одна минута". */
function duration(ms: number): Spoken {
  const time = lengthOfTime(ms);
  if (time.seconds !== undefined) return join(about, count(time.seconds, SECOND));
  if (time.hours === 0) return join(about, count(time.minutes, MINUTE));
  return time.minutes === 0
    ? join(about, count(time.hours, HOUR))
    : join(about, count(time.hours, HOUR), count(time.minutes, MINUTE));
}

/** By number, not "двадцать первый": it suits callers of either gender, and recordings of numbers are there. */
function position(place: number): Spoken {
  return ordinalNumber(place) === 1n
    ? join(say('Вы следующий в очереди'), stop)
    : join(say('Ваш номер в очереди'), cardinal(place), stop);
}

function balance(accounts: readonly SpokenAccount[]): Spoken {
  const [first] = accounts;
  if (!first) throw new RangeError('no account to speak of');
  const amount = (account: SpokenAccount): Spoken => sayMoney(account.balance, MONEY);
  if (accounts.length === 1) return join(say('На вашем счете'), amount(first), stop);
  return join(
    ...accounts.flatMap((account) => [
      ...[say('На счете номер'), digits(account.number), colon],
      ...[amount(account), stop],
    ]),
  );
}

const ONES = [
  ...[
    '',
    'первый',
    'второй',
    'третий',
    'четвертый',
    'пятый',
    'шестой',
    'седьмой',
    'восьмой',
    'девятый',
    'десятый',
  ],
  ...['один', 'две', 'три', 'четыр', 'пят', 'шест', 'сем', 'восем', 'девят'].map((stem) => `${stem}надцатый`),
];
const TENS = [
  ...['', '', 'двадцатый', 'тридцатый', 'сороковой', 'пятидесятый', 'шестидесятый', 'семидесятый'],
  ...['восьмидесятый', 'девяностый'],
];
/** The first part of compounds: двух-сотый, двадцати-одно-тысячный. */
const FIRST_ONES = [
  ...['', 'одно', 'двух', 'трех', 'четырех', 'пяти', 'шести', 'семи', 'восьми', 'девяти', 'десяти'],
  ...['один', 'две', 'три', 'четыр', 'пят', 'шест', 'сем', 'восем', 'девят'].map((stem) => `${stem}надцати`),
];
const FIRST_TENS = [
  ...['', '', 'двадцати', 'тридцати', 'сорока', 'пятидесяти', 'шестидесяти', 'семидесяти'],
  ...['восьмидесяти', 'девяносто'],
];
const ORDINAL_SCALES = ['тысячный', 'миллионный', 'миллиардный', 'триллионный'];

/** The library's ordinals are wrong for round thousands ("двадцать одна тысячный"). */
function ordinalText(n: number | bigint): string {
  const whole = ordinalNumber(n);
  const { last, word } = whole % 1000n === 0n ? roundThousands(whole) : lastWord(Number(whole % 1000n));
  const before = whole - BigInt(last);
  return before === 0n ? word : `${cardinalText(before)} ${word}`;
}

interface Last {
  /** What of the number the last word says. */
  last: number;
  word: string;
}

/** @param n 1 to 999 */
function lastWord(n: number): Last {
  const [tens, ones] = [n % 100, n % 10];
  if (tens === 0) return { last: n, word: n === 100 ? 'сотый' : `${firstHundreds(n)}ый` };
  if (tens < 20) return { last: tens, word: ONES[tens]! };
  return ones === 0 ? { last: tens, word: TENS[tens / 10]! } : { last: ones, word: ONES[ones]! };
}

function roundThousands(n: bigint): Last {
  let [rest, scale] = [n / 1000n, 0];
  for (; rest % 1000n === 0n; rest /= 1000n) scale++;
  const group = Number(rest % 1000n);
  return {
    last: group * 1000 ** (scale + 1),
    word: (group === 1 ? '' : first(group)) + ORDINAL_SCALES[scale]!,
  };
}

/** @param n 2 to 999 */
function first(n: number): string {
  const tens = n % 100;
  return (
    firstHundreds(n) +
    (tens < 20 ? FIRST_ONES[tens]! : FIRST_TENS[Math.floor(tens / 10)]! + FIRST_ONES[n % 10]!)
  );
}

function firstHundreds(n: number): string {
  const hundreds = Math.floor(n / 100);
  if (hundreds === 0) return '';
  return hundreds === 1 ? 'сто' : `${FIRST_ONES[hundreds]!}сот`;
}

const ROUND = [...Array.from({ length: 20 }, (_, n) => n), ...[20, 30, 40, 50, 60, 70, 80, 90]];
const HUNDREDS = Array.from({ length: 9 }, (_, n) => (n + 1) * 100);
const SCALES = [
  ...['тысяча', 'тысячи', 'тысяч', 'миллион', 'миллиона', 'миллионов'],
  ...['миллиард', 'миллиарда', 'миллиардов', 'триллион'],
];
const GENDERED = ['одна', 'одно', 'две'];
const TIME = [HOUR, MINUTE, SECOND].flatMap(({ forms }) => Object.values(forms));
const PHRASES = [
  'минус',
  'примерно',
  'На вашем счете',
  'На счете номер',
  'Вы следующий в очереди',
  'Ваш номер в очереди',
];
const NUMBER_WORDS = [...[...ROUND, ...HUNDREDS].map((n) => cardinalText(n)), ...GENDERED, ...SCALES];

/**
 * Debian's asterisk-core-sounds-ru: what it has of the above. It has no "две", "двести" or "рублей": places in the queue
 * up to 199 are what it can say. Of letters it has the English names; here are those that are the same in Russian.
 */
const ASTERISK: Language['asterisk'] = {
  ...Object.fromEntries(ROUND.map((n) => [cardinalText(n), [`digits/${n}`]])),
  ...Object.fromEntries(
    [
      ...[
        'сто=digits/hundred',
        'тысяча=digits/thousand',
        'тысячи=digits/h-thousand',
        'миллион=digits/million',
      ],
      ...['миллиона=digits/h-million', 'миллиард=digits/billion', 'миллиардов=digits/h-billion'],
      ...['одно=digits/1n', 'минус=digits/minus', 'долларов=digits/dollars'],
      ...['часов=hours', 'минута=queue-minute', 'минут=minutes', 'секунд=seconds'],
      ...['эф=letters/f', 'эль=letters/l', 'эм=letters/m', 'эн=letters/n', 'эс=letters/s', 'икс=letters/x'],
      // "Ваш звонок является первым в очереди и будет обслужен первым доступным оператором."
      'вы-следующий-в-очереди=queue-youarenext',
      // "Ваша позиция в очереди"
      'ваш-номер-в-очереди=queue-thereare',
    ].map((pair) => {
      const [clip = '', file = ''] = pair.split('=');
      return [clip, [file]];
    }),
  ),
};

export const ru: Language = {
  tag: TAG,
  cardinal,
  ordinal: (n) => words(ordinalText(n)),
  money: (money) => sayMoney(money, MONEY),
  digits,
  duration,
  position,
  balance,
  vocabulary: (currencies) => [
    ...new Set([
      ...[...NUMBER_WORDS, ...TIME, ...PHRASES].flatMap((word) => say(word).clips),
      ...[...SIGNS.values()].flatMap(({ clips }) => clips),
      ...unitClips(currencies, MONEY),
    ]),
  ],
  asterisk: ASTERISK,
};
