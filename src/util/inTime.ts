// inTime: the one deadline of the house. Work that hangs, ignores its signal or answers too late must not block its caller.
import type { Clock } from './clock';

export const LATE = Symbol('late');

/** Its signal is aborted as soon as nobody waits for it. It may throw synchronously. */
export type Task<T> = (signal: AbortSignal) => Promise<T> | T;

/**
 * The result of `work`, or LATE after `limitMs` or as soon as `outer` is aborted. Rejects as the work does. Later results and
 * failures are dropped.
 * @param limitMs milliseconds; 0 and less: only a result that is there already counts
 * @param work a promise, or a task, which starts now unless `outer` is aborted already
 */
export function inTime<T>(
  clock: Pick<Clock, 'after'>,
  limitMs: number,
  work: Promise<T> | Task<T>,
  outer?: AbortSignal,
): Promise<T | typeof LATE> {
  if (outer?.aborted) return Promise.resolve(LATE);
  const abort = new AbortController();
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      cancel();
      outer?.removeEventListener('abort', giveUp);
    };
    const giveUp = (): void => {
      leave();
      resolve(LATE);
      abort.abort();
    };
    const cancel = clock.after(limitMs, giveUp);
    outer?.addEventListener('abort', giveUp);
    const begun = typeof work === 'function' ? begin(work, abort.signal) : work;
    begun.then(
      (value) => {
        leave();
        resolve(value);
      },
      (error: Error) => {
        leave();
        reject(error); // as it was thrown: a config may throw anything
      },
    );
  });
}

async function begin<T>(task: Task<T>, signal: AbortSignal): Promise<T> {
  return task(signal);
}
