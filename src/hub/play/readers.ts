// Readers: the small programs (bin/holdcast-reader, then cat) that Asterisk runs for its callers, as seen from outside.
// They write down their process id; before one is believed it is looked at, since the number may be another's by now.
import { closeSync, constants, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import type { Clock } from '../../util/clock';
import { drainPipe } from '../../util/descriptors';
import { errnoOf, errorFields } from '../../util/errors';
import type { Logger } from '../../util/log';
import { hasEnded, statFields } from '../../util/processStart';
import { isPipeName, playFolder, type PlayFolder } from './folder';
import { isLongPiece } from './pieces';
import { isCatOn, readersIn, type CallReader } from './readerFile';

/** Killed, and what it has written is not to be heard. */
interface Ending {
  readonly pid: number;
  /** Asterisk's end of its pipe, ours to close. */
  readonly pipe: number | undefined;
}

/** Between two looks whether a reader has ended, which it does in a moment. */
const LOOK_MS = 5;
const ENDED_BY_MS = 2000;
const SCRIPT = 'holdcast-reader';
const FILE_PREFIX = basename(playFolder('').reader(''));

export class Readers {
  readonly #folder: PlayFolder;
  readonly #clock: Clock;
  readonly #log: Logger;

  constructor({ folder, clock, log }: { folder: string; clock: Clock; log: Logger }) {
    this.#folder = playFolder(folder);
    this.#clock = clock;
    this.#log = log;
  }

  /** The reader of a call that was started last, of those that live. */
  pidOf(token: string): CallReader | undefined {
    return this.#written(token)
      .reverse()
      .find(({ pid }) => this.#reads(pid, token));
  }

  /** Whether a reader of this call lives. */
  isHeld(token: string): boolean {
    return this.pidOf(token) !== undefined;
  }

  /**
   * Has Asterisk start the readers again that play plain music, as soon as it has read what is in their pipes. To be
   * called when the hub is announced and the FIFO of the call is there. Never throws.
   * @param token absent: of all calls
   * @returns how many there were
   */
  endPlain(token?: string): number {
    let ended = 0;
    for (const { pid, plain, call } of this.#all(token === undefined ? undefined : [token]))
      if (plain && isScript(pid, call) && this.#signal(pid, call, 'SIGHUP')) ended++;
    return ended;
  }

  /**
   * Opens the pipes to Asterisk of all readers, so that they can be emptied in one moment: when readers have been called back,
   * what is in their pipes would delay all that comes for as long as the calls last, and a reader that is back at its FIFO
   * before its pipe is emptied loses what it has written of its call's own. Never throws.
   * @returns empties and closes them; how many there were
   */
  openPipes(): () => number {
    const pipes = [...this.#all()].flatMap(({ pid, call }) =>
      this.#reads(pid, call) ? (outputOf(pid) ?? []) : [],
    );
    // A writer goes on at once where it was held up: what it had in hand comes anew, and is not taken away.
    return () => pipes.splice(0).filter(empty).length;
  }

  /**
   * Has Asterisk start those readers again that are in one of the longer pieces of plain music, and at once: what is in their
   * pipes is not heard. To be called when readers have been called back: others come to the end of their piece. Never throws.
   * @returns how many there were
   */
  endStrays(): number {
    const ending: Ending[] = [];
    for (const { pid, call } of this.#all()) {
      if (!this.#isCat(pid, call) || !this.#playsLong(pid)) continue;
      ending.push({ pid, pipe: outputOf(pid) });
      this.#signal(pid, call, 'SIGKILL');
    }
    this.#emptyEnded(ending, this.#clock.now() + ENDED_BY_MS);
    return ending.length;
  }

  /** When they have ended: one that is being ended fills its pipe once more as soon as there is room. */
  #emptyEnded(ending: readonly Ending[], byMs: number): void {
    const left = ending.filter(({ pid, pipe }) => {
      if (!hasEnded(pid) && this.#clock.now() < byMs) return true;
      if (pipe !== undefined) empty(pipe);
      return false;
    });
    if (left.length > 0) this.#clock.after(LOOK_MS, () => this.#emptyEnded(left, byMs));
  }

  /** Ends the readers of a call that is over, also one that hangs in a full pipe; before its file is removed. Never throws. */
  endOf(token: string): void {
    // They have no state and nothing to tidy up, and Asterisk may have left them with signals that they ignore.
    for (const { pid } of this.#written(token))
      if (this.#reads(pid, token)) this.#signal(pid, token, 'SIGKILL');
  }

  #written(token: string): CallReader[] {
    const text = isPipeName(token) ? textOf(this.#folder.reader(token)) : undefined;
    return readersIn(text ?? '');
  }

  /** What readers of these calls have written; default: of all. */
  *#all(calls = this.#known()): Generator<CallReader & { call: string }> {
    for (const call of calls) for (const reader of this.#written(call)) yield { ...reader, call };
  }

  #reads(pid: number, token: string): boolean {
    return isScript(pid, token) || this.#isCat(pid, token);
  }

  #known(): string[] {
    try {
      return readdirSync(this.#folder.folder)
        .filter((name) => name.startsWith(FILE_PREFIX))
        .map((name) => name.slice(FILE_PREFIX.length));
    } catch (error) {
      this.#log.warn(errorFields(error), 'readers cannot be listed');
      return [];
    }
  }

  #isCat(pid: number, token: string): boolean {
    return isCatOn(this.#folder.fifo(token), pid);
  }

  #playsLong(pid: number): boolean {
    try {
      const files = `/proc/${pid}/fd`;
      return readdirSync(files).some((fd) =>
        isLongPiece(this.#folder.folder, readlinkSync(`${files}/${fd}`)),
      );
    } catch {
      return false;
    }
  }

  /** The script waits for a cat of its own, which is in its group. @returns whether it was there */
  #signal(pid: number, token: string, signal: NodeJS.Signals): boolean {
    try {
      process.kill(leadsGroup(pid) ? -pid : pid, signal);
      return true;
    } catch (error) {
      if (errnoOf(error) !== 'ESRCH')
        this.#log.warn({ token, ...errorFields(error) }, 'reader cannot be ended');
      return false;
    }
  }
}

/** The reading end of the pipe behind a process's standard output, to be closed; undefined: there is none. */
function outputOf(pid: number): number | undefined {
  try {
    return openSync(`/proc/${pid}/fd/1`, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}

/** Takes out of a pipe what is in it, and closes it. @returns whether that could be done */
function empty(pipe: number): boolean {
  try {
    drainPipe(pipe);
    return true;
  } catch {
    return false;
  } finally {
    closeSync(pipe);
  }
}

/** Whether this process is the script, started for this call. */
function isScript(pid: number, token: string): boolean {
  const words = textOf(`/proc/${pid}/cmdline`)?.split('\0') ?? [];
  const script = words.findIndex((word) => basename(word) === SCRIPT);
  return script >= 0 && words[script + 2] === token;
}

/** As all that Asterisk starts for music do. */
function leadsGroup(pid: number): boolean {
  const [, , group] = statFields(pid) ?? [];
  return Number(group) === pid;
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
