// Listening on loopback or on a Unix socket, for both servers of the hub.
// The socket file of a dead hub is replaced; that of a living one never is.
import { lstatSync, mkdirSync, renameSync, rmSync, linkSync, type BigIntStats } from 'node:fs';
import { connect, isIPv4, type Server } from 'node:net';
import { dirname } from 'node:path';
import { uidText } from '../account';
import { errnoOf, HoldcastError, messageOf } from '../errors';
import { listenersOn } from '../tcpSockets';

export type Where = { readonly path: string } | { readonly host: string; readonly port: number };

export interface ListenOptions {
  /** The option of the config, for hints: 'hub.listen'. */
  option: string;
  /** Rights of a Unix socket, 0o600. */
  mode?: number;
  /** A socket that listens already (heldSockets.ts); absent: a new one. */
  fd?: number | undefined;
}

/** Linux keeps 108 bytes for the path of a socket, the final zero included. */
const LONGEST_PATH = 107;
/** One for the first try, one for a stale file replaced, one for a file that went meanwhile. */
const TRIES = 3;

/**
 * Makes `server` listen; after a failure it is unbound.
 * @throws HoldcastError HC_HUB_ADDRESS
 */
export async function listen(
  server: Server,
  where: Where,
  { option, mode = 0o600, fd }: ListenOptions,
): Promise<void> {
  if (fd !== undefined) {
    const failure = await tried(server, () => server.listen({ fd }));
    if (failure) throw unusable(where, failure, option);
    return;
  }
  if ('path' in where) return listenOnPath(server, where.path, { option, mode });
  const { host, port } = where;
  if (!isLoopback(host)) throw refused(where, 'it is not this machine alone', `${option} takes 127.0.0.1`);
  // The name may resolve to ::1 alone, where Asterisk does not ask.
  const address = host === 'localhost' ? '127.0.0.1' : host;
  const failure = await tried(server, () => server.listen({ host: address, port }));
  if (failure) throw unusable(where, failure, option);
}

export function isLoopback(host: string): boolean {
  return host === '::1' || host === 'localhost' || (isIPv4(host) && host.startsWith('127.'));
}

/** "127.0.0.1:8099", "[::1]:8099" or the path. */
export function addressOf(where: Where): string {
  if ('path' in where) return where.path;
  return `${where.host.includes(':') ? `[${where.host}]` : where.host}:${where.port}`;
}

async function listenOnPath(
  server: Server,
  path: string,
  options: { option: string; mode: number },
): Promise<void> {
  const { option, mode } = options;
  const where = { path };
  if (Buffer.byteLength(path) > LONGEST_PATH)
    throw refused(
      where,
      `a socket's path has at most ${LONGEST_PATH} bytes`,
      `set ${option} to a shorter path`,
    );
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unusable(where, error, option);
  }
  for (let left = TRIES; ; left--) {
    const failure = await tried(server, () => bound(mode, () => server.listen({ path })));
    if (!failure) return;
    if (errnoOf(failure) !== 'EADDRINUSE' || left === 1) throw unusable(where, failure, option);
    await clearAway(path, option);
  }
}

/** Node binds a Unix socket within `listen`, so its file never has other rights, not for a moment. */
function bound(mode: number, task: () => void): void {
  const before = process.umask(0o777 & ~mode);
  try {
    task();
  } finally {
    process.umask(before);
  }
}

/** The error of listening; undefined: it listens. */
function tried(server: Server, start: () => void): Promise<unknown> {
  return new Promise((resolve) => {
    const done = (error?: unknown): void => {
      server.off('listening', done).off('error', done);
      resolve(error);
    };
    server.once('listening', done).once('error', done);
    start();
  });
}

/**
 * Removes the socket file of a dead hub, if it still exists.
 * @throws HoldcastError HC_HUB_ADDRESS: it is no socket, or a program answers there
 */
async function clearAway(path: string, option: string): Promise<void> {
  const before = socketAt(path, option);
  if (!before) return;
  const failure = await connectFailure(path);
  if (failure === undefined)
    throw refused(
      { path },
      'another hub answers there',
      `end that one first, or give this one another ${option}`,
    );
  if (failure === 'ENOENT') return;
  if (failure !== 'ECONNREFUSED')
    throw unusable({ path }, Object.assign(new Error(), { code: failure }), option);
  removeSame(path, before);
}

/**
 * Between the check and the removal another hub may have replaced the file by its own: it is moved aside first, and put back if it is not
 * the file that was checked.
 */
function removeSame(path: string, before: BigIntStats): void {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
    const moved = lstatSync(aside, { bigint: true });
    if (moved.ino !== before.ino || moved.mtimeNs !== before.mtimeNs) linkSync(aside, path);
  } catch {
    // the next try to listen names the obstacle
  }
  rmSync(aside, { force: true });
}

function socketAt(path: string, option: string): BigIntStats | undefined {
  const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (found && !found.isSocket())
    throw refused({ path }, 'there is something else of that name', `remove it, or correct ${option}`);
  return found;
}

/** The errno code of connecting; undefined: a program accepts. */
function connectFailure(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => resolve(void socket.destroy()));
    socket.once('error', (error) => resolve(errnoOf(error) ?? messageOf(error)));
  });
}

const WHY: Readonly<Record<string, readonly [why: string, hint: string]>> = {
  EADDRINUSE: ['another program listens there', 'end that program (is it another hub?), or change OPTION'],
  EADDRNOTAVAIL: ['this machine has no such address', 'set OPTION to 127.0.0.1 and a port'],
  EACCES: [
    'this user may not',
    'let this user write in that folder, or set OPTION to another place or a port over 1023',
  ],
};

function unusable(where: Where, error: unknown, option: string): HoldcastError {
  const code = errnoOf(error) ?? '';
  const occupied = code === 'EADDRINUSE' && 'host' in where ? occupation(where) : undefined;
  const [why, hint] = occupied ??
    WHY[code] ?? [code || messageOf(error), 'set OPTION to a place that this user may use'];
  return refused(where, why, hint.replace('OPTION', option), error);
}

const ROOT = 0;

/** The owner of the program that listens there; undefined: unknown. */
function occupation(where: { host: string; port: number }): readonly [string, string] | undefined {
  const [listener] = listenersOn(where);
  if (!listener) return undefined;
  const { uid } = listener;
  const why = `a program of ${uidText(uid)} listens there`;
  if (uid === process.getuid?.()) return [why, WHY['EADDRINUSE']![1]];
  if (uid === ROOT)
    return [why, 'if systemd holds it for the hub, have it start the hub: systemctl start holdcast-hub'];
  return [why, 'end that program at once, or change OPTION: Asterisk runs what is answered there'];
}

function refused(where: Where, why: string, hint: string, cause?: unknown): HoldcastError {
  const message = `cannot listen on ${addressOf(where)}: ${why}`;
  return new HoldcastError('HC_HUB_ADDRESS', message, hint, cause === undefined ? undefined : { cause });
}
