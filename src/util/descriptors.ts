// Descriptors opened once more, with a description of their own (what is set on it concerns nobody else).
// To open is for Linux only; elsewhere there is nothing to open, and callers go on with the descriptor that they have.
import { constants, openSync } from 'node:fs';

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
