// inTime: the one deadline of the house. What comes of some work, if it comes in time: what hangs, fails to obey its signal,
// or answers too late must not block its caller.
import type { Clock } from './clock';

export const LATE = Symbol('late');

/** Its signal is aborted as soon as nobody waits for it any more. It may throw at once. */
export type Task<T> = (signal: AbortSignal) => Promise<T> | T;

/**
 * What `work` resolves to, or LATE: after `limitMs`, or as soon as `outer` is aborted. Rejects as the work does. Whatever comes
 * of it later is dropped, a failure too.
 * @param limitMs milliseconds; 0 and less: only what is there already counts
 * @param work a promise, or a task, which is begun now; where `outer` is aborted already it is not begun
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
