// Which programs listen for TCP on this machine, and whose they are.
// A port proves nothing: while its owner is away, any user may listen there.
import { readFileSync } from 'node:fs';
import { TCP_TABLES, tcpRows, type TcpEnd } from './tcpTable';

export interface TcpListener extends TcpEnd {
  /** The user whose program made the socket. */
  readonly uid: number;
  /** As in the link /proc/<pid>/fd/<n>: "socket:[<inode>]". */
  readonly inode: string;
}

/** @param folder tests have another @returns none where there is no such list (not Linux) */
export function tcpListeners(folder = '/proc/self/net'): TcpListener[] {
  return TCP_TABLES.flatMap((name) => [...tcpRows(textOf(`${folder}/${name}`))])
    .filter(({ listens }) => listens)
    .map(({ local, uid, inode }) => ({ ...local, uid, inode }));
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

function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
