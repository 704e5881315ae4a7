// Who calls, at the moment when Asterisk asks for the music of a call: known from an event as a rule, else asked for.
// That event and the look-up come from two threads of Asterisk, so either may be a millisecond ahead.
import { phoneIn } from '../asterisk/events';
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
        if (event.type === 'queue-join' || event.type === 'moh-start')
          this.#known(event.uniqueid, parts.who(event.uniqueid) ?? event);
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
      const list = await this.parts.link.list({ Action: 'Status', Channel: uniqueid });
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
