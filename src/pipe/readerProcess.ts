// ReaderProcess: a bin/holdcast-reader that Asterisk runs for a caller, as the hub sees it in /proc. A process id is only a number,
// and may be another process's by now: nothing is believed of it but with its user, its words and its time of start.
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
} from 'node:fs';
import { basename } from 'node:path';
import { errnoOf, HoldcastError, messageOf } from '../util/errors';
import { targetIfReadable } from '../util/ifReadable';
import { livesSince, startTicks } from '../util/processStart';
import { isPipeToken, pipeFolder } from './folder';

/** One process and no other, ever since the machine was started. */
export interface ReaderProcess {
  readonly pid: number;
  /** See `startTicks`. */
  readonly started: string;
}

export interface FoundReader extends ReaderProcess {
  readonly token: string;
  /** Its `cat` waits on another file than this folder's `life`, and would never hear that a hub lives. */
  readonly deaf: boolean;
}

const SCRIPT = 'holdcast-reader';
/** In the environment of the script's `cat`: "<folder>/<token>". */
const VARIABLE = 'HOLDCAST_READER=';
/** Where the script keeps Asterisk's pipe. */
const PIPE_FD = 3;
const { O_WRONLY, O_NONBLOCK } = constants;

/** The reader of this folder that a process is, of this process's own user. Some 60 µs; never throws. */
export function readerAt(pid: number, folder: string): FoundReader | undefined {
  try {
    const started = startTicks(pid);
    if (started === undefined || statSync(`/proc/${pid}`).uid !== process.geteuid?.()) return undefined;
    // In this order: between the two looks the script may become a `cat`.
    const script = scriptToken(pid, folder);
    const token = script ?? catToken(pid, folder);
    if (token === undefined || startTicks(pid) !== started) return undefined;
    return { pid, started, token, deaf: script === undefined && !waits(pid, folder) };
  } catch {
    return undefined;
  }
}

/** All readers of a folder. Never throws. */
export function readersOf(folder: string): FoundReader[] {
  try {
    return readdirSync('/proc').flatMap((name) =>
      /^\d+$/.test(name) ? (readerAt(Number(name), folder) ?? []) : [],
    );
  } catch {
    return [];
  }
}

/**
 * Opens Asterisk's pipe for writing, without waiting; closed by the caller.
 * @throws HoldcastError HC_HUB_FIFO: the process has ended, or what it has there is no pipe
 */
export function openAsteriskPipe({ pid, started }: ReaderProcess): number {
  const path = `/proc/${pid}/fd/${PIPE_FD}`;
  let fd: number | undefined;
  try {
    // A FIFO has a path, and a socket cannot be opened: only a pipe without a name is Asterisk's.
    const inode = /^pipe:\[(\d+)\]$/.exec(readlinkSync(path))?.[1];
    if (inode === undefined) throw new Error(`descriptor ${PIPE_FD} is no pipe`);
    fd = openSync(path, O_WRONLY | O_NONBLOCK);
    if (String(fstatSync(fd).ino) !== inode) throw new Error('it has another pipe by now');
    if (startTicks(pid) !== started) throw new Error('it has ended');
    return fd;
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    const hint =
      'none is needed where the caller has hung up; else let hub and Asterisk share /proc and user';
    const what = `the pipe of reader ${pid} cannot be opened: ${messageOf(error)}`;
    throw new HoldcastError('HC_HUB_FIFO', what, hint, { cause: error });
  }
}

/**
 * Whether this process may write to Asterisk's pipe of that one: it may not where that one has capabilities that this one lacks, or
 * where the program that made the pipe ran as another user.
 */
export function isReachable({ pid }: ReaderProcess): boolean {
  try {
    accessSync(`/proc/${pid}/fd/${PIPE_FD}`, constants.W_OK);
  } catch (error) {
    return errnoOf(error) !== 'EACCES' && errnoOf(error) !== 'EPERM';
  }
  return true;
}

export function isAlive({ pid, started }: ReaderProcess): boolean {
  return livesSince(pid, started);
}

/** Whether it has a piece of fallback music open: what is in its hand comes into the pipe yet. */
export function holdsMusic({ pid }: ReaderProcess, folder: string): boolean {
  const { fallback } = pipeFolder(folder);
  try {
    const files = `/proc/${pid}/fd`;
    return readdirSync(files).some(
      (fd) => targetIfReadable(`${files}/${fd}`)?.startsWith(`${fallback}/`) === true,
    );
  } catch {
    return false;
  }
}

/** Has Asterisk start another one, where it still plays to the caller. Never throws. */
export function endReader({ pid, started }: ReaderProcess): void {
  try {
    // No state and nothing to tidy up; Asterisk may have left it with signals that it ignores.
    if (startTicks(pid) === started) process.kill(pid, 'SIGKILL');
  } catch {
    // ended meanwhile
  }
}

function scriptToken(pid: number, folder: string): string | undefined {
  const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  const script = words.findIndex((word) => basename(word) === SCRIPT);
  const token = script < 0 || words[script + 1] !== folder ? undefined : words[script + 2];
  return token !== undefined && isPipeToken(token) ? token : undefined;
}

function catToken(pid: number, folder: string): string | undefined {
  const prefix = `${VARIABLE}${folder}/`;
  const variable = readFileSync(`/proc/${pid}/environ`, 'utf8')
    .split('\0')
    .find((each) => each.startsWith(prefix));
  const token = variable?.slice(prefix.length);
  return token !== undefined && isPipeToken(token) ? token : undefined;
}

function waits(pid: number, folder: string): boolean {
  return targetIfReadable(`/proc/${pid}/fd/0`) === pipeFolder(folder).life;
}
