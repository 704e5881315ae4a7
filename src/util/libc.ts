// Calls of the C library that Node has none for: how much of a pipe is unread, whether it has a reader, how much it takes.
// koffi makes them. Where it or such a pipe is not there (not Linux), the answer is undefined and callers go by the clock.
import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';

interface Libc {
  ioctl(fd: number, request: number, value: Int32Array): number;
  fcntl(fd: number, command: number, value: number): number;
  poll(fds: Int32Array, count: number, timeoutMs: number): number;
}

/** Linux: asm-generic/ioctls.h, linux/fcntl.h, asm-generic/poll.h. */
const FIONREAD = 0x541b;
const F_SETPIPE_SZ = 1031;
const POLLERR = 0x8;
const POLLHUP = 0x10;
const POLLNVAL = 0x20;

const value = new Int32Array(1);
let libc: Libc | undefined | 'unknown' = 'unknown';

function load(): Libc | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const koffi = createRequire(__filename)('koffi') as typeof Koffi;
    const library = koffi.load(null);
    return {
      ioctl: library.func('int ioctl(int fd, unsigned long request, int *value)'),
      fcntl: library.func('int fcntl(int fd, int command, int value)'),
      poll: library.func('int poll(int *fds, unsigned long count, int timeoutMs)'),
    };
  } catch {
    return undefined;
  }
}

function library(): Libc | undefined {
  if (libc === 'unknown') libc = load();
  return libc;
}

/**
 * Bytes in a pipe that its reader has not taken; 1 µs. Nothing in the pipe changes.
 * @param fd either end of a pipe
 * @returns undefined: that cannot be known
 */
export function unreadBytes(fd: number): number | undefined {
  return library()?.ioctl(fd, FIONREAD, value) === 0 ? value[0] : undefined;
}

/**
 * Whether anybody has a pipe open for reading; 1 µs. Where that cannot be known, true: a write will tell.
 * @param fd the writing end
 */
export function hasReader(fd: number): boolean {
  const asked = Int32Array.of(fd, 0);
  const count = library()?.poll(asked, 1, 0);
  // The upper half of the second word is what poll() says.
  return count !== 1 || ((asked[1]! >>> 16) & (POLLERR | POLLHUP | POLLNVAL)) === 0;
}

/**
 * Has a pipe take no more than so much.
 * @param bytes rounded up to a power of two of whole pages (4,096 bytes)
 * @returns false: that cannot be done, since more than that is in it, or the system does not let it
 */
export function setPipeBytes(fd: number, bytes: number): boolean {
  return (library()?.fcntl(fd, F_SETPIPE_SZ, bytes) ?? -1) >= 0;
}
