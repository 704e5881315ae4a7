// Whole numbers in words, in the cases that the prompts need: English cardinals, Russian ordinals and genitives.
// By rule, so that fifty sentences in two languages cannot have fifty slips of the pen.

const ENGLISH_ONES = [
  ...['one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve'],
  ...['thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen', 'eighteen', 'nineteen'],
];
const ENGLISH_TENS = ['twenty', 'thirty', 'forty', 'fifty', 'sixty'];

interface RussianForms {
  cardinal: string;
  /** Masculine, nominative: who stands there. */
  ordinal: string;
  /** Feminine where it matters: of how many minutes. */
  genitive: string;
}

function forms(cardinal: string, ordinal: string, genitive: string): RussianForms {
  return { cardinal, ordinal, genitive };
}

function teen(stem: string): RussianForms {
  return forms(`${stem}надцать`, `${stem}надцатый`, `${stem}надцати`);
}

/** е for ё throughout, as in all the texts. */
const RUSSIAN_ONES = [
  forms('одна', 'первый', 'одной'),
  forms('две', 'второй', 'двух'),
  forms('три', 'третий', 'трех'),
  forms('четыре', 'четвертый', 'четырех'),
  forms('пять', 'пятый', 'пяти'),
  forms('шесть', 'шестой', 'шести'),
  forms('семь', 'седьмой', 'семи'),
  forms('восемь', 'восьмой', 'восьми'),
  forms('девять', 'девятый', 'девяти'),
  forms('десять', 'десятый', 'десяти'),
  ...['один', 'две', 'три', 'четыр', 'пят', 'шест', 'сем', 'восем', 'девят'].map(teen),
];
const RUSSIAN_TENS = [
  forms('двадцать', 'двадцатый', 'двадцати'),
  forms('тридцать', 'тридцатый', 'тридцати'),
  forms('сорок', 'сороковой', 'сорока'),
  forms('пятьдесят', 'пятидесятый', 'пятидесяти'),
  forms('шестьдесят', 'шестидесятый', 'шестидесяти'),
];

/** "twenty-one". @throws RangeError outside 1 to 69 */
export function englishCardinal(n: number): string {
  const { tens, ones } = parts(n, ENGLISH_TENS, ENGLISH_ONES);
  return [tens, ones].filter((word) => word !== undefined).join('-');
}

/** "двадцать первый": masculine, nominative. @throws RangeError outside 1 to 69 */
export function russianOrdinal(n: number): string {
  const { tens, ones } = parts(n, RUSSIAN_TENS, RUSSIAN_ONES);
  if (!tens) return ones!.ordinal;
  return ones ? `${tens.cardinal} ${ones.ordinal}` : tens.ordinal;
}

/** "двадцати одной": as in "от … до … минут". @throws RangeError outside 1 to 69 */
export function russianGenitive(n: number): string {
  const { tens, ones } = parts(n, RUSSIAN_TENS, RUSSIAN_ONES);
  return [tens, ones].flatMap((word) => (word ? [word.genitive] : [])).join(' ');
}

/** What `n` is said with, one or both: twenty and up, and what is below twenty. */
function parts<Word>(
  n: number,
  tens: readonly Word[],
  ones: readonly Word[],
): { tens: Word | undefined; ones: Word | undefined } {
  if (!Number.isInteger(n) || n < 1 || n > 69) throw new RangeError(`no words for ${n}: 1 to 69`);
  return n < 20
    ? { tens: undefined, ones: ones[n - 1] }
    : { tens: tens[Math.floor(n / 10) - 2], ones: ones[(n % 10) - 1] };
}
