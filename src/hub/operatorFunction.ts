// OperatorFunction: one run of an operator's key function, in the main thread, for a call that a mixing thread plays to. Its
// KeySession is a proxy: what the function does with the call is a command to that thread. After its end it is deaf.
import type { KeyFunction, KeySession } from '../session/actions';
import { plainFields } from '../session/keyFunction';
import { HoldcastError } from '../util/errors';
import type { LogFields, LogLevel } from '../util/log';
import type { CallCommand, HubMethods } from '../mixer/messages';
import { Unanswered } from '../util/rpc';

export interface OperatorFunctionParts {
  action: KeyFunction;
  /** The call as the mixing thread knows it. */
  call: Pick<HubMethods['function']['params'], 'call' | 'queue'>;
  /** Resolves when it was done, or is not wanted any more. @throws HoldcastError HC_ACTION_FAILED where it is refused */
  command(command: CallCommand, signal: AbortSignal): Promise<void>;
  /** Aborted when its time or its call is over. */
  signal: AbortSignal;
}

/** Prompts of one `say`; the mixing thread refuses what is more than 50. */
const MOST_PROMPTS = 51;
/** All that one run does with its call. A function that does more has run wild: it gets no more done. */
const MOST_COMMANDS = 1000;
/** Characters of a file's name, of a line of log, of a text in it. */
const LONGEST_TEXT = 2000;

/** `running` until its end or the end of its signal, and deaf then. What it says may outlast it. */
export class OperatorFunction {
  #ended = false;
  #commands = 0;

  constructor(private readonly parts: OperatorFunctionParts) {}

  /** Called once. @throws what the function throws */
  async run(): Promise<void> {
    try {
      await this.parts.action(this.#session());
    } finally {
      this.#ended = true;
    }
  }

  get #over(): boolean {
    return this.#ended || this.parts.signal.aborted;
  }

  #session(): KeySession {
    const { call, signal } = this.parts;
    return {
      ...call,
      say: (...prompts) => {
        if (!this.#over && prompts.length === 0) return Promise.resolve();
        return this.#speak({ do: 'say', prompts: prompts.slice(0, MOST_PROMPTS).map(nameOf) });
      },
      play: (file) => this.#speak({ do: 'play', file: nameOf(file) }),
      nextTrack: () => this.#do({ do: 'nextTrack' }),
      log: {
        debug: (...line) => this.#log('debug', ...line),
        info: (...line) => this.#log('info', ...line),
        warn: (...line) => this.#log('warn', ...line),
        error: (...line) => this.#log('error', ...line),
      },
      signal,
    };
  }

  /** Words that nobody waits for any more are said no further, and are no failure. */
  #speak(words: CallCommand): Promise<void> {
    if (this.#over) return never();
    const said = this.#said(words);
    // A function that does not wait for it does no harm.
    said.catch(() => {});
    return said;
  }

  async #said(words: CallCommand): Promise<void> {
    if (this.#commands++ >= MOST_COMMANDS)
      throw refusal('too many announcements are waiting', 'await session.say() and session.play()');
    try {
      await this.parts.command(words, this.parts.signal);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
    }
  }

  #log(level: LogLevel, fields: LogFields, message: string): void {
    this.#do({
      do: 'log',
      level,
      fields: plainFields(fields),
      message: String(message).slice(0, LONGEST_TEXT),
    });
  }

  #do(command: CallCommand): void {
    if (this.#over || this.#commands++ >= MOST_COMMANDS) return;
    this.parts.command(command, this.parts.signal).catch(() => {}); // the thread is gone
  }
}

/** For a function whose time is over: it waits in vain, where an answer could set it going again. */
const never = (): Promise<never> => new Promise(() => {});

/** What is no name is the name of nothing. */
const nameOf = (name: unknown): string => (typeof name === 'string' ? name.slice(0, LONGEST_TEXT) : '');

const refusal = (message: string, hint?: string): HoldcastError =>
  new HoldcastError('HC_ACTION_FAILED', message, hint);
