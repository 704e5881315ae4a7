// The doctor's report as people read it: a table with what was found and what to do, as wide as the terminal.
import { textTable } from '../util/textTable';
import type { Result, Row } from './check';

/** Wide enough for most names, and for the longest result. */
const NAME_WIDTH = 23;
const RESULT_WIDTH = 12;
const NARROWEST = 60;
const WIDEST = 140;

const COLOURS: Record<Result, number> = { ok: 32, warning: 33, problem: 31, 'not checked': 90 };
/** @param columns width of the terminal in characters */
export function reportTable(rows: readonly Row[], columns: number, colour: boolean): string {
  const cells = rows.map(({ check, result, found, todo }) => [
    check,
    result,
    todo === undefined ? found : [found, `→ ${todo}`],
  ]);
  return textTable(cells, {
    width: Math.min(Math.max(columns, NARROWEST), WIDEST),
    gap: 1,
    widths: [NAME_WIDTH, RESULT_WIDTH],
    paint: (text, row, column) => (column === 1 ? paint(text, COLOURS[rows[row]!.result], colour) : text),
  });
}

/** "14 ok, 2 warnings, 1 problem, 3 not checked". */
export function summaryText(rows: readonly Row[]): string {
  const count = (result: Result): number => rows.filter((row) => row.result === result).length;
  const several = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
  return [
    `${count('ok')} ok`,
    several(count('warning'), 'warning'),
    several(count('problem'), 'problem'),
    `${count('not checked')} not checked`,
  ].join(', ');
}

function paint(text: string, code: number, colour: boolean): string {
  return colour ? `\u001b[${code}m${text}\u001b[0m` : text;
}
