// Spanish: number words as they agree with what follows (veintiún mil, doscientas libras), money, sentences.
// n2words has the words up to 999, but for an accent; agreement and scales are ours: it says "veintiuno mil".
import { toCardinal } from 'n2words/es-ES';
import { sayMoney, sayUnit, type CurrencyUnits, type MoneyGrammar } from '../currencies';
import { readOut } from '../digits';
import type { Language } from '../language';
import type { Money } from '../money';
import { plurals, wholeNumber } from '../numbers';
import { LATIN_SOUNDS, inDecimals, latinSigns, sentences, vocabularyOf, type Phrases } from '../sentences';
import { join, nothing, say, words, type Spoken } from '../spoken';

const TAG = 'es';
const plural = plurals(TAG);

const word = (n: number): string => toCardinal(n).replace('dieciseis', 'dieciséis');

/** A one at the end of a number: counting ("uno"), before a masculine noun, before a feminine one. */
type One = 'uno' | 'un' | 'una';

const TWENTY_ONE: Readonly<Record<One, string>> = { uno: 'veintiuno', un: 'veintiún', una: 'veintiuna' };

/** 1 to 999, nothing for 0. Hundreds agree with a feminine noun, even with "mil" between: "doscientas mil libras". */
function belowThousand(n: number, one: One, feminine: boolean): Spoken {
  if (n === 0) return nothing;
  const text = word(n)
    .replace(/\bveintiuno$/, TWENTY_ONE[one])
    .replace(/\buno$/, one);
  return words(feminine ? text.replace(/ientos\b/, 'ientas') : text);
}

/** 1 to 999,999, nothing for 0. A one is shortened before "mil" whatever the noun: "veintiún mil libras". */
function belowMillion(n: number, one: One): Spoken {
  const feminine = one === 'una';
  const thousands = Math.floor(n / 1000);
  return join(
    thousands > 1 ? belowThousand(thousands, 'un', feminine) : nothing,
    thousands > 0 ? say('mil') : nothing,
    belowThousand(n % 1000, one, feminine),
  );
}

/** "Millón" and "billón" are masculine nouns: "doscientos millones de libras"; 10^9 is "mil millones". */
function scale(n: number, name: string, names: string): Spoken {
  return n === 0 ? nothing : join(belowMillion(n, 'un'), say(n === 1 ? name : names));
}

function spell(n: bigint, one: One): Spoken {
  if (n === 0n) return say('cero');
  const group = (size: bigint) => Number((n / size) % 1_000_000n);
  return join(
    scale(group(10n ** 12n), 'billón', 'billones'),
    scale(group(1_000_000n), 'millón', 'millones'),
    belowMillion(group(1n), one),
  );
}

const minus = say('menos');
const point = say('coma');

function cardinal(n: number | bigint): Spoken {
  const whole = wholeNumber(n);
  return whole < 0n ? join(minus, spell(-whole, 'uno')) : spell(whole, 'uno');
}

/** After round millions, which are nouns, stands "de": "un millón de euros". */
const noun = (gender: One) => (one: string, other: string) => ({
  forms: { one, other, many: `de ${other}` },
  gender,
});
const part = (gender: One) => (one: string, other: string) => ({ forms: { one, other }, gender });
const el = noun('un');
const la = noun('una');
const CENT = part('un')('centavo', 'centavos');
const CENTIMO = part('un')('céntimo', 'céntimos');
const ORE = part('un')('öre', 'öre');

const CURRENCIES: Readonly<Record<string, CurrencyUnits<One>>> = {
  ARS: { major: el('peso argentino', 'pesos argentinos'), minor: CENT },
  AUD: { major: el('dólar australiano', 'dólares australianos'), minor: CENT },
  BRL: { major: el('real brasileño', 'reales brasileños'), minor: CENT },
  CAD: { major: el('dólar canadiense', 'dólares canadienses'), minor: CENT },
  CHF: { major: el('franco suizo', 'francos suizos'), minor: CENTIMO },
  CNY: { major: el('yuan', 'yuanes'), minor: part('un')('fen', 'fen') },
  CZK: { major: la('corona checa', 'coronas checas'), minor: part('un')('heller', 'hellers') },
  DKK: { major: la('corona danesa', 'coronas danesas'), minor: ORE },
  EUR: { major: el('euro', 'euros'), minor: CENTIMO },
  GBP: { major: la('libra', 'libras'), minor: part('un')('penique', 'peniques') },
  INR: { major: la('rupia india', 'rupias indias'), minor: part('una')('paisa', 'paisas') },
  JPY: { major: el('yen', 'yenes') },
  KWD: { major: el('dinar kuwaití', 'dinares kuwaitíes'), minor: part('un')('fils', 'fils') },
  MXN: { major: el('peso mexicano', 'pesos mexicanos'), minor: CENT },
  NOK: { major: la('corona noruega', 'coronas noruegas'), minor: ORE },
  PLN: { major: el('esloti', 'eslotis'), minor: part('un')('grosz', 'groszy') },
  RUB: { major: el('rublo', 'rublos'), minor: part('una')('copeca', 'copecas') },
  SEK: { major: la('corona sueca', 'coronas suecas'), minor: ORE },
  TRY: { major: la('lira turca', 'liras turcas'), minor: part('un')('kurus', 'kurus') },
  UAH: { major: la('grivna', 'grivnas'), minor: part('una')('copeca', 'copecas') },
  USD: { major: el('dólar', 'dólares'), minor: CENT },
};

const de = say('de');

/** Of a currency that has no entry: as its name begins, "corona islandesa", but "lempira hondureño"; three we know. */
function oneOf(name: string): One {
  return /^(?!taka |kina |kuacha )\S*a( (?!\S*o( |$))|$)/.test(name) ? 'una' : 'un';
}

const MONEY: MoneyGrammar<One> = {
  tag: TAG,
  currencies: CURRENCIES,
  minus,
  link: say('con'),
  count: (n, unit) => join(spell(wholeNumber(n), unit.gender), sayUnit(unit, plural(n))),
  decimal: inDecimals(cardinal, point),
  whole: (n, one) => join(spell(wholeNumber(n), oneOf(one)), plural(n) === 'many' ? de : nothing),
};

function money(amount: Money): Spoken {
  return sayMoney(amount, MONEY);
}

/** The letter "y" is not said as the word "y" is. */
const SIGNS = latinSigns(cardinal, { y: 'i-griega' });

function digits(number: string): Spoken {
  return readOut(number, SIGNS);
}

const PHRASES: Phrases = {
  next: say('Su llamada es la primera en la cola'),
  place: say('Usted es el cliente número'),
  balance: say('Su saldo es de'),
  balanceOf: say('El saldo de la cuenta'),
  is: say('es de'),
};

/** Up to 30 each number is a word, then the tens; 31 is "treinta y uno". */
const ROUND = [...Array.from({ length: 31 }, (_, n) => n), 40, 50, 60, 70, 80, 90];
const HUNDREDS = [200, 300, 400, 500, 600, 700, 800, 900];

const NUMBERS = [
  ...ROUND.map((n) => say(word(n))),
  ...HUNDREDS.flatMap((n) => [belowThousand(n, 'un', false), belowThousand(n, 'una', true)]),
  ...['un', 'una', 'veintiún', 'veintiuna', 'y', 'cien', 'ciento', 'mil'].map((word) => say(word)),
  ...['millón', 'millones', 'billón', 'menos'].map((word) => say(word)),
];

const vocabulary = vocabularyOf({
  words: [...NUMBERS, ...SIGNS.values()],
  phrases: PHRASES,
  foreign: [point, de],
  money: MONEY,
});

/** Debian's asterisk-core-sounds-es: what it has of the above. It has no hundreds for feminine nouns, and dollars only. */
const ASTERISK: Language['asterisk'] = {
  ...Object.fromEntries([...ROUND, ...HUNDREDS].map((n) => [word(n), [`digits/${n}`]])),
  ...LATIN_SOUNDS,
  'i-griega': ['letters/y'],
  un: ['digits/1M'],
  una: ['digits/1F'],
  // "Veinti" before "un", "una".
  veintiún: ['digits/20-and', 'digits/1M'],
  veintiuna: ['digits/20-and', 'digits/1F'],
  y: ['digits/and'],
  cien: ['digits/hundred'],
  ciento: ['digits/100-and'],
  mil: ['digits/thousand'],
  millón: ['digits/million'],
  millones: ['digits/millions'],
  menos: ['digits/minus'],
  dólares: ['digits/dollars'],
  // "Su llamada es la primera en línea y será atendida por el próximo representante."
  [PHRASES.next.clips[0]!]: ['queue-youarenext'],
  // "Usted es el cliente número"
  [PHRASES.place.clips[0]!]: ['queue-thereare'],
};

export const es: Language = {
  tag: TAG,
  cardinal,
  money,
  digits,
  ...sentences(PHRASES, { cardinal, money, digits }),
  vocabulary,
  asterisk: ASTERISK,
};
