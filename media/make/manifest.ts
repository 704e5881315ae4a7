// The manifest of what is shipped: who made it, what it says, under which licence, and how loud it is.
// Written by `npm run media:make`, read by `holdcast media list` and by the tests.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseWavHeader, wavHeader } from '../../src/audio/wav';
import { TELEPHONE_RATE } from './compose';
import { floats, loudnessLufs, quantised, truePeakDb } from './level';
import type { Samples } from './resample';

export const AUTHOR = 'The Holdcast developers';

/** What is known of a file before it is rendered. */
export type Credits =
  | { kind: 'music'; title: string; author: string; licence: string; description: string }
  | {
      kind: 'speech';
      title: string;
      language: string;
      text: string;
      voice: string;
      author: string;
      licence: string;
    };

/** Levels: loudness in LUFS, the true peak in dBTP. `prepared`: may be played as it is, without ffmpeg. */
export type Entry = Credits & {
  prepared: true;
  bytes: number;
  sha256: string;
  loudness: number;
  peakDb: number;
};

export interface Manifest {
  files: Record<string, Entry>;
}

/** Writes one WAV file under `folder` and returns its entry, measured from what was written. */
export function writeEntry(folder: string, file: string, samples: Samples, credits: Credits): Entry {
  const encoded = quantised(samples);
  const bytes = Buffer.concat([wavHeader(TELEPHONE_RATE, encoded.length), Buffer.from(encoded.buffer)]);
  const path = join(folder, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  return {
    ...credits,
    prepared: true,
    bytes: bytes.length,
    sha256: sha256(bytes),
    ...levels(floats(encoded)),
  };
}

/**
 * The entry of a speech that need not be rendered again: the same text by the same voice, and its file as it was
 * written; undefined otherwise. Another version of a synthesiser would change clips whose text nobody touched.
 */
export function keptEntry(
  folder: string,
  before: Entry | undefined,
  file: string,
  credits: Credits,
): Entry | undefined {
  if (before?.kind !== 'speech' || credits.kind !== 'speech') return undefined;
  if (before.text !== credits.text || before.voice !== credits.voice) return undefined;
  const path = join(folder, file);
  if (!existsSync(path) || sha256(readFileSync(path)) !== before.sha256) return undefined;
  return { ...before, ...credits };
}

function levels(samples: Samples): { loudness: number; peakDb: number } {
  return { loudness: tenths(loudnessLufs(samples, TELEPHONE_RATE)), peakDb: tenths(truePeakDb(samples)) };
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function manifestPath(folder: string): string {
  return join(folder, 'manifest.json');
}

/** An empty one where nothing has been made yet. */
export function readManifest(folder: string): Manifest {
  if (!existsSync(manifestPath(folder))) return { files: {} };
  return JSON.parse(readFileSync(manifestPath(folder), 'utf8')) as Manifest;
}

export function writeManifest(folder: string, manifest: Manifest): void {
  writeFileSync(manifestPath(folder), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** The samples of a WAV file that we wrote ourselves. */
export function readSamples(path: string): Samples {
  const bytes = readFileSync(path);
  const info = parseWavHeader(bytes, bytes.length);
  if (!info) throw new Error(`${path} is not a PCM WAV file`);
  return Float32Array.from(
    { length: info.samples },
    (_, i) => bytes.readInt16LE(info.dataOffset + 2 * i) / 32768,
  );
}
