// inTime: what comes of a promise, if it comes in time. What hangs must not hold up who waits for it.
import type { Clock } from './clock';

export const LATE = Symbol('late');

/**
 * What `promise` resolves to, or LATE after `limitMs`; rejects as it does. What comes later is nobody's, a failure too.
 * @param limitMs milliseconds; 0 and less: only what is there already counts
 */
export function inTime<T>(clock: Clock, limitMs: number, promise: Promise<T>): Promise<T | typeof LATE> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(limitMs, () => resolve(LATE));
    promise.then(
      (value) => {
        cancel();
        resolve(value);
      },
      (error: unknown) => {
        cancel();
        reject(error instanceof Error ? error : new Error(String(error), { cause: error }));
      },
    );
  });
}
