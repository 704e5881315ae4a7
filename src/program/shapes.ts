// The settings of a Program as its parts take them: samples for milliseconds, linear gain for dB.
import { samplesOf, type SampleRate } from '../audio/frame';
import { gainOfDb } from '../audio/gain';
import type { DuckerShape } from '../audio/ducker';
import type { LimiterShape } from '../audio/limiter';
import type { AnnouncerSettings } from './announcer';
import type { BedSettings } from './bed';
import type { ProgramSettings } from './settings';

/** Time in which the music goes when it is hushed, and comes back, milliseconds. */
const HUSH_MS = 500;
/** While the fallback plays, music is looked for so often, milliseconds. */
const RETRY_MS = 2000;
/** A track that could not be played is skipped for this time, milliseconds. */
const REST_MS = 30_000;

/** All in samples, as `advice` of ProgramSettings. */
export type AdviceShape = ReturnType<typeof adviceShape>;

export function adviceShape({ rate, advice }: ProgramSettings) {
  const samples = samplesAt(rate);
  return {
    first: samples(advice.firstAfterMs),
    every: samples(advice.everyMs),
    guard: samples(advice.guardMs),
  };
}

const samplesAt =
  (rate: SampleRate) =>
  (ms: number): number =>
    samplesOf(ms, rate);

/** Fades of no length at all would click. */
const edgeOf = ({ rate, edgeMs }: ProgramSettings): number => Math.max(1, samplesOf(edgeMs, rate));

export function bedSettings(settings: ProgramSettings): BedSettings {
  const samples = samplesAt(settings.rate);
  const edge = edgeOf(settings);
  const { crossfadeMs, skipMs, gainDb } = settings.music;
  return {
    crossfade: samples(crossfadeMs),
    skip: Math.max(edge, samples(skipMs)),
    edge,
    hush: samples(HUSH_MS),
    retry: samples(RETRY_MS),
    rest: samples(REST_MS),
    gain: gainOfDb(gainDb),
  };
}

export function announcerSettings(settings: ProgramSettings): AnnouncerSettings {
  const samples = samplesAt(settings.rate);
  const { gapMs, takeOverMs, gainDb } = settings.voice;
  return {
    gap: samples(gapMs),
    takeOver: samples(takeOverMs),
    edge: edgeOf(settings),
    gain: gainOfDb(gainDb),
  };
}

export function duckerShape({ rate, duck }: ProgramSettings): DuckerShape {
  const samples = samplesAt(rate);
  return {
    depthDb: duck.depthDb,
    attack: samples(duck.attackMs),
    hold: samples(duck.holdMs),
    release: samples(duck.releaseMs),
  };
}

export function limiterShape({ rate, limiter }: ProgramSettings): LimiterShape {
  const samples = samplesAt(rate);
  return {
    ceiling: gainOfDb(limiter.ceilingDb),
    lookahead: Math.max(1, samples(limiter.lookaheadMs)),
    release: samples(limiter.releaseMs),
  };
}
