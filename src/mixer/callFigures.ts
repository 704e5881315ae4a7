// What a mixing thread counts for its figures: CallFigures of all its calls, in plain fields, since they are counted in the tick, and
// GcPauses of its garbage collector, which V8 tells only to the thread that had them.
import { watchGc } from '../util/gcPauses';
import type { MixerFigures } from './messages';

/** Key presses that are told in one second; of more, the first ones. */
const MOST_KEYS = 500;

export class CallFigures {
  /** All since the thread began, see `MixerFigures`. */
  frames = 0;
  framesLate = 0;
  underruns = 0;
  rescued = 0;
  #keys: { action: string; audibleMs: number }[] = [];

  key(action: string, audibleMs: number): void {
    if (this.#keys.length < MOST_KEYS) this.#keys.push({ action, audibleMs });
  }

  /** Key presses since this was last called. */
  takeKeys(): readonly { action: string; audibleMs: number }[] {
    const keys = this.#keys;
    this.#keys = [];
    return keys;
  }
}

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
