// SettledSpeech: a voice takes real time, which a rendered call does not have: its clock stands until all words are
// there. Whatever the machine is busy with, they come at the same sample.
import type { Speech } from '../session/speech';

export class SettledSpeech implements Speech {
  readonly #working = new Set<Promise<unknown>>();

  constructor(private readonly inner: Speech) {}

  balance(...asked: Parameters<Speech['balance']>): ReturnType<Speech['balance']> {
    return this.#noted(this.inner.balance(...asked));
  }

  position(...asked: Parameters<Speech['position']>): ReturnType<Speech['position']> {
    return this.#noted(this.inner.position(...asked));
  }

  /** Resolves when nothing is being looked for, and every caller has their answer. */
  async settled(): Promise<void> {
    while (this.#working.size > 0) {
      await Promise.all(this.#working);
      await new Promise(setImmediate);
    }
  }

  #noted<T>(work: Promise<T>): Promise<T> {
    this.#working.add(work);
    const over = (): void => void this.#working.delete(work);
    work.then(over, over);
    return work;
  }
}
