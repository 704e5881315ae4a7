// Tables of the commands: aligned columns under headings, without lines; and blocks of names and values.
// The only file that knows the width of a text on a terminal, and that keeps a table from moving the cursor.
import { printable } from './printable';

/** One text, or several lines below each other. */
export type Cell = string | readonly string[];

export interface TableOptions {
  head?: readonly string[];
  /** Columns that hold numbers, from 0: they are aligned to the right. */
  right?: readonly number[];
  /** Characters between two columns, 2 by default. */
  gap?: number;
  /** Total width in characters: the last column is wrapped between words. Absent: lines are not wrapped. */
  width?: number;
  /** Least widths of the first columns. */
  widths?: readonly number[];
  /** Adds colour to a text that is already padded. */
  paint?: (text: string, row: number, column: number) => string;
}

/** At least one line for each row, each with a newline, none with spaces at its end. Linear in the number of rows. */
export function textTable(rows: readonly (readonly Cell[])[], options: TableOptions = {}): string {
  const { head, right = [], gap = 2, width = Infinity, widths: least = [], paint = (text) => text } = options;
  const cells = [...(head ? [head] : []), ...rows].map((row) => row.map(linesOf));
  const columns = cells[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, column) =>
    cells.reduce((most, row) => Math.max(most, ...(row[column] ?? []).map(widthOf)), least[column] ?? 0),
  );
  const last = columns - 1;
  const before = widths.slice(0, last).reduce((sum, one) => sum + one + gap, 0);
  const room = Math.max(1, width - before);
  widths[last] = Math.min(widths[last] ?? 0, room);
  const padded = (text: string, column: number): string => {
    const space = ' '.repeat(Math.max(0, widths[column]! - widthOf(text)));
    return right.includes(column) ? space + text : text + space;
  };
  const rowText = (row: string[][], index: number): string => {
    const wrapped = row.map((lines, column) =>
      column === last ? lines.flatMap((line) => wrap(line, room)) : lines,
    );
    const height = Math.max(...wrapped.map((lines) => lines.length));
    return Array.from({ length: height }, (_, at) => {
      const texts = wrapped.map((lines, column) => {
        const text = lines[at] ?? '';
        const full = column === last && !right.includes(column) ? text : padded(text, column);
        return text === '' ? full : paint(full, index, column);
      });
      return `${texts.join(' '.repeat(gap)).trimEnd()}\n`;
    }).join('');
  };
  const firstRow = head ? 1 : 0;
  return cells.map((row, index) => rowText(row, index - firstRow)).join('');
}

/** `Store      a database`: a name and its value, a line each. */
export function labelled(rows: readonly (readonly [name: string, text: string])[]): string {
  return textTable(rows, { gap: 1, widths: [10] });
}

function linesOf(cell: Cell): string[] {
  return (typeof cell === 'string' ? [cell] : cell).map(printable);
}

const WIDE =
  /[\p{Emoji_Presentation}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\uff01-\uff60]/gu;
const MARKS = /[\p{Mn}\u200b-\u200d]/gu;
const ASCII = /^[\u0020-\u007e]*$/;

/** Columns that `text` takes on a terminal: two for wide letters, none for combining marks. */
function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  const marks = text.match(MARKS)?.length ?? 0;
  return [...text].length + (text.match(WIDE)?.length ?? 0) - marks;
}

/** Lines of at most `width` columns, broken between words; a longer word is cut. */
function wrap(text: string, width: number): string[] {
  if (widthOf(text) <= width) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
    while (widthOf(line) > width) {
      const [head, rest] = cut(line, width);
      lines.push(head);
      line = rest;
    }
  }
  return [...lines, line];
}

/** As many letters as fit, at least one. */
function cut(text: string, width: number): [string, string] {
  const letters = [...text];
  let count = 1;
  while (count < letters.length && widthOf(letters.slice(0, count + 1).join('')) <= width) count++;
  return [letters.slice(0, count).join(''), letters.slice(count).join('')];
}
