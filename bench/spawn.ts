// Spawn to first byte: how long a caller hears nothing.
// The contenders take turns, so that a busy moment of the machine meets all of them.
import { Socket } from 'node:net';
import { makePipes, signalGroup, startCaller } from './caller';
import type { Context } from './context';
import type { Contender } from './contenders';
import { median, percentile, sleep, type Section } from './measure';

const GIVE_UP_MS = 15_000;

/** Milliseconds from spawn to the first byte; NaN when none came. The process is gone afterwards. */
async function firstByte(contender: Contender, log: number): Promise<number> {
  const [pipe] = makePipes(1);
  const caller = startCaller(contender, pipe!, log);
  const socket = new Socket({ fd: caller.read, readable: true, writable: false });
  const ms = await new Promise<number>((resolve) => {
    socket.once('data', () => resolve(performance.now() - caller.spawnedAt));
    socket.on('error', () => resolve(NaN));
    socket.once('close', () => resolve(NaN));
    setTimeout(() => resolve(NaN), GIVE_UP_MS).unref();
  });
  signalGroup(caller, 'SIGKILL');
  await caller.exited;
  socket.destroy();
  return ms;
}

export async function benchSpawn(context: Context): Promise<Section> {
  const rounds = context.quick ? 5 : 10 * context.runs;
  const times = new Map<string, number[]>(context.contenders.map(({ name }) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    context.progress(`spawn ${round + 1} of ${rounds}`);
    for (const contender of context.contenders) {
      const ms = await firstByte(contender, context.log);
      // The first round warms the page cache and the compile caches; it is the case of every call but the first.
      if (round >= 0) times.get(contender.name)!.push(ms);
      await sleep(20);
    }
  }
  const bare = median(times.get('bare node') ?? []);
  const rows = [...times].map(([name, all]) => ({
    name,
    medianMs: median(all),
    p95Ms: percentile(all, 0.95),
    minMs: Math.min(...all),
    toBare: median(all) / bare,
  }));
  return {
    data: { rounds, rows },
    tables: [
      {
        title: `Spawn to first byte, ms (${rounds} spawns each, in turn)`,
        columns: ['', 'median', 'p95', 'min', '× bare node'],
        rows: rows.map((row) => [row.name, row.medianMs, row.p95Ms, row.minMs, row.toBare]),
      },
    ],
  };
}
