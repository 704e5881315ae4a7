// Rpc: one end of the requests between the hub's main thread and a mixing thread. Both ends ask and answer by the same rules:
// an answer comes once, what is not wanted any more is cancelled, and when the other end is gone nothing waits for it.
import { setMaxListeners } from 'node:events';
import type { Clock } from './clock';
import { errorFields, HoldcastError } from './errors';
import { PendingRequests } from './pendingRequests';

export interface Method<Params, Answer> {
  readonly params: Params;
  readonly answer: Answer;
}

/** What can be asked, by name. */
export type Methods = { readonly [name: string]: Method<unknown, unknown> };

/** What is posted by the end that asks for `Asks`; all of it can be sent to another thread. */
export type RpcMessage<Asks extends Methods> =
  | {
      [Name in keyof Asks]: {
        readonly type: 'request';
        readonly id: number;
        readonly method: Name;
        readonly params: Asks[Name]['params'];
      };
    }[keyof Asks]
  /** The answer to a request is not wanted any more. */
  | { readonly type: 'cancel'; readonly id: number }
  | { readonly type: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly message: string; readonly hint?: string };

/** What answers; `signal` is aborted as soon as the answer is not wanted any more. What it throws is a failure at the other end. */
export type Handlers<Serves extends Methods> = {
  readonly [Name in keyof Serves]: (
    params: Serves[Name]['params'],
    signal: AbortSignal,
  ) => Promise<Serves[Name]['answer']> | Serves[Name]['answer'];
};

export interface RequestLimits {
  /** Milliseconds; absent: it may take any time. */
  readonly limitMs?: number;
  readonly signals?: readonly AbortSignal[];
}

export interface RpcParts<Asks extends Methods, Serves extends Methods> {
  post(message: RpcMessage<Asks>, transfer?: readonly ArrayBuffer[]): void;
  serves: Handlers<Serves>;
  /** Requests that are being answered at once; one more fails. Default: any number. */
  mostServed?: number;
  /** What of an answer goes over to the other thread and is not here any more. */
  transferOf?(answer: unknown): readonly ArrayBuffer[];
  /** Told of each answer that was wanted, and how long it took, milliseconds. */
  onServed?(method: keyof Serves & string, tookMs: number): void;
  clock: Pick<Clock, 'now' | 'after'>;
}

/** Nobody has answered: too late, not wanted any more, or the other thread is gone. What was answered with a failure is none. */
export class Unanswered extends Error {}

/** Characters of a failure's text. */
const LONGEST_TEXT = 2000;

/** Is `open` until `close`, and `closed` then: it neither asks nor answers any more. */
export class Rpc<Asks extends Methods, Serves extends Methods> {
  readonly #asked: PendingRequests<unknown>;
  readonly #serving = new Map<number, AbortController>();
  #closed = false;

  constructor(private readonly parts: RpcParts<Asks, Serves>) {
    this.#asked = new PendingRequests(parts.clock);
  }

  /** Requests that wait for an answer, and requests that are being answered. */
  get pending(): { readonly asked: number; readonly serving: number } {
    return { asked: this.#asked.size, serving: this.#serving.size };
  }

  /** @throws HoldcastError HC_ACTION_FAILED: the other end failed; Unanswered; what `post` throws */
  request<Name extends keyof Asks & string>(
    method: Name,
    params: Asks[Name]['params'],
    limits: RequestLimits = {},
  ): Promise<Asks[Name]['answer']> {
    if (this.#closed) return Promise.reject(new Unanswered('the other thread is gone'));
    return this.#asked.begin({
      ...limits,
      send: (id) => this.parts.post({ type: 'request', id, method, params } as RpcMessage<Asks>),
      context: undefined,
      givenUp: (why, id) => {
        this.parts.post({ type: 'cancel', id });
        return new Unanswered(`${method}: ${why}`);
      },
    });
  }

  hear(message: RpcMessage<Serves>): void {
    if (this.#closed) return;
    switch (message.type) {
      case 'request':
        return this.#serve(message);
      case 'cancel':
        return this.#cancel(message.id);
      case 'answer':
        return this.#asked.answer(message.id, message.answer);
      case 'failure':
        return this.#asked.fail(message.id, failed(message.message, message.hint));
    }
  }

  /** The other thread is gone, or this one ends. All that was asked is unanswered, what is at work for it is aborted. May be called again. */
  close(): void {
    this.#closed = true;
    this.#asked.failAll(new Unanswered('the other thread is gone'));
    for (const id of [...this.#serving.keys()]) this.#cancel(id);
  }

  #cancel(id: number): void {
    const abort = this.#serving.get(id);
    this.#serving.delete(id);
    abort?.abort();
  }

  #serve({ id, method, params }: Extract<RpcMessage<Serves>, { type: 'request' }>): void {
    const { serves, mostServed = Infinity, clock } = this.parts;
    if (this.#serving.size >= mostServed) return this.#fail(id, failed('too much is at work'));
    const abort = new AbortController();
    setMaxListeners(0, abort.signal); // what a function says waits for it, too
    this.#serving.set(id, abort);
    const askedAt = clock.now();
    const settle = (post: () => void): void => {
      if (!this.#serving.delete(id)) return;
      post();
      this.parts.onServed?.(method as keyof Serves & string, clock.now() - askedAt);
    };
    const attempt = async (): Promise<unknown> => serves[method](params, abort.signal);
    attempt().then(
      (answer) => settle(() => this.#answer(id, answer)),
      (error: unknown) => settle(() => this.#fail(id, error)),
    );
  }

  #answer(id: number, answer: unknown): void {
    try {
      this.parts.post({ type: 'answer', id, answer }, this.parts.transferOf?.(answer));
    } catch (error) {
      this.#fail(id, error); // it cannot be sent to a thread
    }
  }

  #fail(id: number, thrown: unknown): void {
    const { error, hint } = errorFields(thrown);
    const message = error.slice(0, LONGEST_TEXT);
    this.parts.post({ type: 'failure', id, message, ...(hint !== undefined && { hint }) });
  }
}

const RPC_TYPES = new Set<string>(['request', 'cancel', 'answer', 'failure']);

/** Whether a message between the threads is part of a request; else it is told and not answered. */
export function isRpc<Asks extends Methods, News extends { readonly type: string }>(
  message: RpcMessage<Asks> | News,
): message is RpcMessage<Asks> {
  return RPC_TYPES.has(message.type);
}

const failed = (message: string, hint?: string): HoldcastError =>
  new HoldcastError('HC_ACTION_FAILED', message, hint);
