// What an operator may change about media, with the defaults. Everything that changes how a prepared file
// sounds is part of its cache key.
import type { SampleRate } from '../audio/frame';

/** What decides how a file is prepared; a change makes every file be prepared again. Units and ranges: MediaOptions. */
export interface PrepareSettings {
  rate: SampleRate;
  musicLufs: number;
  speechLufs: number;
  peakDbtp: number;
  lowHz: number;
  highHz: number;
}

/** Both folders are absolute. */
export interface MediaSettings extends PrepareSettings {
  folder: string;
  cache: string;
  ffmpeg?: string;
  scanMs: number;
}

/** The usable band at a rate: the telephone's at 8 kHz, wideband at 16 kHz, nearly everything at 48 kHz. */
export function defaultBand(rate: SampleRate): Pick<PrepareSettings, 'lowHz' | 'highHz'> {
  if (rate === 8000) return { lowHz: 200, highHz: 3400 };
  return rate === 16000 ? { lowHz: 80, highHz: 7000 } : { lowHz: 40, highHz: 20000 };
}

export const defaultPrepareSettings: Omit<PrepareSettings, 'rate' | 'lowHz' | 'highHz'> = {
  musicLufs: -24,
  speechLufs: -19,
  peakDbtp: -3,
};
