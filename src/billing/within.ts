// Within: waits for something no longer than it may take, whether it obeys its signal or not.
// An operator's function, a driver, a server: none of them keeps a caller waiting.
import type { Clock } from '../util/clock';
import { inTime, LATE } from '../util/inTime';
import { BillingFailure } from './failure';

/** Nobody waits for the answer any more: neither an answer nor a failure. */
export class Abandoned extends Error {
  constructor() {
    super('the caller no longer waits for the answer');
  }
}

/** What `task` brings, unless `signal` is aborted before. @throws Abandoned then; else what `task` throws */
export function unlessAborted<T>(signal: AbortSignal, task: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(new Abandoned());
    if (signal.aborted) return leave();
    signal.addEventListener('abort', leave, { once: true });
    Promise.resolve()
      .then(task)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', leave));
  });
}

/**
 * What `task` brings within `limitMs`. Its signal is aborted when that is over, and with `outer`.
 * @throws BillingFailure when it took too long, Abandoned when `outer` was aborted; else what `task` throws
 */
export async function within<T>(
  clock: Clock,
  limitMs: number,
  outer: AbortSignal,
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const answer = await inTime(clock, limitMs, task, outer);
  if (answer !== LATE) return answer;
  if (outer.aborted) throw new Abandoned();
  const hint = 'find out why billing is slow, or raise `billing.limitMs`; callers hear music meanwhile';
  throw new BillingFailure(`no answer within ${limitMs} ms`, hint);
}

/** Resolves after `ms`. @throws Abandoned when `signal` is aborted before */
export async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  let cancel = (): void => {};
  try {
    await unlessAborted(signal, () => new Promise<void>((done) => (cancel = clock.after(ms, done))));
  } finally {
    cancel();
  }
}
