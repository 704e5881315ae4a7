// Stage: the Program that the caller hears now, and the change from one to another without a click.
// A call begins before its config is compiled, and a Program that throws is replaced: both are a change of Program.
import { frameSamples, type SampleRate } from '../audio/frame';
import { fallbackClip } from '../program/fallback';
import type { Program } from '../program/program';
import type { Reader } from '../audio/source';

export class Stage {
  readonly #other: Int16Array;
  #leaving: Program | undefined;
  /** Frames of the change that are left, and of how many. */
  #left = 0;
  #total = 1;
  #rescue: { reader: Reader; block: Float32Array } | undefined;

  constructor(private current: Program) {
    this.#other = new Int16Array(frameSamples(this.rate));
  }

  get program(): Program {
    return this.current;
  }

  get rate(): SampleRate {
    return this.current.settings.rate;
  }

  /** Crossfades (equal power) to `next`, of the same rate, over `frames` Frames; the one before it is closed then. */
  change(next: Program, frames: number): void {
    this.#leaving?.close();
    this.#leaving = this.current;
    this.current = next;
    this.#left = this.#total = frames;
  }

  /** Fills `frame`; what a Program throws is thrown. */
  render(frame: Int16Array): void {
    if (this.#rescue) return this.rescue(frame);
    this.current.render(frame);
    if (!this.#leaving) return;
    this.#leaving.render(this.#other);
    for (let i = 0; i < frame.length; i++) {
      const way = (this.#total - this.#left + i / frame.length) / this.#total;
      const sum = frame[i]! * Math.sin((way * Math.PI) / 2) + this.#other[i]! * Math.cos((way * Math.PI) / 2);
      frame[i] = Math.max(-32768, Math.min(32767, Math.round(sum)));
    }
    if (--this.#left > 0) return;
    this.#leaving.close();
    this.#leaving = undefined;
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
