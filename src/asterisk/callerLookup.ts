// CallerLookup: who calls, asked of Asterisk once when a call arrives, however many want to know: the music that it begins with,
// and for the first follower of the call. No event tells whether a number is withheld.
import { statusOf } from './events';
import type { AmiPort } from './link';
import type { AmiMessage } from './message';

interface Running {
  /** To the question that counts. */
  answer: Promise<readonly AmiMessage[]>;
  questions: number;
  readonly learn: (list: readonly AmiMessage[]) => void;
  /** Resolves when it is known, or cannot be known. */
  readonly found: Promise<void>;
  readonly settle: () => void;
}

/** More calls at once are not waited for. */
const MOST_RUNNING = 64;
/** Questions about one arrival: the dialplan may set the number just before it calls Queue(), and a flood of changes is not asked about. */
const MOST_QUESTIONS = 4;

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
    const settle = (): void => {
      if (this.#running.get(uniqueid) === mine) this.#running.delete(uniqueid);
      resolve();
    };
    const answer = this.link.list(statusOf(uniqueid));
    const mine: Running = { answer, questions: 1, learn, found, settle };
    this.#running.set(uniqueid, mine);
    this.#await(uniqueid, mine);
    return found;
  }

  /** The answer that is under way and still counts; undefined: none. */
  answerFor(uniqueid: string): Promise<readonly AmiMessage[]> | undefined {
    return this.#running.get(uniqueid)?.answer;
  }

  /** It may be another caller by now: what was asked before counts no more, and is asked again. */
  void(uniqueid: string): void {
    const running = this.#running.get(uniqueid);
    if (!running) return;
    if (running.questions >= MOST_QUESTIONS) return running.settle();
    running.questions++;
    running.answer = this.link.list(statusOf(uniqueid));
    this.#await(uniqueid, running);
  }

  /** An event has told who it is. */
  settle(uniqueid: string): void {
    this.#running.get(uniqueid)?.settle();
  }

  /** The connection is lost, or nobody wants to know any more. */
  settleAll(): void {
    for (const { settle } of [...this.#running.values()]) settle();
  }

  #await(uniqueid: string, running: Running): void {
    const { answer } = running;
    const counts = (): boolean => this.#running.get(uniqueid) === running && running.answer === answer;
    answer.then(
      (list) => {
        if (!counts()) return;
        running.learn(list);
        running.settle();
      },
      () => {
        if (counts()) running.settle(); // a follower of the call asks again, and then it is logged
      },
    );
  }
}
