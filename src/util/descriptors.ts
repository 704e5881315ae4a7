// Descriptors opened once more, with a description of their own (what is set on it concerns nobody else), and pipes emptied.
// To open is for Linux only; elsewhere there is nothing to open, and callers go on with the descriptor that they have.
import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { errnoOf } from './errors';

/** What a pipe holds at most. */
export const PIPE_BYTES = 64 * 1024;

const STDERR = 2;
const { O_RDWR, O_NONBLOCK } = constants;
const drained = Buffer.allocUnsafeSlow(PIPE_BYTES);

/** A new description of what `fd` leads to (Linux); it gets the lowest free number. */
export function reopen(fd: number, flags = 0): number | undefined {
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_APPEND | flags);
  } catch {
    return undefined;
  }
}

/** Standard error opened once more, so that writing to a pipe that nobody drains fails instead of waiting. */
export function ownStderr(): number | undefined {
  return reopen(STDERR, constants.O_NONBLOCK);
}

/**
 * Takes what is in a pipe, without waiting for more.
 * @param fd opened for reading with O_NONBLOCK
 * @param into PIPE_BYTES long, so that all of it finds room
 * @returns how many bytes there were
 */
export function drainPipe(fd: number, into: Buffer): number {
  try {
    return readSync(fd, into);
  } catch (error) {
    if (errnoOf(error) === 'EAGAIN') return 0;
    throw error;
  }
}

/**
 * Bytes in a pipe that its reader has not taken, some 20 µs. Node has no FIONREAD: the pipe is emptied, and filled again with
 * the same bytes, in which a reader that waits in read() goes on waiting. Nobody may write to it meanwhile. It is not kept
 * open: a writer that holds a reading end never sees EPIPE.
 * @param path in /proc, of a descriptor (Linux)
 * @throws what the system throws; Error when that is no pipe
 */
export function pipeBytes(path: string): number {
  const both = openSync(path, O_RDWR | O_NONBLOCK);
  try {
    if (!fstatSync(both).isFIFO()) throw new Error(`${path} is no pipe`);
    const count = drainPipe(both, drained);
    if (count > 0) writeSync(both, drained, 0, count);
    return count;
  } finally {
    closeSync(both);
  }
}
