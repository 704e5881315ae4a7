// One file prepared with the real ffmpeg, for tests that judge what comes out or what is refused.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SampleRate } from '../../src/audio/frame';
import { prepareFile, type PreparedFile } from '../../src/media/prepare';
import { defaultBand } from '../../src/media/settings';
import type { MediaKind } from '../../src/media/sources';
import { systemClock } from '../../src/util/clock';
import { installedFfmpeg } from '../support/ffmpeg';
import { tempFolder } from './fixtures';

const clock = systemClock();
const folder = tempFolder();
let count = 0;

export interface How {
  rate?: SampleRate;
  /** Absent: as the installed ffmpeg has it. */
  soxr?: boolean | undefined;
  speechLufs?: number;
}

export async function prepare(file: string, kind: MediaKind, how: How = {}): Promise<PreparedFile> {
  const { rate = 8000, soxr, speechLufs = -19 } = how;
  const found = await installedFfmpeg();
  const binary = soxr === undefined ? found : { ...found, soxr };
  const levels = { musicLufs: -24, speechLufs, peakDbtp: -3 };
  const temporary = (): string => join(folder, `out-${count++}.wav`);
  return prepareFile(file, kind, { rate, ...levels, ...defaultBand(rate) }, { binary, clock, temporary });
}

/** Samples of a prepared WAV. */
export function samplesOf(wav: string): Int16Array {
  const bytes = readFileSync(wav);
  return new Int16Array(bytes.buffer.slice(bytes.byteOffset + 44, bytes.byteOffset + bytes.length));
}
