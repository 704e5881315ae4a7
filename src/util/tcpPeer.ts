// Whose program holds the other end of a TCP connection on this machine, as the kernel tells it.
// A port proves nothing: while its owner is away, any user may listen there. The connection itself cannot be forged.
import { promises } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { plainAddress, TCP_TABLES, tcpRows, type TcpEnd } from './tcpTable';

/** The two ends of a connection, as a socket names its own. */
export interface Ends {
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** Reads that may miss it: the kernel's list changes while it is read. */
const READS = 5;

/**
 * The user of the program that has accepted this connection. Its end counts, not the listener's: that one may have been
 * made by another user, and a connection that nobody has accepted yet shows the listener's user, or root
 * (measured on Linux 6.18: the inode is 0 until then).
 * @param folder tests have another
 * @returns undefined: not on this machine, in another network namespace, not accepted yet, or closed
 */
export async function userOfPeer(ends: Ends, folder = '/proc/self/net'): Promise<number | undefined> {
  const local = endOf(ends.remoteAddress, ends.remotePort);
  const remote = endOf(ends.localAddress, ends.localPort);
  if (local === undefined || remote === undefined) return undefined;
  for (let i = 0; i < READS; i++) {
    for (const name of TCP_TABLES) {
      const table = await promises.readFile(`${folder}/${name}`, 'latin1').catch(() => '');
      for (const row of tcpRows(table))
        if (row.inode !== '0' && isSame(row.local, local) && isSame(row.remote, remote)) return row.uid;
    }
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
