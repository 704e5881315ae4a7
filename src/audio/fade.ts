// Fade: a gain that moves between 0 and 1 along a quarter sine, sample by sample.
// One going up while another goes down keeps the power of two unrelated signals constant (sin² + cos² = 1), also
// when a fade is turned round in its middle, since the phase goes on from where it is.

export class Fade {
  #phase: number;
  #step = 0;

  /** @param phase where it stands: 0 is silence, 1 is full gain */
  constructor(phase: 0 | 1) {
    this.#phase = phase;
  }

  /** Moves towards full gain; a whole fade takes `samples` (at least 1). */
  up(samples: number): void {
    this.#step = 1 / Math.max(1, samples);
  }

  /** Moves towards silence; a whole fade takes `samples` (at least 1). One that falls faster already stays so. */
  down(samples: number): void {
    this.#step = Math.min(this.#step, -1 / Math.max(1, samples));
  }

  /** At full gain, and staying there. */
  get full(): boolean {
    return this.#phase >= 1 && this.#step >= 0;
  }

  get silent(): boolean {
    return this.#phase <= 0 && this.#step <= 0;
  }

  /** Adds `from[0, length)` times the fade times `gain` to `to` at `offset`, and moves on by `length` samples. */
  mix(from: Float32Array, to: Float32Array, offset: number, length: number, gain: number): void {
    if (this.#step === 0 || (this.#phase >= 1 && this.#step > 0)) {
      const level = Math.sin((Math.min(1, this.#phase) * Math.PI) / 2) * gain;
      for (let i = 0; i < length; i++) to[offset + i]! += from[i]! * level;
      return;
    }
    const moved = this.#move(from, to, offset, length, gain);
    for (let i = moved; i < length && this.#phase >= 1; i++) to[offset + i]! += from[i]! * gain;
  }

  /** Mixes up to the end of the fade; returns how many samples. The sine is turned on, not worked out, for each. */
  #move(from: Float32Array, to: Float32Array, offset: number, length: number, gain: number): number {
    const step = this.#step;
    const turnSin = Math.sin((step * Math.PI) / 2);
    const turnCos = Math.cos((step * Math.PI) / 2);
    let phase = this.#phase;
    let sin = Math.sin((phase * Math.PI) / 2);
    let cos = Math.cos((phase * Math.PI) / 2);
    let done = 0;
    while (done < length) {
      to[offset + done]! += from[done]! * gain * sin;
      done++;
      phase += step;
      if (phase <= 0 || phase >= 1) break;
      const next = sin * turnCos + cos * turnSin;
      cos = cos * turnCos - sin * turnSin;
      sin = next;
    }
    this.#phase = Math.min(1, Math.max(0, phase));
    return done;
  }
}
