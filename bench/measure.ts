// What every benchmark needs: statistics, the machine, tables.
// Figures are worth nothing without the machine and the date they were measured on.
import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';

/** The value below which `share` (0..1) of the values lie; NaN for none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : ((sorted[half - 1] ?? NaN) + (sorted[half] ?? NaN)) / 2;
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

/** Path of a program on PATH, or undefined. */
export function which(program: string): string | undefined {
  try {
    return execFileSync('sh', ['-c', `command -v "${program}"`], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}

export interface Machine {
  date: string;
  cpu: string;
  cores: number;
  memoryGib: number;
  kernel: string;
  node: string;
}

export function machine(): Machine {
  return {
    date: new Date().toISOString(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGib: Number((totalmem() / 2 ** 30).toFixed(1)),
    kernel: release(),
    node: process.version,
  };
}

export type Cell = string | number | undefined;
export interface Table {
  title: string;
  columns: string[];
  rows: Cell[][];
  /** What a reader must know to judge the figures. */
  notes?: string[];
}

/** Numbers with three significant figures where they are small, whole where they are large. */
function shown(cell: Cell): string {
  if (typeof cell !== 'number') return cell ?? '–';
  if (!Number.isFinite(cell)) return '–';
  return Number.isInteger(cell) || Math.abs(cell) >= 1000
    ? String(Math.round(cell))
    : String(Number(cell.toPrecision(3)));
}

/** Text with aligned columns: names to the left, figures to the right. */
export function formatTable({ title, columns, rows, notes = [] }: Table): string {
  const cells = [columns, ...rows.map((row) => row.map(shown))];
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => (row[i] ?? '').length)));
  const lines = cells.map((row) =>
    widths
      .map((width, i) => (i === 0 ? (row[i] ?? '').padEnd(width) : (row[i] ?? '').padStart(width)))
      .join('  '),
  );
  lines.splice(1, 0, widths.map((width) => '─'.repeat(width)).join('  '));
  return ['', title, ...lines, ...notes.map((note) => `  ${note}`), ''].join('\n');
}

/** One part of the benchmark: `tables` for people, `data` for programs. */
export interface Section {
  tables: Table[];
  data: unknown;
  /** Conditions that were not met: the benchmark ends with 1. Most parts set none. */
  failures?: string[];
}

/** A straight line through points by least squares: its slope, and the slope's standard error. */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): {
  slope: number;
  error: number;
} {
  const count = points.length;
  const meanX = sum(points.map(([x]) => x)) / count;
  const meanY = sum(points.map(([, y]) => y)) / count;
  const spread = sum(points.map(([x]) => (x - meanX) ** 2));
  const slope = sum(points.map(([x, y]) => (x - meanX) * (y - meanY))) / spread;
  const rest = sum(points.map(([x, y]) => (y - meanY - slope * (x - meanX)) ** 2));
  return { slope, error: Math.sqrt(rest / Math.max(1, count - 2) / spread) };
}
