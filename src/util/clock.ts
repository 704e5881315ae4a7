// The only file that reads real time: everything else receives a Clock, so that tests tick by hand.
// Monotonic milliseconds are for pacing and durations, wall time for the part of the day and the logs.

/** Idempotent. */
export type Cancel = () => void;

export interface Clock {
  /** Monotonic time, fractional milliseconds from an arbitrary origin. Stands still while the machine is suspended. */
  now(): number;
  /** Wall time in milliseconds since 1970 (UTC); may step. */
  wall(): number;
  /** Calls `task` once, after `delayMs` (0 and less: as soon as possible). */
  after(delayMs: number, task: () => void): Cancel;
}

/** As performance.now, without loading node:perf_hooks before the first sample. */
function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

/** The machine's clock. If `ref` is false, its timers do not keep the process alive. */
export function systemClock({ ref = true } = {}): Clock {
  return {
    now: monotonicMs,
    wall: () => Date.now(),
    after(delayMs, task) {
      const timer = setTimeout(task, Math.max(0, delayMs));
      if (!ref) timer.unref();
      return () => clearTimeout(timer);
    },
  };
}

/** A clock that moves only by `advance`; for tests and offline rendering. */
export class ManualClock implements Clock {
  #now = 0;
  #timers: { at: number; order: number; task: () => void }[] = [];
  #order = 0;

  /** @param startWallMs wall time at which the clock stands, milliseconds since 1970 */
  constructor(private startWallMs = Date.UTC(2026, 0, 5, 12)) {}

  now = (): number => this.#now;
  wall = (): number => this.startWallMs + this.#now;

  after(delayMs: number, task: () => void): Cancel {
    const timer = { at: this.#now + Math.max(0, delayMs), order: this.#order++, task };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Moves time on by `ms` and runs due timers in the order of their deadlines. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const due = this.#timers.filter((t) => t.at <= end).sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (!due) break;
      this.#timers = this.#timers.filter((t) => t !== due);
      this.#now = Math.max(this.#now, due.at);
      due.task();
    }
    this.#now = end;
  }

  /** Moves time on without running timers, like a machine that stood still; the next `advance` runs them. */
  stall(ms: number): void {
    this.#now += ms;
  }

  /** Steps wall time only, as an administrator or NTP does. */
  stepWall(ms: number): void {
    this.startWallMs += ms;
  }

  /** Number of timers. */
  get pending(): number {
    return this.#timers.length;
  }
}
