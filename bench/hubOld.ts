// The old way, beside the hub in the same run: a process a caller that decodes and paces for itself.
// Few of them, since each takes so much; what more would take is extrapolated, and said to be.
import { endAll, makePipes, RUN, startCaller } from './caller';
import type { Context } from './context';
import { machine, sleep, sum } from './measure';
import { marked, memoryMib, threadSeconds } from './procfs';
import { AsteriskReader } from './reader';

const CALLERS = 20;
/** Until a process has started and filled its pipe. */
const START_MS = 15_000;

export interface OldWay {
  name: string;
  callers: number;
  /** CPU seconds a caller-minute, without the start-up. */
  cpu: number;
  pssMib: number;
  /** What there is of both, for the extrapolation. */
  cores: number;
  memoryGib: number;
}

/** liquidsoap and mpg123, as far as they are installed. */
export async function measureOld(context: Context, seconds: number): Promise<OldWay[]> {
  const found: OldWay[] = [];
  const { cores, memoryGib } = machine();
  for (const contender of context.contenders.filter(({ name }) => /^(liquidsoap|mpg123)$/.test(name))) {
    const reader = new AsteriskReader();
    const callers = makePipes(CALLERS).map((pipe) => startCaller(contender, pipe, context.log));
    callers.forEach((caller) => reader.add(caller));
    reader.start();
    try {
      await sleep(START_MS);
      const pids = [...marked(RUN).entries()]
        .filter(([marker]) => callers.some((caller) => caller.marker === marker))
        .flatMap(([, all]) => all);
      const cpu = (): number => sum(pids.flatMap((pid) => [...threadSeconds(pid).values()]));
      const [before, from] = [cpu(), performance.now()];
      await sleep(seconds * 1000);
      const minutes = (performance.now() - from) / 60_000;
      const pssMib = sum(pids.map((pid) => memoryMib(pid).pss)) / CALLERS;
      const perMinute = (cpu() - before) / (CALLERS * minutes);
      found.push({ name: contender.name, callers: CALLERS, cpu: perMinute, pssMib, cores, memoryGib });
    } finally {
      reader.stop();
      await endAll(callers);
    }
  }
  return found;
}
