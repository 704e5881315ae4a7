// Ticker: one tick for all calls of a mixing thread, each 10 ms on absolute deadlines of the monotonic clock.
// What it is late does not add up, and after a stall the deadlines that were missed are served at once, by one tick.
import { FRAME_MS } from '../audio/frame';
import type { Cancel, Clock } from '../util/clock';

export interface TickerParts {
  clock: Clock;
  /**
   * @param count deadlines since the start
   * @param atMs the deadline, on the clock: what the clock says is that or a little later
   * @param missed deadlines before this one that had no tick of their own
   */
  tick(count: number, atMs: number, missed: number): void;
  /** So many deadlines were missed that pipes have run empty. */
  onResync(missed: number): void;
  /** Whether there is nothing to tick for: then a tick comes once a second, until `wake`. Default: never. */
  idle?(): boolean;
  /** One of these has thrown; the next tick comes all the same. */
  onFailure(error: unknown): void;
}

/** Milliseconds of the time since they were taken last. */
export interface TickTimes {
  worstLagMs: number;
  worstTickMs: number;
  busyMs: number;
}

/** Ticks in the time of one Frame: so the calls of a thread are not served, and their readers not woken, all at once. */
export const TICKS_A_FRAME = 4;
export const TICK_MS = FRAME_MS / TICKS_A_FRAME;
/** A thread without calls ticks on whole seconds since its start: its figures are its sign of life. */
const IDLE_TICKS = 1000 / TICK_MS;
/** A stall of more deadlines than this is counted: the lead of the readers is gone by then. */
const MOST_MISSED = 5 * TICKS_A_FRAME;
/** A tick that comes after so many missed deadlines shows that the machine is busy … */
const LATE = 2;
/** … and is likely to be again within this time. */
const WARY_TICKS = 10_000 / TICK_MS;

export class Ticker {
  #origin = 0;
  #count = 0;
  /** Deadlines until the next tick that is slept for: 1, or more while idle. */
  #ahead = 1;
  #resyncs = 0;
  /** The last deadline whose tick was late. */
  #lateAt = -Infinity;
  #cancel: Cancel = () => {};
  #closed = false;
  readonly #times: TickTimes = { worstLagMs: 0, worstTickMs: 0, busyMs: 0 };

  constructor(private readonly parts: TickerParts) {}

  /** The first tick is 10 ms from now. */
  start(): void {
    this.#origin = this.parts.clock.now();
    this.#sleep(1);
  }

  /** No tick of the last ten seconds was 20 ms late. */
  get isOnTime(): boolean {
    return this.#count - this.#lateAt >= WARY_TICKS;
  }

  /** How often there was a stall. */
  get resyncs(): number {
    return this.#resyncs;
  }

  /**
   * There is something to tick for: the next tick is on the next deadline again.
   * @returns the deadline before that one, on the clock; undefined: it was not idle
   */
  wake(): number | undefined {
    if (this.#ahead === 1 || this.#closed) return undefined;
    this.#cancel();
    const past = Math.floor((this.parts.clock.now() - this.#origin) / TICK_MS);
    this.#count = Math.max(this.#count, Math.min(past, this.#count + this.#ahead - 1));
    this.#sleep(1);
    return this.#origin + this.#count * TICK_MS;
  }

  /** Times since this was last called. */
  takeTimes(): TickTimes {
    const times = { ...this.#times };
    this.#times.worstLagMs = this.#times.worstTickMs = this.#times.busyMs = 0;
    return times;
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  #wake(): void {
    const now = this.parts.clock.now();
    const due = Math.floor((now - this.#origin) / TICK_MS);
    // While it was idle nothing was due before the deadline that it slept for.
    this.#count += Math.min(this.#ahead - 1, Math.max(0, due - this.#count - 1));
    const missed = due - this.#count - 1;
    try {
      if (missed >= 0) this.#serve(due, missed, now);
    } catch (error) {
      this.parts.onFailure(error);
    } finally {
      if (!this.#closed) this.#sleep(this.parts.idle?.() ? IDLE_TICKS - (this.#count % IDLE_TICKS) : 1);
    }
  }

  #serve(due: number, missed: number, now: number): void {
    const lagMs = now - (this.#origin + (this.#count + 1) * TICK_MS);
    this.#count = due;
    if (missed >= LATE) this.#lateAt = due;
    try {
      if (missed > MOST_MISSED) this.#resyncs++;
      if (missed > MOST_MISSED) this.parts.onResync(missed);
      this.parts.tick(due, this.#origin + due * TICK_MS, missed);
    } finally {
      this.#took(lagMs, this.parts.clock.now() - now);
    }
  }

  #took(lagMs: number, tickMs: number): void {
    const times = this.#times;
    times.worstLagMs = Math.max(times.worstLagMs, lagMs);
    times.worstTickMs = Math.max(times.worstTickMs, tickMs);
    times.busyMs += tickMs;
  }

  /** Whole milliseconds, rounded up: a timer that fires a fraction early would wake the thread for nothing. */
  #sleep(ahead: number): void {
    this.#ahead = ahead;
    const next = this.#origin + (this.#count + ahead) * TICK_MS;
    const delay = Math.ceil(Math.max(0, next - this.parts.clock.now()));
    this.#cancel = this.parts.clock.after(delay, () => this.#wake());
  }
}
