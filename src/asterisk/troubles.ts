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
