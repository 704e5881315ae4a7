// What an operator may change about media, with the defaults. Everything that changes how a prepared file
// sounds is part of its cache key.
import type { SampleRate } from '../audio/frame';

/** What decides how a file is prepared; a change makes every file be prepared again. */
export interface PrepareSettings {
  rate: SampleRate;
  /** Integrated loudness of prepared music and speech, LUFS (EBU R 128). */
  musicLufs: number;
  speechLufs: number;
  /** True peak that nothing prepared exceeds, dBTP. */
  peakDbtp: number;
  /** Band that is kept: the telephone's 300–3400 Hz at 8 kHz, with a gentler low edge for music. Hz. */
  lowHz: number;
  highHz: number;
}

export interface MediaSettings extends PrepareSettings {
  /** Folder with music/, advices/ and manifest.json; absolute. */
  folder: string;
  /** Folder for prepared files; absolute. */
  cache: string;
  /** Path of ffmpeg; absent: FFMPEG_PATH, then PATH, then ffmpeg-static. */
  ffmpeg?: string;
  /** How often the folders are looked at for new, changed and removed files. */
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
