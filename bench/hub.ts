// The hub with more and more callers, until it breaks: what a caller costs, and whether they hear everything in time.
// The product's own process, real pipe readers, an Asterisk made of a Manager, look-ups and a reader of pipes.
import { join } from 'node:path';
import type { Context } from './context';
import { BenchAmi } from './hubAmi';
import { arrive, Fingers } from './hubArrivals';
import { Exchange, type Counts } from './hubCallers';
import { HubProcess, type GcPause } from './hubProcess';
import { measureOld, type OldWay } from './hubOld';
import { monotonicMs, type ReaderReport } from './hubReader';
import { parseMetrics, windowOf } from './hubMetrics';
import { median, percentile, sleep, sum, type Cell, type Section, type Table } from './measure';
import { cpuSeconds, exactCpuSeconds, memoryMib, threadSeconds } from './procfs';

const PER_SECOND = 100;
/** Between the last arrival and the window, and after a window's end until memory is read. */
const SETTLE_MS = 10_000;
/** More than this share of reads late, and the hub is broken. */
const BROKEN = 1 / 1000;

interface Stage {
  callers: number;
  arrivalsPerSecond: number;
  arrival: Counts & { firstByteMs: number[]; noByte: number };
  window: ReaderReport;
  seconds: number;
  /** CPU seconds a caller-minute. */
  cpu: { hub: number; readers: number; asterisk: number };
  /** CPU of the hub's threads in the window, share of a core, the busiest first; the main thread apart. */
  threads: { main: number; others: number[] };
  pssMib: { hub: number; readers: number };
  pauses: GcPause[];
  /** What the hub itself says. */
  metrics: Record<string, number | string>;
  respawned: number;
}

interface Bench {
  context: Context;
  ami: BenchAmi;
  hub: HubProcess;
  exchange: Exchange;
  fingers: Fingers;
}

export async function openBench(context: Context): Promise<Bench & { close(): Promise<void> }> {
  const ami = new BenchAmi();
  const hub = await HubProcess.start(context, await ami.start());
  const folder = join(context.workshop.folder, `pipes-${hub.pid}`);
  const exchange = new Exchange({ ami, port: hub.port, folder, log: context.log });
  const fingers = new Fingers(exchange, 5);
  const close = async (): Promise<void> => {
    fingers.stop();
    await exchange.close();
    await hub.end();
    await ami.close();
  };
  return { context, ami, hub, exchange, fingers, close };
}

export async function benchHub(context: Context): Promise<Section> {
  const { stages, seconds } = context.hub;
  const bench = await openBench(context);
  const done: Stage[] = [];
  try {
    await exchangeReady(bench);
    for (const callers of stages) {
      done.push(await stage(bench, callers, seconds));
      if (isBroken(done.at(-1)!) || !bench.hub.alive) break;
    }
  } catch (error) {
    if (!bench.hub.alive) process.stderr.write(`\nthe hub has ended:\n${bench.hub.logTail()}\n`);
    throw error;
  } finally {
    await bench.close();
  }
  context.progress('hub: the old way');
  const old = await measureOld(context, Math.min(60, seconds));
  const asked = Object.fromEntries(bench.ami.asked);
  return { data: { seconds, stages: done.map(brief), old, ami: asked }, tables: tables(done, old, seconds) };
}

async function exchangeReady({ exchange }: Bench): Promise<void> {
  await exchange.providePipes(250);
  exchange.reset();
}

function isBroken({ window, callers }: Stage): boolean {
  const silent = window.silent + window.noByte;
  return window.late > window.reads * BROKEN || silent > 0 || window.callers < callers;
}

async function stage(bench: Bench, callers: number, seconds: number): Promise<Stage> {
  const { context, exchange, fingers, hub } = bench;
  context.progress(`hub: ${callers} callers arrive`);
  exchange.reset();
  const count = callers - exchange.calls.size;
  // Made now, they do not stand in the way of those who arrive.
  await exchange.providePipes(count + 250);
  const flow = { count, perSecond: PER_SECOND, seed: callers };
  const arrivalsPerSecond = await arrive(exchange, flow, (call) => fingers.add(call));
  await sleep(SETTLE_MS);
  const { firstByteMs, noByte } = await exchange.report();
  const arrival = { ...exchange.counts, firstByteMs, noByte };
  context.progress(`hub: ${callers} callers, ${seconds} s`);
  exchange.reset();
  const wallMs = Date.now();
  const told = parseMetrics(await hub.metrics());
  const began = monotonicMs();
  const before = cpuOf(bench);
  await sleep(seconds * 1000);
  const window = await exchange.report();
  const after = cpuOf(bench);
  const minutes = ((monotonicMs() - began) / 60_000) * callers;
  const each = (name: 'hub' | 'readers' | 'asterisk'): number => (after[name] - before[name]) / minutes;
  return {
    ...{ callers, arrivalsPerSecond, arrival, window, seconds },
    cpu: { hub: each('hub'), readers: each('readers'), asterisk: each('asterisk') },
    threads: threadsOf(hub.pid, before.threads, after.threads, seconds),
    pssMib: {
      hub: memoryMib(hub.pid).pss / callers,
      readers: sum(exchange.programs.map((pid) => memoryMib(pid).pss)) / callers,
    },
    pauses: hub.pauses(wallMs),
    metrics: windowOf(told, parseMetrics(await hub.metrics())),
    respawned: exchange.counts.respawned,
  };
}

function cpuOf({ hub, exchange }: Bench) {
  return {
    hub: cpuSeconds(hub.pid),
    readers: sum(exchange.programs.map(exactCpuSeconds)),
    asterisk: cpuSeconds(exchange.reader.pid ?? 0),
    threads: threadSeconds(hub.pid),
  };
}

function threadsOf(
  pid: number,
  before: Map<number, number>,
  after: Map<number, number>,
  seconds: number,
): Stage['threads'] {
  const share = (thread: number): number => ((after.get(thread) ?? 0) - (before.get(thread) ?? 0)) / seconds;
  const others = [...after.keys()].filter((thread) => thread !== pid).map(share);
  return {
    main: share(pid),
    others: others.filter((busy) => busy > 0.01).sort((a, b) => b - a),
  };
}

/** A stage as it is kept: distributions in the place of thousands of figures. */
function brief({ arrival, window, pauses, ...rest }: Stage) {
  return {
    ...rest,
    arrival: {
      ...arrival,
      lookUpMs: spread(arrival.lookUpMs),
      spawnMs: spread(arrival.spawnMs),
      firstByteMs: spread(arrival.firstByteMs),
    },
    window: { ...window, firstByteMs: undefined, keyMs: spread(window.keyMs) },
    pauses: { count: pauses.length, totalMs: sum(pauses.map(({ ms }) => ms)), longestMs: longest(pauses) },
  };
}

const spread = (values: number[]) => ({
  count: values.length,
  median: median(values),
  p99: percentile(values, 0.99),
  worst: percentile(values, 1),
});

const longest = (pauses: GcPause[]): number => pauses.reduce((most, { ms }) => Math.max(most, ms), 0);

function tables(stages: Stage[], old: OldWay[], seconds: number): Table[] {
  return [costTable(stages, old), timeTable(stages, seconds), arrivalTable(stages), insideTable(stages)];
}

function costTable(stages: Stage[], old: OldWay[]): Table {
  const rows = stages.map(({ callers, cpu, pssMib }): Cell[] => [
    ...['the hub', callers, cpu.hub, cpu.readers, cpu.hub + cpu.readers],
    ...[pssMib.hub, pssMib.readers, pssMib.hub + pssMib.readers],
  ]);
  const others = old.map(({ name, callers, cpu, pssMib }): Cell[] => [
    ...[`${name}, a process a caller`, callers, undefined, undefined, cpu, undefined, undefined, pssMib],
  ]);
  return {
    title: 'What a caller costs: CPU seconds a minute, PSS in MiB',
    columns: ['', 'callers', 'CPU hub', 'CPU cat', 'CPU sum', 'PSS hub', 'PSS cat', 'PSS sum'],
    rows: [...rows, ...others],
    notes: [
      'One key a caller-minute, advices, places in the queue, look-ups; steady state, the arrivals are not in it.',
      ...old.map(({ name, callers, cpu, pssMib, cores, memoryGib }) => {
        const [byCpu, byMemory] = [(cores * 60) / cpu, (memoryGib * 1024) / pssMib];
        return (
          `${name} was measured at n = ${callers}; extrapolated, ${cores} cores are full at ` +
          `${Math.floor(byCpu)} callers, ${memoryGib} GiB at ${Math.floor(byMemory)}.`
        );
      }),
    ],
  };
}

function timeTable(stages: Stage[], seconds: number): Table {
  return {
    title: `What callers hear in ${seconds} s, 640 bytes due each 40 ms`,
    columns: [
      ...['callers', 'reads', 'late', 'per 100,000', 'late > 20 ms', 'worst ms', 'reader late', 'no sound'],
      ...['keys', 'unheard', 'key median ms', 'p99', 'worst'],
    ],
    rows: stages.map(({ callers, window: w }): Cell[] => [
      ...[String(callers), w.reads, w.late, (w.late * 100_000) / w.reads, w.late20, w.worstLateMs],
      ...[w.ownLate, w.silent + w.noByte, w.keyMs.length, w.unheard],
      ...[median(w.keyMs), percentile(w.keyMs, 0.99), percentile(w.keyMs, 1)],
    ]),
    notes: [
      'late: the 640 bytes were not there when due. reader late: the benchmark itself came more than 10 ms late.',
      'A key: from the event of the Manager to the first 5 ms of the tone at the reader.',
      ...stages.filter(isBroken).map(({ callers }) => `At ${callers} callers it breaks.`),
    ],
  };
}

function arrivalTable(stages: Stage[]): Table {
  return {
    title: `Arrivals, ${PER_SECOND} a second asked for, ms`,
    columns: [
      ...['callers', 'a second', 'look-up median', 'p99', 'first byte median', 'p99', 'worst'],
      ...['of it spawn()', 'p99', 'refused', 'respawned'],
    ],
    rows: stages.map(({ callers, arrival: a, arrivalsPerSecond, respawned }): Cell[] => [
      ...[String(callers), arrivalsPerSecond, median(a.lookUpMs), percentile(a.lookUpMs, 0.99)],
      ...[median(a.firstByteMs), percentile(a.firstByteMs, 0.99), percentile(a.firstByteMs, 1)],
      ...[median(a.spawnMs), percentile(a.spawnMs, 0.99), a.refused, respawned],
    ]),
    notes: [
      'first byte: from the call of spawn() in the benchmark, which is Node and no Asterisk, to the byte at the reader.',
      'look-up: from the first event of the call to the answer, new connections included.',
    ],
  };
}

function insideTable(stages: Stage[]): Table {
  const names = [...new Set(stages.flatMap(({ metrics }) => Object.keys(metrics)))].sort();
  const columns = ['', ...stages.map(({ callers }) => `${callers} callers`)];
  const row = (name: string, of: (stage: Stage) => Cell): Cell[] => [name, ...stages.map(of)];
  const perMinute = ({ pauses, seconds }: Stage): number => (pauses.length * 60) / seconds;
  return {
    title: 'Inside the hub, in the window',
    columns,
    rows: [
      row('main thread, share of a core', ({ threads }) => threads.main),
      row('busiest other thread', ({ threads }) => threads.others[0]),
      row('next', ({ threads }) => threads.others[1]),
      row('pauses of GC a minute, main thread and store', perMinute),
      row('longest pause, main thread, ms', ({ pauses }) =>
        longest(pauses.filter(({ thread }) => thread === 0)),
      ),
      row('longest pause, other threads: store, ms', ({ pauses }) =>
        longest(pauses.filter(({ thread }) => thread > 0)),
      ),
      row('the reader (not the hub), CPU s/min a caller', ({ cpu }) => cpu.asterisk),
      row('the reader, own lag p99, ms', ({ window }) => window.ownLagP99Ms),
      ...names.map((name) => row(name, ({ metrics }) => metrics[name])),
    ],
    notes: [
      'The last rows are what the hub told Prometheus at the end of each window; of a histogram, upper bounds of buckets.',
    ],
  };
}
