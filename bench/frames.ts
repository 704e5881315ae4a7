// What one Frame of one caller costs the processor and leaves to the garbage collector, and what a Program weighs.
// The hub renders 25 Frames a second for each caller on one thread: this is the figure that bounds it.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { frameSamples } from '../src/audio/frame';
import { memoryClip, type Clip } from '../src/audio/source';
import { Playlist } from '../src/program/playlist';
import { Program } from '../src/program/program';
import { AdviceRota } from '../src/program/rota';
import { defaultProgramSettings, type ProgramSettings } from '../src/program/settings';
import { seededRandom } from '../src/util/random';
import type { Context } from './context';
import type { Section } from './measure';

const RATE = 8000;
const FRAMES_PER_SECOND = 25;
/** Frames that are rendered before those that are measured, so that all is compiled. */
const WARM_UP = 2000;
/** Programs that are weighed. */
const WEIGHED = 1000;
/** Longer than anything is measured, milliseconds. */
const LONG_MS = 600_000;

const frame = new Int16Array(frameSamples(RATE));

/** Seeded noise of a peak level, `seconds` long. */
function noiseClip(id: string, seed: number, level: number, seconds: number): Clip {
  const random = seededRandom(seed);
  return memoryClip(
    id,
    Int16Array.from({ length: seconds * RATE }, () => level * 32767 * (2 * random() - 1)),
  );
}

interface Case {
  name: string;
  /** A Program in the state that is measured. */
  make: () => Program;
  /** Before each Frame. */
  each?: (program: Program, index: number) => void;
}

function programOf(tracks: readonly Clip[], change: Partial<ProgramSettings> = {}): Program {
  const settings = { ...defaultProgramSettings, ...change };
  const random = seededRandom(1);
  const rota = new AdviceRota({ advices: () => [], dayPart: () => undefined, allowed: () => true, random });
  return new Program(settings, { playlist: new Playlist(() => tracks, 'order', random), rota });
}

function cases(seconds: number): Case[] {
  const tracks = [1, 2].map((seed) => noiseClip(`track-${seed}`, seed, 0.25, seconds));
  const voice = noiseClip('voice', 3, 0.3, seconds);
  const loud = noiseClip('loud', 4, 3, seconds);
  const { music, duck } = defaultProgramSettings;
  const speaking = (clip: Clip): Program => {
    const program = programOf(tracks);
    program.say({ kind: 'answer', title: clip.title, clips: [clip] });
    return program;
  };
  return [
    { name: 'music alone', make: () => programOf(tracks) },
    {
      name: 'crossfade',
      make: () => {
        const program = programOf(tracks, { music: { ...music, skipMs: LONG_MS } });
        program.render(frame);
        program.nextTrack();
        return program;
      },
    },
    { name: 'speech over ducked music', make: () => speaking(voice) },
    {
      name: 'music on its way down',
      make: () => {
        const program = programOf(tracks, { duck: { ...duck, attackMs: LONG_MS } });
        program.expectVoice(Infinity);
        return program;
      },
    },
    {
      name: 'key tone over music',
      make: () => programOf(tracks),
      each: (program, index) => {
        if (index % 3 === 0) program.acknowledge();
      },
    },
    { name: 'limiter at work', make: () => speaking(loud) },
    {
      name: 'hushed',
      make: () => {
        const program = programOf(tracks);
        program.hushed = true;
        return program;
      },
    },
  ];
}

function render(program: Program, frames: number, each: Case['each']): void {
  for (let i = 0; i < frames; i++) {
    each?.(program, i);
    program.render(frame);
  }
}

/** The best of some rounds: what else runs on the machine only ever adds to it. */
function measure(
  { make, each }: Case,
  frames: number,
  rounds: number,
  gc: () => void,
): [us: number, bytes: number] {
  let [us, bytes] = [Infinity, Infinity];
  for (let round = 0; round < rounds; round++) {
    const program = make();
    render(program, WARM_UP, each);
    gc();
    const heap = process.memoryUsage().heapUsed;
    const from = process.cpuUsage();
    render(program, frames, each);
    const { user, system } = process.cpuUsage(from);
    us = Math.min(us, (user + system) / frames);
    bytes = Math.min(bytes, Math.max(0, process.memoryUsage().heapUsed - heap) / frames);
    program.close();
  }
  return [us, bytes];
}

/** Bytes that a Program keeps while it plays, its rota and playlist included. */
function weigh(gc: () => void): number {
  const tracks = [noiseClip('track', 1, 0.25, 60)];
  const kept: Program[] = [];
  const used = (): number => {
    gc();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const before = used();
  for (let i = 0; i < WEIGHED; i++) {
    const program = programOf(tracks);
    render(program, FRAMES_PER_SECOND, undefined);
    kept.push(program);
  }
  const bytes = (used() - before) / WEIGHED;
  for (const program of kept) program.close();
  return bytes;
}

export function benchFrames(context: Context): Promise<Section> {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  // First, while no clip of a measurement waits for its memory to be freed.
  const programBytes = Math.round(weigh(gc));
  const frames = context.quick ? 2000 : 8000;
  const rounds = Math.max(5, context.runs);
  const rows = cases((frames + WARM_UP) / FRAMES_PER_SECOND + 60).map(
    (one): [string, number, number, number] => {
      context.progress(`frames: ${one.name}`);
      const [us, bytes] = measure(one, frames, rounds, gc);
      return [one.name, us, 1e6 / us / FRAMES_PER_SECOND, Math.round(bytes)];
    },
  );
  const data = {
    cases: rows.map(([name, usPerFrame, callersPerCore, garbageBytes]) => ({
      name,
      usPerFrame,
      callersPerCore,
      garbageBytes,
    })),
    programBytes,
  };
  const table = {
    title: `frames: processor time of one Frame (40 ms at 8 kHz) of one caller, best of ${rounds} × ${frames}`,
    columns: ['', 'µs', 'callers a core', 'garbage bytes'],
    rows,
    notes: [
      `A Program keeps ${programBytes} bytes.`,
      'Media lie in memory; pipes, Sessions and timers come on top.',
    ],
  };
  return Promise.resolve({ data, tables: [table] });
}
