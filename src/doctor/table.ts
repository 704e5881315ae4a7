// The doctor's report as people read it: a table with what was found and what to do, as wide as the terminal.
import Table from 'cli-table3';
import type { Result, Row } from './check';

/** Wide enough for any name, and for the longest result. */
const NAME_WIDTH = 24;
const RESULT_WIDTH = 13;
const NARROWEST = 60;
const WIDEST = 140;

const COLOURS: Record<Result, number> = { ok: 32, warning: 33, problem: 31, 'not checked': 90 };
const BORDERS = [
  ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
  ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'],
];

/** @param columns width of the terminal in characters */
export function reportTable(rows: readonly Row[], columns: number, colour: boolean): string {
  const width = Math.min(Math.max(columns, NARROWEST), WIDEST);
  const table = new Table({
    chars: Object.fromEntries(BORDERS.map((border) => [border, ''])),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 1 },
    colWidths: [NAME_WIDTH, RESULT_WIDTH, width - NAME_WIDTH - RESULT_WIDTH],
    wordWrap: true,
  });
  for (const { check, result, found, todo } of rows)
    table.push([
      printable(check),
      paint(result, COLOURS[result], colour),
      todo === undefined ? printable(found) : `${printable(found)}\n→ ${printable(todo)}`,
    ]);
  const lines = table.toString().split('\n');
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
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

/** What stands in somebody's file must not move the terminal's cursor. */
function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\uFFFD');
}
