// What the sound is like, measured from rendered samples and not from the settings that should produce them.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { FRAME_MS, frameSamples } from '../src/audio/frame';
import { memoryClip, type Clip } from '../src/audio/source';
import { parseWavHeader } from '../src/audio/wav';
import { Playlist } from '../src/program/playlist';
import { Program, type ProgramEvent } from '../src/program/program';
import { AdviceRota } from '../src/program/rota';
import { defaultProgramSettings } from '../src/program/settings';
import { packageRoot } from '../src/util/packageRoot';
import { seededRandom } from '../src/util/random';
import type { Context } from './context';
import { which, type Section, type Table } from './measure';

const RATE = 8000;

interface Rendered {
  samples: Int16Array;
  events: ProgramEvent[];
}

/** Renders `seconds` of a Program that plays `tracks` in order; `act` is called before each Frame. */
function render(
  tracks: Clip[],
  seconds: number,
  act: (program: Program, atMs: number) => void = () => {},
): Rendered {
  const events: ProgramEvent[] = [];
  const random = seededRandom(3);
  const settings = {
    ...defaultProgramSettings,
    music: { ...defaultProgramSettings.music, order: 'order' as const },
  };
  const program = new Program(settings, {
    playlist: new Playlist(() => tracks, 'order', random),
    rota: new AdviceRota({ advices: () => [], dayPart: () => undefined, allowed: () => true, random }),
    onEvent: (event) => events.push(event),
  });
  const block = frameSamples(RATE);
  const frames = Math.round((seconds * 1000) / FRAME_MS);
  const samples = new Int16Array(frames * block);
  for (let i = 0; i < frames; i++) {
    act(program, i * FRAME_MS);
    program.render(samples.subarray(i * block, (i + 1) * block));
  }
  program.close();
  return { samples, events };
}

/** RMS of `samples[from, to)`, dBFS. */
function levelDb(samples: Int16Array, from: number, to: number): number {
  let energy = 0;
  for (let i = from; i < to; i++) energy += samples[i]! ** 2;
  return 10 * Math.log10(energy / Math.max(1, to - from) / 32768 ** 2);
}

/** A tone of 1 kHz at −21 dBFS: 10 ms of it hold ten whole waves, so its envelope can be read off finely. */
function tone(seconds: number): Clip {
  const samples = new Float32Array(seconds * RATE);
  for (let i = 0; i < samples.length; i++) samples[i] = 0.126 * Math.sin((2 * Math.PI * 1000 * i) / RATE);
  return memoryClip('tone', samples);
}

function noise(id: string, seconds: number, seed: number): Clip {
  const random = seededRandom(seed);
  const samples = new Float32Array(seconds * RATE);
  for (let i = 0; i < samples.length; i++) samples[i] = 0.1 * (2 * random() - 1);
  return memoryClip(id, samples);
}

/** Music under a voice that is silent, so that only the ducking is heard. */
function measureDucking() {
  const silence = memoryClip('voice', new Float32Array(4 * RATE));
  const { samples, events } = render([tone(60)], 20, (program, atMs) => {
    if (atMs === 5000) program.say({ kind: 'answer', title: 'silence', clips: [silence] });
  });
  const window = RATE / 100;
  const envelope = Array.from({ length: samples.length / window }, (_, i) =>
    levelDb(samples, i * window, (i + 1) * window),
  );
  const before = levelDb(samples, 2 * RATE, 4 * RATE);
  const down = Math.min(...envelope.slice(100));
  const at = (find: (db: number) => boolean, from: number): number =>
    envelope.findIndex((db, i) => i >= from && find(db));
  const leaves = at((db) => db < before - 0.1, 100);
  const isDown = at((db) => db < down + 0.1, leaves);
  const rises = at((db) => db > down + 0.1, isDown);
  const isUp = at((db) => db > before - 0.1, rises);
  const voice = (type: ProgramEvent['type']): number =>
    ((events.find((event) => event.type === type)?.atSample ?? NaN) / RATE) * 1000;
  return {
    depthDb: before - down,
    downMs: (isDown - leaves) * 10,
    downBeforeVoiceMs: voice('voice-start') - isDown * 10,
    holdMs: rises * 10 - voice('voice-end'),
    upMs: (isUp - rises) * 10,
  };
}

/** The mean power through many crossfades of unrelated noise, against that outside, in steps of 100 ms. */
function measureCrossfade() {
  const tracks = Array.from({ length: 8 }, (_, i) => noise(`noise ${i}`, 10, i + 1));
  const { samples, events } = render(tracks, 7 * 60);
  const joins = events
    .filter((event) => event.type === 'track')
    .slice(1)
    .map((event) => event.atSample);
  const steps = defaultProgramSettings.music.crossfadeMs / 100;
  const length = RATE / 10;
  const power = (at: number): number => 10 ** (levelDb(samples, at, at + length) / 10);
  const mean = (offset: number): number =>
    joins.reduce((total, join) => total + power(join + offset), 0) / joins.length;
  const outside = (mean(-2 * length) + mean((steps + 2) * length)) / 2;
  const inside = Array.from({ length: steps }, (_, i) => 10 * Math.log10(mean(i * length) / outside));
  return { joins: joins.length, dipDb: Math.min(...inside), bumpDb: Math.max(...inside) };
}

/** A prepared WAV file as a Clip with its samples; undefined when it is something else. */
function wavClip(file: string): { clip: Clip; samples: Int16Array } | undefined {
  const bytes = readFileSync(file);
  const info = parseWavHeader(bytes, bytes.length);
  if (info?.rate !== RATE || info.channels !== 1 || info.bits !== 16) return undefined;
  const samples = new Int16Array(
    bytes.buffer.slice(bytes.byteOffset + info.dataOffset).slice(0, info.samples * 2),
  );
  return { clip: memoryClip(basename(file), samples), samples };
}

function wavFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith('.wav'))
    .sort()
    .map((name) => join(folder, name));
}

/** The loudest step between neighbouring samples in `samples[from, to)`. */
function loudestStep(samples: Int16Array, from = 1, to = samples.length): number {
  let loudest = 0;
  for (let i = Math.max(1, from); i < Math.min(to, samples.length); i++) {
    loudest = Math.max(loudest, Math.abs(samples[i]! - samples[i - 1]!));
  }
  return loudest;
}

interface JoinSteps {
  what: string;
  joins: number;
  /** Loudest step at the joins, and in the material itself; of 32768. */
  atJoins: number;
  own: number;
  clipped: number;
  peakDb: number;
}

function joinSteps(
  what: string,
  { samples, events }: Rendered,
  types: ProgramEvent['type'][],
  afterMs: number,
  own: number,
): JoinSteps {
  const joins = events.filter(({ type, atSample }) => types.includes(type) && atSample > 0);
  const around = 0.01 * RATE;
  const steps = joins.map(({ atSample }) =>
    loudestStep(samples, atSample - around, atSample + (afterMs / 1000) * RATE),
  );
  const peak = samples.reduce((loudest, sample) => Math.max(loudest, Math.abs(sample)), 0);
  return {
    what,
    joins: joins.length,
    atJoins: Math.max(0, ...steps),
    own,
    clipped: samples.filter((sample) => sample === 32767 || sample === -32768).length,
    peakDb: 20 * Math.log10(peak / 32768),
  };
}

/** Ten minutes of the shipped media twice: with a skip each 7 s, and with a voice each 11 s. */
function measureJoins(): JoinSteps[] {
  const media = join(packageRoot(), 'media');
  const music = wavFiles(join(media, 'music')).flatMap((file) => wavClip(file) ?? []);
  const voices = wavFiles(join(media, 'advices')).flatMap((file) => wavClip(file) ?? []);
  if (music.length === 0 || voices.length === 0) return [];
  const tracks = music.map(({ clip }) => clip);
  const loudestOf = (all: { samples: Int16Array }[]): number =>
    Math.max(...all.map((one) => loudestStep(one.samples)));
  const skips = render(tracks, 600, (program, atMs) => {
    if (atMs > 0 && atMs % 7000 === 0) program.nextTrack();
  });
  let said = 0;
  const spoken = render(tracks, 600, (program, atMs) => {
    if (atMs % 11_000 !== 10_000) return;
    const { clip } = voices[said++ % voices.length]!;
    program.say({ kind: 'answer', title: clip.title, clips: [clip] });
  });
  const { skipMs } = defaultProgramSettings.music;
  return [
    joinSteps('tracks', skips, ['track'], skipMs + 50, loudestOf(music)),
    joinSteps('voice edges', spoken, ['voice-start', 'voice-end'], 10, loudestOf(voices)),
  ];
}

interface Loudness {
  file: string;
  lufs: number;
  truePeakDb: number;
}

/** Integrated loudness and true peak by ffmpeg's ebur128; NaN where it finds none. */
function loudness(file: string): Loudness {
  const words = ['-hide_banner', '-nostats', '-i', file, '-af', 'ebur128=peak=true', '-f', 'null', '-'];
  const summary = spawnSync('ffmpeg', words, { encoding: 'utf8' }).stderr.split('Summary:').at(-1) ?? '';
  const figure = (pattern: RegExp): number => Number(pattern.exec(summary)?.[1] ?? NaN);
  return {
    file: basename(file),
    lufs: figure(/I:\s+(-?[\d.]+) LUFS/),
    truePeakDb: figure(/Peak:\s+(-?[\d.]+) dBFS/),
  };
}

function loudnessTable(folder: string, title: string): { table: Table; rows: Loudness[] } {
  const rows = wavFiles(folder).map(loudness);
  const cells = rows.map((row) => [row.file, row.lufs, row.truePeakDb]);
  return { rows, table: { title, columns: ['', 'LUFS', 'true peak dBTP'], rows: cells } };
}

/** Prepares what is not shipped ready to play, so that its loudness can be measured too. */
function prepare(context: Context): string {
  const { cache, config } = context.workshop;
  const holdcast = join(packageRoot(), 'bin/holdcast');
  try {
    execFileSync(holdcast, ['media', 'prepare', '--config', config], {
      stdio: ['ignore', 'ignore', context.log],
      env: { ...process.env, HOLDCAST_CACHE: cache },
    });
  } catch {
    // Files that cannot be prepared are the operator's matter; what is in the cache is measured.
  }
  return cache;
}

export function benchQuality(context: Context): Promise<Section> {
  context.progress('quality: ducking, crossfade, joins');
  const ducking = measureDucking();
  const crossfade = measureCrossfade();
  const joins = measureJoins();
  const tables: Table[] = [
    {
      title: 'Ducking, from the rendered envelope (10 ms)',
      columns: ['', 'depth dB', 'down ms', 'down before voice ms', 'held after voice ms', 'up ms'],
      rows: [['holdcast', ...Object.values(ducking)]],
      notes: [
        'Between 0.1 dB from either end; smooth curves are flat there, so that the times are a little shorter than set.',
      ],
    },
    {
      title: 'Joins',
      columns: ['', 'joins', 'crossfade dip dB', 'bump dB'],
      rows: [['unrelated noise', crossfade.joins, crossfade.dipDb, crossfade.bumpDb]],
    },
  ];
  if (joins.length > 0) {
    tables.push({
      title: 'Steps between samples at joins (of 32768): ten minutes of shipped media, skips and voices',
      columns: ['', 'joins', 'loudest at joins', "material's own", 'clipped', 'peak dBFS'],
      rows: joins.map((row) => [row.what, row.joins, row.atJoins, row.own, row.clipped, row.peakDb]),
    });
  }
  const measured = which('ffmpeg')
    ? [
        loudnessTable(join(packageRoot(), 'media'), 'Loudness of the shipped media (ffmpeg ebur128)'),
        loudnessTable(prepare(context), 'Loudness of what was prepared (ffmpeg ebur128)'),
      ].filter(({ rows }) => rows.length > 0)
    : [];
  tables.push(...measured.map(({ table }) => table));
  return Promise.resolve({
    data: { ducking, crossfade, joins, loudness: measured.map(({ rows }) => rows) },
    tables,
  });
}
