// The only place that knows real time: everything else is given a Clock, so that tests tick by hand.
// Monotonic milliseconds are for pacing and durations, wall time is for the part of the day and the logs.

/** Cancels what it was returned for; calling it twice is harmless. */
export type Cancel = () => void;

export interface Clock {
  /** Monotonic time in milliseconds, fractional; its origin means nothing. Not advanced by a suspended machine. */
  now(): number;
  /** Wall time in milliseconds since 1970 (UTC); may step. */
  wall(): number;
  /** Calls `task` once, `delayMs` from now (0 and less: as soon as possible). */
  after(delayMs: number, task: () => void): Cancel;
}

/** As performance.now, without loading node:perf_hooks before the first sample. */
function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

/** The machine's clock. Timers do not keep a process alive when `ref` is false. */
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

/** A clock that stands still until it is told to advance; for tests and offline rendering. */
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

  /** Moves time on by `ms`, running due timers in the order of their deadlines. */
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

  /** Moves time on without running anything: a machine that stood still. The timers due run at the next advance. */
  stall(ms: number): void {
    this.#now += ms;
  }

  /** Steps wall time only, as an administrator or NTP does. */
  stepWall(ms: number): void {
    this.startWallMs += ms;
  }

  /** How many timers wait. */
  get pending(): number {
    return this.#timers.length;
  }
}
