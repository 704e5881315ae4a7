// Admission: which look-ups get a pipe and a place in a mixing thread. Anybody on the machine can ask for calls that are not
// there, or again and again for one that is; those must not take the place of others.
import type { Clock } from '../util/clock';
import { inTime } from '../util/inTime';
import type { Switchboard } from '../asterisk/switchboard';

export interface AdmissionParts {
  /** Whether one more is admitted beside this many. */
  admits(callers: number): boolean;
  /** Whether Asterisk has such a call, where that can be found out; asked only in a crowd. Never rejects. */
  exists(uniqueid: string): Promise<boolean>;
  clock: Clock;
}

/**
 * Look-ups that nobody reads and nobody is named to hear. Asterisk starts a reader, or names who hears it, within some ten ms,
 * so that real calls need few of them; beyond them, those are admitted of which Asterisk has the call.
 */
const MOST_UNCONFIRMED = 64;
/** Of one call, in a crowd. It has more than one where agents who ring at the same time hear its class. */
const MOST_OF_ONE = 16;
/** In a crowd, time limit for finding a call, milliseconds: its look-up waits. */
const EXISTS_MS = 100;

export class Admission {
  /** Of look-ups that nobody reads and nobody is named to hear: the call of each, by its token. */
  readonly unconfirmed = new Map<string, string>();

  /** @param admitted how many look-ups there are now */
  constructor(
    private readonly parts: AdmissionParts,
    private readonly admitted: () => number,
  ) {}

  /** Whether the look-up of a call may be admitted, if there is room then. */
  mayCome(uniqueid: string): boolean | Promise<boolean> {
    if (!this.hasRoom(uniqueid)) return false;
    if (!this.#isCrowd) return true;
    const { parts } = this;
    return inTime(parts.clock, EXISTS_MS, parts.exists(uniqueid)).then((found) => found === true);
  }

  /** Whether there is room for it now: many may have waited for the same answer. */
  hasRoom(uniqueid: string): boolean {
    if (!this.parts.admits(this.admitted())) return false;
    if (!this.#isCrowd) return true;
    let ofThis = 0;
    for (const call of this.unconfirmed.values()) if (call === uniqueid) ofThis++;
    return ofThis < MOST_OF_ONE;
  }

  get #isCrowd(): boolean {
    return this.unconfirmed.size >= MOST_UNCONFIRMED;
  }
}

type List = ReadonlySet<string> | undefined;

export class ChannelList {
  /** The list that is under way. */
  #running: Promise<List> | undefined;
  /** The one after it: what was asked for before a call came may lack that call. */
  #next: Promise<List> | undefined;

  constructor(private readonly calls: Pick<Switchboard, 'calls'>) {}

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
