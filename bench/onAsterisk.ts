// On a real Asterisk: from a key to the caller's ear, and what a thousand calls leave behind.
// The work is done by the end-to-end lab (test/e2e), which needs root on Debian, or an `asterisk` on PATH.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../src/util/packageRoot';
import type { Context } from './context';
import type { Cell, Section } from './measure';

type Figures = Record<string, Record<string, Record<string, unknown>>>;

/** Runs one test file of the lab; its figures by Asterisk and name. Throws when it fails or was skipped. */
async function inLab(context: Context, file: string, env: NodeJS.ProcessEnv = {}): Promise<Figures> {
  const figures = join(context.workshop.folder, `${file}.json`);
  const words = ['test/e2e/run.mjs', '--suite', 'sid', '--', file];
  const child = spawn(process.execPath, words, {
    cwd: packageRoot(),
    env: { ...process.env, ...env, HOLDCAST_E2E_FIGURES: figures },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const code = await new Promise<number | null>((done) => child.on('close', done));
  if (code !== 0 || !existsSync(figures))
    throw new Error(`${words.join(' ')} ended with ${code} and no figures`);
  return JSON.parse(readFileSync(figures, 'utf8')) as Figures;
}

const cell = (value: unknown): Cell =>
  typeof value === 'number' || typeof value === 'string' ? value : JSON.stringify(value);

export async function benchKeys(context: Context): Promise<Section> {
  context.progress('keys: sixty presses on a real Asterisk');
  const data = await inLab(context, 'delay');
  const rows = Object.entries(data).flatMap(([asterisk, figures]) =>
    Object.entries(figures['key to ear, ms'] ?? {}).map(([what, summary]): Cell[] => {
      const { count, median, worst } = summary as Record<string, number>;
      return [`${asterisk}: ${what}`, count, median, worst];
    }),
  );
  const notes = [
    'to the first audible change (the tone counts), the new track, the first word (after the duck of 300 ms)',
  ];
  return {
    data,
    tables: [
      { title: 'From a key to the ear, ms', columns: ['', 'presses', 'median', 'worst'], rows, notes },
    ],
  };
}

export async function benchCalls(context: Context): Promise<Section> {
  const count = context.quick ? 50 : 1000;
  context.progress(`calls: ${count} through a real Asterisk`);
  const data = await inLab(context, 'many', { HOLDCAST_E2E_CALLS: String(count) });
  const rows = Object.entries(data).flatMap(([asterisk, figures]) =>
    Object.entries(figures).flatMap(([name, values]) =>
      Object.entries(values).map(([what, value]): Cell[] => [`${asterisk}: ${name}: ${what}`, cell(value)]),
    ),
  );
  return { data, tables: [{ title: 'Calls through a real Asterisk', columns: ['', ''], rows }] };
}

/** What music costs beside Asterisk's own, and whether those who come fast find theirs. */
export async function benchCosts(context: Context): Promise<Section> {
  context.progress('asterisk: what the hub and its readers cost beside mode=files');
  const short = context.quick ? { HOLDCAST_E2E_COST_CALLERS: '20', HOLDCAST_E2E_COST_MS: '10000' } : {};
  const data = await inLab(context, 'costs', { HOLDCAST_E2E_MEASURE: '1', ...short });
  const rows = Object.entries(data).flatMap(([asterisk, figures]) =>
    Object.entries(figures).flatMap(([name, values]) =>
      Object.entries(values).map(([what, value]): Cell[] => [`${asterisk}: ${name}: ${what}`, cell(value)]),
    ),
  );
  return { data, tables: [{ title: "The hub beside Asterisk's own music", columns: ['', ''], rows }] };
}
