// Everything about how a Program sounds that an operator may change, with the defaults.
// Times are milliseconds, levels are dB; the engine turns them into samples and linear gain once.
import type { SampleRate } from '../audio/frame';
import type { ToneShape } from '../audio/tone';

export interface MusicSettings {
  /** `shuffle`: every track once in random order, then again; `order`: by name; `loop`: the first track only. */
  order: 'shuffle' | 'order' | 'loop';
  /** Overlap of two tracks, equal power. 0: the shortest that does not click (`edgeMs`). */
  crossfadeMs: number;
  /** The shorter overlap when the caller asks for the next track. */
  skipMs: number;
  /** Added to the prepared level, dB. */
  gainDb: number;
}

export interface DuckSettings {
  /** How far the music goes down under a voice, dB (20 is what WCAG 1.4.7 asks between speech and background). */
  depthDb: number;
  /** The music is down this long after the duck begins; the voice starts then. */
  attackMs: number;
  /** The music stays down this long after a voice, so that short gaps do not pump. */
  holdMs: number;
  /** Time to come back up after the hold. */
  releaseMs: number;
}

export interface VoiceSettings {
  /** Pause between two announcements that follow each other. */
  gapMs: number;
  /** Fade-out of a voice that a more important one takes over from. */
  takeOverMs: number;
  /** Added to the prepared level, dB. */
  gainDb: number;
}

export interface AdviceTiming {
  /** From the beginning of the call to the first advice. */
  firstAfterMs: number;
  /** From the end of any voice to the next advice. */
  everyMs: number;
  /** An advice never starts nearer than this to another voice, whatever `everyMs` says. */
  guardMs: number;
}

export interface LimiterSettings {
  /** No sample leaves louder than this, dBFS. */
  ceilingDb: number;
  lookaheadMs: number;
  releaseMs: number;
}

export interface KeyToneSettings extends ToneShape {
  /** Whether a key that does something is answered with the tone. */
  enabled: boolean;
}

export interface ProgramSettings {
  rate: SampleRate;
  music: MusicSettings;
  duck: DuckSettings;
  voice: VoiceSettings;
  advice: AdviceTiming;
  limiter: LimiterSettings;
  keyTone: KeyToneSettings;
  /** Fade at the edges of every clip, so that nothing clicks. */
  edgeMs: number;
}

export const defaultProgramSettings: ProgramSettings = {
  rate: 8000,
  music: { order: 'shuffle', crossfadeMs: 3000, skipMs: 250, gainDb: 0 },
  duck: { depthDb: 20, attackMs: 300, holdMs: 800, releaseMs: 1000 },
  voice: { gapMs: 250, takeOverMs: 80, gainDb: 0 },
  advice: { firstAfterMs: 20_000, everyMs: 20_000, guardMs: 3000 },
  limiter: { ceilingDb: -3, lookaheadMs: 5, releaseMs: 80 },
  keyTone: { enabled: true, hz: 880, ms: 120, levelDb: -26 },
  edgeMs: 5,
};
