// A Reader that ends before its time (a file cut off while it played) would stop in the middle of a wave and click.
// This one lets the last value decay over a few milliseconds instead, and tells that it happened.
import type { Reader } from './source';

export class SoftEndReader implements Reader {
  #last = 0;
  #given = 0;
  /** Samples of the decay that are left; undefined while `inner` gives. */
  #tail: number | undefined;

  /**
   * @param inner closed with this one
   * @param expected samples that it should give
   * @param edge length of the decay, samples
   */
  constructor(
    private readonly inner: Reader,
    private readonly expected: number,
    private readonly edge: number,
  ) {}

  get endedEarly(): boolean {
    return this.#tail !== undefined;
  }

  read(out: Float32Array, offset: number, length: number): number {
    let count = this.#tail === undefined ? this.inner.read(out, offset, length) : 0;
    if (count > 0) this.#last = out[offset + count - 1]!;
    this.#given += count;
    if (this.#tail === undefined && count < length && this.#given < this.expected) this.#tail = this.edge;
    while (count < length && this.#tail) out[offset + count++] = (this.#last * --this.#tail) / this.edge;
    return count;
  }

  close(): void {
    this.inner.close();
  }
}
