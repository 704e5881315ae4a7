// Everything about how a Program sounds that an operator may change, with the defaults. What each means, and its range, is
// said in config/soundOptions.ts and callOptions.ts. The engine turns ms into samples and dB into linear gain once.
import type { SampleRate } from '../audio/frame';

export const defaultProgramSettings = {
  rate: 8000 as SampleRate,
  music: { order: 'shuffle' as 'shuffle' | 'order' | 'loop', crossfadeMs: 3000, skipMs: 250, gainDb: 0 },
  /** 20 dB is what WCAG 1.4.7 asks between speech and background. */
  duck: { depthDb: 20, attackMs: 300, holdMs: 800, releaseMs: 1000 },
  voice: { gapMs: 250, takeOverMs: 80, gainDb: 0 },
  advice: { firstAfterMs: 20_000, everyMs: 20_000, guardMs: 3000 },
  limiter: { ceilingDb: -3, lookaheadMs: 5, releaseMs: 80 },
  keyTone: { enabled: true, hz: 880, ms: 120, levelDb: -26 },
  edgeMs: 5,
};

export type ProgramSettings = typeof defaultProgramSettings;
