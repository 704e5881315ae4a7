// Backoff: the pause before another try, doubled at each failure, with jitter.
// Many processes lose the same peer in the same instant, and must not all return to it in the same instant.
import type { Random } from './random';

/** 2 ** 31 times the first pause exceeds every limit. */
const MOST_DOUBLINGS = 31;

export class Backoff {
  #failures = 0;

  /** @param rangeMs first and longest pause, milliseconds, before jitter */
  constructor(
    private readonly rangeMs: readonly [firstMs: number, longestMs: number],
    private readonly random: Random,
  ) {}

  /** Counts a failure. @returns the pause after it, between half and all of the doubled one, milliseconds */
  nextMs(): number {
    const [first, longest] = this.rangeMs;
    const pause = Math.min(longest, first * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, MOST_DOUBLINGS);
    return this.#jittered(pause);
  }

  /** The longest pause, for a failure that will last; counts nothing. */
  longestMs(): number {
    return this.#jittered(this.rangeMs[1]);
  }

  /** After a success: the next pause is the first again. */
  reset(): void {
    this.#failures = 0;
  }

  #jittered(pauseMs: number): number {
    return pauseMs * (0.5 + this.random() / 2);
  }
}
