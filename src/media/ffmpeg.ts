// Runs one ffmpeg job. The only file that knows the package fluent-ffmpeg.
// That package is archived and has its ways: kill() does nothing before the child is there, a binary that vanished
// raises out of a callback, a truncated input counts as success. So this runs in processes that play to nobody.
import { accessSync, constants } from 'node:fs';
import { isAbsolute } from 'node:path';
import Ffmpeg from 'fluent-ffmpeg';
import type { Cancel, Clock } from '../util/clock';
import { HoldcastError, messageOf } from '../util/errors';
import type { FfmpegBinary } from './ffmpegBinary';
import {
  fileTrouble,
  isError,
  machineTrouble,
  MARKED,
  saidLine,
  saysInterrupted,
  type SaidLine,
} from './ffmpegErrors';
import { errorCounter, type InputErrors } from './ffmpegOutput';
import { INPUT_LIMITS, refusedInput } from './inputLimits';

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

/**
 * Why a job failed: `input` blames the file, `killed` nobody knows, `machine` anything else, `stopped` is somebody's wish.
 */
export class FfmpegFailure extends Error {
  override readonly name = 'FfmpegFailure';
  constructor(
    readonly blame: 'input' | 'killed' | 'machine' | 'stopped',
    message: string,
    /** What an operator can do. */
    readonly hint?: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

/**
 * The package would ask ffmpeg for its formats and encoders first: two starts in each process, 0.15 s of processor, for what
 * ffmpeg says itself where it lacks one.
 */
const UNASKED = {
  _checkCapabilities: (done: () => void) => done(),
  availableEncoders: (done: (error: null, encoders: object) => void) => done(null, {}),
};

const KEPT_HEAD = 80;
const KEPT_TAIL = 120;

/** Keeps lines, dropping the middle of a flood. */
class Said {
  /** The beginning and the end. */
  readonly lines: string[] = [];
  /** What ffmpeg itself calls errors, the last ones. */
  readonly errors: string[] = [];
  interrupted = false;

  add(line: SaidLine): void {
    if (this.lines.push(line.text) > KEPT_HEAD + KEPT_TAIL) this.lines.splice(KEPT_HEAD, 1);
    if (isError(line) && this.errors.push(line.text) > KEPT_TAIL) this.errors.shift();
    this.interrupted ||= saysInterrupted(line);
  }
}

function failureOf(error: unknown, said: Said): FfmpegFailure {
  const text = messageOf(error);
  const options = { cause: error };
  if (said.interrupted) return new FfmpegFailure('stopped', 'ffmpeg was interrupted', undefined, options);
  const killed = /^ffmpeg was killed with signal (\w+)/.exec(text)?.[1];
  if (killed !== undefined && /^SIG(KILL|TERM|INT|HUP)$/.test(killed)) {
    const hint = 'Was there too little memory? Prepare it again: `holdcast media prepare`.';
    return new FfmpegFailure('killed', `ffmpeg was ended by ${killed}`, hint, options);
  }
  const machine = machineTrouble(said.errors);
  if (machine !== undefined) return new FfmpegFailure('machine', machine, undefined, options);
  const code = /^ffmpeg exited with code \d+/.exec(text)?.[0];
  if (killed === undefined && code === undefined)
    return new FfmpegFailure('machine', text, undefined, options);
  const { message, hint } = fileTrouble(said.errors, code ?? `ffmpeg was ended by ${killed}`);
  return new FfmpegFailure('input', message, hint, options);
}

function commandOf(job: FfmpegJob): Ffmpeg.FfmpegCommand {
  const output = job.output ?? { file: '-', options: ['-f', 'null'] };
  const command = Ffmpeg({ stdoutLines: 1 }).input(`file:${job.input}`);
  const quiet = ['-nostdin', '-hide_banner', '-nostats', ...MARKED];
  command.inputOptions([...quiet, ...INPUT_LIMITS, ...(job.inputOptions ?? [])]);
  if (job.graph !== undefined) command.complexFilter(job.graph);
  const taken =
    job.graph === undefined ? ['-map', '0:a', '-map', '0:v?', '-c', 'copy'] : ['-map', '[out]', '-vn'];
  // An array of two words an element would be split at spaces: one word each, and none holds a space.
  command.outputOptions([...taken, ...output.options]);
  command.output(output.file === '-' ? '-' : `file:${output.file}`);
  command.outputOptions('-y');
  command.setFfmpegPath(job.binary.path);
  return Object.assign(command, UNASKED);
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
  const said = new Said();
  const counter = errorCounter();
  const command = commandOf(job);
  let stopped: Error | undefined;
  let cancelLimit: Cancel = () => {};
  const stop = (why: Error): void => {
    stopped ??= why;
    command.kill('SIGKILL');
  };
  const onAbort = (): void => stop(new FfmpegFailure('stopped', 'stopped'));
  job.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      command.on('stderr', (raw: string) => {
        const line = saidLine(raw);
        said.add(line);
        counter.hear(line.text);
        const refused = refusedInput(line);
        if (refused) stop(refused);
      });
      // Before this event kill() finds no process; what was wished meanwhile is done now.
      command.on('start', () => stopped && command.kill('SIGKILL'));
      command.on('end', () => (stopped ? reject(stopped) : resolve()));
      command.on('error', (error: unknown) => reject(stopped ?? failureOf(error, said)));
      const limitS = Math.round(job.limitMs / 1000);
      const hint = 'Save it again as WAV or FLAC, or put a shorter file in its place.';
      const tooLong = (): void => stop(new FfmpegFailure('input', `not decoded within ${limitS} s`, hint));
      cancelLimit = job.clock.after(job.limitMs, tooLong);
      command.run();
    });
  } finally {
    cancelLimit();
    job.signal?.removeEventListener('abort', onAbort);
  }
  // Some versions call it a success when the disk became full.
  const machine = machineTrouble(said.errors);
  if (machine !== undefined) throw new FfmpegFailure('machine', machine);
  return { lines: said.lines, errors: counter.errors };
}
