// Settings of the store and of databases, resolved: every default in place.

export const defaultDatabase = {
  host: '127.0.0.1',
  port: 3306,
  user: 'holdcast',
  /** Connections at once. */
  connections: 4,
  /** A connection that takes longer to stand is given up, milliseconds. */
  connectMs: 2000,
  /** A query that takes longer is cut, with its connection, milliseconds. */
  queryMs: 3000,
};

/** A MySQL or MariaDB server and what is asked there. */
export interface DatabaseSettings extends Readonly<typeof defaultDatabase> {
  readonly database: string;
  readonly password?: string;
  /** Path of its Unix socket; absent: host and port. */
  readonly socket?: string;
  /** The connection is TLS, and the server's certificate is checked. Default: no. */
  readonly tls?: boolean;
  /** PEM, or an absolute path of it: the authority of the server's certificate. Absent: those of Node.js. */
  readonly ca?: string;
  /** The name that the certificate is for; absent: `host`. */
  readonly tlsName?: string;
  /** PEM, or an absolute path of it: the RSA key for which a password may be encrypted without TLS. */
  readonly serverPublicKey?: string;
}

export const defaultStore = {
  /** What is older is removed once a day; choices that were not renewed since as well. 0: never. */
  keepDays: 365,
  /** When, as five cron fields. */
  purge: '17 4 * * *',
};

export interface StoreSettings extends Readonly<typeof defaultStore> {
  /** Absent: the embedded store. */
  readonly mysql?: DatabaseSettings;
  /** Absolute path of the embedded store's file. */
  readonly file: string;
  /** Absolute folder for choices that the store does not have yet: whichever process can writes them. */
  readonly spool: string;
}
