// The doctor's report as people read it: a table of what was found and what to do, as wide as the terminal.
import { textTable } from '../util/textTable';
import type { Result, Row } from './check';

/** Wide enough for most names, and for the longest result. */
const WIDTHS = [23, 12];
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
    widths: WIDTHS,
    paint: (text, row, column) =>
      colour && column === 1 ? `\u001b[${COLOURS[rows[row]!.result]}m${text}\u001b[0m` : text,
  });
}

/** "14 ok, 2 warnings, 1 problem, 3 not checked". */
export function summaryText(rows: readonly Row[]): string {
  return (Object.keys(COLOURS) as Result[])
    .map((result) => {
      const count = rows.filter((row) => row.result === result).length;
      const isPlural = count !== 1 && (result === 'warning' || result === 'problem');
      return `${count} ${result}${isPlural ? 's' : ''}`;
    })
    .join(', ');
}
