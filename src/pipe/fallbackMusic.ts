// Fallback music: a minute of the operator's music, rendered. Callers hear it while no hub plays to them, or has room for
// them: no advices, no keys, but never silence, whatever is broken.
import { FRAME_MS, frameSamples, littleEndian, samplesOf } from '../audio/frame';
import { memoryClip, type Clip } from '../audio/source';
import { readPcm } from '../media/pcmFile';
import type { PcmLocation } from '../media/track';
import { Playlist } from '../program/playlist';
import { Program } from '../program/program';
import { AdviceRota } from '../program/rota';
import type { ProgramSettings } from '../program/settings';
import type { Clock } from '../util/clock';
import { errorFields } from '../util/errors';
import type { Logger } from '../util/log';
import { seededRandom, shuffled, type Random } from '../util/random';

/** A Track, as far as it matters here. */
export interface FallbackTrack {
  readonly id: string;
  readonly pcm: PcmLocation;
}

export interface FallbackOptions {
  settings: ProgramSettings;
  /** What can be played. Its files are read here, so that a Reader that is ahead of its disk cannot put in silence. */
  music: () => readonly FallbackTrack[];
  /** Which tracks, where they are shuffled. Default: others each time. */
  random?: Random;
  clock: Clock;
  log: Logger;
  /** Default: 60; rounded to whole Frames. */
  seconds?: number;
}

export interface FallbackMusic {
  /** Signed 16-bit little-endian samples, as Asterisk reads them. */
  readonly bytes: Buffer;
  /** `chord`: there is no music that can be played. */
  readonly sounds: 'music' | 'chord';
}

const SECONDS = 60;
/** How long the thread is held at a time. */
const SLICE_MS = 4;
/** At its beginning and end, so that its repetition neither clicks nor startles. */
const FADE_IN_MS = 10;
const FADE_OUT_MS = 250;
/** Root mean square below which nobody hears music, −60 dBFS. */
const SILENCE = 32768 / 1000;

/**
 * Renders fallback music. The thread is let go every few milliseconds. Music that cannot be played, or is silence, is replaced
 * by the soft chord.
 * @throws Error when not even that can be rendered
 */
export async function renderFallbackMusic(options: FallbackOptions): Promise<FallbackMusic> {
  const { settings, clock, seconds = SECONDS } = options;
  const random = options.random ?? seededRandom(clock.wall());
  const frames = Math.max(1, Math.round((seconds * 1000) / FRAME_MS));
  const samples = new Int16Array(frames * frameSamples(settings.rate));
  const clips = await atHand(options, samples.length, random);
  let sounds: FallbackMusic['sounds'] = 'music';
  if (clips.length === 0 || !(await renders(options, clips, random, samples))) {
    sounds = 'chord';
    if (!(await renders(options, [], random, samples))) throw new Error('nothing can be rendered');
  }
  fadeEdges(samples, settings.rate);
  return { bytes: littleEndian(samples), sounds };
}

/** As many tracks as fill `length` samples, in memory; those that cannot be read are left out. */
async function atHand(
  { settings, music, log }: FallbackOptions,
  length: number,
  random: Random,
): Promise<Clip[]> {
  const tracks = settings.music.order === 'shuffle' ? shuffled(music(), random) : music();
  const overlap = samplesOf(settings.music.crossfadeMs, settings.rate);
  // None ends, or is about to, just where the minute does.
  const most = length + overlap + settings.rate;
  const clips: Clip[] = [];
  let filled = 0;
  for (const { id, pcm } of tracks) {
    if (filled > length) break;
    try {
      const samples = await readPcm(pcm, Math.min(pcm.samples, most));
      clips.push(memoryClip(id, samples));
      filled += Math.max(0, samples.length - overlap);
    } catch (error) {
      log.warn({ file: id, ...errorFields(error) }, 'not in the fallback music: it cannot be read');
    }
  }
  return clips;
}

/** Fills `samples`, in slices. False when that throws, or nothing is to be heard. */
async function renders(
  { settings, clock, log }: FallbackOptions,
  music: readonly Clip[],
  random: Random,
  samples: Int16Array,
): Promise<boolean> {
  const block = frameSamples(settings.rate);
  let program: Program | undefined;
  try {
    program = musicOnly(settings, music, random);
    let until = clock.now() + SLICE_MS;
    for (let at = 0; at < samples.length; at += block) {
      program.render(samples.subarray(at, at + block));
      if (clock.now() < until) continue;
      await new Promise<void>((resolve) => clock.after(0, resolve));
      until = clock.now() + SLICE_MS;
    }
    if (loudness(samples) >= SILENCE) return true;
    log.warn({ tracks: music.length }, 'fallback music would be silence');
  } catch (error) {
    log.warn(errorFields(error), 'fallback music cannot be rendered');
  } finally {
    program?.close();
  }
  return false;
}

function musicOnly(settings: ProgramSettings, music: readonly Clip[], random: Random): Program {
  const none = { advices: () => [], dayPart: () => undefined, allowed: () => false, random };
  return new Program(settings, {
    playlist: new Playlist(() => music, 'order', random),
    rota: new AdviceRota(none),
    quiet: true,
  });
}

function loudness(samples: Int16Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.sqrt(sum / samples.length);
}

/** From and to silence along half a cosine. */
function fadeEdges(samples: Int16Array, rate: number): void {
  const shape = (ms: number, at: (i: number) => number): void => {
    const length = Math.min(samplesOf(ms, rate), samples.length);
    for (let i = 0; i < length; i++) samples[at(i)]! *= 0.5 - 0.5 * Math.cos((Math.PI * i) / length);
  };
  shape(FADE_IN_MS, (i) => i);
  shape(FADE_OUT_MS, (i) => samples.length - 1 - i);
}
