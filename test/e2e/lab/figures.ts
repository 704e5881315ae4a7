// Figures that were measured, in one JSON file for the benchmark and for people: median, worst, and how many.
// The file lies where HOLDCAST_E2E_FIGURES says (run.mjs does), else in the work folder of the run.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from './lab';

export interface Summary {
  readonly count: number;
  readonly median: number;
  readonly p99: number;
  readonly worst: number;
}

/** To a tenth. @param values at least one */
export function summary(values: readonly number[]): Summary {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part: number): number =>
    Math.round(10 * sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!) / 10;
  return { count: sorted.length, median: at(0.5), p99: at(0.99), worst: at(1) };
}

/** Adds figures under "Asterisk 22" and `name`; says them on standard error. */
export function keepFigures({ place: { label, work } }: Lab, name: string, figures: object): void {
  const file = process.env['HOLDCAST_E2E_FIGURES'] ?? join(work, 'figures.json');
  const all = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, object>) : {};
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify({ ...all, [label]: { ...all[label], [name]: figures } }, null, 2));
  renameSync(draft, file);
  process.stderr.write(`${label}, ${name}: ${JSON.stringify(figures)}\n`);
}
