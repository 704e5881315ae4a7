// PendingRequests: requests that await an answer from another thread or from Asterisk. Each has a number and exactly one end:
// answered, failed, late or aborted.
import type { Cancel, Clock } from './clock';

export interface PendingRequest<Context> {
  /** Sends it; called once, at once. What it throws is the request's end. */
  send(id: number): void;
  /** Kept until its end. */
  readonly context: Context;
  /** Without an answer by then it has failed, milliseconds; absent: it may take any time. */
  readonly limitMs?: number;
  /** The answer is not wanted any more as soon as one of them is aborted. */
  readonly signals?: readonly AbortSignal[];
  /** Called when it is late or not wanted any more. @returns what it rejects with */
  givenUp(why: 'late' | 'aborted', id: number): Error;
}

interface Waiting<Answer, Context> {
  readonly context: Context;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
  /** Its limit runs no more, and its signals are not heard. */
  readonly release: Cancel;
}

export class PendingRequests<Answer, Context = undefined> {
  readonly #waiting = new Map<number, Waiting<Answer, Context>>();
  #lastId = 0;

  constructor(private readonly clock: Pick<Clock, 'after'>) {}

  get size(): number {
    return this.#waiting.size;
  }

  /** The number of the one that has waited longest; undefined: none waits. */
  get oldest(): number | undefined {
    const [id] = this.#waiting.keys();
    return id;
  }

  /** Sends a request and waits. @throws what `givenUp`, `fail` or `failAll` say */
  begin(request: PendingRequest<Context>): Promise<Answer> {
    const { context, limitMs, signals = [] } = request;
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const giveUp = (why: 'late' | 'aborted'): void => {
        if (this.#waiting.has(id)) this.fail(id, request.givenUp(why, id));
      };
      if (signals.some(({ aborted }) => aborted)) return reject(request.givenUp('aborted', id));
      const onAbort = (): void => giveUp('aborted');
      const cancel = limitMs === undefined ? undefined : this.clock.after(limitMs, () => giveUp('late'));
      for (const signal of signals) signal.addEventListener('abort', onAbort);
      const release = (): void => {
        cancel?.();
        for (const signal of signals) signal.removeEventListener('abort', onAbort);
      };
      this.#waiting.set(id, { context, resolve, reject, release });
      try {
        request.send(id);
      } catch (error) {
        this.fail(id, error instanceof Error ? error : new Error(String(error), { cause: error }));
      }
    });
  }

  /** What is kept of one that waits; undefined: none of this number waits. */
  contextOf(id: number): Context | undefined {
    return this.#waiting.get(id)?.context;
  }

  /** A number that does not wait (any more) is passed over. */
  answer(id: number, answer: Answer): void {
    this.#take(id)?.resolve(answer);
  }

  /** As `answer`. */
  fail(id: number, error: Error): void {
    this.#take(id)?.reject(error);
  }

  /** Nothing waits any more: the other end is gone. */
  failAll(error: Error): void {
    for (const id of [...this.#waiting.keys()]) this.fail(id, error);
  }

  #take(id: number): Waiting<Answer, Context> | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.release();
    return waiting;
  }
}
