// What can be wrong with a connection to Asterisk, in words that say what to do.
// Kept apart from what notices it.
import { HoldcastError } from '../util/errors';
import type { AmiSettings } from './settings';

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
