// The call that is drawn: samples, gains and events as handed in, and what every lane needs worked out once.
// Worked out anywhere else, each lane would decide for itself when an event without an end was over.
import type { TimelineEvent } from '../timeline';

export interface CallPicture {
  /** What the caller heard, mono. */
  samples: Int16Array;
  /** Samples a second. */
  rate: number;
  events: readonly TimelineEvent[];
  /** The ducking gain applied to the music, dB (0 and less), one value a Frame of 40 ms. */
  duckGainDb: Float32Array;
  title: string;
  subtitle?: string;
}

/** One value of `duckGainDb`, milliseconds. */
export const FRAME_MS = 40;

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

/** Events with a length as blocks inside the call; `endOf` says when one without `untilMs` ended. */
function blocksOf(
  events: TimelineEvent[],
  lengthMs: number,
  endOf: (event: TimelineEvent) => number,
): Block[] {
  return events
    .map((event) => ({
      event,
      fromMs: Math.max(0, event.atMs),
      toMs: Math.min(lengthMs, event.untilMs ?? endOf(event)),
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
  const after = (event: TimelineEvent, kind: TimelineEvent['kind']): number =>
    events.find((other) => other.kind === kind && other.atMs > event.atMs)?.atMs ?? lengthMs;
  const music = events.filter((event) => event.kind === 'music');
  return {
    input,
    lengthMs,
    tracks: blocksOf(music, lengthMs, (event) => after(event, 'music')),
    voices: blocksOf(events.filter(isVoice), lengthMs, (event) => after(event, 'voice-end')),
    marks: events.filter((event) => ['key', 'position', 'note'].includes(event.kind)),
    peak: peakOf(input.samples) / 32768,
  };
}
