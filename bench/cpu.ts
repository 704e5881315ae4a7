// CPU and memory a caller, for 1, 10 and 30 callers that are read as Asterisk reads.
// Everything a caller's process started counts with it: found by the marker in its environment.
import { endAll, makePipes, RUN, startCaller, type Caller } from './caller';
import type { Context } from './context';
import type { Contender } from './contenders';
import { median, sleep, sum, type Section } from './measure';
import { cpuSeconds, marked, memoryMib } from './procfs';
import { AsteriskReader } from './reader';

interface Load {
  name: string;
  callers: number;
  /** CPU seconds a caller-minute: with the start-up, and without. */
  cpuPerMinute: number;
  steadyCpuPerMinute: number;
  pssMib: number;
  ussMib: number;
}

/** Figures of each caller with all its descendants, from one scan of /proc. */
function perCaller<T>(callers: readonly Caller[], figure: (pid: number) => T): T[][] {
  const processes = marked(RUN);
  return callers.map((caller) => (processes.get(caller.marker) ?? []).map(figure));
}

const cpuOf = (callers: readonly Caller[]): number => sum(perCaller(callers, cpuSeconds).map(sum));

async function load(contender: Contender, count: number, seconds: number, log: number): Promise<Load> {
  const reader = new AsteriskReader();
  const callers: Caller[] = [];
  reader.start();
  const began = performance.now();
  for (const pipe of makePipes(count)) {
    callers.push(startCaller(contender, pipe, log));
    reader.add(callers.at(-1)!);
    await sleep(50);
  }
  // Steady state begins when the start-up is over, at a quarter of the time.
  await sleep((seconds * 1000) / 4 - (performance.now() - began));
  const [steadyFrom, steadyCpu] = [performance.now(), cpuOf(callers)];
  await sleep(began + seconds * 1000 - performance.now());
  const cpu = cpuOf(callers);
  const ended = performance.now();
  const memory = perCaller(callers, memoryMib);
  reader.stop();
  await endAll(callers);
  return {
    name: contender.name,
    callers: count,
    cpuPerMinute: cpu / sum(callers.map((caller) => (ended - caller.spawnedAt) / 60_000)),
    steadyCpuPerMinute: (cpu - steadyCpu) / (count * ((ended - steadyFrom) / 60_000)),
    pssMib: median(memory.map((processes) => sum(processes.map(({ pss }) => pss)))),
    ussMib: median(memory.map((processes) => sum(processes.map(({ uss }) => uss)))),
  };
}

function medianLoad(loads: Load[]): Load {
  const of = (key: 'cpuPerMinute' | 'steadyCpuPerMinute' | 'pssMib' | 'ussMib'): number =>
    median(loads.map((one) => one[key]));
  return {
    ...loads[0]!,
    cpuPerMinute: of('cpuPerMinute'),
    steadyCpuPerMinute: of('steadyCpuPerMinute'),
    pssMib: of('pssMib'),
    ussMib: of('ussMib'),
  };
}

export async function benchCpu(context: Context): Promise<Section> {
  const seconds = context.quick ? 10 : 60;
  const rows: Load[] = [];
  for (const count of [1, 10, 30]) {
    const measured = new Map<string, Load[]>();
    for (let run = 0; run < (context.quick ? 1 : context.runs); run++) {
      for (const contender of context.contenders) {
        if (contender.heavy && count > 10) continue;
        context.progress(`cpu: ${contender.name}, ${count} callers, run ${run + 1}`);
        const one = await load(contender, count, seconds, context.log);
        measured.set(contender.name, [...(measured.get(contender.name) ?? []), one]);
      }
    }
    rows.push(...[...measured.values()].map(medianLoad));
  }
  return {
    data: { seconds, rows },
    tables: [
      {
        title: `CPU and memory a caller (${seconds} s calls, 640 bytes read each 40 ms)`,
        columns: ['', 'callers', 'CPU s/min', 'steady', 'PSS MiB', 'USS MiB'],
        rows: rows.map((row) => [
          row.name,
          row.callers,
          row.cpuPerMinute,
          row.steadyCpuPerMinute,
          row.pssMib,
          row.ussMib,
        ]),
        notes: [
          `CPU s/min includes the start-up, spread over ${seconds} s; steady is the rate after it.`,
          'PSS and USS are medians over the callers, children included.',
        ],
      },
    ],
  };
}
