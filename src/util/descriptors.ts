// Descriptors opened once more, with a description of their own (what is set on it concerns nobody else), and pipes emptied.
// To open is for Linux only; elsewhere there is nothing to open, and callers go on with the descriptor that they have.
import { constants, openSync, readSync } from 'node:fs';
import { errnoOf } from './errors';

/** What a pipe holds at most. */
export const PIPE_BYTES = 64 * 1024;

const STDERR = 2;

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
