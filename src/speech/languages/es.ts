// Spanish: number words as they agree with what follows (veintiún mil, doscientas libras), money, sentences.
// n2words has the words up to 999, but for an accent; agreement and scales are ours: it says "veintiuno mil".
import { toCardinal } from 'n2words/es-ES';
import { LATIN_SOUNDS, latinLetters, noun, type CurrencyUnits } from '../grammar';
import { languageOf } from '../language';
import { clipName, join, nothing, say, words, type Spoken } from '../spoken';

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

function spell(n: bigint, one: One = 'uno'): Spoken {
  if (n === 0n) return say('cero');
  const group = (size: bigint) => Number((n / size) % 1_000_000n);
  return join(
    scale(group(10n ** 12n), 'billón', 'billones'),
    scale(group(1_000_000n), 'millón', 'millones'),
    belowMillion(group(1n), one),
  );
}

/** After round millions, which are nouns, stands "de": "un millón de euros". */
const of = (other: string): string => `de ${other}`;
const el = noun('un', of);
const la = noun('una', of);
const CENT = el('centavo', 'centavos');
const CENTIMO = el('céntimo', 'céntimos');
const ORE = el('öre', 'öre');

const CURRENCIES: Readonly<Record<string, CurrencyUnits<One>>> = {
  ARS: [el('peso argentino', 'pesos argentinos'), CENT],
  AUD: [el('dólar australiano', 'dólares australianos'), CENT],
  BRL: [el('real brasileño', 'reales brasileños'), CENT],
  CAD: [el('dólar canadiense', 'dólares canadienses'), CENT],
  CHF: [el('franco suizo', 'francos suizos'), CENTIMO],
  CNY: [el('yuan', 'yuanes'), el('fen', 'fen')],
  CZK: [la('corona checa', 'coronas checas'), el('heller', 'hellers')],
  DKK: [la('corona danesa', 'coronas danesas'), ORE],
  EUR: [el('euro', 'euros'), CENTIMO],
  GBP: [la('libra', 'libras'), el('penique', 'peniques')],
  INR: [la('rupia india', 'rupias indias'), la('paisa', 'paisas')],
  JPY: [el('yen', 'yenes')],
  KWD: [el('dinar kuwaití', 'dinares kuwaitíes'), el('fils', 'fils')],
  MXN: [el('peso mexicano', 'pesos mexicanos'), CENT],
  NOK: [la('corona noruega', 'coronas noruegas'), ORE],
  PLN: [el('esloti', 'eslotis'), el('grosz', 'groszy')],
  RUB: [el('rublo', 'rublos'), la('copeca', 'copecas')],
  SEK: [la('corona sueca', 'coronas suecas'), ORE],
  TRY: [la('lira turca', 'liras turcas'), el('kurus', 'kurus')],
  UAH: [la('grivna', 'grivnas'), la('copeca', 'copecas')],
  USD: [el('dólar', 'dólares'), CENT],
};

/** Of a currency that has no entry: as its name begins, "corona islandesa", but "lempira hondureño"; three we know. */
function oneOf(name: string): One {
  return /^(?!taka |kina |kuacha )\S*a( (?!\S*o( |$))|$)/.test(name) ? 'una' : 'un';
}

const NEXT = 'Su llamada es la primera en la cola';
const PLACE = 'Usted es el cliente número';

/** Up to 30 each number is a word, then the tens; 31 is "treinta y uno". */
const ROUND = [...Array.from({ length: 31 }, (_, n) => n), 40, 50, 60, 70, 80, 90];
const HUNDREDS = [200, 300, 400, 500, 600, 700, 800, 900];

const NUMBERS = [
  ...ROUND.map(word),
  ...HUNDREDS.flatMap((n) => [belowThousand(n, 'un', false).text, belowThousand(n, 'una', true).text]),
  ...['un', 'una', 'veintiún', 'veintiuna', 'y', 'cien', 'ciento', 'mil', 'millón', 'millones', 'billón'],
];

/** Debian's asterisk-core-sounds-es: what it has of the above. It has no hundreds for feminine nouns, and dollars only. */
const ASTERISK = {
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
  [clipName(NEXT)]: ['queue-youarenext'],
  // "Usted es el cliente número"
  [clipName(PLACE)]: ['queue-thereare'],
};

export const es = languageOf<One>({
  tag: 'es',
  spell,
  minus: 'menos',
  phrases: {
    next: NEXT,
    place: PLACE,
    balance: 'Su saldo es de',
    balanceOf: 'El saldo de la cuenta',
    is: 'es de',
  },
  numbers: NUMBERS,
  // The letter "y" is not said as the word "y" is.
  letters: latinLetters({ y: 'i-griega' }),
  currencies: CURRENCIES,
  link: 'con',
  genderOf: oneOf,
  of: 'de',
  decimals: 'coma',
  asterisk: ASTERISK,
});
