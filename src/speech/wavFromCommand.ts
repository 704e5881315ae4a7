// Runs a program that speaks a sentence into a WAV file: without a shell, within bounds, and gone when it must be.
// What it is told is personal: neither an error nor a log ever has the words, also where the program repeats them.
import { promises } from 'node:fs';
import { join } from 'node:path';
import type { Cancel, Clock } from '../util/clock';
import { errnoOf, HoldcastError } from '../util/errors';
import { giveWay } from '../util/priority';
import { runProgram, type Ended } from '../util/tryProgram';
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
  /** Its reason is what is thrown. Aborted also here, when the program writes too much. */
  readonly stop: AbortController;
}

/** Three minutes at 44.1 kHz: no sentence is longer. */
const MOST_BYTES = 16 * 1024 * 1024;
/** What the program has written is looked at this often. */
const LOOK_EVERY_MS = 100;
const MOST_SHOWN = 200;
/** Gives way to those that play. */
const NICENESS = 10;

/**
 * @returns path of a WAV in `folder`
 * @throws HoldcastError HC_VOICE_FAILED; the reason of `stop`. The program and those it started are dead by then.
 */
export async function wavFromCommand(job: SpeakingProgram): Promise<string> {
  const { folder, clock, stop } = job;
  const [text, out] = [join(folder, 'text.txt'), join(folder, 'out.wav')];
  const line = job.command.join(' ');
  if (line.includes('{file}')) await promises.writeFile(text, `${job.text}\n`, { mode: 0o600 });
  const filled: Readonly<Record<string, string>> = {
    '{text}': job.text,
    '{file}': text,
    '{out}': out,
    '{language}': job.language,
  };
  const [program, ...args] = job.command;
  const words = args.map((arg) => arg.replace(/\{(?:text|file|out|language)\}/g, (name) => filled[name]!));
  const file = line.includes('{out}') ? undefined : await promises.open(out, 'wx', 0o600);
  const cancelLook = watchSize(out, job);
  let noted: Promise<void> | undefined;
  try {
    stop.signal.throwIfAborted();
    const ended = await runProgram(program, words, {
      env: { LANG: 'C.UTF-8', ...process.env },
      ...(!/\{(?:text|file)\}/.test(line) && { input: `${job.text}\n` }),
      out: file?.fd ?? 'ignore',
      signal: stop.signal,
      clock,
      onStart: (pid) => {
        giveWay(pid, NICENESS);
        noted = noteProgram(pid, folder);
      },
    }).catch((error: unknown) => {
      throw stop.signal.aborted ? error : notStarted(error);
    });
    if (ended.code !== 0) throw programFailed(ended, job.text);
  } finally {
    cancelLook();
    await file?.close();
    await noted;
  }
  await checkWav(out);
  return out;
}

function watchSize(out: string, { clock, stop }: SpeakingProgram): Cancel {
  let isOver = false;
  let cancel: Cancel = () => {};
  const look = async (): Promise<void> => {
    const stats = await promises.stat(out).catch(() => undefined);
    if (isOver) return;
    if (stats && stats.size > MOST_BYTES) stop.abort(tooMuch());
    else cancel = clock.after(LOOK_EVERY_MS, () => void look());
  };
  void look();
  return () => {
    isOver = true;
    cancel();
  };
}

function programFailed({ code, signal, stderr }: Ended, text: string): HoldcastError {
  const how = signal === null ? `exit code ${code}` : `ended by ${signal}`;
  const said = wordless(stderr, text);
  const hint = 'Try the command by hand (docs/speech.md).';
  return failed(`the program failed: ${how}${said && `: ${said}`}`, hint);
}

function failed(text: string, hint: string): HoldcastError {
  return new HoldcastError('HC_VOICE_FAILED', text, hint);
}

function notStarted(error: unknown): HoldcastError {
  // The message of the error names the arguments, and they may be the text.
  return failed(
    `the program cannot be started: ${errnoOf(error) ?? 'wrong arguments'}`,
    'Is it installed, and may this user run it? Give its whole path in `voices`.',
  );
}

function tooMuch(): HoldcastError {
  return failed(`the program wrote more than ${MOST_BYTES} bytes`, 'It must write one WAV and end.');
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
