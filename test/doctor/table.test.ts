// The report as people read it.
// Would catch: a table that is wider than the terminal, text of somebody's file that moves the cursor.
import { ok, problem, type Row } from '../../src/doctor/check';
import { reportTable, summaryText } from '../../src/doctor/table';

const rows: Row[] = [
  { check: 'a', ...ok('fine') },
  { check: 'b', ...problem('a very long text '.repeat(10), 'do \u001b[2Jthis') },
];

test('the table is as wide as the terminal, and nothing in it moves the cursor', () => {
  const table = reportTable(rows, 80, false);
  expect(Math.max(...table.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(table).toContain('→ do \\x1b[2Jthis');
  expect(table).toMatch(/^a +ok +fine$/m);
  expect(summaryText(rows)).toBe('1 ok, 0 warnings, 1 problem, 0 not checked');
});
