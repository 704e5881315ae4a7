// Real ffmpeg for tests: makes inputs out of nothing, measures what was prepared. Where there is none, its tests are
// skipped and say so.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, renameSync } from 'node:fs';
import { extname, join } from 'node:path';
import { findFfmpeg } from '../../src/media/ffmpegBinary';

export const hasFfmpeg = spawnSync('ffmpeg', ['-version']).status === 0;

/** `describe`, skipped on a machine without ffmpeg. */
export const describeWithFfmpeg: jest.Describe = hasFfmpeg ? describe : describe.skip;

/**
 * Makes `file` from a lavfi source ("sine=440:d=2"), with more options for the output. What was made once in this run of
 * Jest, by whatever test, is copied: starting ffmpeg alone takes a tenth of a second of processor.
 */
export function makeAudio(source: string, file: string, ...options: string[]): string {
  const make = (path: string): void =>
    void execFileSync('ffmpeg', [
      '-v',
      'error',
      '-y',
      '-f',
      'lavfi',
      '-i',
      source,
      ...options,
      `file:${path}`,
    ]);
  const shared = process.env['HOLDCAST_TEST_RUN'];
  if (shared === undefined) make(file);
  else copyFileSync(made(shared, JSON.stringify([source, options]), extname(file), make), file);
  return file;
}

/** The file of this run for `key`; of two workers that make it at once, the later one's stays. */
function made(folder: string, key: string, ending: string, make: (path: string) => void): string {
  const path = join(folder, `${createHash('sha256').update(key).digest('hex')}${ending}`);
  if (existsSync(path)) return path;
  const fresh = join(folder, `${process.pid}${ending}`);
  make(fresh);
  renameSync(fresh, path);
  return path;
}

/** Integrated loudness (LUFS) and true peak (dBTP) as ffmpeg's ebur128 sees a file. */
export function measure(file: string): { lufs: number; peakDb: number } {
  const filter = ['-af', 'ebur128=peak=true:framelog=verbose', '-f', 'null', '-'];
  const { stderr } = spawnSync('ffmpeg', ['-hide_banner', '-nostdin', '-i', `file:${file}`, ...filter], {
    encoding: 'utf8',
  });
  const last = (pattern: RegExp): number => Number([...stderr.matchAll(pattern)].at(-1)?.[1]);
  return { lufs: last(/I:\s+(\S+) LUFS/g), peakDb: last(/Peak:\s+(\S+) dBFS/g) };
}

let installed: ReturnType<typeof findFfmpeg> | undefined;

/** Looked for once: starting ffmpeg to ask for its version costs a tenth of a second of processor. */
export function installedFfmpeg(): ReturnType<typeof findFfmpeg> {
  return (installed ??= findFfmpeg({ env: process.env }));
}
