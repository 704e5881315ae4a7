// LogThrottle: logs a repeated event at most once per interval.
// A flood of lines would hide important ones and fill the disk.
import type { Clock } from './clock';

export class LogThrottle {
  #saidAt = -Infinity;
  #heldBack = 0;

  /** @param everyMs the least time between two calls of `tell`, milliseconds */
  constructor(
    private readonly clock: Clock,
    private readonly everyMs: number,
  ) {}

  /** Calls `tell` with the number of events since the last call, this one included; within the interval it only counts. */
  say(tell: (times: number) => void): void {
    this.#heldBack++;
    if (this.clock.now() - this.#saidAt < this.everyMs) return;
    this.#saidAt = this.clock.now();
    tell(this.#heldBack);
    this.#heldBack = 0;
  }
}
