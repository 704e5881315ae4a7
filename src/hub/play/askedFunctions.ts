// AskedFunctions: runs operators' key functions in the main thread for calls that a mixing thread plays to. Their
// KeySession is a proxy: what they do with the call is done there. After a function's end it is deaf.
import type { KeyFunction, KeySession } from '../../session/actions';
import { HoldcastError, errorFields } from '../../util/errors';
import type { LogFields, LogLevel } from '../../util/log';
import type { Deed, FromMixer, Question } from '../mixer/messages';

type FunctionQuestion = Extract<Question, { about: 'function' }>;
type Done = Extract<FromMixer, { type: 'done' }>;

export interface Failure {
  readonly message: string;
  readonly code?: string;
  readonly hint?: string;
}

export interface FunctionParts {
  action: KeyFunction;
  question: FunctionQuestion;
  deed(deed: Deed): void;
  /** It is over by itself; undefined: and all is well. Called once, never after `abort`. */
  ended(failure: Failure | undefined): void;
}

/** What waits to be said; the mixing thread refuses what is more than 20. */
const MOST_WAITING = 100;
/** Prompts of one `say`; the mixing thread refuses what is more than 50. */
const MOST_PROMPTS = 51;
/** Lines of log and other things that are done at once. A function that does more has run wild: it gets no more done. */
const MOST_DEEDS = 1000;
/** Characters of a file's name, of a line of log, of a text in it. */
const LONGEST_TEXT = 2000;

interface Words {
  readonly resolve: () => void;
  readonly reject: (error: HoldcastError) => void;
}

/** One run of an operator's function. */
export class AskedFunction {
  readonly #abort = new AbortController();
  /** Being said, or waiting to be: they may outlast the function. */
  readonly #words = new Map<number, Words>();
  #lastDeed = 0;
  #deeds = 0;
  #over = false;

  constructor(private readonly parts: FunctionParts) {}

  /** Called once. Whatever the function throws, at once or later, goes to `ended`. */
  start(): void {
    const session = this.#session();
    const attempt = async (): Promise<void> => await this.parts.action(session);
    attempt().then(
      () => this.#end(undefined),
      (error: unknown) => this.#end(failureOf(error)),
    );
  }

  /** It is over, and something that it said is not. */
  get speaks(): boolean {
    return this.#words.size > 0;
  }

  /** What became of words of it. */
  done({ deed, refused, hint }: Done): void {
    const words = this.#words.get(deed);
    this.#words.delete(deed);
    if (refused === undefined) words?.resolve();
    else words?.reject(refusal(refused, hint));
  }

  /** Its time or its call is over: it is deaf, and what it says is said no further. May be called again. */
  abort(): void {
    this.#over = true;
    this.#abort.abort();
    for (const { resolve } of this.#words.values()) resolve();
    this.#words.clear();
  }

  #end(failure: Failure | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.parts.ended(failure);
  }

  #session(): KeySession {
    const { call, queue } = this.parts.question;
    return {
      call,
      queue,
      say: (...prompts) => {
        if (this.#over) return never();
        if (prompts.length === 0) return Promise.resolve();
        return this.#speak((deed) => ({
          do: 'say',
          deed,
          prompts: prompts.slice(0, MOST_PROMPTS).map(nameOf),
        }));
      },
      play: (file) => {
        if (this.#over) return never();
        return this.#speak((deed) => ({ do: 'play', deed, file: nameOf(file) }));
      },
      nextTrack: () => this.#do({ do: 'nextTrack' }),
      log: {
        debug: (...line) => this.#log('debug', ...line),
        info: (...line) => this.#log('info', ...line),
        warn: (...line) => this.#log('warn', ...line),
        error: (...line) => this.#log('error', ...line),
      },
      signal: this.#abort.signal,
    };
  }

  #speak(deedOf: (deed: number) => Deed): Promise<void> {
    const said = new Promise<void>((resolve, reject) => {
      if (this.#words.size >= MOST_WAITING)
        return reject(refusal('too much waits to be said', 'await what is said'));
      const deed = ++this.#lastDeed;
      this.#words.set(deed, { resolve, reject });
      this.parts.deed(deedOf(deed));
    });
    // A function that does not wait for it does no harm.
    said.catch(() => {});
    return said;
  }

  #log(level: LogLevel, fields: LogFields, message: string): void {
    this.#do({
      do: 'log',
      level,
      fields: portable(Object.fromEntries(Object.entries(fields))) as LogFields,
      message: String(message).slice(0, LONGEST_TEXT),
    });
  }

  #do(deed: Deed): void {
    if (!this.#over && this.#deeds++ < MOST_DEEDS) this.parts.deed(deed);
  }
}

/** For a function whose time is over: it waits in vain, where an answer could set it going again. */
const never = (): Promise<never> => new Promise(() => {});

/** What is no name is the name of nothing. */
const nameOf = (name: unknown): string => (typeof name === 'string' ? name.slice(0, LONGEST_TEXT) : '');

const refusal = (message: string, hint?: string): HoldcastError =>
  new HoldcastError('HC_ACTION_FAILED', message, hint);

/** Even what cannot be turned into text has one. */
function failureOf(error: unknown): Failure {
  try {
    const { error: message, code, hint } = errorFields(error);
    return {
      message: message.slice(0, LONGEST_TEXT),
      ...(code !== undefined && { code }),
      ...(hint !== undefined && { hint }),
    };
  } catch {
    return { message: 'threw something that has no text' };
  }
}

/** Deeper than this a log shows nothing: see operatorLog. */
const DEEPEST = 5;
const MOST_ITEMS = 100;

/** A copy of what a function logs that can be sent to a thread; what is no data is left out. */
function portable(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return value.slice(0, LONGEST_TEXT);
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEEPEST) return {};
  if (Array.isArray(value)) return value.slice(0, MOST_ITEMS).map((item) => portable(item, depth + 1));
  const entries = Object.entries(value).slice(0, MOST_ITEMS);
  return Object.fromEntries(entries.map(([name, item]) => [name, portable(item, depth + 1)]));
}
