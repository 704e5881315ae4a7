// The texts of the prompts: numbers in words, every name that a session asks for, nothing a synthesiser stumbles over.
// A wrong ordinal or a missing name would be heard, or not heard, by a caller, and by nobody before.
import { englishCardinal, russianGenitive, russianOrdinal } from '../../media/make/numbers';
import { speeches, type Language } from '../../media/make/texts';

const LANGUAGES: readonly Language[] = ['en', 'ru'];
const UP_TO_69 = Array.from({ length: 69 }, (_, k) => k + 1);

describe('numbers in words', () => {
  test.each([
    [1, 'one', 'первый', 'одной'],
    [2, 'two', 'второй', 'двух'],
    [3, 'three', 'третий', 'трех'],
    [4, 'four', 'четвертый', 'четырех'],
    [7, 'seven', 'седьмой', 'семи'],
    [8, 'eight', 'восьмой', 'восьми'],
    [10, 'ten', 'десятый', 'десяти'],
    [11, 'eleven', 'одиннадцатый', 'одиннадцати'],
    [12, 'twelve', 'двенадцатый', 'двенадцати'],
    [14, 'fourteen', 'четырнадцатый', 'четырнадцати'],
    [15, 'fifteen', 'пятнадцатый', 'пятнадцати'],
    [18, 'eighteen', 'восемнадцатый', 'восемнадцати'],
    [19, 'nineteen', 'девятнадцатый', 'девятнадцати'],
    [20, 'twenty', 'двадцатый', 'двадцати'],
    [21, 'twenty-one', 'двадцать первый', 'двадцати одной'],
    [30, 'thirty', 'тридцатый', 'тридцати'],
    [33, 'thirty-three', 'тридцать третий', 'тридцати трех'],
    [40, 'forty', 'сороковой', 'сорока'],
    [45, 'forty-five', 'сорок пятый', 'сорока пяти'],
    [47, 'forty-seven', 'сорок седьмой', 'сорока семи'],
    [50, 'fifty', 'пятидесятый', 'пятидесяти'],
    [60, 'sixty', 'шестидесятый', 'шестидесяти'],
    [69, 'sixty-nine', 'шестьдесят девятый', 'шестидесяти девяти'],
  ])('%d', (n, cardinal, ordinal, genitive) => {
    expect([englishCardinal(n), russianOrdinal(n), russianGenitive(n)]).toEqual([
      cardinal,
      ordinal,
      genitive,
    ]);
  });

  test.each([englishCardinal, russianOrdinal, russianGenitive])(
    '%p never says two numbers alike',
    (words) => {
      expect(new Set(UP_TO_69.map(words)).size).toBe(69);
      for (const spoken of UP_TO_69.map(words)) expect(spoken).toMatch(/^\p{Ll}+(?:[- ]\p{Ll}+)?$/u);
    },
  );

  test.each([0, 70, 1.5, NaN, -3])('has no words for %d, and says so', (n) => {
    for (const words of [englishCardinal, russianOrdinal, russianGenitive])
      expect(() => words(n)).toThrow(RangeError);
  });
});

/** What a session asks for by name. */
const NAMES = [
  ...Array.from({ length: 50 }, (_, k) => `position-${k + 1}`),
  ...['position-many', 'position-unknown'],
  ...['wait-under-1', 'wait-1-2', 'wait-2-3', 'wait-3-5', 'wait-5-10', 'wait-10-15', 'wait-15-20'],
  ...['wait-20-30', 'wait-30-45', 'wait-45-60', 'wait-over-60', 'wait-longer'],
  ...['balance-unavailable', 'balance-unknown-caller', 'number-not-registered', 'one-moment'],
  ...['enter-pin', 'wrong-pin', 'pin-locked'],
];

describe('prompts', () => {
  const prompts = new Map(speeches.map(({ path, text }) => [path, text]));
  const said = (name: string): Record<Language, string> => prompts.get(`prompts/${name}`)!;

  test('there is one for each name, and no other', () => {
    const names = speeches.filter(({ path }) => path.startsWith('prompts/')).map(({ path }) => path.slice(8));
    expect(names.sort()).toEqual([...NAMES].sort());
  });

  test('a place is said as a number in English and as an ordinal in Russian', () => {
    expect(said('position-1')).toEqual({ en: 'You are next.', ru: 'Вы следующий в очереди.' });
    expect(said('position-21')).toEqual({
      en: 'You are number twenty-one in the queue.',
      ru: 'Вы двадцать первый в очереди.',
    });
  });

  test('a wait is said as the range of its name', () => {
    expect(said('wait-3-5')).toEqual({
      en: 'The wait is about three to five minutes.',
      ru: 'Ожидание займет примерно от трех до пяти минут.',
    });
    expect(said('wait-30-45').ru).toBe('Ожидание займет примерно от тридцати до сорока пяти минут.');
    expect(said('wait-45-60').en).toBe('The wait is about forty-five to sixty minutes.');
  });

  test.each(LANGUAGES)('no two say the same in %s', (language) => {
    expect(new Set(speeches.map(({ text }) => text[language])).size).toBe(speeches.length);
  });
});

test('every text is words of its own language, without digits, and ends as a sentence', () => {
  for (const { text } of speeches) {
    expect(text.en).toMatch(/^[A-Z][A-Za-z ,.!-]*[.!]$/);
    expect(text.ru).toMatch(/^[А-Я][А-Яа-я ,.!-]*[.!]$/);
  }
});
