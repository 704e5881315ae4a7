// Makes and opens FIFOs, and makes the folder for them: Node has no call for the first, and the second must be nobody else's, since
// whoever can put a file there hears what a caller is told.
import { execFile } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
} from 'node:fs';
import { HoldcastError, messageOf } from '../../util/errors';
import { otherHub } from './presence';

const MKFIFO = '/usr/bin/mkfifo';
/** A disk that does not answer must not keep a caller waiting for ever. */
const LIMIT_MS = 5000;
const OTHERS_WRITE = 0o022;
const { O_RDONLY, O_WRONLY, O_RDWR, O_NONBLOCK } = constants;

/** Makes FIFOs with mode 0600; rejects with what the program says, some may be made then. */
export function makeFifos(paths: readonly string[]): Promise<void> {
  const program = existsSync(MKFIFO) ? MKFIFO : 'mkfifo';
  return new Promise((resolve, reject) => {
    const options = {
      timeout: LIMIT_MS,
      killSignal: 'SIGKILL',
      env: { ...process.env, LC_ALL: 'C' },
    } as const;
    execFile(program, ['-m', '600', '--', ...paths], options, (error, _out, said) => {
      if (!error) return resolve();
      const [reason = ''] = said.trim().split('\n');
      const late = error.killed ? `mkfifo has not ended after ${LIMIT_MS} ms` : messageOf(error);
      reject(new Error(reason || late, { cause: error }));
    });
  });
}

/**
 * Makes the folder with mode 0700 where there is none.
 * @returns the names in it
 * @throws HoldcastError HC_HUB_FIFO
 */
export function prepareFolder(folder: string): string[] {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const stats = statSync(folder);
    if (stats.uid !== process.getuid?.()) throw unsafe(folder, 'it belongs to another user', 'chown');
    if ((stats.mode & OTHERS_WRITE) !== 0) throw unsafe(folder, 'others may write there', 'chmod 700');
    const other = otherHub(folder);
    if (other === undefined) return readdirSync(folder);
    const hint = 'end that hub first, or give this one another hub.folder';
    throw new HoldcastError('HC_HUB_FIFO', `another hub (process ${other}) plays from ${folder}`, hint);
  } catch (error) {
    if (error instanceof HoldcastError) throw error;
    const hint = 'set hub.folder to a folder that this user can make and write to, on a local file system';
    const what = `the folder for FIFOs cannot be used: ${messageOf(error)}`;
    throw new HoldcastError('HC_HUB_FIFO', what, hint, { cause: error });
  }
}

/** Whether a FIFO is there, and not what only leads to one. */
export function isFifo(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFIFO() ?? false;
}

/** A writing end, for which somebody must read at that moment. @throws what the file system throws */
export function openToWrite(path: string): number {
  const both = openSync(path, O_RDWR | O_NONBLOCK);
  try {
    return openSync(path, O_WRONLY | O_NONBLOCK);
  } finally {
    closeSync(both);
  }
}

/**
 * Whether no process has a FIFO open. One that had it as another call's would hear this caller, or be heard by him;
 * nobody can open it by that call's name any more.
 */
export function isUnused(path: string): boolean {
  try {
    closeSync(openSync(path, O_WRONLY | O_NONBLOCK));
    return false; // somebody reads
  } catch {
    // nobody reads
  }
  let fd: number | undefined;
  try {
    fd = openSync(path, O_RDONLY | O_NONBLOCK);
    return readSync(fd, Buffer.alloc(1)) === 0; // end of file: nobody writes, and nothing is left
  } catch {
    return false;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** What an error of the file system means here, and what to do. */
export function unusable(folder: string, error: unknown): HoldcastError {
  const what = `no FIFO can be made in ${folder}: ${messageOf(error)}`;
  const hint = `see that ${folder} is writable, its disk not full (blocks and inodes: df -h, df -i) and descriptors are left`;
  return new HoldcastError('HC_HUB_FIFO', what, hint, { cause: error });
}

function unsafe(folder: string, why: string, command: string): HoldcastError {
  const hint = `${command} it if it is the hub's alone, or set hub.folder to one that does not exist yet`;
  return new HoldcastError('HC_HUB_FIFO', `${folder} is not safe for FIFOs: ${why}`, hint);
}
