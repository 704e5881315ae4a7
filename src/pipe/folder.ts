// The folder that the hub shares with the readers of its callers, and what lies in it. bin/holdcast-reader, a shell script,
// knows the same names.
import { execFileSync } from 'node:child_process';
import { closeSync, constants, lstatSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, HoldcastError, messageOf } from '../util/errors';

/** All names in the folder; a token is checked by isPipeToken before it comes here. */
export const pipeFolder = (folder: string) => ({
  folder,
  /** A FIFO in which each reader announces itself by one line: its process id and its token, "4711 n7Hq…\n". */
  arrivals: join(folder, 'arrivals'),
  /** A FIFO that the hub holds open and never writes: readers that wait for its end know that the hub lives. */
  life: join(folder, 'life'),
  /** Fallback music in pieces, see fallbackPieces.ts. */
  fallback: join(folder, 'fallback'),
  /** The Uniqueid of the call that hears a token, as Asterisk has said: what the next hub believes, and nothing else. */
  owner: (token: string) => join(folder, `owner.${token}`),
});

export type PipeFolder = ReturnType<typeof pipeFolder>;

/** What bin/holdcast-reader takes for a token. */
export function isPipeToken(text: string): boolean {
  return /^[A-Za-z0-9_][\w.-]{0,63}$/.test(text) && !text.includes('..');
}

const OTHERS_WRITE = 0o022;
const { O_RDWR, O_WRONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
/** To make a FIFO takes milliseconds, unless the disk hangs. */
const MKFIFO_MS = 5000;
/** Whether another hub is there is looked at so often, with such pauses, milliseconds. */
const LOOKS = 5;
const LOOK_MS = 20;

/**
 * Makes the folder (0700) and its two FIFOs where there are none. Anyone who can put a file there could hear what a caller is told, so
 * that it must be nobody else's.
 * @throws HoldcastError HC_HUB_FIFO: the folder cannot be used, is not safe, or another hub plays from it
 */
export function preparePipeFolder(folder: string): void {
  const { arrivals, life } = pipeFolder(folder);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const stats = statSync(folder);
    if (stats.uid !== process.geteuid?.()) throw unsafe(folder, 'it belongs to another user', 'chown');
    if ((stats.mode & OTHERS_WRITE) !== 0) throw unsafe(folder, 'others may write there', 'chmod 700');
    for (const path of [arrivals, life]) makeFifo(path);
    if (!hasHub(arrivals)) return;
    const hint =
      'end that hub first, or give this one another calls.folder (and hub.folder, where that is set)';
    throw new HoldcastError('HC_HUB_FIFO', `another hub plays from ${folder}`, hint);
  } catch (error) {
    throw error instanceof HoldcastError ? error : unusable(folder, error);
  }
}

/** A FIFO opened for both, so that opening never waits; closed by the caller. @throws HoldcastError HC_HUB_FIFO */
export function openFifo(path: string): number {
  try {
    return openSync(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW);
  } catch (error) {
    throw unusable(path, error);
  }
}

/** Readers that wait on the FIFO of an earlier hub wait on this one: one that is there stays. */
function makeFifo(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isFIFO() && stats.uid === process.geteuid?.()) return;
  if (stats) rmSync(path, { recursive: true });
  const PATH = ['/usr/bin', '/bin', process.env['PATH']].filter(Boolean).join(':');
  execFileSync('mkfifo', ['-m', '600', path], {
    env: { PATH, LC_ALL: 'C' },
    timeout: MKFIFO_MS,
    stdio: 'pipe',
  });
}

/** A reader that announces itself has the FIFO open, too, but for some µs. */
function hasHub(arrivals: string): boolean {
  for (let look = 0; look < LOOKS; look++) {
    if (!isRead(arrivals)) return false;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_MS);
  }
  return true;
}

/** Whether somebody has a FIFO open for reading. */
function isRead(fifo: string): boolean {
  try {
    closeSync(openSync(fifo, O_WRONLY | O_NONBLOCK | O_NOFOLLOW));
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENXIO') return false;
    throw error;
  }
}

function unusable(path: string, error: unknown): HoldcastError {
  const what = `the folder that the hub shares with readers cannot be used: ${messageOf(error)}`;
  const hint = `see that ${path} is on a local file system, writable, and its disk not full; or set hub.folder`;
  return new HoldcastError('HC_HUB_FIFO', what, hint, { cause: error });
}

function unsafe(folder: string, why: string, command: string): HoldcastError {
  const hint = `${command} it if it is the hub's alone, or set hub.folder to one that does not exist yet`;
  return new HoldcastError('HC_HUB_FIFO', `${folder} is not safe for callers' audio: ${why}`, hint);
}
