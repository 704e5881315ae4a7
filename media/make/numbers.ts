// Whole numbers in words, in the cases that the prompts need: English cardinals, Russian ordinals and genitives.
// By rule, so that fifty sentences in two languages cannot have fifty slips of the pen. What the house's own languages
// can say is theirs; they have neither ordinals nor genitives.
import { toOrdinal } from 'n2words/ru-RU';
import { en } from '../../src/speech/languages/en';

const MOST = 69;

/** Feminine where it matters, as in "от … до … минут"; е for ё throughout, as in all the texts. */
const GENITIVE_ONES = [
  ...['одной', 'двух', 'трех', 'четырех', 'пяти', 'шести', 'семи', 'восьми', 'девяти', 'десяти'],
  ...['один', 'две', 'три', 'четыр', 'пят', 'шест', 'сем', 'восем', 'девят'].map((stem) => `${stem}надцати`),
];
const GENITIVE_TENS = ['двадцати', 'тридцати', 'сорока', 'пятидесяти', 'шестидесяти'];

/** "twenty-one". @throws RangeError outside 1 to 69 */
export function englishCardinal(n: number): string {
  return en.cardinal(inRange(n)).text;
}

/** "двадцать первый": masculine, nominative. @throws RangeError outside 1 to 69 */
export function russianOrdinal(n: number): string {
  return toOrdinal(inRange(n)).replaceAll('ё', 'е');
}

/** "двадцати одной": as in "от … до … минут". @throws RangeError outside 1 to 69 */
export function russianGenitive(n: number): string {
  if (inRange(n) < 20) return GENITIVE_ONES[n - 1]!;
  const tens = GENITIVE_TENS[Math.floor(n / 10) - 2]!;
  return n % 10 === 0 ? tens : `${tens} ${GENITIVE_ONES[(n % 10) - 1]!}`;
}

function inRange(n: number): number {
  if (!Number.isInteger(n) || n < 1 || n > MOST) throw new RangeError(`no words for ${n}: 1 to ${MOST}`);
  return n;
}
