// Stage: the Program that the caller hears now, and the change from one to another without a click.
// A call begins before its config is compiled, and a Program that throws is replaced: both are a change of Program.
import type { SampleRate } from '../audio/frame';
import { fallbackClip } from './fallback';
import type { Program } from './program';
import type { Reader } from '../audio/source';

/** Frames of the crossfade from one Program to another: 240 ms. */
export const CHANGE_FRAMES = 6;

export class Stage {
  #leaving: Program | undefined;
  /** What it renders; only while there is one. */
  #other: Int16Array | undefined;
  /** Frames of the change that are left, and of how many. */
  #left = 0;
  #total = 1;
  #alike = false;
  #rescue: { reader: Reader; block: Float32Array } | undefined;

  constructor(private current: Program) {}

  get program(): Program {
    return this.current;
  }

  get rate(): SampleRate {
    return this.current.settings.rate;
  }

  /**
   * Crossfades to `next`, of the same rate, over `frames` Frames; the one before it is closed then.
   * @param alike both play the same at the same samples: the sum of equal gains is unheard, that of equal powers swells. The
   *   first Frame is all of the one before, since a Program's first 5 ms are silence that its limiter has held back
   */
  change(next: Program, frames: number, alike = false): void {
    this.#leaving?.close();
    this.#leaving = this.current;
    this.current = next;
    this.#left = this.#total = frames;
    this.#alike = alike;
  }

  /** Fills `frame`; what a Program throws is thrown. */
  render(frame: Int16Array): void {
    if (this.#rescue) return this.rescue(frame);
    this.current.render(frame);
    if (!this.#leaving) return;
    const other = (this.#other ??= new Int16Array(frame.length));
    this.#leaving.render(other);
    for (let i = 0; i < frame.length; i++) {
      const done = this.#total - this.#left + i / frame.length;
      const way = this.#alike ? Math.max(0, done - 1) / (this.#total - 1) : done / this.#total;
      const gain = this.#alike ? way : Math.sin((way * Math.PI) / 2);
      const otherGain = this.#alike ? 1 - way : Math.cos((way * Math.PI) / 2);
      const sum = frame[i]! * gain + other[i]! * otherGain;
      frame[i] = Math.max(-32768, Math.min(32767, Math.round(sum)));
    }
    if (--this.#left > 0) return;
    this.#leaving.close();
    this.#leaving = this.#other = undefined;
  }

  /** From now on the fallback chord, which cannot fail. */
  rescue(frame: Int16Array): void {
    this.#rescue ??= { reader: fallbackClip(this.rate).open(), block: new Float32Array(frame.length) };
    const { reader, block } = this.#rescue;
    reader.read(block, 0, block.length);
    for (let i = 0; i < frame.length; i++) frame[i] = block[i]! * 32768;
  }

  close(): void {
    this.#leaving?.close();
    this.current.close();
  }
}
