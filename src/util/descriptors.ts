// Descriptors opened once more, with a description of their own (what is set on it concerns nobody else), and pipes emptied.
// To open is for Linux only; elsewhere there is nothing to open, and callers go on with the descriptor that they have.
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { errnoOf } from './errors';

const STDERR = 2;
/** As much as a pipe holds at most. */
const drained = Buffer.allocUnsafeSlow(64 * 1024);

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
 * @returns how many bytes there were
 */
export function drainPipe(fd: number): number {
  try {
    return readSync(fd, drained);
  } catch (error) {
    if (errnoOf(error) === 'EAGAIN') return 0;
    throw error;
  }
}

/**
 * Bytes in a pipe that its reader has not taken, some 20 µs. Node has no FIONREAD: the pipe is emptied, and filled again with
 * the same bytes, in which a reader that waits in read() goes on waiting. Nobody may write to it meanwhile. It is not kept
 * open: a writer that holds a reading end never sees EPIPE.
 * @param path in /proc, of a pipe's descriptor (Linux)
 * @throws what the system throws
 */
export function pipeBytes(path: string): number {
  const both = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    const count = drainPipe(both);
    if (count > 0) writeSync(both, drained, 0, count);
    return count;
  } finally {
    closeSync(both);
  }
}
