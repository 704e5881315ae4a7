// The TCP sockets of this machine, as the kernel lists them (/proc/self/net/tcp and tcp6): who listens on a port, and whose program holds
// the other end of a connection. A port proves nothing: while its owner is away, any user may listen there.
import { promises } from 'node:fs';
import { isIPv4, isIPv6, SocketAddress, type Socket } from 'node:net';
import { endianness, networkInterfaces } from 'node:os';
import { textIfReadable } from './ifReadable';

export interface TcpEnd {
  /** As `plainAddress` writes it. */
  readonly host: string;
  readonly port: number;
}

export type TcpListener = TcpEnd & Pick<TcpRow, 'uid' | 'inode'>;

/** The two ends of a connection, as a socket names its own. */
export type Ends = {
  readonly [end in 'localAddress' | 'localPort' | 'remoteAddress' | 'remotePort']?: Socket[end] | undefined;
};

const FOLDER = '/proc/self/net';
/** One for each address family: a connection may have IPv4 addresses in one, and the same ones as IPv6 in the other. */
const TABLES = ['tcp', 'tcp6'] as const;
const LISTEN = '0A';
/** Reads that may miss a connection: the kernel's list changes while it is read. */
const READS = 5;

/** @param folder tests have another @returns none if there is no such list (not Linux) */
export function tcpListeners(folder = FOLDER): TcpListener[] {
  return TABLES.flatMap((name) => tcpRows(textIfReadable(`${folder}/${name}`, 'latin1') ?? ''))
    .filter(({ listens }) => listens)
    .map(({ local, uid, inode }) => ({ ...local, uid, inode }));
}

/** Those to whom a connection to this address can come. */
export function listenersOn(where: TcpEnd, listeners = tcpListeners()): TcpListener[] {
  const host = where.host === 'localhost' ? '127.0.0.1' : where.host;
  return listeners.filter((one) => one.port === where.port && [host, '0.0.0.0', '::'].includes(one.host));
}

/**
 * The user of the program that has accepted this connection. Its end counts, not the listener's: that one may have been
 * made by another user, and a connection that nobody has accepted yet shows the listener's user, or root
 * (measured on Linux 6.18: the inode is 0 until then).
 * @param folder tests have another
 * @returns undefined: not on this machine, in another network namespace, not accepted yet, or closed
 */
export async function userOfPeer(ends: Ends, folder = FOLDER): Promise<number | undefined> {
  const local = endOf(ends.remoteAddress, ends.remotePort);
  const remote = endOf(ends.localAddress, ends.localPort);
  if (local === undefined || remote === undefined) return undefined;
  for (let reads = READS; reads > 0; reads--)
    for (const name of TABLES) {
      const table = await promises.readFile(`${folder}/${name}`, 'latin1').catch(() => '');
      for (const row of tcpRows(table))
        if (row.inode !== '0' && isSame(row.local, local) && isSame(row.remote, remote)) return row.uid;
    }
  return undefined;
}

/** Whether the other end is on this machine, so that any of its users could be there. */
export function isOwnMachine({ localAddress, remoteAddress }: Ends): boolean {
  const remote = plainAddress(remoteAddress ?? '');
  if (remote === undefined) return false;
  if (remote.startsWith('127.') || remote === '::1') return true;
  return [localAddress ?? '', ...ownAddresses()].some((one) => plainAddress(one) === remote);
}

function ownAddresses(): string[] {
  try {
    return Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
  } catch {
    return []; // a service without AF_NETLINK
  }
}

function endOf(address: string | undefined, port: number | undefined): TcpEnd | undefined {
  const host = plainAddress(address ?? '');
  return host === undefined || port === undefined ? undefined : { host, port };
}

function isSame(one: TcpEnd, other: TcpEnd): boolean {
  return one.port === other.port && one.host === other.host;
}

interface TcpRow {
  readonly local: TcpEnd;
  readonly remote: TcpEnd;
  readonly listens: boolean;
  /** The user whose program made the socket, or accepted it. */
  readonly uid: number;
  /** As in the link /proc/<pid>/fd/<n>: "socket:[<inode>]"; '0': no program has it. */
  readonly inode: string;
}

/** @param table the text of one list */
export function tcpRows(table: string): TcpRow[] {
  return table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      // sl local_address rem_address st queues timer retrnsmt uid timeout inode
      const [, local, remote, state, , , , uid, , inode] = line.trim().split(/\s+/);
      if (local === undefined || remote === undefined || inode === undefined) return [];
      return [
        {
          local: tableEnd(local),
          remote: tableEnd(remote),
          listens: state === LISTEN,
          uid: Number(uid),
          inode,
        },
      ];
    });
}

/** "0100007F:1FA3": the address in words of four bytes, each in the machine's own order. */
function tableEnd(text: string): TcpEnd {
  const [address = '', port = ''] = text.split(':');
  const words = (address.match(/.{8}/g) ?? []).map((word) => Buffer.from(word, 'hex'));
  const bytes = Buffer.concat(endianness() === 'LE' ? words.map((word) => word.reverse()) : words);
  const host = bytes.length === 4 ? bytes.join('.') : (bytes.toString('hex').match(/.{4}/g) ?? []).join(':');
  return { host: plainAddress(host) ?? host, port: Number.parseInt(port, 16) };
}

/**
 * Every way to write an address, as one: '127.0.0.1' also for '::ffff:127.0.0.1', '::1', without brackets and zone.
 * @returns undefined: it is none
 */
export function plainAddress(address: string): string | undefined {
  const [bare = ''] = address.split('%');
  if (isIPv4(bare)) return bare;
  if (!isIPv6(bare)) return undefined;
  const { address: short } = new SocketAddress({ address: bare, family: 'ipv6' });
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(short)?.[1] ?? short;
}
