// Calls begun and ended by the hundred, at any moment of their lives: what do they leave behind?
// The same for the tests (a hundred) and the benchmark (a thousand).
import { seededRandom } from '../../../src/util/random';
import type { Lab } from './lab';
import { moreThan } from './processes';
import { until } from './wait';

export interface CyclesOptions {
  readonly count: number;
  /** Calls at the same time. */
  readonly atOnce: number;
  /** A call is ended after so long at the most, milliseconds from its first sound. */
  readonly longestMs: number;
  readonly queue: string;
  readonly onProgress?: (done: number) => void;
}

export interface CyclesResult {
  readonly count: number;
  readonly seconds: number;
  /** Calls in which no sound came. */
  readonly unheard: number;
  /** Of all of them, once Asterisk has had the time to bury them. */
  readonly left: {
    readonly processes: number;
    readonly states: number;
    readonly pipes: number;
    readonly descriptors: readonly string[];
  };
}

const REST_MS = 30_000;

/** Runs them, and waits until nothing is left or half a minute has passed. The lab has its hub and no other callers. */
export async function cycles(lab: Lab, options: CyclesOptions): Promise<CyclesResult> {
  const { count, atOnce, longestMs, queue, onProgress } = options;
  const random = seededRandom(1000);
  // The first calls open what stays open: Asterisk's threads, the connection for look-ups.
  for (let i = 0; i < 3; i++) await one(lab, queue, `9${i}`, 1000);
  await until(
    () => 'the first calls end',
    () => nothingRuns(lab),
  );
  const before = lab.openDescriptors;
  const began = performance.now();
  let [next, done, unheard] = [0, 0, 0];
  const worker = async (): Promise<void> => {
    while (next < count) {
      const heard = await one(lab, queue, String(10_000 + next++), random() * longestMs);
      if (!heard) unheard++;
      onProgress?.(++done);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const seconds = (performance.now() - began) / 1000;
  const gone = (): boolean =>
    nothingRuns(lab) &&
    lab.states.length + lab.pipes.length === 0 &&
    moreThan(before, lab.openDescriptors).length === 0;
  await until(() => '', gone, REST_MS).catch(() => {});
  const left = {
    processes: lab.strays.length,
    states: lab.states.length,
    pipes: lab.pipes.length,
    descriptors: moreThan(before, lab.openDescriptors),
  };
  return { count, seconds, unheard, left };
}

const nothingRuns = (lab: Lab): boolean => lab.strays.length === 0;

/** @returns whether there was sound */
async function one(lab: Lab, queue: string, phone: string, listenMs: number): Promise<boolean> {
  const caller = await lab.call({ queue, phone });
  try {
    await caller.ear.hear(listenMs).catch(() => {});
    await caller.hangUp();
    return caller.ear.heard > 0 || listenMs === 0;
  } finally {
    lab.forget(caller);
  }
}
