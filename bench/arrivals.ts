// Many callers: thirty that arrive within 100 ms, and a hundred that stay for two minutes.
// Each must play, be read in time, and obey when Asterisk hangs up.
import { closeSync } from 'node:fs';
import { hangUp, holdCaller, makePipes, type Caller } from './caller';
import { mainPair, type Context } from './context';
import type { Contender } from './contenders';
import { median, percentile, sleep, sum, type Section } from './measure';
import { AsteriskReader, levelDb, type Heard } from './reader';

/** Quieter than this is not music. */
const MUSIC_DB = -50;

interface Crowd {
  reader: AsteriskReader;
  callers: Caller[];
}

/** `count` callers arrive, `gapMs` apart (0: as fast as it goes); they are read from now on. */
async function gather(contender: Contender, count: number, gapMs: number, log: number): Promise<Crowd> {
  const reader = new AsteriskReader();
  const callers: Caller[] = [];
  const held = makePipes(count).map((pipe) => holdCaller(contender, pipe, log));
  await sleep(1000);
  reader.start();
  const began = performance.now();
  for (const [i, one] of held.entries()) {
    callers.push(one.go());
    reader.add(callers.at(-1)!);
    if (gapMs > 0) await sleep(began + (i + 1) * gapMs - performance.now());
  }
  return { reader, callers };
}

/** Hangs up on all at once; returns from HUP to exit of each, and how many needed more than HUP. */
async function disperse({ reader, callers }: Crowd): Promise<{ exitMs: number[]; needed: number }> {
  const endings = await Promise.all(callers.map(hangUp));
  reader.stop();
  for (const caller of callers) closeSync(caller.read);
  return { exitMs: endings.map(({ ms }) => ms), needed: endings.filter(({ by }) => by !== 'HUP').length };
}

function plays(one: Heard, seconds: number): boolean {
  return !one.ended && one.samples > seconds * 8000 * 0.8 && levelDb(one) > MUSIC_DB;
}

async function arrival(contender: Contender, count: number, seconds: number, log: number) {
  const crowd = await gather(contender, count, 0, log);
  const { callers, reader } = crowd;
  const withinMs = callers.at(-1)!.spawnedAt - callers[0]!.spawnedAt;
  await sleep(seconds * 1000);
  const first = reader.heard.map((one) => one.firstByteMs ?? NaN);
  const playing = reader.heard.filter((one) => plays(one, seconds - Math.max(...first) / 1000)).length;
  const late = sum(reader.heard.map((one) => one.late));
  const lastLateMs = Math.max(...reader.heard.map((one) => one.lastLateMs));
  const { exitMs, needed } = await disperse(crowd);
  const firstMs = { median: median(first), p95: percentile(first, 0.95), max: Math.max(...first) };
  return {
    name: contender.name,
    count,
    withinMs,
    firstMs,
    playing,
    late,
    lastLateMs,
    exitMaxMs: Math.max(...exitMs),
    needed,
  };
}

export async function benchArrivals(context: Context): Promise<Section> {
  const seconds = context.quick ? 6 : 10;
  const rows: Awaited<ReturnType<typeof arrival>>[] = [];
  for (const contender of mainPair(context)) {
    context.progress(`arrivals: ${contender.name}`);
    rows.push(await arrival(contender, 30, seconds, context.log));
  }
  return {
    data: { seconds, rows },
    tables: [
      {
        title: `30 callers at once (${seconds} s, then hung up on all together)`,
        columns: [
          '',
          'within ms',
          'first byte: median',
          'p95',
          'max',
          'play',
          'late reads',
          'last late ms',
          'last exit ms',
          'not by HUP',
        ],
        rows: rows.map((row) => [
          row.name,
          row.withinMs,
          row.firstMs.median,
          row.firstMs.p95,
          row.firstMs.max,
          `${row.playing}/${row.count}`,
          row.late,
          row.lastLateMs,
          row.exitMaxMs,
          row.needed,
        ]),
      },
    ],
  };
}

async function stay(contender: Contender, count: number, seconds: number, log: number) {
  const crowd = await gather(contender, count, 100, log);
  const { reader } = crowd;
  await sleep(3000);
  const arriving = sum(reader.heard.map((one) => one.late));
  reader.reset();
  await sleep(seconds * 1000);
  const total = (key: 'reads' | 'late' | 'readerLate' | 'dry' | 'short'): number =>
    sum(reader.heard.map((one) => one[key]));
  const row = {
    name: contender.name,
    count,
    playing: reader.heard.filter((one) => plays(one, seconds)).length,
    reads: total('reads'),
    lateWhileArriving: arriving,
    late: total('late'),
    dry: total('dry'),
    short: total('short'),
    worstLateMs: Math.max(...reader.heard.map((one) => one.worstLateMs)),
    readerLate: total('readerLate'),
    readerLagP99Ms: percentile(reader.lags, 0.99),
    readerLagMaxMs: Math.max(...reader.lags),
  };
  await disperse(crowd);
  return row;
}

export async function benchUnderrun(context: Context): Promise<Section> {
  const [count, seconds] = context.quick ? [20, 10] : [100, 120];
  const rows: Awaited<ReturnType<typeof stay>>[] = [];
  for (const contender of mainPair(context)) {
    context.progress(`underrun: ${contender.name}, ${count} callers, ${seconds} s`);
    rows.push(await stay(contender, count, seconds, context.log));
  }
  return {
    data: { count, seconds, rows },
    tables: [
      {
        title: `${count} callers for ${seconds} s: reads that completed more than 60 ms after they were due`,
        columns: [
          '',
          'play',
          'reads',
          'late',
          'late, arriving',
          'dry',
          'short',
          'worst ms',
          'reader late',
          'lag p99',
          'lag max',
        ],
        rows: rows.map((row) => [
          row.name,
          `${row.playing}/${row.count}`,
          row.reads,
          row.late,
          row.lateWhileArriving,
          row.dry,
          row.short,
          row.worstLateMs,
          row.readerLate,
          row.readerLagP99Ms,
          row.readerLagMaxMs,
        ]),
        notes: [
          'dry: the pipe was empty when the read was tried. reader late and lag (ms): the benchmark’s own reader, not the callers.',
          'late, arriving: before the last caller had been there for 3 s.',
        ],
      },
    ],
  };
}
