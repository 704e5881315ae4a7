// Descriptors opened once more, with an open file description of their own: flags set on it concern no other process.
// Only Linux can do this; elsewhere the original descriptor is used.
import { constants, openSync } from 'node:fs';

const STDERR = 2;

/** Opens the file, pipe or terminal of `fd` again; the new descriptor is the lowest free number. */
export function reopen(fd: number, flags = 0): number | undefined {
  try {
    return openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_APPEND | flags);
  } catch {
    return undefined;
  }
}

/** Standard error opened again without blocking: a write to a pipe that nobody drains fails instead of waiting. */
export function ownStderr(): number | undefined {
  return reopen(STDERR, constants.O_NONBLOCK);
}
