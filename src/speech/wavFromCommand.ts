// Runs a program that speaks a sentence into a WAV file: without a shell, within bounds, and gone when it must be.
// What it is told is personal: neither an error nor a log ever has the words, also where the program repeats them.
import { spawn, type ChildProcess } from 'node:child_process';
import { promises } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import type { Cancel, Clock } from '../util/clock';
import { errnoOf, HoldcastError, messageOf } from '../util/errors';
import { wavProblem } from './oneWav';
import { noteProgram } from './spokenCache';

export interface SpeakingProgram {
  /** See VoiceSettings: `{text}`, `{file}`, `{out}` and `{language}` are filled in. */
  readonly command: readonly [program: string, ...args: string[]];
  readonly text: string;
  readonly language: string;
  /** An empty folder that nobody else may read, absolute; who calls removes it with what is in it. */
  readonly folder: string;
  readonly clock: Clock;
  /** Its reason is what is thrown. */
  readonly signal: AbortSignal;
}

/** Three minutes at 44.1 kHz: no sentence is longer. */
const MOST_BYTES = 16 * 1024 * 1024;
/** What it has written is looked at this often. */
const LOOK_EVERY_MS = 100;
/** After the kill, for its end to be seen. */
const GRACE_MS = 1000;
const MOST_SAID = 2000;
const MOST_SHOWN = 200;
/** Gives way to those that play. */
const NICENESS = 10;

/**
 * @returns path of a WAV in `folder`
 * @throws HoldcastError HC_VOICE_FAILED; the reason of `signal`. The program and those it started are dead by then.
 */
export async function wavFromCommand(job: SpeakingProgram): Promise<string> {
  const [text, out] = [join(job.folder, 'text.txt'), join(job.folder, 'out.wav')];
  const line = job.command.join(' ');
  if (line.includes('{file}')) await promises.writeFile(text, `${job.text}\n`, { mode: 0o600 });
  job.signal.throwIfAborted();
  const filled: Readonly<Record<string, string>> = {
    '{text}': job.text,
    '{file}': text,
    '{out}': out,
    '{language}': job.language,
  };
  const [program, ...args] = job.command;
  const run = new Run(job, out, {
    program,
    args: args.map((arg) => arg.replace(/\{(?:text|file|out|language)\}/g, (name) => filled[name]!)),
    readsText: !/\{(?:text|file)\}/.test(line),
    writesFile: line.includes('{out}'),
  });
  await run.ended();
  await checkWav(out);
  return out;
}

interface Invocation {
  readonly program: string;
  readonly args: readonly string[];
  /** On its standard input. */
  readonly readsText: boolean;
  /** Itself, not on its standard output. */
  readonly writesFile: boolean;
}

/** One run of the program. */
class Run {
  #said = '';
  #failure: Error | undefined;
  #cancelLook: Cancel = () => {};
  #cancelGrace: Cancel = () => {};
  #noted: Promise<void> | undefined;

  constructor(
    private readonly job: SpeakingProgram,
    private readonly out: string,
    private readonly how: Invocation,
  ) {}

  /** Resolves when it has ended well and all that it said is on disk. */
  async ended(): Promise<void> {
    let child: ChildProcess | undefined;
    const onAbort = (): void => this.#stop(child, this.job.signal.reason as Error);
    const file = this.how.writesFile ? undefined : await this.#openFile();
    try {
      this.job.signal.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        const fail = (): void => reject(this.#failure ?? new Error('ended'));
        child = this.#spawn(file?.fd ?? 'ignore');
        this.job.signal.addEventListener('abort', onAbort, { once: true });
        child.once('error', (error) => {
          this.#failure ??= notStarted(error);
          fail();
        });
        child.once('close', (code, signal) => {
          if (code !== 0) this.#failure ??= this.#failed(code, signal);
          if (this.#failure === undefined) resolve();
          else fail();
        });
        this.#listen(child);
        // A process that does not die, or its children that hold its pipes, are not waited for.
        this.#onStop = () => (this.#cancelGrace = this.job.clock.after(GRACE_MS, fail));
      });
    } finally {
      this.job.signal.removeEventListener('abort', onAbort);
      this.#cancelLook();
      this.#cancelGrace();
      await file?.close();
      await this.#noted;
    }
  }

  #openFile(): Promise<promises.FileHandle> {
    return promises.open(this.out, 'wx', 0o600).catch((error: unknown) => {
      throw unwritable(error);
    });
  }

  #spawn(out: number | 'ignore'): ChildProcess {
    const { program, args, readsText } = this.how;
    const env = { LANG: 'C.UTF-8', ...process.env };
    try {
      return spawn(program, args, {
        env,
        detached: true,
        stdio: [readsText ? 'pipe' : 'ignore', out, 'pipe'],
      });
    } catch (error) {
      throw notStarted(error);
    }
  }

  #listen(child: ChildProcess): void {
    if (child.pid !== undefined) {
      giveWay(child.pid);
      this.#noted = noteProgram(child.pid, this.job.folder);
    }
    child.stdin?.on('error', () => {});
    child.stdin?.end(`${this.job.text}\n`);
    child.stderr?.on(
      'data',
      (part: Buffer) => (this.#said = (this.#said + part.toString()).slice(-MOST_SAID)),
    );
    this.#look(child);
  }

  #onStop: () => void = () => {};

  #look(child: ChildProcess): void {
    this.#cancelLook = this.job.clock.after(LOOK_EVERY_MS, () => {
      void promises
        .stat(this.out)
        .catch(() => undefined)
        .then((stats) => {
          if ((stats?.size ?? 0) > MOST_BYTES) this.#stop(child, tooMuch());
          else if (child.exitCode === null && this.#failure === undefined) this.#look(child);
        });
    });
  }

  /** Kills it with all that it started; the first reason counts. */
  #stop(child: ChildProcess | undefined, reason: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = reason;
    try {
      if (child?.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It has ended already.
    }
    child?.stderr?.destroy();
    this.#onStop();
  }

  #failed(code: number | null, signal: NodeJS.Signals | null): HoldcastError {
    const how = signal === null ? `exit code ${code}` : `ended by ${signal}`;
    const said = wordless(this.#said, this.job.text);
    return failed(
      `the program failed: ${how}${said && `: ${said}`}`,
      'Try the command by hand (docs/speech.md).',
    );
  }
}

function failed(text: string, hint: string, cause?: unknown): HoldcastError {
  return new HoldcastError('HC_VOICE_FAILED', text, hint, { cause });
}

function notStarted(error: unknown): HoldcastError {
  // The message of the error names the arguments, and they may be the text.
  return failed(
    `the program cannot be started: ${errnoOf(error) ?? 'wrong arguments'}`,
    'Is it installed, and may this user run it? Give its whole path in `voices`.',
  );
}

function unwritable(error: unknown): HoldcastError {
  return failed(
    `what the program said cannot be kept: ${messageOf(error)}`,
    'Make room in the cache folder.',
  );
}

function tooMuch(): HoldcastError {
  return failed(`the program wrote more than ${MOST_BYTES} bytes`, 'It must write one WAV and end.');
}

function giveWay(pid: number): void {
  try {
    setPriority(pid, NICENESS);
  } catch {
    // It has ended already.
  }
}

/**
 * The last line that a program said, as far as it may stand in a log: every word of the text is taken out, and every
 * number.
 */
export function wordless(said: string, text: string): string {
  const word = /[\p{L}\p{M}]+|\p{N}+/gu;
  const personal = new Set(text.toLowerCase().match(word) ?? []);
  const last = said.split(/[\r\n]+/).findLast((line) => line.trim() !== '') ?? '';
  return last
    .replace(word, (found) => (/\p{N}/u.test(found) || personal.has(found.toLowerCase()) ? '…' : found))
    .replace(/…(?:[^\p{L}]*…)+/gu, '…')
    .replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ')
    .trim()
    .slice(0, MOST_SHOWN);
}

/** @throws HoldcastError HC_VOICE_FAILED when it is not one whole WAV */
async function checkWav(file: string): Promise<void> {
  const hint = 'It must write one WAV, all that it is told: to its standard output, or to {out}.';
  const stats = await promises.stat(file).catch(() => undefined);
  if (!stats?.isFile()) throw failed('the program wrote no file', hint);
  if (stats.size > MOST_BYTES) throw tooMuch();
  const problem = wavProblem(await promises.readFile(file));
  if (problem !== undefined) throw failed(problem, hint);
}
