// Forgets the state of calls that are over, at their hang-up, and looks for what was left behind.
// A call that hangs up while the hub is away, or whose stream writes late, must not leave a file for ever.
import { isUniqueid } from '../asterisk/callNews';
import type { Switchboard } from '../asterisk/switchboard';
import type { Cancel, Clock } from '../util/clock';
import { errorFields } from '../util/errors';
import type { Logger } from '../util/log';
import type { Closeable } from '../util/scope';
import type { Playback } from './playback';

/** The state of calls, in any storage. Both may throw, which is logged. */
export interface CallMemory {
  forget(uniqueid: string): void;
  /**
   * Removes what no call needs. `live` was true a moment ago: what is younger than that may belong to a new call.
   * Undefined: it is not known which calls there are, only age can tell.
   */
  sweep(live: ReadonlySet<string> | undefined): void | Promise<void>;
}

/** A stream that is being killed has 200 ms to write, and a busy machine makes more of it. */
const LATE_WRITE_MS = 2000;
const SWEEP_EVERY_MS = 600_000;

export interface HousekeepingParts {
  calls: Pick<Switchboard, 'onHangup' | 'calls'>;
  memory: CallMemory;
  playback: Pick<Playback, 'sweep'>;
  clock: Clock;
  log: Logger;
}

export class Housekeeping implements Closeable {
  /** Of the calls that ended just now. */
  readonly #late = new Map<string, Cancel>();
  #stop: Cancel[] = [];
  #next: Cancel = () => {};
  #sweeping = false;
  #closed = false;

  constructor(private readonly parts: HousekeepingParts) {}

  /** Sweeps now and every ten minutes, and forgets each call that hangs up. */
  start(): void {
    this.#stop.push(this.parts.calls.onHangup((uniqueid) => this.#hungUp(uniqueid)));
    this.#sweepAgain();
  }

  /** Looks for leftovers now, unless it does so already: Asterisk can be asked again after a time without. */
  async sweep(): Promise<void> {
    if (this.#sweeping || this.#closed) return;
    this.#sweeping = true;
    try {
      const live = await this.parts.calls.calls();
      if (this.#isClosed) return;
      this.parts.playback.sweep(live);
      await this.parts.memory.sweep(live);
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#sweeping = false;
    }
  }

  /** What would be forgotten late is left to the sweep of the next start. */
  close(): void {
    this.#closed = true;
    this.#next();
    for (const cancel of [...this.#stop.splice(0), ...this.#late.values()]) cancel();
    this.#late.clear();
  }

  /** Read anew after each wait. */
  get #isClosed(): boolean {
    return this.#closed;
  }

  #sweepAgain(): void {
    void this.sweep();
    this.#next = this.parts.clock.after(SWEEP_EVERY_MS, () => this.#sweepAgain());
  }

  #hungUp(uniqueid: string): void {
    if (!isUniqueid(uniqueid)) return; // no stream has that name, and memory may make a path of it
    this.#forget(uniqueid);
    this.#late.get(uniqueid)?.();
    const again = (): void => {
      this.#late.delete(uniqueid);
      this.#forget(uniqueid);
    };
    this.#late.set(uniqueid, this.parts.clock.after(LATE_WRITE_MS, again));
  }

  #forget(uniqueid: string): void {
    try {
      this.parts.memory.forget(uniqueid);
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.parts.log.warn(errorFields(error), 'state of ended calls could not be removed');
  }
}
