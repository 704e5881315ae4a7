// Real ffmpeg for tests: makes inputs out of nothing, measures what was prepared. Where there is none, its tests are
// skipped and say so.
import { execFileSync, spawnSync } from 'node:child_process';

export const hasFfmpeg = spawnSync('ffmpeg', ['-version']).status === 0;

/** `describe`, skipped on a machine without ffmpeg. */
export const describeWithFfmpeg: jest.Describe = hasFfmpeg ? describe : describe.skip;

/** Makes `file` from a lavfi source ("sine=440:d=2"), with more options for the output. */
export function makeAudio(source: string, file: string, ...options: string[]): string {
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', source, ...options, `file:${file}`]);
  return file;
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
