// Snapshots: the last known state of every call that the hub plays to, written behind it. After a crash the next hub,
// or a stream, goes on from there; a disk that is full costs the memory of a crash, not the music.
import type { CallState } from '../../session/state';
import type { CallStates } from '../../store/callStates';
import type { Cancel, Clock } from '../../util/clock';
import { errorFields } from '../../util/errors';
import type { Logger } from '../../util/log';
import type { Closeable } from '../../util/scope';

export interface SnapshotParts {
  states: Pick<CallStates, 'write' | 'forget'>;
  clock: Clock;
  log: Logger;
}

/** Files in one go, and the pause between two: at most a millisecond or two in which the main thread hears nothing. */
const AT_ONCE = 20;
const PAUSE_MS = 10;

export class Snapshots implements Closeable {
  /** Not written yet, the oldest first. */
  readonly #waiting = new Map<string, CallState>();
  #next: Cancel | undefined;
  #failing = false;

  constructor(private readonly parts: SnapshotParts) {}

  /** Calls whose newest state is not written yet. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** To be written within moments; a newer state takes the place of one that waits. */
  keep(uniqueid: string, state: CallState): void {
    this.#waiting.set(uniqueid, state);
    this.#next ??= this.parts.clock.after(PAUSE_MS, () => this.#goOn());
  }

  /** The call is over: nothing of it is kept. */
  forget(uniqueid: string): void {
    this.#waiting.delete(uniqueid);
    this.parts.states.forget(uniqueid);
  }

  /** Writes what waits, all of it. */
  close(): void {
    this.#next?.();
    this.#next = undefined;
    while (this.#waiting.size > 0) this.#writeSome();
  }

  #goOn(): void {
    this.#writeSome();
    this.#next = this.#waiting.size > 0 ? this.parts.clock.after(PAUSE_MS, () => this.#goOn()) : undefined;
  }

  #writeSome(): void {
    let left = AT_ONCE;
    for (const [uniqueid, state] of this.#waiting) {
      this.#waiting.delete(uniqueid);
      this.#write(uniqueid, state);
      if (--left === 0) return;
    }
  }

  /** Said when it begins to fail and when it is over: a full disk fails a thousand times a second. */
  #write(uniqueid: string, state: CallState): void {
    const { states, log } = this.parts;
    try {
      states.write(uniqueid, state);
      if (this.#failing) log.info({}, 'states of calls are written again');
      this.#failing = false;
    } catch (error) {
      if (!this.#failing)
        log.warn({ uniqueid, ...errorFields(error) }, 'calls would not go on where they were after a crash');
      this.#failing = true;
    }
  }
}
