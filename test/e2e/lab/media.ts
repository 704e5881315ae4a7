// Media that a judge can tell apart: tracks and prompts of noise, each with its own seed, ready to be played.
// Their band is the telephone's, with a gap around the key tone, so that the tone is never taken for music.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { wavHeader } from '../../../src/audio/wav';
import { seededRandom } from '../../../src/util/random';
import { powerOfTwo, spectrum, transform } from '../judge/fft';
import type { Sources } from '../judge/exact';

export const RATE = 8000;
export const KEY_TONE_HZ = 880;
const BAND = [300, 3300] as const;
const GAP = [KEY_TONE_HZ - 120, KEY_TONE_HZ + 120] as const;

/** Looked up once: in Jest each use of a global word costs more than the rest. */
const { cos, sin, round, PI } = Math;

/** Noise of a seed, `samples` long, with an RMS of `levelDb` over full scale. Two of one seed are the same. */
export function melody(seed: number, samples: number, levelDb: number): Int16Array {
  const size = powerOfTwo(samples);
  const noise = spectrum(size);
  const random = seededRandom(seed);
  const bin = (hz: number): number => Math.round((hz * size) / RATE);
  for (let i = bin(BAND[0]); i < bin(BAND[1]); i++) {
    if (i > bin(GAP[0]) && i < bin(GAP[1])) continue;
    const phase = 2 * PI * random();
    noise.re[i] = cos(phase);
    noise.im[i] = sin(phase);
  }
  transform(noise, true);
  let energy = 0;
  for (let i = 0; i < samples; i++) energy += noise.re[i]! ** 2;
  const gain = (32768 * 10 ** (levelDb / 20)) / Math.sqrt(energy / samples);
  return Int16Array.from({ length: samples }, (_, i) => round(gain * noise.re[i]!));
}

export const MUSIC_DB = -24;
export const VOICE_DB = -19;

/** Tracks by id ("music/track-1.wav"), `seconds` long. */
export function tracks(count: number, seconds: number): Sources {
  const ids = Array.from({ length: count }, (_, i) => [`music/track-${i + 1}.wav`, i + 1] as const);
  return Object.fromEntries(ids.map(([id, seed]) => [id, melody(seed, seconds * RATE, MUSIC_DB)]));
}

/** Voices by id ("prompts/en/balance-7.wav"), each of another sound. */
export function voices(ids: readonly string[], seconds = 0.8): Sources {
  const samples = Math.round(seconds * RATE);
  return Object.fromEntries(ids.map((id) => [id, melody(seedOfText(id), samples, VOICE_DB)]));
}

function seedOfText(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0);
}

/** Writes media into a folder, with the manifest that says they are ready to be played as they are. */
export function ship(folder: string, media: Sources): void {
  const entries = Object.entries(media).map(([id, pcm]) => {
    const bytes = Buffer.concat([
      wavHeader(RATE, pcm.length),
      Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength),
    ]);
    mkdirSync(dirname(join(folder, id)), { recursive: true });
    writeFileSync(join(folder, id), bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return [id, { prepared: true, bytes: bytes.length, sha256, licence: 'CC0-1.0' }] as const;
  });
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ files: Object.fromEntries(entries) }));
}
