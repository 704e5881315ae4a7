// LookUps: which channel hears what a look-up has answered. A class goes where its channel's variables go (Dial() copies it
// to the callee, agents' channels inherit it), so neither its name nor the order of arrival proves who listens.
import { CLASS_PREFIX } from '../asterisk/realtime';
import { isToken } from '../asterisk/token';
import type { AmiEvent } from '../asterisk/events';
import type { AmiPort } from '../asterisk/link';
import type { Cancel } from '../util/clock';
import type { Closeable } from '../util/scope';

/**
 * What is known of who hears it.
 * - `open`: nobody was named. It stays so without AMI, and where the event is lost: nothing is guessed later.
 * - `own`: the call that the class is named after.
 * - `foreign`: another channel, or two; for good.
 * - `over`: its music was stopped or its channel is gone; nothing is kept of it any more.
 *
 * `open` → `own` | `foreign` by MusicOnHoldStart; `own` → `foreign` where another channel is named too (a class that Asterisk
 * keeps, `cachertclasses=yes`); all → `over` by MusicOnHoldStop, a hang-up, or a later look-up that the same channel hears.
 */
export type Hearer = 'open' | 'own' | 'foreign' | 'over';

interface LookUp {
  /** The call that the class is named after. */
  readonly uniqueid: string;
  hearer: 'open' | 'own' | 'foreign';
  /** Uniqueid of the channel that hears it. */
  channel: string | undefined;
  readonly listener: (hearer: Hearer) => void;
}

/** More are not held apart: the oldest of which nobody was named goes first. Each is some 300 bytes. */
const MOST = 20_000;

export class LookUps implements Closeable {
  /** By their tokens, the oldest first. */
  readonly #lookUps = new Map<string, LookUp>();
  /** What each channel hears. */
  readonly #heard = new Map<string, string>();
  readonly #stop: Cancel;

  constructor(link: Pick<AmiPort, 'listen'>) {
    this.#stop = link.listen({ event: (event) => this.#event(event) });
  }

  get size(): number {
    return this.#lookUps.size;
  }

  /** A class named after this call was answered with this token. @param listener told of each change */
  open(token: string, uniqueid: string, listener: (hearer: Hearer) => void): void {
    this.#lookUps.set(token, { uniqueid, hearer: 'open', channel: undefined, listener });
    if (this.#lookUps.size > MOST) this.#makeRoom();
  }

  /** As `open`, where an earlier hub was told that this call hears it; of that the listener is not told. */
  restore(token: string, uniqueid: string, listener: (hearer: Hearer) => void): void {
    let isRestored = false;
    this.open(token, uniqueid, (hearer) => isRestored && listener(hearer));
    this.#name(token, uniqueid);
    isRestored = true;
  }

  /** Nothing is kept of it, and nothing told. */
  forget(token: string): void {
    const lookUp = this.#lookUps.get(token);
    this.#lookUps.delete(token);
    if (lookUp?.channel !== undefined && this.#heard.get(lookUp.channel) === token)
      this.#heard.delete(lookUp.channel);
  }

  close(): void {
    this.#stop();
    this.#lookUps.clear();
    this.#heard.clear();
  }

  #event(event: AmiEvent): void {
    if (event.type === 'moh-start') {
      const token = tokenIn(event.class);
      if (token !== undefined) this.#name(token, event.uniqueid);
    } else if (event.type === 'moh-stop' || event.type === 'hangup') {
      const token = this.#heard.get(event.uniqueid);
      if (token !== undefined) this.#over(token);
    }
  }

  #name(token: string, channel: string): void {
    const lookUp = this.#lookUps.get(token);
    if (!lookUp || lookUp.hearer === 'foreign') return;
    if (lookUp.channel === channel) return;
    const before = this.#heard.get(channel);
    // A channel hears one class at a time: that the other one was stopped was missed.
    if (before !== undefined && before !== token) this.#over(before);
    const isOwn = lookUp.channel === undefined && channel === lookUp.uniqueid;
    lookUp.channel ??= channel;
    this.#heard.set(channel, token);
    lookUp.hearer = isOwn ? 'own' : 'foreign';
    lookUp.listener(lookUp.hearer);
  }

  #over(token: string): void {
    const lookUp = this.#lookUps.get(token);
    this.forget(token);
    lookUp?.listener('over');
  }

  #makeRoom(): void {
    for (const [token, { hearer }] of this.#lookUps) if (hearer === 'open') return this.#over(token);
    const [oldest] = this.#lookUps.keys();
    if (oldest !== undefined) this.#over(oldest);
  }
}

function tokenIn(musicClass: string | undefined): string | undefined {
  if (!musicClass?.startsWith(CLASS_PREFIX)) return undefined;
  const token = musicClass.slice(CLASS_PREFIX.length);
  return isToken(token) ? token : undefined;
}
