// ChannelList: whether Asterisk has a call, where thousands may be asked for at once: one list of all calls answers all who wait.
// A question for each would have a limit, which calls that are not there could use up.
import type { CallRegister } from './housekeeping';

type List = ReadonlySet<string> | undefined;

export class ChannelList {
  /** The list that is under way. */
  #running: Promise<List> | undefined;
  /** The one after it: what was asked for before a call came may lack that call. */
  #next: Promise<List> | undefined;

  constructor(private readonly calls: Pick<CallRegister, 'calls'>) {}

  /** Whether it is there at some moment after this was called; false where Asterisk cannot be asked. Never rejects. */
  async has(uniqueid: string): Promise<boolean> {
    const running = this.#running;
    if (!running) return holds(await this.#list(), uniqueid);
    const next = (this.#next ??= running.then(() => this.#list()));
    return holds(await running, uniqueid) || holds(await next, uniqueid);
  }

  #list(): Promise<List> {
    this.#next = undefined;
    const running = this.calls.calls().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    return (this.#running = running);
  }
}

function holds(list: List, uniqueid: string): boolean {
  return list?.has(uniqueid) === true;
}
