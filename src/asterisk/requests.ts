// AMI actions that await an answer: which message answers which, and lists put together.
// Answers are told apart by ActionID alone, so it is unique among all clients of this Asterisk, not just ours.
import type { Clock } from '../util/clock';
import { HoldcastError } from '../util/errors';
import { PendingRequests } from '../util/pendingRequests';
import type { AmiMessage } from './message';

/** Bytes of a list's events together; Asterisk sends some hundred for each channel. */
export const LONGEST_LIST = 1 << 24;

interface Pending {
  /** What was asked: "QueueStatus". */
  readonly action: string;
  readonly wants: 'response' | 'list';
  readonly items: AmiMessage[];
  bytes: number;
}

export interface RequestsParts {
  clock: Clock;
  /** Without a whole answer by then a request has failed, milliseconds. */
  answerMs: number;
  /** What every ActionID begins with; no other client's does. */
  prefix: string;
}

export class Requests {
  readonly #pending: PendingRequests<AmiMessage[], Pending>;

  constructor(private readonly parts: RequestsParts) {
    this.#pending = new PendingRequests(parts.clock);
  }

  /**
   * Begins to wait; `send` is called at once with the ActionID to send.
   * @returns the response alone, or the events of a list
   * @throws HoldcastError HC_AMI_ERROR, HC_AMI_TIMEOUT, and what `endAll` is given
   */
  begin(action: string, wants: 'response' | 'list', send: (actionId: string) => void): Promise<AmiMessage[]> {
    const { answerMs, prefix } = this.parts;
    return this.#pending.begin({
      send: (id) => send(`${prefix}${id}`),
      context: { action, wants, items: [], bytes: 0 },
      limitMs: answerMs,
      givenUp: () => timeout(action, answerMs),
    });
  }

  /** @returns whether `message` answers one of our requests, also one that waits no more */
  take(message: AmiMessage): boolean {
    const { prefix } = this.parts;
    const actionId = message.get('ActionID');
    if (!actionId?.startsWith(prefix)) return false;
    const id = Number(actionId.slice(prefix.length));
    const pending = this.#pending.contextOf(id);
    if (pending && message.get('Response') !== undefined) this.#respond(id, pending, message);
    else if (pending?.wants === 'list') this.#collect(id, pending, message);
    return true;
  }

  endAll(error: HoldcastError): void {
    this.#pending.failAll(error);
  }

  #respond(id: number, pending: Pending, message: AmiMessage): void {
    if (message.get('Response')?.toLowerCase() === 'error')
      this.#pending.fail(id, refusal(pending.action, message));
    else if (pending.wants === 'response') this.#pending.answer(id, [message]);
    else if (message.get('EventList')?.toLowerCase() !== 'start') this.#pending.answer(id, []);
  }

  #collect(id: number, pending: Pending, message: AmiMessage): void {
    const state = message.get('EventList')?.toLowerCase();
    if (state === 'complete') return this.#pending.answer(id, pending.items);
    // Half a list would be taken for a picture of the whole.
    if (state === 'cancelled')
      return this.#pending.fail(id, broken(pending.action, 'Asterisk broke off the list'));
    pending.items.push(message);
    pending.bytes += message.bytes;
    if (pending.bytes > LONGEST_LIST) this.#pending.fail(id, broken(pending.action, 'the list is too long'));
  }
}

function refusal(action: string, message: AmiMessage): HoldcastError {
  const said = message.get('Message') ?? 'no reason given';
  const hint = /permission denied/i.test(said)
    ? 'Give the AMI user this right in manager.conf; `holdcast asterisk` prints a section with the least rights.'
    : undefined;
  return new HoldcastError('HC_AMI_ERROR', `Asterisk refuses ${action}: ${said}`, hint);
}

function broken(action: string, why: string): HoldcastError {
  return new HoldcastError('HC_AMI_ERROR', `${action}: ${why}`);
}

function timeout(action: string, answerMs: number): HoldcastError {
  return new HoldcastError('HC_AMI_TIMEOUT', `Asterisk has not answered ${action} within ${answerMs} ms`);
}
