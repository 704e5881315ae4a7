// Whom a database's password is given to: a server that TLS has proven, one behind a socket that is not everybody's, or
// the owner of a pinned key. A program that listens in the server's place can ask for it in every way that the protocol has.
import { createPublicKey, X509Certificate } from 'node:crypto';
import { promises } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { authPlugins, ConnectionOptions } from 'mysql2';
import { errnoOf, messageOf, type HoldcastError } from '../util/errors';
import type { DatabaseSettings } from './settings';
import { away } from './store';

/** What the driver is told of it; `host` is the name that the server's certificate must be for. */
type Trust = Pick<ConnectionOptions, 'authPlugins' | 'ssl' | 'host'>;

/**
 * Files are read anew for each connection, so that a renewed one counts.
 * @throws HoldcastError HC_STORE_AWAY: a file cannot be read, or is not what it should be
 */
export async function trustOf(settings: DatabaseSettings, plugins: typeof authPlugins): Promise<Trust> {
  const { ca, tls, tlsName, host, serverPublicKey: pinned } = settings;
  const [authority, serverPublicKey] = await Promise.all([
    pem('ca', ca, (text) => new X509Certificate(text)),
    pem('serverPublicKey', pinned, createPublicKey),
  ]);
  const isSafe = tls || (await isBehindSocket(settings));
  const parts = {
    ...(serverPublicKey && { serverPublicKey }),
    onServerPublicKey: () => {
      if (!isSafe) throw unproven(settings);
    },
  };
  return {
    authPlugins: {
      caching_sha2_password: plugins.caching_sha2_password({ ...parts, overrideIsSecure: isSafe }),
      sha256_password: plugins.sha256_password(parts),
      mysql_clear_password: refuseClear,
    },
    ...(tls && {
      ssl: { ...(authority && { ca: authority }), verifyIdentity: true, minVersion: 'TLSv1.2' },
      host: tlsName ?? host,
    }),
  };
}

/** Never, not even over TLS: no server that Holdcast is tried with needs it. */
const refuseClear = () => (): never => {
  const hint = 'give this user another authentication plugin: caching_sha2_password or mysql_native_password';
  throw away('the database asks for the password in clear', hint);
};

function unproven({ socket }: DatabaseSettings): HoldcastError {
  const where =
    socket === undefined ? 'a connection without TLS' : `${socket}, in a folder that every user may write`;
  return away(
    `the database asks for the password itself over ${where}: it is not given`,
    'set `tls: true` with the `ca` of the server in the settings of this database, use its `socket`, or pin its key with ' +
      '`serverPublicKey`; see docs/store.md',
  );
}

/**
 * Whether nobody can put a socket of theirs in its place: no folder above is everybody's, neither by the path's own names
 * nor by those that links lead to. In one like /tmp, what root or this user has made there stays theirs.
 */
async function isBehindSocket({ socket }: DatabaseSettings): Promise<boolean> {
  if (socket === undefined) return false;
  try {
    const paths = [resolve(socket), await promises.realpath(socket)];
    return (await Promise.all(paths.map(isKept))).every(Boolean);
  } catch {
    return false;
  }
}

async function isKept(path: string): Promise<boolean> {
  for (
    let [entry, folder] = [path, dirname(path)];
    folder !== entry;
    [entry, folder] = [folder, dirname(folder)]
  ) {
    const { mode } = await promises.stat(folder);
    if ((mode & 0o002) === 0) continue;
    const { uid } = await promises.lstat(entry);
    const isSticky = (mode & 0o1000) !== 0;
    if (entry === path || !isSticky || (uid !== 0 && uid !== process.getuid?.())) return false;
  }
  return true;
}

/** The text of a PEM file, or the text itself. @param read throws where it is not what it should be */
async function pem(
  option: string,
  given: string | undefined,
  read: (text: string) => unknown,
): Promise<string | undefined> {
  if (given === undefined) return undefined;
  const text = given.includes('-----BEGIN ') ? given : await fileText(option, given);
  try {
    read(text);
  } catch (error) {
    const what = option === 'ca' ? 'a certificate' : 'a public key';
    throw away(
      `\`${option}\` of the database is not ${what} that can be read: ${errnoOf(error) ?? messageOf(error)}`,
      `it must be ${what} in PEM (-----BEGIN …)`,
    );
  }
  return text;
}

async function fileText(option: string, file: string): Promise<string> {
  try {
    return await promises.readFile(resolve(file), 'utf8');
  } catch (error) {
    const hint = `name a PEM file that this user may read in \`${option}\``;
    throw away(`the file \`${option}\` of the database cannot be read: ${errnoOf(error)}`, hint);
  }
}

/** What the driver calls a failed TLS, as an error of ours; undefined: it is something else. */
export function tlsFailure(error: unknown): HoldcastError | undefined {
  const code = errnoOf(error);
  if (code === 'HANDSHAKE_NO_SSL_SUPPORT')
    return away(
      'the database server offers no TLS, and `tls` asks for it',
      'switch TLS on there (ssl-cert, ssl-key); without it nobody knows who the server is',
    );
  if (code !== 'HANDSHAKE_SSL_ERROR') return undefined;
  return away(
    `the database's certificate is not believed: ${messageOf(error).slice(0, 200)}`,
    'name the authority that has signed it in `ca`, and in `tlsName` the name that it is for where that is not `host`',
  );
}
