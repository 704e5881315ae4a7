// What each caller hears now, asked of all mixing threads at once. A thread that does not answer costs its own callers'
// lines, not the answer.
import type { Clock } from '../../util/clock';
import type { CallStatus } from '../mixer/messages';
import type { Mixing } from './mixers';

/** A thread that is well answers within a tick or two, milliseconds. */
const LIMIT_MS = 500;

export class CallStatuses {
  #questions = 0;
  readonly #waiting = new Map<number, (calls: readonly CallStatus[]) => void>();

  constructor(private readonly clock: Pick<Clock, 'after'>) {}

  /** Resolves within half a second. */
  async ask(mixers: readonly Mixing[]): Promise<readonly CallStatus[]> {
    return (await Promise.all(mixers.map((mixing) => this.#askOne(mixing)))).flat();
  }

  hear(id: number, calls: readonly CallStatus[]): void {
    this.#waiting.get(id)?.(calls);
  }

  #askOne(mixing: Mixing): Promise<readonly CallStatus[]> {
    const id = ++this.#questions;
    return new Promise((resolve) => {
      const done = (calls: readonly CallStatus[]): void => {
        cancel();
        this.#waiting.delete(id);
        resolve(calls);
      };
      const cancel = this.clock.after(LIMIT_MS, () => done([]));
      this.#waiting.set(id, done);
      mixing.send({ type: 'status', id });
    });
  }
}
