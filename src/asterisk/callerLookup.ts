// CallerLookup: who calls, asked of Asterisk once when a call arrives, however many want to know: the music that it begins with,
// and whoever follows the call just after that. No event tells whether a number is withheld.
import { statusOf } from './events';
import type { AmiPort } from './link';
import type { AmiMessage } from './message';

interface Running {
  readonly answer: Promise<readonly AmiMessage[]>;
  /** Resolves when it is known, or cannot be known. */
  readonly found: Promise<void>;
  readonly settle: () => void;
}

/** More at once are not waited for. */
const MOST_RUNNING = 64;

/** Of each call one question is `running` at most, until it is answered, or settled by what an event tells. */
export class CallerLookup {
  readonly #running = new Map<string, Running>();

  constructor(private readonly link: AmiPort) {}

  /**
   * Asks, or waits with those who have asked.
   * @param learn given the answer, before it resolves; not called when it was settled or failed
   * @returns undefined: too many are under way
   */
  find(uniqueid: string, learn: (list: readonly AmiMessage[]) => void): Promise<void> | undefined {
    const running = this.#running.get(uniqueid);
    if (running || this.#running.size >= MOST_RUNNING) return running?.found;
    let resolve = (): void => {};
    const found = new Promise<void>((done) => (resolve = done));
    const isCurrent = (): boolean => this.#running.get(uniqueid) === mine;
    const settle = (): void => {
      if (isCurrent()) this.#running.delete(uniqueid);
      resolve();
    };
    const answer = this.link.list(statusOf(uniqueid));
    const mine: Running = { answer, found, settle };
    this.#running.set(uniqueid, mine);
    answer.then(
      (list) => {
        if (isCurrent()) learn(list);
        settle();
      },
      settle, // whoever follows the call asks again, and then it is logged
    );
    return found;
  }

  /** The answer that is under way and still counts; undefined: none. */
  answerFor(uniqueid: string): Promise<readonly AmiMessage[]> | undefined {
    return this.#running.get(uniqueid)?.answer;
  }

  /** An event has told who it is, or that it may be another: what was asked before counts no more. */
  settle(uniqueid: string): void {
    this.#running.get(uniqueid)?.settle();
  }

  /** The connection is lost, or nobody wants to know any more. */
  settleAll(): void {
    for (const { settle } of [...this.#running.values()]) settle();
  }
}
