// The kernel's list of TCP sockets (/proc/self/net/tcp and tcp6), and addresses written so that they can be compared: one
// connection has IPv4 addresses in one list and the same ones as addresses of IPv6 in the other.
import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { endianness } from 'node:os';

export interface TcpEnd {
  /** As `plainAddress` writes it. */
  readonly host: string;
  readonly port: number;
}

export interface TcpRow {
  readonly local: TcpEnd;
  readonly remote: TcpEnd;
  readonly listens: boolean;
  /** The user whose program made the socket, or accepted it. */
  readonly uid: number;
  /** As in the link /proc/<pid>/fd/<n>: "socket:[<inode>]"; '0': no program has it. */
  readonly inode: string;
}

/** One for each address family. */
export const TCP_TABLES = ['tcp', 'tcp6'] as const;

const LISTEN = '0A';

/** @param table the text of one */
export function* tcpRows(table: string): Generator<TcpRow> {
  for (const line of table.split('\n').slice(1)) {
    // sl local_address rem_address st queues timer retrnsmt uid timeout inode
    const [, local, remote, state, , , , uid, , inode] = line.trim().split(/\s+/);
    if (local === undefined || remote === undefined || inode === undefined) continue;
    yield { local: endOf(local), remote: endOf(remote), listens: state === LISTEN, uid: Number(uid), inode };
  }
}

/** "0100007F:1FA3": the address in words of four bytes, each in the machine's own order. */
function endOf(text: string): TcpEnd {
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
