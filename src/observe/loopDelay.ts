// How long the main thread's event loop keeps others waiting: libuv's histogram, sampled each 20 ms.
// The samples wake an idle hub fifty times a second, so it samples only while callers are on hold.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Closeable } from '../util/scope';

const RESOLUTION_MS = 20;

/** Begins idle: nothing is sampled until `sample(true)`. */
export class LoopDelay implements Closeable {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  /** Samples from now on, or no more; either may be said again and again. */
  sample(on: boolean): void {
    if (on) this.#histogram.enable();
    else this.#histogram.disable();
  }

  /** The longest delay that was sampled since this was last called, milliseconds; 0: none was. */
  takeWorstMs(): number {
    const worst = this.#histogram.max / 1e6 - RESOLUTION_MS;
    this.#histogram.reset();
    return Math.max(0, worst);
  }

  close(): void {
    this.#histogram.disable();
  }
}
