// Tables on a terminal: columns that stand below each other whatever the letters, and text from outside that moves no cursor.
// Would catch: a name in Chinese that shifts its row, a table wider than the terminal, a word that is lost where a line is broken.
import { labelled, textTable } from '../../src/util/textTable';

const lines = (text: string): string[] => text.split('\n').slice(0, -1);

test('columns are as wide as what is in them; numbers stand on the right; no line ends with spaces', () => {
  const table = textTable(
    [
      ['a', '7', 'x'],
      ['longer', '1234', ''],
    ],
    { head: ['name', 'n', ''], right: [1] },
  );
  expect(lines(table)).toEqual(['name       n', 'a          7  x', 'longer  1234']);
});

test('no rows: the heading alone, or nothing', () => {
  expect(textTable([], { head: ['a', 'b'] })).toBe('a  b\n');
  expect(textTable([])).toBe('');
});

test('wide letters take two places, marks that combine none', () => {
  const table = textTable([
    ['待ち音楽', 'x'],
    ['한국', 'x'],
    ['e\u0301te\u0301', 'x'],
    ['12345678', 'x'],
  ]);
  expect(lines(table)).toEqual(['待ち音楽  x', '한국      x', 'e\u0301te\u0301       x', '12345678  x']);
});

test('what would move the cursor or turn the direction is written out', () => {
  expect(textTable([['\u001b[2J', 'a\nb', '\u202ec']])).toBe('\\x1b[2J  a\\x0ab  \\u202ec\n');
});

describe('a width for all', () => {
  test('the last column is wrapped between its words, under itself', () => {
    const table = textTable([['port', ['one two three', '→ four']]], { width: 13, gap: 1 });
    expect(lines(table)).toEqual(['port one two', '     three', '     → four']);
  });

  test('a word that is longer than the column is cut, and nothing of it is lost', () => {
    const path = '/etc/asterisk/musiconhold.conf';
    const table = textTable([['a', `see ${path} now`]], { width: 12 });
    expect(lines(table).every((line) => line.length <= 12)).toBe(true);
    expect(
      lines(table)
        .map((line) => line.slice(3))
        .join(''),
    ).toContain(path);
    expect(lines(table).at(-1)).toContain('now');
  });

  test('wide letters are cut whole', () => {
    expect(lines(textTable([['a', '待ち音楽']], { width: 6 }))).toEqual(['a  待', '   ち', '   音', '   楽']);
  });
});

test('colour does not count as width, and is where it belongs', () => {
  const table = textTable(
    [
      ['ok', ['x', 'y']],
      ['problem', 'z'],
    ],
    {
      paint: (text, row, column) => (column === 0 ? `<${row}${text}>` : text),
    },
  );
  expect(lines(table)).toEqual(['<0ok     >  x', '         y', '<1problem>  z']);
});

test('a name and what it is', () => {
  expect(
    labelled([
      ['Store', 'a file'],
      ['Longer than ten', 'x'],
    ]),
  ).toBe('Store           a file\nLonger than ten x\n');
  expect(labelled([['Store', 'a file']])).toBe('Store      a file\n');
});

test('ten thousand rows are no matter of seconds: the time grows with the rows, not with their square', () => {
  const rows = Array.from({ length: 10_000 }, (_, i) => [`1795225281.${i}`, 'sales', String(i)]);
  expect(lines(textTable(rows))).toHaveLength(10_000);
});
