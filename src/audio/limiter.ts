// Limiter: no sample leaves above the ceiling, and what is below it leaves untouched, a few milliseconds later.
// Look-ahead peak limiting: the gain each sample needs, its minimum over the look-ahead, a smooth release, and a
// moving average as long as the look-ahead, which is down in full when the peak comes out and never jumps.

import { scratchOf } from './scratch';

/** `ceiling` is linear; `lookahead` (at least 1) and `release` (time constant) are samples. */
export interface LimiterShape {
  ceiling: number;
  lookahead: number;
  release: number;
}

export class Limiter {
  readonly #delay: Float32Array;
  /** Oldest sample of the delay. */
  #at = 0;
  /** As long as the delay, shared: what is kept of a block while the block is moved. */
  readonly #spare: Float32Array;
  /** Undefined until there was a peak: most calls have none. */
  #gain: LimiterGain | undefined;

  constructor(private readonly shape: LimiterShape) {
    this.#delay = new Float32Array(shape.lookahead);
    this.#spare = scratchOf(shape.lookahead).reading;
  }

  /** Delay of everything that passes, samples. */
  get latency(): number {
    return this.#delay.length;
  }

  /** Limits `block` in place. */
  process(block: Float32Array): void {
    const whole = !this.#gain?.acts && block.length >= this.#delay.length;
    if (whole && !hasAbove(block, this.shape.ceiling)) this.#pass(block);
    else this.#limit(block);
  }

  /** Delays a block that needs no limiting: the first samples out are what was kept, the last ones are kept. */
  #pass(block: Float32Array): void {
    const size = this.#delay.length;
    const from = block.length - size;
    const kept = this.#spare;
    for (let i = 0; i < size; i++) kept[i] = block[from + i]!;
    block.copyWithin(size, 0, from);
    for (let i = 0, at = this.#at; i < size; i++, at = at + 1 === size ? 0 : at + 1)
      block[i] = this.#delay[at]!;
    this.#delay.set(kept);
    this.#at = 0;
  }

  #limit(block: Float32Array): void {
    const { ceiling } = this.shape;
    const size = this.#delay.length;
    for (let i = 0; i < block.length; i++) {
      const sample = block[i]!;
      const level = Math.abs(sample);
      block[i] = this.#delay[this.#at]!;
      this.#delay[this.#at] = sample;
      this.#at = this.#at + 1 === size ? 0 : this.#at + 1;
      if (level > ceiling) block[i]! *= (this.#gain ??= new LimiterGain(this.shape)).next(ceiling / level);
      else if (this.#gain?.acts) block[i]! *= this.#gain.next(1);
    }
  }
}

/** The gain of what comes out, from what each sample that goes in needs. */
class LimiterGain {
  readonly #size: number;
  readonly #releaseStep: number;
  /** Of the last `size` samples. */
  readonly #gains: Float64Array;
  #gainAt = 0;
  #sum = 0;
  /** Gain that each sample of the look-ahead needs, with the one that comes out now. */
  readonly #needs: Float64Array;
  #needAt = 0;
  /** Where the least of them is. */
  #leastAt = 0;
  #released = 1;
  /** Samples for which everything in the delay and the averages has been at unity. */
  #idle = Infinity;

  constructor({ lookahead, release }: LimiterShape) {
    this.#size = lookahead;
    this.#releaseStep = 1 - Math.exp(-1 / Math.max(1, release));
    this.#gains = new Float64Array(lookahead);
    this.#needs = new Float64Array(lookahead + 1);
  }

  /** Whether anything but unity can come of it before another peak. */
  get acts(): boolean {
    return this.#idle <= 2 * this.#size;
  }

  next(need: number): number {
    if (!this.acts) this.#wake();
    const least = this.#leastOf(need);
    const rising = this.#released + (1 - this.#released) * this.#releaseStep;
    this.#released = Math.min(least, rising > 0.9999 ? 1 : rising);
    this.#sum += this.#released - this.#gains[this.#gainAt]!;
    this.#gains[this.#gainAt] = this.#released;
    this.#gainAt = this.#gainAt + 1 === this.#size ? 0 : this.#gainAt + 1;
    this.#idle = this.#released === 1 ? this.#idle + 1 : 0;
    return Math.min(1, this.#sum / this.#size);
  }

  /** Rounding of the running sum starts afresh. */
  #wake(): void {
    this.#gains.fill(1);
    this.#needs.fill(1);
    this.#released = 1;
    this.#sum = this.#size;
    this.#idle = 0;
  }

  /** Takes in `need` for the oldest one; the least of all. All are looked at only where the least has gone. */
  #leastOf(need: number): number {
    const needs = this.#needs;
    const at = this.#needAt;
    const least = needs[this.#leastAt]!;
    needs[at] = need;
    this.#needAt = at + 1 === needs.length ? 0 : at + 1;
    if (need <= least) this.#leastAt = at;
    else if (this.#leastAt === at) this.#leastAt = indexOfLeast(needs);
    return needs[this.#leastAt]!;
  }
}

function indexOfLeast(values: Float64Array): number {
  let least = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! < values[least]!) least = i;
  return least;
}

function hasAbove(block: Float32Array, level: number): boolean {
  for (let i = 0; i < block.length; i++) if (Math.abs(block[i]!) > level) return true;
  return false;
}
