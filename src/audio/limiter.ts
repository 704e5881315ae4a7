// Limiter: no sample leaves above the ceiling, and what is below it leaves untouched, a few milliseconds later.
// Look-ahead peak limiting: the gain each sample needs, its minimum over the look-ahead, a smooth release, and a
// moving average as long as the look-ahead, which is down in full when the peak comes out and never jumps.

/** `ceiling` is linear; `lookahead` (at least 1) and `release` (time constant) are samples. */
export interface LimiterShape {
  ceiling: number;
  lookahead: number;
  release: number;
}

export class Limiter {
  readonly #size: number;
  readonly #delay: Float32Array;
  readonly #gains: Float64Array;
  /** Gain that each of the last `size` samples needs. */
  readonly #needs: Float64Array;
  readonly #releaseStep: number;
  #at = 0;
  #released = 1;
  #sum: number;
  /** Samples for which everything in the delay and the averages has been at unity. */
  #idle: number;

  constructor(private readonly shape: LimiterShape) {
    this.#size = shape.lookahead;
    this.#delay = new Float32Array(this.#size);
    this.#gains = new Float64Array(this.#size).fill(1);
    this.#needs = new Float64Array(this.#size + 1).fill(1);
    this.#releaseStep = 1 - Math.exp(-1 / Math.max(1, shape.release));
    this.#sum = this.#size;
    this.#idle = 2 * this.#size + 1;
  }

  /** Delay of everything that passes, samples. */
  get latency(): number {
    return this.#size;
  }

  /** Limits `block` in place. */
  process(block: Float32Array): void {
    const { ceiling } = this.shape;
    for (let i = 0; i < block.length; i++) {
      const sample = block[i]!;
      const level = Math.abs(sample);
      const delayed = this.#delay[this.#at]!;
      this.#delay[this.#at] = sample;
      const bypassed = this.#idle > 2 * this.#size;
      if (bypassed && level <= ceiling) {
        block[i] = delayed;
      } else {
        if (bypassed) this.#wake();
        block[i] = delayed * this.#nextGain(level > ceiling ? ceiling / level : 1);
      }
      this.#at = this.#at + 1 === this.#size ? 0 : this.#at + 1;
    }
  }

  /** From the bypass into limiting: rounding of the running sum starts afresh. */
  #wake(): void {
    this.#gains.fill(1);
    this.#needs.fill(1);
    this.#released = 1;
    this.#sum = this.#size;
    this.#idle = 0;
  }

  #nextGain(need: number): number {
    this.#needs.copyWithin(0, 1);
    this.#needs[this.#size] = need;
    let least = 1;
    for (let i = 0; i <= this.#size; i++) if (this.#needs[i]! < least) least = this.#needs[i]!;
    const rising = this.#released + (1 - this.#released) * this.#releaseStep;
    this.#released = Math.min(least, rising > 0.9999 ? 1 : rising);
    this.#sum += this.#released - this.#gains[this.#at]!;
    this.#gains[this.#at] = this.#released;
    this.#idle = this.#released === 1 ? this.#idle + 1 : 0;
    return Math.min(1, this.#sum / this.#size);
  }
}
