// Questions: what the calls of a mixing thread have asked of the main thread, until each is answered or given up.
// The main thread may be busy or the answer never come: what waits has a time limit, and is bounded for each call.
import type { Clock } from '../../util/clock';
import type { Answer, Deed, FromMixer, Question } from './messages';

/** What becomes of one question. */
export interface Asker {
  /** Called once at most, and not after `giveUp`. */
  answer(answer: Answer): void;
  deed?(deed: Deed): void;
}

export interface AskLimits {
  /** Milliseconds. */
  readonly limitMs: number;
  /** The answer is not wanted any more when one of them is aborted. */
  readonly signals: readonly AbortSignal[];
}

type AnswerTo<A extends Question['about']> = Extract<Answer, { readonly about: A }>;

/** Questions of one call that wait for their answers; a Session has five at once, and a function on each key. */
const MOST_OF_CALL = 20;

export class Questions {
  readonly #waiting = new Map<number, { readonly token: string; readonly asker: Asker }>();
  readonly #counts = new Map<string, number>();
  #lastId = 0;

  constructor(
    private readonly post: (message: FromMixer) => void,
    private readonly clock: Clock,
  ) {}

  /** Questions that wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** @returns its id; undefined: too many of this call wait already, and it was not asked */
  begin(token: string, question: Question, asker: Asker): number | undefined {
    const count = this.#counts.get(token) ?? 0;
    if (count >= MOST_OF_CALL) return undefined;
    const id = ++this.#lastId;
    this.#counts.set(token, count + 1);
    this.#waiting.set(id, { token, asker });
    this.post({ type: 'ask', id, token, question });
    return id;
  }

  /** The answer, or undefined: too many wait, not in time, or not wanted any more. Never rejects. */
  ask<A extends Question['about']>(
    token: string,
    question: Question & { readonly about: A },
    { limitMs, signals }: AskLimits,
  ): Promise<AnswerTo<A> | undefined> {
    if (signals.some(({ aborted }) => aborted)) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const settle = (answer?: Answer): void => {
        cancelLimit();
        for (const signal of signals) signal.removeEventListener('abort', giveUp);
        resolve(answer?.about === question.about ? (answer as AnswerTo<A>) : undefined);
      };
      const id = this.begin(token, question, { answer: settle });
      if (id === undefined) return resolve(undefined);
      const giveUp = (): void => {
        this.giveUp(id);
        settle();
      };
      const cancelLimit = this.clock.after(limitMs, giveUp);
      for (const signal of signals) signal.addEventListener('abort', giveUp);
    });
  }

  /** The answer is not wanted any more; one that was answered is not given up. */
  giveUp(id: number): void {
    if (this.#take(id)) this.post({ type: 'cancel', id });
  }

  /** What nobody waits for any more goes nowhere. */
  answered(id: number, answer: Answer): void {
    this.#take(id)?.answer(answer);
  }

  deed(id: number, deed: Deed): void {
    this.#waiting.get(id)?.asker.deed?.(deed);
  }

  #take(id: number): Asker | undefined {
    const waiting = this.#waiting.get(id);
    if (!waiting) return undefined;
    const { token, asker } = waiting;
    this.#waiting.delete(id);
    const left = this.#counts.get(token)! - 1;
    if (left > 0) this.#counts.set(token, left);
    else this.#counts.delete(token);
    return asker;
  }
}
