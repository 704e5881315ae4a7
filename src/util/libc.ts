// Calls of the C library that Node lacks: how much of a pipe is unread, whether it has a reader, its capacity, a lock on a file,
// and one datagram to a Unix socket. koffi makes them; without it (not Linux), each answer says so.
import { closeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { getSystemErrorName } from 'node:util';
import type * as Koffi from 'koffi';

interface Libc {
  ioctl(fd: number, request: number, value: Int32Array): number;
  fcntl(fd: number, command: number, value: number): number;
  flock(fd: number, operation: number): number;
  poll(fds: Int32Array, count: number, timeoutMs: number): number;
  sched_setscheduler(pid: number, policy: number, priority: Int32Array): number;
  socket(domain: number, type: number, protocol: number): number;
  sendto(fd: number, data: Buffer, bytes: number, flags: number, to: Buffer, toBytes: number): number;
  errno(): number;
}

/** Linux: asm-generic/ioctls.h, linux/fcntl.h, asm-generic/poll.h. */
const FIONREAD = 0x541b;
const F_SETPIPE_SZ = 1031;
/** sys/file.h: exclusive, without waiting; and let go. */
const LOCK_EX_NB = 2 | 4;
const LOCK_UN = 8;
const POLLERR = 0x8;
const POLLHUP = 0x10;
const POLLNVAL = 0x20;
/** bits/socket.h, bits/socket_type.h; sockaddr_un: a family of two bytes, then the name. */
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const MSG_NOSIGNAL = 0x4000;
const LONGEST_NAME = 108;
/** sched.h. */
const SCHED_OTHER = 0;
const SCHED_RR = 2;

const value = new Int32Array(1);
/** One struct pollfd: a descriptor, and two words of 16 bits of which the upper one is the answer. */
const asked = new Int32Array(2);
let libc: Libc | undefined | 'unknown' = 'unknown';

function load(): Libc | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    const koffi = createRequire(__filename)('koffi') as typeof Koffi;
    const library = koffi.load(null);
    return {
      ioctl: library.func('int ioctl(int fd, unsigned long request, int *value)'),
      fcntl: library.func('int fcntl(int fd, int command, int value)'),
      flock: library.func('int flock(int fd, int operation)'),
      poll: library.func('int poll(int *fds, unsigned long count, int timeoutMs)'),
      sched_setscheduler: library.func('int sched_setscheduler(int pid, int policy, int *priority)'),
      socket: library.func('int socket(int domain, int type, int protocol)'),
      sendto: library.func(
        'long sendto(int fd, const void *data, size_t bytes, int flags, const void *to, unsigned int toBytes)',
      ),
      errno: () => koffi.errno(),
    };
  } catch {
    return undefined;
  }
}

function library(): Libc | undefined {
  if (libc === 'unknown') libc = load();
  return libc;
}

/** Whether these calls work here (Linux, with koffi); otherwise the clock paces calls, and systemd is told nothing. */
export function hasLibc(): boolean {
  return library() !== undefined;
}

/**
 * Bytes in a pipe that its reader has not taken; 1 µs. The pipe is not changed.
 * @param fd either end of a pipe
 * @returns undefined: unknown
 */
export function unreadBytes(fd: number): number | undefined {
  return library()?.ioctl(fd, FIONREAD, value) === 0 ? value[0] : undefined;
}

/**
 * Whether any process has a pipe open for reading; 1 µs. If that is unknown, true: a write will tell.
 * @param fd the writing end
 */
export function hasReader(fd: number): boolean {
  asked[0] = fd;
  asked[1] = 0;
  const count = library()?.poll(asked, 1, 0);
  return count !== 1 || ((asked[1] >>> 16) & (POLLERR | POLLHUP | POLLNVAL)) === 0;
}

/**
 * Limits the capacity of a pipe.
 * @param bytes rounded up to a power of two of whole pages (4,096 bytes)
 * @returns false: more bytes are in it, or the system does not allow it
 */
export function setPipeBytes(fd: number, bytes: number): boolean {
  return (library()?.fcntl(fd, F_SETPIPE_SZ, bytes) ?? -1) >= 0;
}

/**
 * Locks an open file (flock); it waits for nothing. The lock ends when the file is closed, be it by the end of the process.
 * @returns false: another has the lock; undefined: there are no locks here
 */
export function tryLock(fd: number): boolean | undefined {
  const c = library();
  if (!c) return undefined;
  if (c.flock(fd, LOCK_EX_NB) === 0) return true;
  return getSystemErrorName(-c.errno()) === 'EAGAIN' ? false : undefined;
}

/** Whether another open file has the lock that `tryLock` takes; for 2 µs it is held for that. */
export function isLocked(fd: number): boolean {
  const taken = tryLock(fd);
  if (taken) library()?.flock(fd, LOCK_UN);
  return taken === false;
}

/**
 * Gives a thread a real-time priority (SCHED_RR), or takes it away. What the thread starts afterwards inherits it.
 * @param id of the thread, in Linux' numbers; the first thread of a process has the process's
 * @param priority 1 to 99; 0: none
 * @returns false: the system does not allow it, or there is no such thread
 */
export function setRealTime(id: number, priority: number): boolean {
  const policy = priority === 0 ? SCHED_OTHER : SCHED_RR;
  return library()?.sched_setscheduler(id, policy, Int32Array.of(priority)) === 0;
}

/**
 * Sends `text` as one datagram to a Unix socket, from this process; some 20 µs. Never waits.
 * @param address a path, or "@name" in Linux' abstract namespace
 * @throws Error with Node's `code` (ECONNREFUSED, ENOENT, EAGAIN: the receiver's queue is full); nothing was sent
 */
export function sendDatagram(address: string, text: string): void {
  const c = library();
  if (!c) throw failure('ENOSYS', address);
  const name = Buffer.from(address.replace(/^@/, '\0'));
  if (!/^[/@]./.test(address) || name.length >= LONGEST_NAME) throw failure('EINVAL', address);
  // A name in the abstract namespace is as long as it is said to be, and may not end with a zero of its own.
  const end = Buffer.alloc(name[0] === 0 ? 0 : 1);
  const to = Buffer.concat([Buffer.from(Uint16Array.of(AF_UNIX).buffer), name, end]);
  const fd = c.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw failure(getSystemErrorName(-c.errno()), address);
  try {
    const data = Buffer.from(text);
    const sent = c.sendto(fd, data, data.length, MSG_NOSIGNAL, to, to.length);
    if (Number(sent) < 0) throw failure(getSystemErrorName(-c.errno()), address);
  } finally {
    closeSync(fd);
  }
}

function failure(code: string, address: string): Error {
  return Object.assign(new Error(`no datagram to ${address}: ${code}`), { code });
}
