// The call that is drawn, and what is measured of it: blocks, fades, the level and the ducking as points.
// What the picture says about a fade is measured here from the gain curve, never copied from the configuration.
import { FRAME_MS } from '../../audio/frame';
import type { TimelineEvent } from '../timeline';
import { LEFT, RIGHT, type Point, type Scale } from './drawing';

export interface CallPicture {
  /** What the caller heard, mono. */
  samples: Int16Array;
  /** Samples a second. */
  rate: number;
  events: readonly TimelineEvent[];
  /** The ducking gain applied to the music, dB (0 and less), one value a Frame of 40 ms. */
  duckGainDb: Float32Array;
  title: string;
}

export interface Block {
  event: TimelineEvent;
  fromMs: number;
  toMs: number;
}

/** A call with what the drawing functions all need worked out once. */
export interface Call {
  input: CallPicture;
  lengthMs: number;
  tracks: Block[];
  voices: Block[];
  marks: TimelineEvent[];
  /** Linear, 0..1: the loudest sample; the waveform is drawn to this height. */
  peak: number;
}

function isVoice(event: TimelineEvent): boolean {
  return event.kind === 'advice' || event.kind === 'announcement';
}

/** Events with a length as blocks inside the call. */
function blocksOf(events: TimelineEvent[], lengthMs: number): Block[] {
  return events
    .map((event) => ({
      event,
      fromMs: Math.max(0, event.atMs),
      toMs: Math.min(lengthMs, event.untilMs ?? lengthMs),
    }))
    .filter((block) => block.toMs > block.fromMs);
}

/** The largest magnitude. Plain comparisons: a call of two hours has 57 million samples. */
function peakOf(samples: Int16Array): number {
  let peak = 0;
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i]!;
    if (sample > peak) peak = sample;
    else if (-sample > peak) peak = -sample;
  }
  return peak;
}

export function understand(input: CallPicture): Call {
  const lengthMs = (input.samples.length / input.rate) * 1000;
  const events = [...input.events].sort((a, b) => a.atMs - b.atMs);
  return {
    input,
    lengthMs,
    tracks: blocksOf(
      events.filter(({ kind }) => kind === 'music'),
      lengthMs,
    ),
    voices: blocksOf(events.filter(isVoice), lengthMs),
    marks: events.filter((event) => ['key', 'position', 'note'].includes(event.kind)),
    peak: peakOf(input.samples) / 32768,
  };
}

/** One way of the music down and up again, milliseconds from the beginning of the call. */
export interface Fade {
  downFromMs: number;
  downToMs: number;
  upFromMs: number;
  upToMs: number;
  depthDb: number;
}

/** Every complete way down and up of the ducking gain. To 0.005 dB, since smooth curves end flat. */
export function fadesOf(duckGainDb: Float32Array): Fade[] {
  const fades: Fade[] = [];
  const restDb = -0.005;
  for (let i = 1; i < duckGainDb.length; i++) {
    if (duckGainDb[i]! >= restDb || duckGainDb[i - 1]! < restDb) continue;
    let end = i;
    while (end < duckGainDb.length && duckGainDb[end]! < restDb) end++;
    if (end === duckGainDb.length) break;
    const depthDb = duckGainDb.subarray(i, end).reduce((lowest, value) => Math.min(lowest, value), 0);
    let [down, up] = [i, end - 1];
    while (duckGainDb[down]! > depthDb + 0.005) down++;
    while (duckGainDb[up]! > depthDb + 0.005) up--;
    fades.push({
      downFromMs: (i - 1) * FRAME_MS,
      downToMs: down * FRAME_MS,
      upFromMs: up * FRAME_MS,
      upToMs: end * FRAME_MS,
      depthDb,
    });
    i = end;
  }
  return fades.filter((fade) => fade.depthDb < -3);
}

/** The fade that is shown close up: the shortest, since there the slopes are widest on the paper. */
export function clearestFade(fades: Fade[]): Fade | undefined {
  const length = (fade: Fade): number => fade.upToMs - fade.downFromMs;
  return [...fades].sort((a, b) => length(a) - length(b))[0];
}

const LEVEL_WINDOW_MS = 400;

/** Sums of squares up to each 10 ms, so that the RMS of any stretch costs two look-ups. */
function energySums(samples: Int16Array, rate: number): { hop: number; sums: Float64Array } {
  const hop = Math.max(1, Math.round(rate / 100));
  const sums = new Float64Array(Math.ceil(samples.length / hop) + 1);
  for (let block = 0; block + 1 < sums.length; block++) {
    let sum = 0;
    const end = Math.min(samples.length, (block + 1) * hop);
    for (let i = block * hop; i < end; i++) sum += samples[i]! * samples[i]!;
    sums[block + 1] = sums[block]! + sum;
  }
  return { hop, sums };
}

/** Level in dBFS at each pixel column: RMS over 400 ms around it, or over the column where that is longer. */
export function levelPoints(call: Call, scale: Scale, y: (db: number) => number): Point[] {
  const { samples, rate } = call.input;
  const { hop, sums } = energySums(samples, rate);
  const halfMs = Math.max(LEVEL_WINDOW_MS, scale.ms(LEFT + 1) - scale.fromMs) / 2;
  const blockAt = (ms: number): number =>
    Math.max(0, Math.min(sums.length - 1, Math.round((ms / 1000) * (rate / hop))));
  const points: Point[] = [];
  for (let x = LEFT; x <= scale.x(call.lengthMs); x++) {
    const [from, to] = [blockAt(scale.ms(x) - halfMs), blockAt(scale.ms(x) + halfMs)];
    const count = Math.max(1, Math.min(samples.length, to * hop) - from * hop);
    const rms = Math.sqrt((sums[to]! - sums[from]!) / count) / 32768;
    points.push([x, y(rms > 0 ? 20 * Math.log10(rms) : -Infinity)]);
  }
  return points;
}

/** The gain curve; where a column holds many Frames, the deepest, so that no duck is lost in a long call. */
export function duckPoints(gains: Float32Array, scale: Scale, y: (db: number) => number): Point[] {
  const points: Point[] = [];
  const frameAt = (x: number): number => scale.ms(x) / FRAME_MS;
  for (let x = LEFT; x <= RIGHT && frameAt(x) < gains.length; x++) {
    const [at, next] = [frameAt(x), frameAt(x + 1)];
    const first = gains[Math.floor(at)] ?? 0;
    const share = at - Math.floor(at);
    let value = first + ((gains[Math.floor(at) + 1] ?? first) - first) * share;
    for (let i = Math.ceil(at); i < next && i < gains.length; i++) value = Math.min(value, gains[i]!);
    points.push([x, y(value)]);
  }
  return points;
}
