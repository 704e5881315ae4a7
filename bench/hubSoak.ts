// The soak: callers come, press keys and go for an hour, then ten thousand short calls; and what is left of them.
// It gives a verdict, so that CI fails when memory grows or anything stays behind.
import type { Context } from './context';
import { openBench } from './hub';
import type { HubOptions } from './hubOptions';
import { arrive, hangUpLater } from './hubArrivals';
import { monotonicMs, type ReaderReport } from './hubReader';
import { percentile, slopeOf, sleep, type Cell, type Section, type Table } from './measure';
import { marked, memoryMib, residentMib } from './procfs';
import { RUN } from './caller';
import { seededRandom } from '../src/util/random';

/** How long a caller holds, in the mean. */
const HOLD_MS = 180_000;
const CHURN_HOLD_MS = 1000;
const PER_SECOND = 100;
const SAMPLE_MS = 10_000;
/** Of the soak, until memory is warm: a share, and at least so long. */
const WARM = { share: 0.25, leastMs: 60_000 };
/** A slope says something from so long a stretch on; before that growth itself is bounded. */
const SLOPE_FROM_MS = 30 * 60_000;
const MOST_SLOPE = 1;
const FLOOR_MINUTES = 5;
const MOST_GROWTH_MIB = 20;
/** What is to be gone is given so long. */
const CLEAN_MS = 60_000;

export interface Sample {
  minutes: number;
  callers: number;
  pssMib: number;
  rssMib: number;
  /** What is in no file: of a process's other memory PSS counts less the more of its kind there are. */
  ownMib: number;
  descriptors: number;
  owners: number;
  states: number;
  programs: number;
}

type Bench = Awaited<ReturnType<typeof openBench>>;

interface Remains {
  what: string;
  before: number;
  after: number;
  /** Seconds after the last hang-up; undefined: it never went. */
  goneAfter: number | undefined;
}

export async function benchSoak(context: Context): Promise<Section> {
  const options = context.hub;
  const bench = await openBench(context);
  try {
    await warmUp(bench);
    const base = counted(bench);
    const baseDescriptors = bench.hub.descriptors();
    const soak = await soakCalls(bench, options);
    const churn = await churnCalls(bench, options.churn);
    context.progress('soak: what is left');
    const remains = await whatRemains(bench, base);
    const strange = strangers(baseDescriptors, bench.hub.descriptors());
    const failures = verdict(soak, churn, remains, bench.hub.alive);
    const data = { ...options, ...soak, churn, remains, strange, failures };
    return { data, tables: [soakTable(soak), leftTable(churn, remains, strange)], failures };
  } finally {
    if (!bench.hub.alive) process.stderr.write(`\nthe hub has ended:\n${bench.hub.logTail()}\n`);
    await bench.close();
  }
}

/** Some calls come and go first: what is opened once is no leak. */
async function warmUp({ context, exchange, fingers }: Bench): Promise<void> {
  context.progress('soak: warming up');
  await arrive(exchange, { count: 20, perSecond: 20, seed: 1 }, (call) => {
    for (const [at, digit] of ['3', '4', '2'].entries())
      setTimeout(() => exchange.press(call, digit), 1000 * (at + 1));
  });
  await sleep(6000);
  hangUpAll({ exchange });
  fingers.stop();
  await sleep(6000);
}

function hangUpAll({ exchange }: Pick<Bench, 'exchange'>): void {
  for (const call of [...exchange.calls.values()]) exchange.hangUp(call);
}

interface Soaked {
  samples: Sample[];
  /** Of PSS; `own`: of the hub's own memory. */
  slope: { mibPerHour: number; error: number; minutes: number; own: { slope: number; error: number } };
  growthMib: number;
  reads: number;
  report: ReaderReport;
  respawned: number;
  refused: number;
  calls: number;
}

async function soakCalls(bench: Bench, { callers, minutes }: HubOptions): Promise<Soaked> {
  const { context, exchange, fingers } = bench;
  const random = seededRandom(7);
  const length = minutes * 60_000;
  const settled = (call: Parameters<typeof fingers.add>[0]): void => {
    fingers.add(call);
    hangUpLater(exchange, call, HOLD_MS, random);
  };
  context.progress(`soak: ${callers} callers`);
  exchange.reset();
  await arrive(exchange, { count: callers, perSecond: Math.min(PER_SECOND, callers / 2), seed: 2 }, settled);
  const perSecond = (callers * 1000) / HOLD_MS;
  const began = monotonicMs();
  const samples: Sample[] = [];
  const more = Math.round((perSecond * length) / 1000);
  const flow = arrive(exchange, { count: more, perSecond, seed: 3 }, settled);
  while (monotonicMs() - began < length && bench.hub.alive) {
    await sleep(SAMPLE_MS - ((monotonicMs() - began) % SAMPLE_MS));
    samples.push(sampleOf(bench, (monotonicMs() - began) / 60_000));
    context.progress(`soak: ${samples.at(-1)!.minutes.toFixed(1)} of ${minutes} min`);
  }
  const report = await exchange.report();
  await flow;
  fingers.stop();
  const { respawned, refused } = exchange.counts;
  hangUpAll(bench);
  const warm = samples.slice(samples.findIndex((one) => one.minutes * 60_000 > warmMs(length)));
  const line = slopeOf(warm.map((one) => [one.minutes / 60, one.pssMib] as const));
  const own = slopeOf(floors(warm).map((one) => [one.minutes / 60, one.ownMib] as const));
  return {
    samples,
    slope: {
      ...{ mibPerHour: line.slope, error: line.error },
      own,
      minutes: (warm.at(-1)?.minutes ?? 0) - (warm[0]?.minutes ?? 0),
    },
    growthMib: mostOf(warm.slice(-6)) - mostOf(warm.slice(0, 6)),
    reads: report.reads,
    ...{ report, respawned, refused, calls: callers + more },
  };
}

const warmMs = (length: number): number => Math.max(WARM.leastMs, WARM.share * length);
const mostOf = (samples: Sample[]): number => Math.max(...samples.map(({ pssMib }) => pssMib));

/** The least of each five minutes, of a soak of a quarter of an hour at least: heaps are a saw, and what stays is what stands at its foot. */
function floors(samples: readonly Sample[]): Sample[] {
  const least = new Map<number, Sample>();
  for (const one of samples) {
    const part = Math.floor(one.minutes / FLOOR_MINUTES);
    if (one.ownMib < (least.get(part)?.ownMib ?? Infinity)) least.set(part, one);
  }
  return least.size > 2 ? [...least.values()] : [...samples];
}

interface Churned {
  calls: number;
  perSecond: number;
  /** Of them, those that gave a byte before their caller hung up. */
  heard: number;
  firstByteP99Ms: number;
  refused: number;
  /** A program that HUP did not end. */
  neededTerm: number;
  neededKill: number;
}

async function churnCalls({ context, exchange }: Bench, calls: number): Promise<Churned> {
  context.progress(`churn: ${calls} short calls`);
  const random = seededRandom(11);
  await sleep(2000);
  exchange.reset();
  const flow = { count: calls, perSecond: PER_SECOND, seed: 4, hasty: 0.03 };
  const perSecond = await arrive(exchange, flow, (call) =>
    hangUpLater(exchange, call, CHURN_HOLD_MS, random),
  );
  while (exchange.calls.size > 0) await sleep(200);
  await sleep(1000);
  const { firstByteMs } = await exchange.report();
  const { refused, neededTerm, neededKill } = exchange.counts;
  return {
    ...{ calls, perSecond, refused, neededTerm, neededKill },
    heard: firstByteMs.length,
    firstByteP99Ms: percentile(firstByteMs, 0.99),
  };
}

function sampleOf(bench: Bench, minutes: number): Sample {
  const { hub, exchange } = bench;
  const { owners, states } = hub.left();
  const { pss, anonymous } = memoryMib(hub.pid);
  return {
    minutes,
    callers: exchange.calls.size,
    ...{ pssMib: pss, ownMib: anonymous },
    rssMib: residentMib(hub.pid),
    descriptors: hub.descriptors().length,
    ...{ owners, states },
    programs: exchange.programs.length,
  };
}

/** Everything that a call may leave, counted. */
function counted({ hub }: Pick<Bench, 'hub'>): Record<string, number> {
  const { owners, states, temporary } = hub.left();
  return {
    'descriptors of the hub': hub.descriptors().length,
    'noted look-ups': owners,
    'states of calls': states,
    'temporary files': temporary,
    'processes of callers': marked(`${RUN}cat.`).size,
  };
}

/** Looks until all is as it was before, or long enough. */
async function whatRemains(bench: Bench, base: Record<string, number>): Promise<Remains[]> {
  const from = monotonicMs();
  const gone = new Map<string, number>();
  let now = base;
  bench.exchange.disconnect();
  do {
    await sleep(1000);
    now = counted(bench);
    for (const [what, before] of Object.entries(base)) {
      if (now[what]! > before) gone.delete(what);
      else if (!gone.has(what)) gone.set(what, (monotonicMs() - from) / 1000);
    }
  } while (gone.size < Object.keys(base).length && monotonicMs() - from < CLEAN_MS);
  return Object.entries(base).map(([what, before]) => ({
    ...{ what, before, after: now[what]!, goneAfter: gone.get(what) },
  }));
}

/** Descriptors that were not there before: what they are, by kind, so that a leak has a name. */
function strangers(before: string[], after: string[]): string[] {
  const kind = (name: string): string => name.replace(/\[\d+\]/, '').replace(/\d+(\.\d+)?$/, '#');
  const known = new Map<string, number>();
  for (const name of before) known.set(kind(name), (known.get(kind(name)) ?? 0) + 1);
  const more = new Map<string, number>();
  for (const name of after) {
    const left = known.get(kind(name)) ?? 0;
    if (left > 0) known.set(kind(name), left - 1);
    else more.set(kind(name), (more.get(kind(name)) ?? 0) + 1);
  }
  return [...more].map(([name, count]) => `${count} × ${name}`);
}

function verdict(soak: Soaked, churn: Churned, remains: Remains[], alive: boolean): string[] {
  const { slope, growthMib, report } = soak;
  const long = slope.minutes * 60_000 >= SLOPE_FROM_MS;
  const failures: string[] = [];
  const check = (good: boolean, text: string): void => void (good || failures.push(text));
  check(alive, 'the hub has ended');
  check(!long || slope.mibPerHour < MOST_SLOPE, `memory grows by ${slope.mibPerHour.toFixed(2)} MiB an hour`);
  check(long || growthMib < MOST_GROWTH_MIB, `memory has grown by ${growthMib.toFixed(1)} MiB after warm-up`);
  check(soak.refused + churn.refused === 0, `${soak.refused + churn.refused} calls had no music`);
  check(soak.respawned === 0, `${soak.respawned} readers ended by themselves during a call`);
  check(report.silent + report.noByte === 0, `${report.silent + report.noByte} callers heard nothing`);
  check(report.unheard === 0, `${report.unheard} key presses without a tone`);
  for (const { what, before, after } of remains)
    check(after <= before, `${what}: ${before} before, ${after} after all hung up`);
  return failures;
}

function soakTable({ samples, slope, growthMib, report, calls, respawned }: Soaked): Table {
  const every = Math.max(1, Math.round(samples.length / 12));
  const shown = samples.filter((_, at) => at % every === every - 1 || at === samples.length - 1);
  const cells = (one: Sample): Cell[] => [
    ...[one.minutes.toFixed(1), one.callers, one.pssMib, one.rssMib, one.ownMib, one.descriptors],
    ...[one.owners, one.states, one.programs],
  ];
  return {
    title: `Soak: ${calls} calls, mean hold ${HOLD_MS / 60_000} min`,
    columns: [
      ...['minute', 'callers', 'PSS MiB', 'RSS MiB', 'own MiB', 'descriptors', 'noted look-ups'],
      ...['states', 'programs'],
    ],
    rows: shown.map(cells),
    notes: [
      `PSS of the hub by least squares over ${slope.minutes.toFixed(0)} min after warm-up: ` +
        `${slope.mibPerHour.toFixed(2)} ± ${(2 * slope.error).toFixed(2)} MiB an hour; growth ${growthMib.toFixed(1)} MiB. ` +
        `Its own memory (in no file), the least of each ${FLOOR_MINUTES} minutes: ` +
        `${slope.own.slope.toFixed(2)} ± ${(2 * slope.own.error).toFixed(2)}.`,
      `${report.reads} reads, ${report.late} late; ${report.keyMs.length} keys, ${report.unheard} unheard, ` +
        `worst ${percentile(report.keyMs, 1).toFixed(0)} ms; ${respawned} readers started again.`,
      ...(slope.minutes * 60_000 < SLOPE_FROM_MS
        ? [
            `Too short for a slope: the verdict is that growth stays under ${MOST_GROWTH_MIB} MiB; the issue's slope needs 30 minutes.`,
          ]
        : []),
    ],
  };
}

function leftTable(churn: Churned, remains: Remains[], strange: string[]): Table {
  return {
    title: `What is left after ${churn.calls} short calls at ${churn.perSecond.toFixed(0)} a second`,
    columns: ['', 'before', 'after', 'gone after s'],
    rows: remains.map(({ what, before, after, goneAfter }): Cell[] => [what, before, after, goneAfter]),
    notes: [
      `${churn.heard} of them heard something; first byte p99 ${churn.firstByteP99Ms.toFixed(1)} ms; ` +
        `${churn.refused} refused; TERM needed ${churn.neededTerm} times, KILL ${churn.neededKill}.`,
      ...(strange.length > 0 ? [`New descriptors of the hub: ${strange.join(', ')}`] : []),
    ],
  };
}
