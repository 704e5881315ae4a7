// Sockets that the service manager (systemd's socket units) opens for the hub and keeps while the hub restarts, so that no other user of
// the machine can listen in its place. They are used only if they match the config.
import { HoldcastError } from '../errors';
import { targetIfReadable, textIfReadable } from '../ifReadable';
import { tcpListeners } from '../tcpSockets';
import { addressOf, type Where } from './listening';

export interface HeldSocket {
  readonly fd: number;
  readonly where: Where;
}

/** The first passed descriptor (sd_listen_fds(3)). */
const FIRST = 3;
/** More than any unit for the hub has. */
const MOST = 16;
const NAMES = ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES', 'LISTEN_PIDFDID'];

/**
 * Removes the variables from `env`, so that no program started by the hub takes them for its own. No child of Node inherits the
 * descriptors.
 * @returns none if nothing was passed, or it was meant for another process
 * @throws HoldcastError HC_HUB_ADDRESS: a descriptor is not a listening socket
 */
export function takeHeldSockets(env: NodeJS.ProcessEnv, pid: number = process.pid): HeldSocket[] {
  const { LISTEN_PID: whose, LISTEN_FDS: count } = env;
  for (const name of NAMES) delete env[name];
  if (count === undefined || Number(whose) !== pid) return [];
  if (!/^\d+$/.test(count) || Number(count) > MOST) throw wrong(`LISTEN_FDS=${count.slice(0, 20)}`);
  return Array.from({ length: Number(count) }, (_, i) => {
    const where = whereOf(FIRST + i);
    if (!where) throw wrong(`descriptor ${FIRST + i} is no listening socket of TCP, nor one with a path`);
    return { fd: FIRST + i, where };
  });
}

/**
 * Checks that the config names the address of each.
 * @param wanted addresses by the option of the config
 * @throws HoldcastError HC_HUB_ADDRESS with both addresses
 */
export function checkHeldSockets(
  held: readonly HeldSocket[],
  wanted: Readonly<Record<string, Where | undefined>>,
) {
  const listens = Object.entries(wanted).flatMap(([option, where]) => (where ? [{ option, where }] : []));
  for (const { where } of held) {
    if (listens.some((one) => isSame(one.where, where))) continue;
    const others = listens.map((one) => `${one.option} is ${addressOf(one.where)}`).join(', ');
    throw new HoldcastError(
      'HC_HUB_ADDRESS',
      `the service manager holds ${addressOf(where)} for the hub, but ${others}`,
      `set ListenStream= (systemctl edit holdcast-hub.socket; an empty ListenStream= before it) or the config, so that both are the same; then: systemctl daemon-reload && systemctl restart holdcast-hub.socket`,
    );
  }
}

/** The descriptor for an address; undefined: the hub listens by itself. */
export function heldFor(held: readonly HeldSocket[], where: Where): number | undefined {
  return held.find((one) => isSame(one.where, where))?.fd;
}

function isSame(one: Where, other: Where): boolean {
  return addressOf(numbered(one)) === addressOf(numbered(other));
}

function numbered(where: Where): Where {
  return 'host' in where && where.host === 'localhost' ? { ...where, host: '127.0.0.1' } : where;
}

function whereOf(fd: number): Where | undefined {
  const inode = /^socket:\[(\d+)\]$/.exec(targetIfReadable(`/proc/self/fd/${fd}`) ?? '')?.[1];
  if (inode === undefined) return undefined;
  const tcp = tcpListeners().find((one) => one.inode === inode);
  return tcp ? { host: tcp.host, port: tcp.port } : unixWhere(inode);
}

/** __SO_ACCEPTCON in the fourth column of /proc/net/unix: it listens. */
const ACCEPTS = 0x10000;

function unixWhere(inode: string): Where | undefined {
  for (const line of (textIfReadable('/proc/self/net/unix', 'latin1') ?? '').split('\n')) {
    const [, , , flags = '', , , found, ...path] = line.split(/\s+/);
    if (found === inode && (Number.parseInt(flags, 16) & ACCEPTS) !== 0) return { path: path.join(' ') };
  }
  return undefined;
}

function wrong(what: string): HoldcastError {
  const hint = 'use packaging/systemd/holdcast-hub.socket as it is, with an address of your own at most';
  return new HoldcastError(
    'HC_HUB_ADDRESS',
    `the service manager passes no socket for the hub: ${what}`,
    hint,
  );
}
