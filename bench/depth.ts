// Audio ahead in the pipe: how late a key press is heard, in steady state and after stalls.
// Node cannot ask a pipe how full it is (FIONREAD), so a few lines of Python read and measure.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../src/util/packageRoot';
import { endAll, makePipes, startCaller } from './caller';
import type { Context } from './context';
import type { Contender } from './contenders';
import { median, which, type Section } from './measure';

const SETTLE_MS = 4000;
const AFTER_MS = 6000;
/** The start; a pacer may still find its pace. */
const START_MS = 1000;
/** Bytes in a millisecond of 8 kHz 16-bit mono. */
const BYTES_PER_MS = 16;

interface Stall {
  who: 'child' | 'reader' | 'both';
  ms: number;
}

interface Depth {
  name: string;
  stall?: Stall;
  minMs: number;
  medianMs: number;
  maxMs: number;
  /** Steady state: before the stall, or all of it. Lowest and highest. */
  steadyMs: [number, number];
  /** From the end of the stall until the depth stays under 240 ms; 0 when it never rose above. */
  backAfterMs: number;
  /** Reads that found the pipe empty: in the first second, and later but for the time in which the child stood still. */
  dryAtStart: number;
  dry: number;
  short: number;
}

interface Report {
  samples: [atMs: number, bytes: number][];
  /** When. */
  dry: number[];
  short: number;
}

/** The helper is ready before the caller starts: audio that nobody reads would count as depth. */
async function runHelper(contender: Contender, stall: Stall | undefined, log: number): Promise<Report> {
  const [pipe] = makePipes(1);
  const words = ['3', String(SETTLE_MS), String(AFTER_MS)];
  if (stall) words.push(stall.who, String(stall.ms));
  const helper = spawn('python3', [join(packageRoot(), 'bench/depth.py'), ...words], {
    stdio: ['pipe', 'pipe', 'inherit', pipe!.read],
  });
  const closed = once(helper, 'close');
  const lines = createInterface({ input: helper.stdout! })[Symbol.asyncIterator]();
  await lines.next();
  const caller = startCaller(contender, pipe!, log);
  helper.stdin!.end(`${caller.pid}\n`);
  const report = await lines.next();
  await closed;
  await endAll([caller]);
  return JSON.parse(String(report.value)) as Report;
}

async function depthOf(contender: Contender, stall: Stall | undefined, log: number): Promise<Depth> {
  const { samples, dry, short } = await runHelper(contender, stall, log);
  const until = stall ? SETTLE_MS : Infinity;
  const inMs = samples.map(([at, bytes]) => [at, bytes / BYTES_PER_MS] as const);
  const steady = inMs.filter(([at]) => at > START_MS && at < until).map(([, ms]) => ms);
  const resumed = stall ? SETTLE_MS + stall.ms : START_MS;
  const after = inMs.filter(([at]) => at >= resumed);
  const deep = after.filter(([, ms]) => ms > 240);
  const values = after.map(([, ms]) => ms);
  return {
    name: contender.name,
    ...(stall && { stall }),
    minMs: Math.min(...values),
    medianMs: median(values),
    maxMs: Math.max(...values),
    steadyMs: [Math.min(...steady), Math.max(...steady)],
    backAfterMs: deep.length > 0 ? deep.at(-1)![0] - resumed : 0,
    dryAtStart: dry.filter((at) => at <= START_MS).length,
    dry: dry.filter((at) => at > START_MS && !(stall && at >= SETTLE_MS && at <= resumed)).length,
    short,
  };
}

const STALLS: Stall[] = (['child', 'both', 'reader'] as const).flatMap((who) =>
  [500, 1000, 3000].map((ms) => ({ who, ms })),
);

export async function benchDepth(context: Context): Promise<Section> {
  if (!which('python3')) {
    const title = 'Audio ahead in the pipe: not measured, python3 is missing (it asks FIONREAD)';
    return { data: { skipped: 'python3 is missing' }, tables: [{ title, columns: [''], rows: [] }] };
  }
  const rows: Depth[] = [];
  for (const contender of context.contenders) {
    context.progress(`depth: ${contender.name}`);
    const main = contender.name === 'holdcast' || contender.name === 'bare node';
    const plans = [undefined, ...(main ? STALLS : [])];
    rows.push(...(await Promise.all(plans.map((stall) => depthOf(contender, stall, context.log)))));
  }
  return {
    data: { settleMs: SETTLE_MS, afterMs: AFTER_MS, rows },
    tables: [
      {
        title: 'Audio ahead in the pipe, ms (sampled each 10 ms, before and after each read)',
        columns: [
          '',
          'stall',
          'steady min',
          'steady max',
          'after: min',
          'median',
          'max',
          '>240 for',
          'dry: start',
          'dry',
          'short',
        ],
        rows: rows.map((row) => [
          row.name,
          row.stall ? `${row.stall.who} ${row.stall.ms / 1000} s` : 'none',
          ...row.steadyMs,
          row.minMs,
          row.medianMs,
          row.maxMs,
          row.backAfterMs,
          row.dryAtStart,
          row.dry,
          row.short,
        ]),
        notes: [
          'stall: child = its process stopped, reader = no reads, both = a machine that stood still.',
          'After a stall the reads that were missed are not made up for, as in Asterisk. dry: the pipe was empty at a read (not counted: while the child stood still).',
        ],
      },
    ],
  };
}
