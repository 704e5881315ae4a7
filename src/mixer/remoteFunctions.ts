// RemoteFunctions: operators' key functions as Sessions in a mixing thread have them. The function itself runs in the main
// thread, which its author may hold up; what it does with the call comes as commands, carried out by the rules of KeyFunctions.
import type { KeyFunction, KeySession } from '../session/actions';
import { HoldcastError, messageOf } from '../util/errors';
import type { HubMethods, MixerMethods } from './messages';
import { Unanswered } from '../util/rpc';

/** Has the main thread run a function. @throws HoldcastError HC_ACTION_FAILED what the function threw; Unanswered */
export type RunFunction = (params: HubMethods['function']['params'], signal: AbortSignal) => Promise<void>;

export class RemoteFunctions {
  /** Those that run, by their numbers. */
  readonly #sessions = new Map<number, KeySession>();
  #lastRun = 0;

  constructor(private readonly run: RunFunction) {}

  /** A key function that stands for the one of that name on `digit`: logs and journals have its name. */
  bind({ token, digit, name }: { token: string; digit: string; name: string }): KeyFunction {
    const action: KeyFunction = async (session) => {
      const run = ++this.#lastRun;
      const { call, queue, signal } = session;
      this.#sessions.set(run, session);
      try {
        await this.run({ token, run, digit, call, queue }, signal);
      } catch (error) {
        if (!(error instanceof Unanswered)) throw error;
        throw new HoldcastError('HC_ACTION_FAILED', messageOf(error), undefined, { cause: error });
      } finally {
        this.#sessions.delete(run);
      }
    };
    return Object.defineProperty(action, 'name', { value: name });
  }

  /**
   * Whatever the main thread asks for: the KeySession is deaf where the function's time is over.
   * @returns when it was done @throws HoldcastError HC_ACTION_FAILED where it is refused
   */
  async command({ run, command }: MixerMethods['command']['params']): Promise<void> {
    const session = this.#sessions.get(run);
    switch (command.do) {
      case 'say':
        return session?.say(...command.prompts);
      case 'play':
        return session?.play(command.file);
      case 'nextTrack':
        return session?.nextTrack();
      case 'log':
        return session?.log[command.level](command.fields, command.message);
    }
  }
}
