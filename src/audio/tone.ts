// The tone that acknowledges a key: short, soft, made by arithmetic, the same samples each time.
// It sounds over whatever plays, so that callers know at once that their key was heard.
import { shapeEdges } from './edges';
import { samplesOf, type SampleRate } from './frame';
import { gainOfDb } from './gain';

export interface ToneShape {
  /** Frequency, Hz. */
  hz: number;
  /** Length, milliseconds. */
  ms: number;
  /** Peak, dBFS. */
  levelDb: number;
}

/** Raised-cosine edges: long enough to be soft, short enough to be heard at once. */
const EDGE_MS = 15;
/**
 * The octave makes it a chime rather than a test tone. A fifth would be too near to a pair of DTMF tones, which an
 * echo could send back as a key.
 */
const PARTIALS: readonly (readonly [ratio: number, level: number])[] = [
  [1, 1],
  [2, 0.3],
];
/** Upper edge of the telephone band, Hz. */
const BAND_HZ = 3400;

let latest: { rate: SampleRate; shape: ToneShape; samples: Float32Array } | undefined;

/** The same as `toneSamples`, made once for all callers, whose settings are the same ones. */
export function sharedTone(rate: SampleRate, shape: ToneShape): Float32Array {
  if (latest?.rate !== rate || latest.shape !== shape)
    latest = { rate, shape, samples: toneSamples(rate, shape) };
  return latest.samples;
}

/** The tone's samples at `rate`; its highest peak is exactly at `levelDb`. */
export function toneSamples(rate: SampleRate, { hz, ms, levelDb }: ToneShape): Float32Array {
  const out = new Float32Array(Math.max(2, samplesOf(ms, rate)));
  const partials = PARTIALS.filter(([ratio]) => ratio === 1 || ratio * hz <= BAND_HZ);
  for (let i = 0; i < out.length; i++)
    for (const [ratio, level] of partials) out[i]! += level * Math.sin((2 * Math.PI * hz * ratio * i) / rate);
  const total = out.length;
  const edge = Math.min(samplesOf(EDGE_MS, rate), Math.floor(total / 2));
  shapeEdges(out, 0, total, 0, { start: 0, total, edge });
  const peak = out.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  const gain = peak > 0 ? gainOfDb(levelDb) / peak : 0;
  return out.map((sample) => sample * gain);
}

/** Two keys pressed quickly are both answered; more at once would only be louder. */
const MOST_AT_ONCE = 2;

/** Sounds the tone whenever it is struck, over what it is mixed to. */
export class KeyTone {
  /** Next sample of each tone that sounds, the oldest first. */
  #playing: number[] = [];

  #samples: Float32Array | undefined;

  /** @param make makes the samples; asked when a key is pressed first, since it takes a millisecond */
  constructor(private readonly make: () => Float32Array) {}

  /** Begins at the next sample that is mixed. What sounds already goes on, so that nothing clicks. */
  strike(): void {
    this.#samples ??= this.make();
    if (this.#playing.length < MOST_AT_ONCE) this.#playing.push(0);
  }

  /** Adds what sounds to `out` and moves on by its length. */
  mix(out: Float32Array): void {
    const samples = this.#samples;
    if (!samples || this.#playing.length === 0) return;
    for (let i = 0; i < this.#playing.length; i++) this.#playing[i] = add(samples, out, this.#playing[i]!);
    while (this.#playing[0]! >= samples.length) this.#playing.shift();
  }
}

/** Adds what `samples` has from `from` on; returns where it stands then. */
function add(samples: Float32Array, out: Float32Array, from: number): number {
  const count = Math.min(out.length, samples.length - from);
  for (let i = 0; i < count; i++) out[i]! += samples[from + i]!;
  return from + count;
}
