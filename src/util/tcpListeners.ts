// Which programs listen for TCP on this machine, and whose they are, as the kernel lists them in /proc/self/net.
// A port proves nothing: while its owner is away, any user may listen there.
import { readFileSync } from 'node:fs';
import { SocketAddress } from 'node:net';
import { endianness } from 'node:os';

export interface TcpListener {
  /** '127.0.0.1', '::1', '0.0.0.0' or '::' (all addresses), without brackets. */
  readonly host: string;
  readonly port: number;
  /** The user whose program made the socket. */
  readonly uid: number;
  /** As in the link /proc/<pid>/fd/<n>: "socket:[<inode>]". */
  readonly inode: string;
}

const LISTEN = '0A';

/** @param folder tests have another @returns none where there is no such list (not Linux) */
export function tcpListeners(folder = '/proc/self/net'): TcpListener[] {
  return ['tcp', 'tcp6'].flatMap((name) => {
    // sl local_address rem_address st queues timer retrnsmt uid timeout inode
    const rows = linesOf(`${folder}/${name}`).map((line) => line.trim().split(/\s+/));
    return rows.flatMap(([, local = '', , state, , , , uid, , inode = '']) =>
      state === LISTEN ? [{ ...endOf(local), uid: Number(uid), inode }] : [],
    );
  });
}

/** Those to whom a connection to this address can come. */
export function listenersOn(
  where: { host: string; port: number },
  listeners = tcpListeners(),
): TcpListener[] {
  const host = where.host === 'localhost' ? '127.0.0.1' : where.host;
  return listeners.filter(
    (one) => one.port === where.port && (one.host === host || one.host === '0.0.0.0' || one.host === '::'),
  );
}

/** "0100007F:1FA3": the address in words of four bytes, each in the machine's own order. */
function endOf(text: string): { host: string; port: number } {
  const [address = '', port = ''] = text.split(':');
  const words = (address.match(/.{8}/g) ?? []).map((word) => Buffer.from(word, 'hex'));
  const bytes = Buffer.concat(endianness() === 'LE' ? words.map((word) => word.reverse()) : words);
  const isV4 = bytes.length === 4;
  const host = isV4 ? bytes.join('.') : (bytes.toString('hex').match(/.{4}/g) ?? []).join(':');
  const family = isV4 ? 'ipv4' : 'ipv6';
  return { host: new SocketAddress({ address: host, family }).address, port: Number.parseInt(port, 16) };
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'latin1').split('\n').slice(1);
  } catch {
    return [];
  }
}
