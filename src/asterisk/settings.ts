// How the Asterisk Manager Interface is reached, with the defaults (what each means is said in config/hostOptions.ts), and what can be
// wrong with the connection, in words that say what to do. Times are milliseconds.
import { HoldcastError } from '../util/errors';

export const defaultAmiSettings = {
  host: '127.0.0.1',
  port: 5038,
  user: 'holdcast',
  connectMs: 5000,
  /** An action without an answer by then has failed. */
  answerMs: 5000,
  /** After this silence a Ping is sent; after as much again the connection is dead. */
  pingMs: 10_000,
  /** First and longest pause before connecting again; doubled at each failure, with jitter. */
  retryMs: [250, 30_000] as readonly [first: number, longest: number],
};

export type AmiSettings = typeof defaultAmiSettings & {
  secret: string;
  trustUid?: readonly (string | number)[];
};

/** A connection that stood, or was about to. */
export function lost(why: string): HoldcastError {
  return new HoldcastError('HC_AMI_LOST', `the connection to Asterisk is gone: ${why}`);
}

export function unreachable({ host, port }: AmiSettings, why: string): HoldcastError {
  return new HoldcastError(
    'HC_AMI_UNREACHABLE',
    `no AMI at ${host}:${port}: ${why}`,
    'Check that Asterisk runs, and enabled, bindaddr, port, permit and deny in manager.conf.',
  );
}

export function mute({ host, port, connectMs }: AmiSettings): HoldcastError {
  return new HoldcastError(
    'HC_AMI_TIMEOUT',
    `${host}:${port} takes connections but has not answered the login within ${connectMs} ms`,
    'Check that this port is that of the AMI, and that Asterisk is not overloaded.',
  );
}

export function refused({ user }: AmiSettings, said = 'no reason given'): HoldcastError {
  return new HoldcastError(
    'HC_AMI_REFUSED',
    `Asterisk refuses the AMI user "${user}": ${said}`,
    'Compare user and secret with manager.conf, then run `asterisk -rx "manager reload"`.',
  );
}

/** The program at the other end is not Asterisk, as far as this machine can tell. */
export function foreign({ host, port }: AmiSettings, why: string): HoldcastError {
  return new HoldcastError(
    'HC_AMI_FOREIGN',
    `the program at ${host}:${port} is not trusted with the AMI secret: ${why}`,
    'If it is Asterisk or your own tunnel (stunnel, ssh), name its user in ami.trustUid; an Asterisk in a container is reached ' +
      "by the container's own address in ami.host. If it is neither, find out who runs it (ss -ltnp) and end it.",
  );
}
