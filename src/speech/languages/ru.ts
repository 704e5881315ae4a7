// Russian: numbers with gender ("одна тысяча", "две копейки"), units by case ("21 рубль", "11 рублей"), sentences.
// е for ё throughout, as in all the texts.
import { toCardinal } from 'n2words/ru-RU';
import type { CurrencyUnits, Unit } from '../grammar';
import { languageOf } from '../language';
import { join, say, words, type Spoken } from '../spoken';

type Gender = 'masculine' | 'feminine' | 'neuter';

function cardinalText(n: number | bigint, gender: Gender = 'masculine'): string {
  const text = toCardinal(n, { gender: gender === 'feminine' ? 'feminine' : 'masculine' });
  return gender === 'neuter' ? text.replace(/один$/, 'одно') : text;
}

function spell(n: bigint, gender?: Gender): Spoken {
  return words(cardinalText(n, gender));
}

/** A unit by its gender: "рубль, рубля, рублей", "крона, кроны, крон"; one word where it does not change. */
const unit =
  (gender: Gender) =>
  (one: string, few = one, many = few): Unit<Gender> => ({ gender, forms: { one, few, many, other: few } });
const m = unit('masculine');
const f = unit('feminine');

const dollar = (one = '', other = ''): Unit<Gender> =>
  m(`${one}доллар`, `${other}доллара`, `${other}долларов`);
const krone = (stem: string): Unit<Gender> => f(`${stem}ая крона`, `${stem}ие кроны`, `${stem}их крон`);

const CENT = m('цент', 'цента', 'центов');
const KOPECK = f('копейка', 'копейки', 'копеек');
const ORE = unit('neuter')('эре');

/** By ISO 4217 code. */
const CURRENCIES: Readonly<Record<string, CurrencyUnits<Gender>>> = {
  AUD: [dollar('австралийский ', 'австралийских '), CENT],
  BRL: [m('бразильский реал', 'бразильских реала', 'бразильских реалов'), m('сентаво')],
  BYN: [m('белорусский рубль', 'белорусских рубля', 'белорусских рублей'), KOPECK],
  CAD: [dollar('канадский ', 'канадских '), CENT],
  CHF: [
    m('швейцарский франк', 'швейцарских франка', 'швейцарских франков'),
    m('сантим', 'сантима', 'сантимов'),
  ],
  CNY: [m('юань', 'юаня', 'юаней'), m('фэнь', 'фэня', 'фэней')],
  CZK: [krone('чешск'), m('геллер', 'геллера', 'геллеров')],
  DKK: [krone('датск'), ORE],
  EUR: [m('евро'), CENT],
  GBP: [m('фунт стерлингов', 'фунта стерлингов', 'фунтов стерлингов'), m('пенс', 'пенса', 'пенсов')],
  INR: [f('индийская рупия', 'индийские рупии', 'индийских рупий'), f('пайса', 'пайсы', 'пайс')],
  JPY: [f('иена', 'иены', 'иен')],
  KWD: [m('кувейтский динар', 'кувейтских динара', 'кувейтских динаров'), m('филс', 'филса', 'филсов')],
  KZT: [m('тенге'), m('тиын', 'тиына', 'тиынов')],
  NOK: [krone('норвежск'), ORE],
  PLN: [m('злотый', 'злотых', 'злотых'), m('грош', 'гроша', 'грошей')],
  RUB: [m('рубль', 'рубля', 'рублей'), KOPECK],
  SEK: [krone('шведск'), ORE],
  TRY: [f('турецкая лира', 'турецкие лиры', 'турецких лир'), m('куруш', 'куруша', 'курушей')],
  UAH: [f('гривна', 'гривны', 'гривен'), KOPECK],
  USD: [dollar(), CENT],
};

/** Decimal places: "пятьдесят сотых". */
const FRACTIONS = ['десят', 'сот', 'тысячн', 'десятитысячн'].map((stem) =>
  f(`${stem}ая`, `${stem}ых`, `${stem}ых`),
);
const WHOLE = f('целая', 'целых', 'целых');

/** Of a currency that has no entry: as its name begins, "исландская крона", "дирхам ОАЭ". */
function genderOf(name: string): Gender {
  return /^\S*[ая]( |$)/.test(name) ? 'feminine' : 'masculine';
}

/** Latin letters by their names as Russians say them, then their own. */
const LETTERS =
  'a=а b=бэ c=цэ d=дэ e=е f=эф g=гэ h=аш i=и j=йот k=ка l=эль m=эм n=эн o=о p=пэ q=ку r=эр s=эс t=тэ u=у v=вэ ' +
  'w=дубль-вэ x=икс y=игрек z=зет ' +
  'а=а б=бэ в=вэ г=гэ д=дэ е=е ё=е ж=жэ з=зэ и=и й=и-краткое к=ка л=эль м=эм н=эн о=о п=пэ р=эр с=эс т=тэ у=у ф=эф ' +
  'х=ха ц=цэ ч=че ш=ша щ=ща ъ=твердый-знак ы=ы ь=мягкий-знак э=э ю=ю я=я';
const NAMES: ReadonlyMap<string, Spoken> = new Map(
  LETTERS.split(' ').map((pair) => {
    const [letter = '', name = ''] = pair.split('=');
    return [letter, say(name.replace('-', ' '))] as const;
  }),
);

const ROUND = [...Array.from({ length: 20 }, (_, n) => n), ...[20, 30, 40, 50, 60, 70, 80, 90]];
const HUNDREDS = Array.from({ length: 9 }, (_, n) => (n + 1) * 100);
const SCALES = [
  ...['тысяча', 'тысячи', 'тысяч', 'миллион', 'миллиона', 'миллионов'],
  ...['миллиард', 'миллиарда', 'миллиардов', 'триллион'],
];
const GENDERED = ['одна', 'одно', 'две'];

/**
 * Debian's asterisk-core-sounds-ru: what it has of the above. It has no "две", "двести" or "рублей": places in the queue
 * up to 199 are what it can say. Of letters it has the English names; here are those that are the same in Russian.
 */
const ASTERISK = {
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

export const ru = languageOf<Gender>({
  tag: 'ru',
  spell,
  minus: 'минус',
  phrases: {
    next: 'Вы следующий в очереди',
    // By number, not "двадцать первый": it suits callers of either gender, and recordings of numbers are there.
    place: 'Ваш номер в очереди',
    balance: 'На вашем счете',
    balanceOf: 'На счете номер',
    is: ':',
  },
  numbers: [...[...ROUND, ...HUNDREDS].map((n) => cardinalText(n)), ...GENDERED, ...SCALES],
  letters: NAMES,
  currencies: CURRENCIES,
  genderOf,
  decimals: (whole, fraction, count) =>
    join(count(whole, WHOLE), count(BigInt(fraction), FRACTIONS[fraction.length - 1]!)),
  asterisk: ASTERISK,
});
