// Says at most once in a while what happens again and again.
// A flood must not fill the log: its lines would hide what matters, and the disk.
import type { Clock } from './clock';

export class LogThrottle {
  #saidAt = -Infinity;
  #heldBack = 0;

  /** @param everyMs the least time between two calls of `tell`, milliseconds */
  constructor(
    private readonly clock: Clock,
    private readonly everyMs: number,
  ) {}

  /** Calls `tell` with how often this happened since it was last called, itself included; or counts. */
  say(tell: (times: number) => void): void {
    this.#heldBack++;
    if (this.clock.now() - this.#saidAt < this.everyMs) return;
    this.#saidAt = this.clock.now();
    tell(this.#heldBack);
    this.#heldBack = 0;
  }
}
