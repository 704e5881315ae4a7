// Builds one caller's Program from clips and renders it with things happening at given times.
// Tests of program and session say only what differs from the defaults; everything is seeded.
import { frameSamples } from '../../src/audio/frame';
import type { Clip } from '../../src/audio/source';
import type { Announcement, AnnouncementKind } from '../../src/program/announcement';
import type { BedPosition } from '../../src/program/bed';
import type { Program, ProgramEvent, ProgramParts, ProgramState } from '../../src/program/program';
import type { AdviceRota, RotaSources } from '../../src/program/rota';
import { defaultProgramSettings, type ProgramSettings } from '../../src/program/settings';
import type { DayPart, AdviceSlot } from '../../src/program/adviceSlots';
import { seededRandom } from '../../src/util/random';
import { fastEngine } from './fastEngine';

/** A part of the settings; within each group, too. */
export type SettingsChange = {
  [K in keyof ProgramSettings]?: ProgramSettings[K] extends object
    ? Partial<ProgramSettings[K]>
    : ProgramSettings[K];
};

/** The default settings with some of them changed; music plays in order unless told otherwise. */
export function settingsWith(change: SettingsChange = {}): ProgramSettings {
  const base = defaultProgramSettings;
  return {
    rate: change.rate ?? base.rate,
    music: { ...base.music, order: 'order', ...change.music },
    duck: { ...base.duck, ...change.duck },
    voice: { ...base.voice, ...change.voice },
    advice: { ...base.advice, ...change.advice },
    limiter: { ...base.limiter, ...change.limiter },
    keyTone: { ...base.keyTone, ...change.keyTone },
    edgeMs: change.edgeMs ?? base.edgeMs,
  };
}

export interface ProgramPlan {
  music?: readonly Clip[] | (() => readonly Clip[]);
  advices?: Partial<Record<AdviceSlot, readonly Clip[]>>;
  settings?: SettingsChange;
  seed?: number;
  dayPart?: () => DayPart | undefined;
  allowed?: RotaSources['allowed'];
  resume?: BedPosition;
  heard?: readonly string[];
  cut?: readonly string[];
  heardSamples?: number;
  sinceVoice?: number;
  bag?: readonly string[];
  quiet?: boolean;
  hushed?: boolean;
  /** Told of each event, besides the list of them. */
  onEvent?: (event: ProgramEvent) => void;
}

/** The plan of a Program that goes on where another was. */
export function planAfter({ music, ...state }: ProgramState): ProgramPlan {
  return { ...state, ...(music && { resume: music }) };
}

/** Something done to the Program at a time, before the Frame of that time is rendered. */
export interface Cue {
  atMs: number;
  act(program: Program): void;
}

export class Rig {
  readonly events: ProgramEvent[] = [];
  readonly settings: ProgramSettings;
  readonly rota: AdviceRota;
  readonly program: Program;

  constructor(plan: ProgramPlan) {
    const engine = fastEngine();
    const { music = [], advices = {} } = plan;
    this.settings = settingsWith(plan.settings);
    const random = seededRandom(plan.seed ?? 1);
    const tracks = typeof music === 'function' ? music : () => music;
    this.rota = new engine.AdviceRota(
      {
        advices: (shelf) => advices[shelf] ?? [],
        dayPart: plan.dayPart ?? (() => undefined),
        allowed: plan.allowed ?? (() => true),
        random,
      },
      plan,
    );
    this.program = new engine.Program(this.settings, {
      ...partsOf(plan),
      playlist: new engine.Playlist(tracks, this.settings.music.order, random, plan.bag),
      rota: this.rota,
      onEvent: (event) => {
        this.events.push(event);
        plan.onEvent?.(event);
      },
    });
  }

  /** Latency of the whole Program: the look-ahead of its limiter, samples. */
  get latency(): number {
    return this.samples(this.settings.limiter.lookaheadMs);
  }

  samples(ms: number): number {
    return Math.round((ms * this.settings.rate) / 1000);
  }

  ms(samples: number): number {
    return (samples * 1000) / this.settings.rate;
  }

  /** The next `seconds` as the caller gets them; cue times count from the beginning of this stretch. */
  renderS16(seconds: number, cues: readonly Cue[] = []): Int16Array {
    const size = frameSamples(this.settings.rate);
    const frames = Math.round(seconds * 25);
    const out = new Int16Array(frames * size);
    const waiting = [...cues].sort((a, b) => a.atMs - b.atMs);
    for (let i = 0; i < frames; i++) {
      while (waiting[0] && waiting[0].atMs <= i * 40) waiting.shift()!.act(this.program);
      this.program.render(out.subarray(i * size, (i + 1) * size));
    }
    return out;
  }

  /** The same in floats. */
  render(seconds: number, cues: readonly Cue[] = []): Float32Array {
    const frames = this.renderS16(seconds, cues);
    const out = new Float32Array(frames.length);
    for (let i = 0; i < out.length; i++) out[i] = frames[i]! / 32768;
    return out;
  }

  eventsOf<T extends ProgramEvent['type']>(...types: T[]): Extract<ProgramEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<ProgramEvent, { type: T }> =>
      (types as string[]).includes(event.type),
    );
  }

  /** Ids of the first clips of the voices, in the order in which they began. */
  get spoken(): string[] {
    return this.eventsOf('voice-start').map(({ announcement }) => announcement.clips[0]!.id);
  }

  /** Ids of the tracks in the order in which they began. */
  get played(): string[] {
    return this.eventsOf('track').map(({ track }) => track.id);
  }
}

function partsOf({ resume, heardSamples, sinceVoice, quiet, hushed }: ProgramPlan): Partial<ProgramParts> {
  return {
    ...(resume && { music: resume }),
    ...(heardSamples !== undefined && { heardSamples }),
    ...(sinceVoice !== undefined && { sinceVoice }),
    ...(quiet !== undefined && { quiet }),
    ...(hushed !== undefined && { hushed }),
  };
}

/** An announcement of these clips. */
export function spoken(
  kind: AnnouncementKind,
  clips: Clip | readonly Clip[],
  replaces?: boolean,
): Announcement {
  const list = Array.isArray(clips) ? (clips as readonly Clip[]) : [clips as Clip];
  return { kind, title: list[0]?.id ?? '', clips: list, ...(replaces !== undefined && { replaces }) };
}

export const sayAt = (atMs: number, announcement: Announcement): Cue => ({
  atMs,
  act: (program) => program.say(announcement),
});

export const skipAt = (atMs: number): Cue => ({ atMs, act: (program) => program.nextTrack() });

export const quietAt = (atMs: number, quiet: boolean): Cue => ({
  atMs,
  act: (program) => void (program.quiet = quiet),
});
