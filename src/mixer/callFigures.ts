// CallFigures: what the calls of a mixing thread count together.
// Plain fields, since they are counted in the tick.

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
