// Runs one ffmpeg job. The only file that knows the package fluent-ffmpeg.
// That package is archived and has its ways: kill() does nothing before the child is there, a binary that vanished
// raises out of a callback, a truncated input counts as success. So this runs in processes that play to nobody.
import { accessSync, constants } from 'node:fs';
import { isAbsolute } from 'node:path';
import Ffmpeg from 'fluent-ffmpeg';
import type { Cancel, Clock } from '../util/clock';
import { HoldcastError, messageOf } from '../util/errors';
import type { FfmpegBinary } from './ffmpegBinary';
import { errorCounter, type InputErrors } from './ffmpegOutput';

export interface FfmpegJob {
  readonly binary: FfmpegBinary;
  /** Absolute path. */
  readonly input: string;
  /** Options before the input, for raw samples. */
  readonly inputOptions?: readonly string[];
  /** A filter graph from [0:a:0]; what it leaves as [out] is written. Absent: what is in the input is only counted. */
  readonly graph?: string;
  /** Absolute path and the options before it; absent: [out] is computed and thrown away. */
  readonly output?: { readonly file: string; readonly options: readonly string[] };
  readonly limitMs: number;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

export interface FfmpegResult {
  /** What it said: the beginning and the end if it was much. */
  readonly lines: readonly string[];
  readonly errors: InputErrors;
}

/** Why a job failed: `input` blames the file, `machine` anything else, `stopped` is somebody's wish. */
export class FfmpegFailure extends Error {
  override readonly name = 'FfmpegFailure';
  constructor(
    readonly blame: 'input' | 'machine' | 'stopped',
    message: string,
    readonly lines: readonly string[] = [],
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

const KEPT_HEAD = 80;
const KEPT_TAIL = 120;
const MACHINE =
  /No space left on device|Disk quota exceeded|Read-only file system|Cannot allocate memory|Too many open files/;

/** Collects lines, dropping the middle of a flood. */
function collector(): { add(line: string): void; lines(): string[] } {
  const head: string[] = [];
  let tail: string[] = [];
  return {
    add(line) {
      if (head.length < KEPT_HEAD) head.push(line);
      else tail.push(line);
      if (tail.length > 2 * KEPT_TAIL) tail = tail.slice(-KEPT_TAIL);
    },
    lines: () => [...head, ...tail.slice(-KEPT_TAIL)],
  };
}

/** The line that says what was wrong, without ffmpeg's prefixes. */
function reasonIn(lines: readonly string[], fallback: string, input: string): string {
  const telling =
    /Invalid|No such|matches no streams|does not contain|Permission denied|No space|not found|Error|error|failed|corrupt/;
  const reason =
    lines.filter((line) => telling.test(line) && !/Conversion failed/.test(line)).at(-1) ?? fallback;
  return reason
    .replace(/^\[[^\]]*\] /, '')
    .replace(`file:${input}: `, '')
    .trim();
}

function failureOf(error: unknown, lines: readonly string[], input: string): FfmpegFailure {
  const text = messageOf(error);
  const said = lines.join('\n');
  const options = { cause: error };
  if (/received signal/.test(said))
    return new FfmpegFailure('stopped', 'ffmpeg was interrupted', lines, options);
  if (/killed with signal SIG(KILL|TERM|INT|HUP)/.test(text))
    return new FfmpegFailure('machine', text, lines, options);
  const machine = MACHINE.exec(said)?.[0];
  if (machine !== undefined) return new FfmpegFailure('machine', machine, lines, options);
  const blame = /exited with code|killed with signal/.test(text) ? 'input' : 'machine';
  return new FfmpegFailure(blame, reasonIn(lines, text, input), lines, options);
}

function commandOf(job: FfmpegJob): Ffmpeg.FfmpegCommand {
  const output = job.output ?? { file: '-', options: ['-f', 'null'] };
  const command = Ffmpeg({ stdoutLines: 1 }).input(`file:${job.input}`);
  command.inputOptions(['-nostdin', '-hide_banner', '-nostats', ...(job.inputOptions ?? [])]);
  if (job.graph !== undefined) command.complexFilter(job.graph);
  const taken =
    job.graph === undefined ? ['-map', '0:a', '-map', '0:v?', '-c', 'copy'] : ['-map', '[out]', '-vn'];
  // An array of two words an element would be split at spaces: one word each, and none holds a space.
  command.outputOptions([...taken, ...output.options]);
  command.output(output.file === '-' ? '-' : `file:${output.file}`);
  command.outputOptions('-y');
  command.setFfmpegPath(job.binary.path);
  return command;
}

/** A binary that was removed meanwhile would raise out of fluent-ffmpeg's callbacks. */
function checkBinary(path: string): void {
  if (!isAbsolute(path)) return;
  try {
    accessSync(path, constants.X_OK);
  } catch (cause) {
    throw new HoldcastError('HC_FFMPEG_BROKEN', `ffmpeg is gone: ${path}`, 'Run the preparation again.', {
      cause,
    });
  }
}

/**
 * Runs a job to its end.
 * @throws FfmpegFailure when ffmpeg fails, exceeds `limitMs` (blamed on the input) or is stopped by `signal` (both
 * SIGKILL); HoldcastError HC_FFMPEG_BROKEN when the binary has vanished. What was written so far is left to the caller.
 */
export async function runFfmpeg(job: FfmpegJob): Promise<FfmpegResult> {
  checkBinary(job.binary.path);
  if (job.signal?.aborted) throw new FfmpegFailure('stopped', 'stopped');
  const said = collector();
  const counter = errorCounter();
  const command = commandOf(job);
  let stopped: FfmpegFailure | undefined;
  let cancelLimit: Cancel = () => {};
  const stop = (why: FfmpegFailure): void => {
    stopped ??= why;
    command.kill('SIGKILL');
  };
  const onAbort = (): void => stop(new FfmpegFailure('stopped', 'stopped'));
  job.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      command.on('stderr', (line: string) => {
        said.add(line);
        counter.hear(line);
      });
      // Before this event kill() finds no process; what was wished meanwhile is done now.
      command.on('start', () => stopped && command.kill('SIGKILL'));
      command.on('end', () => resolve());
      command.on('error', (error: unknown) => reject(stopped ?? failureOf(error, said.lines(), job.input)));
      const limitS = Math.round(job.limitMs / 1000);
      const tooLong = (): void =>
        stop(new FfmpegFailure('input', `not decoded within ${limitS} s`, said.lines()));
      cancelLimit = job.clock.after(job.limitMs, tooLong);
      command.run();
    });
  } finally {
    cancelLimit();
    job.signal?.removeEventListener('abort', onAbort);
  }
  const lines = said.lines();
  const machine = MACHINE.exec(lines.join('\n'))?.[0];
  if (machine !== undefined) throw new FfmpegFailure('machine', machine, lines);
  return { lines, errors: counter.errors };
}
