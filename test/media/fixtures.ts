// Media folders, WAVs and logs for the media tests; and programs of their own to be killed.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { wavHeader } from '../../src/audio/wav';
import type { MediaSettings } from '../../src/media/settings';
import { createLogger, type LogFields, type Logger } from '../../src/util/log';

const made: string[] = [];

/** A folder of its own, removed after the tests of the file. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdcast-media-'));
  made.push(folder);
  return folder;
}

afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

export function settingsIn(root: string, change: Partial<MediaSettings> = {}): MediaSettings {
  const band = { lowHz: 200, highHz: 3400 };
  const levels = { musicLufs: -24, speechLufs: -19, peakDbtp: -3 };
  return {
    folder: join(root, 'media'),
    cache: join(root, 'cache'),
    scanMs: 1000,
    rate: 8000,
    ...levels,
    ...band,
    ...change,
  };
}

/** Puts a file into the media folder; `ageS` seconds old at the time of the test's clock (default: an hour). */
export function put(
  settings: MediaSettings,
  id: string,
  content: Uint8Array | string,
  mtimeMs?: number,
): string {
  const file = join(settings.folder, id);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  const seconds = (mtimeMs ?? Date.now() - 3_600_000) / 1000;
  utimesSync(file, seconds, seconds);
  return file;
}

/** A WAV whose sample i is `(i * 7 + seed) % 30011 - 15000`, never 0 for long: a misplaced sample shows. */
export function rampWav(samples: number, rate = 8000, seed = 0): Buffer {
  const pcm = Int16Array.from({ length: samples }, (_, i) => rampAt(i, seed));
  return Buffer.concat([wavHeader(rate, samples), Buffer.from(pcm.buffer)]);
}

export function rampAt(i: number, seed = 0): number {
  return ((i * 7 + seed) % 30011) - 15000;
}

/** Writes manifest.json that ships these files ready-made. */
export function ship(settings: MediaSettings, files: Record<string, object>): void {
  const entries = Object.entries(files).map(([id, more]): [string, object] => {
    const bytes = readFileSync(join(settings.folder, id));
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return [id, { prepared: true, bytes: bytes.length, sha256, licence: 'CC0-1.0', ...more }];
  });
  writeFileSync(
    join(settings.folder, 'manifest.json'),
    JSON.stringify({ files: Object.fromEntries(entries) }),
  );
}

export interface LogLine {
  level: string;
  fields: LogFields;
  message: string;
}

/** A log that keeps its lines. */
export function keptLog(): { log: Logger; lines: LogLine[] } {
  const lines: LogLine[] = [];
  const log = createLogger(
    (level, fields, message) => lines.push({ level, fields, message }),
    () => 0,
    'debug',
  );
  return { log, lines };
}

/** Descriptors of this process that are open on files under `folder`. */
export function openFiles(folder: string): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.startsWith(folder) ? [target] : [];
    } catch {
      return [];
    }
  });
}

/** All files under a folder, relative, sorted; none if it is not there. */
export function filesUnder(folder: string): string[] {
  const names = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : [];
  return names.filter((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.isFile()).sort();
}

/** Bundles a TypeScript text that imports from "src/…" into a program that node runs; returns its path. */
export function program(source: string): string {
  const root = resolve(__dirname, '../..');
  const entry = join(tempFolder(), 'program.ts');
  writeFileSync(entry, source.replaceAll("'src/", `'${root}/src/`));
  const out = entry.replace(/\.ts$/, '.cjs');
  const flags = [
    '--bundle',
    '--platform=node',
    '--format=cjs',
    '--external:ffmpeg-static',
    '--log-level=error',
  ];
  // koffi is looked for from where the program lies.
  symlinkSync(join(root, 'node_modules'), join(dirname(entry), 'node_modules'));
  execFileSync(join(root, 'node_modules/.bin/esbuild'), [entry, ...flags, `--outfile=${out}`], { cwd: root });
  return out;
}

/** Waits until `condition` holds; fails after `limitMs` of real time. */
export async function until(condition: () => boolean | Promise<boolean>, limitMs = 10_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error('it did not happen in time');
    await new Promise((done) => setTimeout(done, 10));
  }
}
