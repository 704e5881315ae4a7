// Who calls, at the moment when Asterisk asks for the music of a call: asked for as a rule, since no event tells whether
// a number is withheld. An event that tells of none, and the look-up, come from two threads: either may be ahead.
import { phoneIn, statusOf } from '../asterisk/events';
import type { CallIdentity } from '../asterisk/feed';
import type { AmiPort } from '../asterisk/link';
import type { Cancel } from '../util/clock';
import type { Closeable } from '../util/scope';

export interface CallersParts {
  link: AmiPort;
  /** What the Switchboard knows of a call now. */
  who(uniqueid: string): CallIdentity | undefined;
}

export type Caller = Pick<CallIdentity, 'uniqueid' | 'phone'>;

/** More at once are not waited for. */
const MOST_WAITING = 64;

export class Callers implements Closeable {
  /** Told of the first event of a call, by its Uniqueid. */
  readonly #waiting = new Map<string, Set<(caller: Caller | undefined) => void>>();
  #asked = 0;
  readonly #stop: Cancel;

  constructor(private readonly parts: CallersParts) {
    this.#stop = parts.link.listen({
      connected: () => {},
      event: (event) => {
        const told = event.type === 'queue-join' || event.type === 'moh-start';
        const caller = told ? parts.who(event.uniqueid) : undefined;
        if (caller) this.#known(caller.uniqueid, caller);
      },
      disconnected: () => this.#forget(),
    });
  }

  /** The caller, at once where that is known or cannot be found out. Never rejects; may take as long as Asterisk does. */
  find(uniqueid: string): Caller | undefined | Promise<Caller | undefined> {
    const { link } = this.parts;
    const known = this.parts.who(uniqueid);
    if (known || !link.connected || this.#asked >= MOST_WAITING) return known;
    this.#asked++;
    return this.#first(uniqueid).finally(() => this.#asked--);
  }

  /** Nothing is waited for any more; may be called again. */
  close(): void {
    this.#stop();
    this.#forget();
  }

  /** Whatever tells first: an event, or Asterisk when it is asked, also that there is no such call. */
  #first(uniqueid: string): Promise<Caller | undefined> {
    return new Promise((resolve) => {
      const told = (caller: Caller | undefined): void => {
        const others = this.#waiting.get(uniqueid);
        if (others?.delete(told) && others.size === 0) this.#waiting.delete(uniqueid);
        resolve(caller);
      };
      this.#waiting.set(uniqueid, (this.#waiting.get(uniqueid) ?? new Set()).add(told));
      void this.#ask(uniqueid).then(told);
    });
  }

  async #ask(uniqueid: string): Promise<Caller | undefined> {
    try {
      const list = await this.parts.link.list(statusOf(uniqueid));
      const status = list.find((channel) => channel.get('Uniqueid') === uniqueid);
      return status && { uniqueid, ...phoneIn(status) };
    } catch {
      return undefined; // the stream will ask again, and then it is logged
    }
  }

  #known(uniqueid: string, caller: Caller): void {
    for (const told of [...(this.#waiting.get(uniqueid) ?? [])]) told(caller);
  }

  #forget(): void {
    for (const uniqueid of [...this.#waiting.keys()])
      for (const told of [...(this.#waiting.get(uniqueid) ?? [])]) told(undefined);
  }
}
