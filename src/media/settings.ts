// What an operator may change about media, with the defaults. Everything that changes how a prepared file
// sounds is part of its cache key.
import type { SampleRate } from '../audio/frame';

export const defaultPrepareSettings = { musicLufs: -24, speechLufs: -19, peakDbtp: -3 };

/** What decides how a file is prepared (config/soundOptions.ts); a change makes every file be prepared again. */
export type PrepareSettings = typeof defaultPrepareSettings & {
  rate: SampleRate;
  lowHz: number;
  highHz: number;
};

export type MediaSettings = PrepareSettings & {
  /** Folder with music/, advices/ and manifest.json; absolute. */
  folder: string;
  /** Folder for prepared files; absolute. */
  cache: string;
  /** Path of ffmpeg; absent: FFMPEG_PATH, then PATH, then ffmpeg-static. */
  ffmpeg?: string;
  scanMs: number;
};

/** The usable band at a rate: the telephone's at 8 kHz, wideband at 16 kHz, nearly everything at 48 kHz. */
export function defaultBand(rate: SampleRate): Pick<PrepareSettings, 'lowHz' | 'highHz'> {
  if (rate === 8000) return { lowHz: 200, highHz: 3400 };
  return rate === 16000 ? { lowHz: 80, highHz: 7000 } : { lowHz: 40, highHz: 20000 };
}
