// How the Asterisk Manager Interface is reached, with the defaults.
// Times are milliseconds.

export interface AmiSettings {
  host: string;
  port: number;
  user: string;
  secret: string;
  /** Users besides our own and root whose program may be the AMI of this machine: names, or numbers. */
  trustUid?: readonly (string | number)[];
  /** A connection that does not stand by then is given up, and so is a login without an answer. */
  connectMs: number;
  /** An action without an answer by then has failed. */
  answerMs: number;
  /** After this silence a Ping is sent; after as much again the connection is dead. */
  pingMs: number;
  /** First and longest pause before connecting again; doubled at each failure, with jitter. */
  retryMs: readonly [first: number, longest: number];
}

export const defaultAmiSettings: Omit<AmiSettings, 'secret'> = {
  host: '127.0.0.1',
  port: 5038,
  user: 'holdcast',
  connectMs: 5000,
  answerMs: 5000,
  pingMs: 10_000,
  retryMs: [250, 30_000],
};
