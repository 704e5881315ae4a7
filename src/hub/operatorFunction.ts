// One run of an operator's key function, in the main thread, for a call that a mixing thread plays to. Its
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
  readonly command: (command: CallCommand, signal: AbortSignal) => Promise<void>;
  /** Aborted when its time or its call is over. */
  signal: AbortSignal;
}

/** Prompts of one `say`; the mixing thread refuses what is more than 50. */
const MOST_PROMPTS = 51;
/** All that one run does with its call. A function that does more has run wild: it gets no more done. */
const MOST_COMMANDS = 1000;
/** Characters of a file's name, of a line of log, of a text in it. */
const LONGEST_TEXT = 2000;

/**
 * Resolves when the function has ended. It is deaf then, and when its signal is aborted; what it says may outlast it.
 * @throws what the function throws
 */
export async function runOperatorFunction(parts: OperatorFunctionParts): Promise<void> {
  const { action, call, command, signal } = parts;
  let [isEnded, commands] = [false, 0];
  const isOver = (): boolean => isEnded || signal.aborted;
  const said = async (words: CallCommand): Promise<void> => {
    if (commands++ >= MOST_COMMANDS)
      throw refusal('too many announcements are waiting', 'await session.say() and session.play()');
    try {
      await command(words, signal);
    } catch (error) {
      // Words that nobody waits for any more are said no further, and are no failure.
      if (!(error instanceof Unanswered)) throw error;
    }
  };
  const speak = (words: CallCommand): Promise<void> => {
    if (isOver()) return never();
    const saying = said(words);
    // A function that does not wait for it does no harm.
    saying.catch(() => {});
    return saying;
  };
  const tell = (what: CallCommand): void => {
    if (isOver() || commands++ >= MOST_COMMANDS) return;
    command(what, signal).catch(() => {}); // the thread is gone
  };
  const logAt =
    (level: LogLevel) =>
    (fields: LogFields, message: string): void => {
      const text = String(message).slice(0, LONGEST_TEXT);
      tell({ do: 'log', level, fields: plainFields(fields), message: text });
    };
  const session: KeySession = {
    ...call,
    say: (...prompts) => {
      if (!isOver() && prompts.length === 0) return Promise.resolve();
      return speak({ do: 'say', prompts: prompts.slice(0, MOST_PROMPTS).map(nameOf) });
    },
    play: (file) => speak({ do: 'play', file: nameOf(file) }),
    nextTrack: () => tell({ do: 'nextTrack' }),
    log: { debug: logAt('debug'), info: logAt('info'), warn: logAt('warn'), error: logAt('error') },
    signal,
  };
  try {
    await action(session);
  } finally {
    isEnded = true;
  }
}

/** For a function whose time is over: it waits in vain, where an answer could set it going again. */
const never = (): Promise<never> => new Promise(() => {});

/** What is no name is the name of nothing. */
const nameOf = (name: unknown): string => (typeof name === 'string' ? name.slice(0, LONGEST_TEXT) : '');

const refusal = (message: string, hint?: string): HoldcastError =>
  new HoldcastError('HC_ACTION_FAILED', message, hint);
