// Whose program holds the other end of a TCP connection on this machine, as the kernel tells it in /proc/self/net.
// A port proves nothing: while its owner is away, any user may listen there. The connection itself cannot be forged.
import { promises } from 'node:fs';
import { networkInterfaces, endianness } from 'node:os';

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
  const local = endText(ends.remoteAddress, ends.remotePort);
  const remote = endText(ends.localAddress, ends.localPort);
  if (local === undefined || remote === undefined) return undefined;
  for (let i = 0; i < READS; i++) {
    for (const name of ['tcp', 'tcp6']) {
      const list = await promises.readFile(`${folder}/${name}`, 'latin1').catch(() => '');
      const uid = userIn(list, local, remote);
      if (uid !== undefined) return uid;
    }
  }
  return undefined;
}

/** Whether the other end is on this machine, so that any of its users could be there. */
export function isOwnMachine({ localAddress, remoteAddress }: Ends): boolean {
  const remote = remoteAddress && bytesOf(remoteAddress);
  if (!remote) return false;
  // 127.0.0.0/8 as an address of IPv6, and ::1.
  if (/^0{20}f{4}7f/.test(remote) || remote === bytesOf('::1')) return true;
  return [localAddress ?? '', ...ownAddresses()].some((one) => bytesOf(one) === remote);
}

function ownAddresses(): string[] {
  try {
    return Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
  } catch {
    return []; // a service without AF_NETLINK
  }
}

function userIn(list: string, local: string, remote: string): number | undefined {
  for (const line of list.split('\n')) {
    // sl local_address rem_address st queues timer retrnsmt uid timeout inode
    const [, one, other, , , , , uid, , inode] = line.trim().split(/\s+/);
    if (!one || !other || inode === undefined || inode === '0') continue;
    if (kernelEnd(one) === local && kernelEnd(other) === remote) return Number(uid);
  }
  return undefined;
}

/** "0100007F:13AE" → the address as 16 bytes in hex, and the port. */
function kernelEnd(text: string): string {
  const [address = '', port = ''] = text.split(':');
  const words = address.match(/.{8}/g) ?? [];
  const bytes = endianness() === 'LE' ? words.map((word) => word.match(/../g)!.reverse().join('')) : words;
  const hex = bytes.join('').toLowerCase();
  return `${hex.length === 8 ? MAPPED + hex : hex}:${Number.parseInt(port, 16)}`;
}

/** An IPv4 address as one of IPv6 begins so. */
const MAPPED = `${'0'.repeat(20)}ffff`;

function endText(address: string | undefined, port: number | undefined): string | undefined {
  const bytes = address === undefined ? undefined : bytesOf(address);
  return bytes === undefined || port === undefined ? undefined : `${bytes}:${port}`;
}

/** Any way to write an address → its 16 bytes in hex; undefined: it is none. */
function bytesOf(address: string): string | undefined {
  const [bare = ''] = address.split('%');
  const v4 = /^(?:::ffff:)?(\d+)\.(\d+)\.(\d+)\.(\d+)$/i.exec(bare);
  if (v4)
    return (
      MAPPED +
      v4
        .slice(1)
        .map((part) => Number(part).toString(16).padStart(2, '0'))
        .join('')
    );
  if (!bare.includes(':')) return undefined;
  const [before = '', after] = bare.split('::').map((half) => half.split(':').filter(Boolean));
  const gap = after === undefined ? [] : Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...gap, ...(after ?? [])]
    .map((group) => group.padStart(4, '0'))
    .join('')
    .toLowerCase();
}
