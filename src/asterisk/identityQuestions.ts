// CallerLookup: asks Asterisk who calls, once when a call arrives, however many want to know: the music that it begins with, and
// the first follower of the call. IdentityQuestions: asks who the followed calls are, which events do not tell in full: whether a caller withholds
// their number, and who a call was before the link came up. A few at once: after a reconnect there is one for each call.
import type { Clock } from '../util/clock';
import { errnoOf, errorFields, messageOf } from '../util/errors';
import type { Logger } from '../util/log';
import type { CallFacts, FollowedCall } from './followedCall';
import { channelIn, languageIn, LONGEST_QUEUE, numberIn, phoneIn, presentationIn, statusOf } from './events';
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
const MOST_OF_ONE = 4;

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
    if (running.questions >= MOST_OF_ONE) return running.settle();
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

export interface IdentityQuestionsParts {
  link: AmiPort;
  clock: Clock;
  log: Logger;
  /** Whether anybody follows it still: else an answer is of no use. */
  isFollowed: (call: FollowedCall) => boolean;
  /** The same is asked of calls that arrive. */
  lookup: CallerLookup;
  /** What Asterisk has answered, and the queue in whose application the channel is. */
  learned: (call: FollowedCall, facts: CallFacts, queue: string | undefined) => void;
  /** Asterisk has not said who it is. */
  silent: (call: FollowedCall) => void;
  ended: (uniqueid: string) => void;
}

/** What a question who a call is has come to. `unsure`: the caller may have changed meanwhile. */
type Outcome = 'sure' | 'unsure' | 'failed';

const MOST_QUESTIONS = 16;
/** First and longest pause before a question without an answer is asked again, milliseconds. */
const RETRY_MS = [1000, 30_000] as const;

/** States of a call in here: idle; asking (waits for its turn, or for the answer); waiting for its retry. */
export class IdentityQuestions {
  #waiting: FollowedCall[] = [];
  #questions = 0;
  /** That Asterisk refuses to answer is said once for each connection. */
  #complained = false;
  /** … and that it says of no number whether it may be shown. */
  #missed = false;

  constructor(private readonly parts: IdentityQuestionsParts) {}

  connected(): void {
    this.#complained = false;
    this.#missed = false;
  }

  disconnected(): void {
    this.#waiting = [];
  }

  /** Asks who a call is, once at a time, when it is its turn. */
  ask(call: FollowedCall): void {
    if (call.asking || !this.parts.link.connected) return;
    call.retry();
    call.asking = true;
    this.#waiting.push(call);
    this.#askNext();
  }

  #askNext(): void {
    while (this.#questions < MOST_QUESTIONS) {
      const call = this.#waiting.shift();
      if (!call) return;
      if (!this.parts.isFollowed(call)) continue;
      this.#questions++;
      void this.#question(call).finally(() => {
        this.#questions--;
        this.#askNext();
      });
    }
  }

  async #question(call: FollowedCall): Promise<void> {
    const { link, isFollowed, lookup } = this.parts;
    const askers = call.askers.splice(0);
    const turn = call.known?.turn;
    let outcome: Outcome = 'failed';
    try {
      // A confirmation must be asked for after that.
      const asked = askers.length === 0 ? lookup.answerFor(call.uniqueid) : undefined;
      const list = await (asked ?? link.list(statusOf(call.uniqueid)));
      call.asking = false;
      if (isFollowed(call)) outcome = this.#identified(call, list, turn);
    } catch (error) {
      call.asking = false;
      if (isFollowed(call)) this.#unanswered(call, error);
    }
    if (outcome === 'unsure') call.askers.push(...askers);
    else for (const asker of askers) asker(outcome === 'sure');
    if (!isFollowed(call)) call.settle(false);
    else if (outcome === 'unsure' || call.askers.length > 0) this.ask(call);
  }

  /** @param turn as it was when Asterisk was asked */
  #identified(call: FollowedCall, list: readonly AmiMessage[], turn: number | undefined): Outcome {
    call.failures = 0;
    call.unanswered = false;
    const status = list.find((channel) => channel.get('Uniqueid') === call.uniqueid);
    if (!status) return 'failed';
    if (call.known?.turn !== turn) return 'unsure';
    const facts = this.factsIn(status, call.known);
    this.parts.learned(call, facts, queueIn(status));
    return facts.shown === undefined ? 'unsure' : 'sure';
  }

  /** What Asterisk's answer says of a channel. @param before what was known of it by events */
  factsIn(status: AmiMessage, before: CallFacts | undefined): CallFacts {
    const channel = channelIn(status);
    const { number } = numberIn(status);
    if (number !== undefined && presentationIn(status) === undefined) this.#miss();
    // Of two numbers nobody knows which is the later one: an event may come before or after what this answer saw.
    const isSure = !before || before.number === number;
    const shown = isSure ? phoneIn(status).phone !== undefined : undefined;
    return { ...(channel && { channel }), number, shown, ...languageIn(status) };
  }

  #miss(): void {
    const hint = 'load func_callerid.so; until then no balance is said, and no choice of music remembered';
    if (!this.#missed) this.parts.log.warn({ hint }, 'Asterisk does not say which numbers are withheld');
    this.#missed = true;
  }

  #unanswered(call: FollowedCall, error: unknown): void {
    const { clock, log, ended, silent } = this.parts;
    const { uniqueid } = call;
    const code = errnoOf(error);
    if (code === 'HC_AMI_LOST') return;
    if (code === 'HC_AMI_ERROR' && /no such channel/i.test(messageOf(error))) return ended(uniqueid);
    if (!this.#complained)
      log.warn({ uniqueid, ...errorFields(error) }, 'identity: Asterisk could not be asked');
    this.#complained = true;
    call.unanswered = true;
    silent(call);
    if (code === 'HC_AMI_ERROR') return;
    const [first, longest] = RETRY_MS;
    call.retry = clock.after(Math.min(longest, first * 2 ** call.failures++), () => this.ask(call));
  }
}

/** The queue whose application a channel is in; while it is with an agent, too. */
export function queueIn(status: AmiMessage): string | undefined {
  if (status.get('Application')?.toLowerCase() !== 'queue') return undefined;
  const queue = status.get('Data')?.split(',')[0]?.trim();
  return queue && queue.length <= LONGEST_QUEUE ? queue : undefined;
}
