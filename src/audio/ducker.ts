// Ducker: takes the music down under a voice and brings it back.
// The curve is a raised cosine in dB, which the ear takes for an even, unhurried movement without corners.
import { gainOfDb } from './gain';

/** dB to the natural logarithm of a gain. */
const NEPERS = Math.LN10 / 20;

/** All in samples, but `depthDb`: how far down, dB, at least 0. */
export interface DuckerShape {
  depthDb: number;
  attack: number;
  hold: number;
  release: number;
}

interface Moving {
  status: 'moving';
  fromDb: number;
  toDb: number;
  at: number;
  length: number;
}

type DuckerState = { status: 'up' } | Moving | { status: 'down' } | { status: 'holding'; left: number };

export class Ducker {
  #state: DuckerState = { status: 'up' };
  #db = 0;

  constructor(private readonly shape: DuckerShape) {}

  /** The gain that the next sample gets, dB: from 0 down to −depthDb. */
  get gainDb(): number {
    return this.#db;
  }

  /** In how many samples the music would be down if `engage` were called now. A way half gone takes half the time. */
  get samplesToDown(): number {
    const state = this.#state;
    if (state.status === 'moving' && state.toDb < 0) return state.length - state.at;
    return this.#wayTo(-this.shape.depthDb, this.shape.attack);
  }

  /** Goes down, or stays there; returns in how many samples the music is down. */
  engage(): number {
    const samples = this.samplesToDown;
    const goingDown = this.#state.status === 'moving' && this.#state.toDb < 0;
    if (!goingDown) this.#move(-this.shape.depthDb, this.shape.attack);
    return samples;
  }

  /** No voice any more: holds, then comes up. Does nothing when it is on its way up already. */
  disengage(): void {
    if (this.#state.status === 'down') this.#state = { status: 'holding', left: this.shape.hold };
    else if (this.#state.status === 'moving' && this.#state.toDb < 0) this.#move(0, this.shape.release);
  }

  /** Multiplies `music` by the duck gain and moves on by its length. */
  apply(music: Float32Array): void {
    for (let at = 0; at < music.length;) at += this.#applySegment(music, at);
  }

  #wayTo(toDb: number, fullLength: number): number {
    const way = this.shape.depthDb > 0 ? Math.abs(toDb - this.#db) / this.shape.depthDb : 0;
    return Math.round(fullLength * way);
  }

  #move(toDb: number, fullLength: number): number {
    const length = this.#wayTo(toDb, fullLength);
    if (length === 0) {
      this.#db = toDb;
      this.#state = { status: toDb < 0 ? 'down' : 'up' };
    } else {
      this.#state = { status: 'moving', fromDb: this.#db, toDb, at: 0, length };
    }
    return length;
  }

  /** One stretch of one state; returns its length. */
  #applySegment(music: Float32Array, from: number): number {
    const state = this.#state;
    const left = music.length - from;
    switch (state.status) {
      case 'up':
        return left;
      case 'down':
        scale(music, from, left, this.#db);
        return left;
      case 'holding': {
        const count = Math.min(left, state.left);
        scale(music, from, count, this.#db);
        state.left -= count;
        if (state.left === 0) this.#move(0, this.shape.release);
        return count;
      }
      case 'moving': {
        const count = Math.min(left, state.length - state.at);
        this.#db = curve(music, from, count, state);
        state.at += count;
        if (state.at === state.length) {
          this.#db = state.toDb;
          this.#state = { status: state.toDb < 0 ? 'down' : 'up' };
        }
        return count;
      }
    }
  }
}

/** Moves `count` samples along the way; returns where it is then, dB. */
function curve(
  music: Float32Array,
  from: number,
  count: number,
  { fromDb, toDb, at, length }: Moving,
): number {
  let db = fromDb;
  for (let i = 0; i < count; i++) {
    const way = 0.5 - 0.5 * Math.cos((Math.PI * (at + i + 1)) / length);
    db = fromDb + (toDb - fromDb) * way;
    music[from + i]! *= Math.exp(db * NEPERS); // five times as fast as a power of ten
  }
  return db;
}

function scale(music: Float32Array, from: number, count: number, db: number): void {
  const gain = gainOfDb(db);
  for (let i = from; i < from + count; i++) music[i]! *= gain;
}
