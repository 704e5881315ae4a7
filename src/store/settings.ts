// Settings of the store and of databases, resolved: every default in place. What each means, and its range, is said in
// config/serviceOptions.ts.

export const defaultDatabase = {
  host: '127.0.0.1',
  port: 3306,
  user: 'holdcast',
  tls: false,
  connections: 4,
  connectMs: 2000,
  queryMs: 3000,
};

/** A MySQL or MariaDB server and what is asked there. */
export type DatabaseSettings = Readonly<typeof defaultDatabase> & {
  readonly socket?: string;
  readonly password?: string;
  readonly database: string;
  /** PEM, or an absolute path of it, as the key below. */
  readonly ca?: string;
  readonly tlsName?: string;
  readonly serverPublicKey?: string;
};

export const defaultStore = { keepDays: 365, purge: '17 4 * * *' };

export type StoreSettings = Readonly<typeof defaultStore> & {
  /** Absent: the embedded store. */
  readonly mysql?: DatabaseSettings;
  /** Absolute path of the embedded store's file. */
  readonly file: string;
  /** Absolute folder for choices that the store does not have yet: whichever process can writes them. */
  readonly spool: string;
};
