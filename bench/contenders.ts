// Who is compared: holdcast, the bare Node process, and the players that Asterisk's documentation suggests.
// All play the same material; one that is not installed is left out, and the report says so.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wavHeader } from '../src/audio/wav';
import { packageRoot } from '../src/util/packageRoot';
import { seededRandom } from '../src/util/random';
import { which } from './measure';

export interface Contender {
  name: string;
  /** Command and words for the caller with this Uniqueid. */
  argv(uniqueid: string): string[];
  env?: Record<string, string>;
  /** Takes so much memory and time that more than ten at once say nothing new. */
  heavy?: boolean;
}

/** The folder of one run, with the material for all. */
export interface Workshop {
  folder: string;
  wav: string;
  mp3: string | undefined;
  config: string;
  cache: string;
  /** Temporary folder of the product's processes, so that what they leave can be told from others' files. */
  temporary: string;
  close(): void;
}

/** Thirty seconds of decaying chords, 8 kHz mono: music enough for a decoder. */
function material(): Buffer {
  const rate = 8000;
  const random = seededRandom(1);
  const samples = new Int16Array(30 * rate);
  let notes = [220, 277.2, 329.6];
  for (let i = 0; i < samples.length; i++) {
    if (i % rate === 0) notes = notes.map(() => 110 * 2 ** (Math.floor(random() * 24) / 12));
    const t = i / rate;
    const value = notes.reduce((total, hz) => total + Math.sin(2 * Math.PI * hz * t), 0);
    samples[i] = Math.round(2600 * value * Math.exp(-1.5 * (t % 1)));
  }
  return Buffer.concat([wavHeader(rate, samples.length), Buffer.from(samples.buffer)]);
}

export function openWorkshop(): Workshop {
  const folder = mkdtempSync(join(tmpdir(), 'holdcast-bench-'));
  const wav = join(folder, 'music.wav');
  writeFileSync(wav, material());
  const mp3 = join(folder, 'music.mp3');
  if (which('ffmpeg')) execFileSync('ffmpeg', ['-v', 'error', '-i', wav, '-b:a', '32k', mp3]);
  const config = join(folder, 'config.ts');
  const cache = join(folder, 'cache');
  const temporary = join(folder, 'tmp');
  mkdirSync(cache);
  mkdirSync(temporary);
  writeFileSync(
    config,
    `import { defineConfig } from 'holdcast';\nexport default defineConfig({ log: { level: 'warn' } });\n`,
  );
  const close = (): void => rmSync(folder, { recursive: true, force: true });
  return { folder, wav, mp3: which('ffmpeg') ? mp3 : undefined, config, cache, temporary, close };
}

const LIQUIDSOAP = (wav: string): string =>
  [
    'settings.init.allow_root.set(true)',
    'settings.log.stdout.set(false)',
    'settings.frame.audio.samplerate.set(8000)',
    'settings.frame.audio.channels.set(1)',
    `output.file(fallible=true, flush=true, %wav(stereo=false, channels=1, samplerate=8000, header=false), "/dev/stdout", single("${wav}"))`,
  ].join('\n');

/** Every contender that can run here, holdcast first and the bare process second. */
export function contenders({ wav, mp3, config, cache, temporary }: Workshop): Contender[] {
  const root = packageRoot();
  const all: (Contender & { needs?: string })[] = [
    {
      name: 'holdcast',
      argv: (uniqueid) => [join(root, 'bin/holdcast'), 'stream', '--config', config, '--uniqueid', uniqueid],
      env: { HOLDCAST_CACHE: cache, TMPDIR: temporary },
    },
    { name: 'bare node', argv: () => [process.execPath, join(root, 'bench/bare.cjs'), wav] },
    {
      name: 'mpg123',
      needs: 'mpg123',
      argv: () => ['mpg123', '-q', '-s', '--mono', '-r', '8000', '--loop', '-1', mp3 ?? ''],
    },
    {
      name: 'sox',
      needs: 'sox',
      argv: () => [
        'sox',
        '-q',
        wav,
        '-t',
        'raw',
        '-r',
        '8000',
        '-c',
        '1',
        '-e',
        'signed',
        '-b',
        '16',
        '-',
        'repeat',
        '-',
      ],
    },
    {
      name: 'ffmpeg -re',
      needs: 'ffmpeg',
      argv: () => [
        'ffmpeg',
        '-v',
        'error',
        '-nostdin',
        '-re',
        '-stream_loop',
        '-1',
        '-i',
        wav,
        '-f',
        's16le',
        '-ar',
        '8000',
        '-ac',
        '1',
        '-',
      ],
    },
    { name: 'liquidsoap', needs: 'liquidsoap', heavy: true, argv: () => ['liquidsoap', LIQUIDSOAP(wav)] },
  ];
  return all.filter(({ name, needs }) => !needs || (which(needs) && (name !== 'mpg123' || mp3)));
}
