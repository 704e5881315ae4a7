// GcPauses: what the garbage collector took of this mixing thread's time, kept until the figures are told.
// V8 tells pauses only to the thread that had them, so that the main thread cannot see those of this one.
import { watchGc } from '../util/gcPauses';
import type { MixerFigures } from './messages';

/** Most pauses kept, the first ones. One second never has more. */
const MOST_PAUSES = 500;

export class GcPauses {
  #pauses: MixerFigures['gcPauses'][number][] = [];

  /** Watches until the thread ends. */
  constructor(watch: (take: Parameters<typeof watchGc>[0]) => void = watchGc) {
    watch((kind, ms) => {
      if (this.#pauses.length < MOST_PAUSES) this.#pauses.push({ kind, ms });
    });
  }

  /** Those since this was last called. */
  take(): MixerFigures['gcPauses'] {
    const pauses = this.#pauses;
    this.#pauses = [];
    return pauses;
  }
}
