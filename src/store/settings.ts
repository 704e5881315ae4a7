// Settings of the store and of databases, resolved: every default in place.

/** A MySQL or MariaDB server and what is asked there. */
export interface DatabaseSettings {
  /** Path of its Unix socket; absent: host and port. */
  readonly socket?: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password?: string;
  readonly database: string;
  /** The connection is TLS, and the server's certificate is checked. Default: no. */
  readonly tls?: boolean;
  /** PEM, or an absolute path of it: the authority of the server's certificate. Absent: those of Node.js. */
  readonly ca?: string;
  /** The name that the certificate is for; absent: `host`. */
  readonly tlsName?: string;
  /** PEM, or an absolute path of it: the RSA key for which a password may be encrypted without TLS. */
  readonly serverPublicKey?: string;
  /** Connections at once. */
  readonly connections: number;
  /** A connection that takes longer to stand is given up, milliseconds. */
  readonly connectMs: number;
  /** A query that takes longer is cut, with its connection, milliseconds. */
  readonly queryMs: number;
}

export const defaultDatabase: Omit<DatabaseSettings, 'database'> = {
  host: '127.0.0.1',
  port: 3306,
  user: 'holdcast',
  connections: 4,
  connectMs: 2000,
  queryMs: 3000,
};

export interface StoreSettings {
  /** Absent: the embedded store. */
  readonly mysql?: DatabaseSettings;
  /** Absolute path of the embedded store's file. */
  readonly file: string;
  /** Absolute folder for choices that the store does not have yet: whichever process can writes them. */
  readonly spool: string;
  /** What is older is removed once a day; choices that were not renewed since as well. 0: never. */
  readonly keepDays: number;
  /** When, as five cron fields. */
  readonly purge: string;
}

export const defaultStore = { keepDays: 365, purge: '17 4 * * *' };
