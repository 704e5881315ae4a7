// clipSamples: the samples of a sentence, read out whole so that they can be sent to a mixing thread. A slice at a time: the main
// thread hears Asterisk between two.
import { encodeS16 } from '../audio/frame';
import type { Clip } from '../audio/source';
import type { Clock } from '../util/clock';

/** Samples of one sentence: a minute at the highest rate. */
const LONGEST_SENTENCE = 60 * 48_000;
/** Samples that are read at once. */
const SLICE = 48_000;

/** Undefined: it is longer than any sentence, or not wanted any more. @throws where one of them cannot be read whole */
export async function clipSamples(
  clips: readonly Clip[],
  clock: Pick<Clock, 'after'>,
  signal: AbortSignal,
): Promise<readonly Int16Array[] | undefined> {
  if (clips.reduce((sum, { samples }) => sum + samples, 0) > LONGEST_SENTENCE) return undefined;
  const all: Int16Array[] = [];
  for (const clip of clips) {
    all.push(await samplesOf(clip, clock, signal));
    if (signal.aborted) return undefined;
  }
  return all;
}

async function samplesOf(clip: Clip, clock: Pick<Clock, 'after'>, signal: AbortSignal): Promise<Int16Array> {
  const samples = new Int16Array(clip.samples);
  const slice = new Float32Array(Math.min(SLICE, clip.samples));
  const reader = clip.open();
  try {
    for (let at = 0; at < samples.length && !signal.aborted;) {
      if (at > 0) await new Promise<void>((resolve) => clock.after(0, resolve));
      const count = Math.min(slice.length, samples.length - at);
      if (reader.read(slice, 0, count) < count) throw new Error('a clip became shorter');
      encodeS16(slice.subarray(0, count), samples.subarray(at, at + count));
      at += count;
    }
    return samples;
  } finally {
    reader.close();
  }
}

/** What of an answer goes over to the mixing thread instead of being copied: samples. */
export function transferOf(answer: unknown): ArrayBuffer[] {
  const clips = typeof answer === 'object' && answer && 'clips' in answer ? answer.clips : answer;
  if (!Array.isArray(clips)) return [];
  return clips.flatMap((clip) => (clip instanceof Int16Array ? [clip.buffer as ArrayBuffer] : []));
}
