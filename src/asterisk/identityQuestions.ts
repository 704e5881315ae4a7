// IdentityQuestions: asks Asterisk who a call is, which events do not tell in full: whether a caller withholds their number, and who
// a call was before the link came up. A call that arrives is asked about at once, others a few at a time: after a reconnect there is a
// question for each call.
import type { Clock } from '../util/clock';
import { errnoOf, errorFields, messageOf } from '../util/errors';
import type { Logger } from '../util/log';
import type { CallFacts, FollowedCall } from './followedCall';
import { channelIn, languageIn, LONGEST_QUEUE, numberIn, phoneIn, presentationIn, statusOf } from './events';
import type { AmiPort } from './link';
import type { AmiMessage } from './message';

export interface IdentityQuestionsParts {
  link: AmiPort;
  clock: Clock;
  log: Logger;
  /** Whether anybody follows or seeks it still: else an answer is of no use. */
  isWanted: (call: FollowedCall) => boolean;
  /** What Asterisk has answered, and the queue in whose application the channel is. */
  learned: (call: FollowedCall, facts: CallFacts, queue: string | undefined) => void;
  /** Nothing more is asked of it for now, whether Asterisk has said who it is or not. */
  settled: (call: FollowedCall) => void;
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

  /** Asks who a call is, once at a time: at once if somebody seeks it, else when it is its turn. */
  ask(call: FollowedCall): void {
    if (call.asking || !this.parts.link.connected) return;
    call.retry();
    call.asking = true;
    if (call.seekers.length > 0) return void this.#question(call);
    this.#waiting.push(call);
    this.#askNext();
  }

  #askNext(): void {
    while (this.#questions < MOST_QUESTIONS) {
      const call = this.#waiting.shift();
      if (!call) return;
      if (!this.parts.isWanted(call)) continue;
      this.#questions++;
      void this.#question(call).finally(() => {
        this.#questions--;
        this.#askNext();
      });
    }
  }

  async #question(call: FollowedCall): Promise<void> {
    const { link, isWanted, settled } = this.parts;
    const askers = call.askers.splice(0);
    const { turn } = call;
    let outcome: Outcome = 'failed';
    try {
      const list = await link.list(statusOf(call.uniqueid));
      call.asking = false;
      if (isWanted(call)) outcome = this.#identified(call, list, turn);
    } catch (error) {
      call.asking = false;
      if (isWanted(call)) this.#unanswered(call, error);
    }
    if (outcome === 'unsure') call.askers.push(...askers);
    else for (const asker of askers) asker(outcome === 'sure');
    if (!isWanted(call)) call.settle(false);
    else if (outcome === 'unsure' || call.askers.length > 0) this.ask(call);
    else settled(call);
  }

  /** @param turn as it was when Asterisk was asked */
  #identified(call: FollowedCall, list: readonly AmiMessage[], turn: number): Outcome {
    call.failures = 0;
    call.unanswered = false;
    const status = list.find((channel) => channel.get('Uniqueid') === call.uniqueid);
    if (!status) return 'failed';
    if (call.turn !== turn) return 'unsure';
    const facts = this.#factsIn(status, call.known);
    this.parts.learned(call, facts, queueIn(status));
    return facts.shown === undefined ? 'unsure' : 'sure';
  }

  /** What Asterisk's answer says of a channel. @param before what was known of it by events */
  #factsIn(status: AmiMessage, before: CallFacts | undefined): CallFacts {
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
    const { clock, log, ended } = this.parts;
    const { uniqueid } = call;
    const code = errnoOf(error);
    if (code === 'HC_AMI_LOST' || call.followers.size === 0) return;
    if (code === 'HC_AMI_ERROR' && /no such channel/i.test(messageOf(error))) return ended(uniqueid);
    if (!this.#complained)
      log.warn({ uniqueid, ...errorFields(error) }, 'identity: Asterisk could not be asked');
    this.#complained = true;
    call.unanswered = true;
    if (code === 'HC_AMI_ERROR') return;
    const [first, longest] = RETRY_MS;
    call.retry = clock.after(Math.min(longest, first * 2 ** call.failures++), () => this.ask(call));
  }
}

/** The queue whose application a channel is in; while it is with an agent, too. */
function queueIn(status: AmiMessage): string | undefined {
  if (status.get('Application')?.toLowerCase() !== 'queue') return undefined;
  const queue = status.get('Data')?.split(',')[0]?.trim();
  return queue && queue.length <= LONGEST_QUEUE ? queue : undefined;
}
