// May this peer be told anything? On one machine it must be Asterisk's own user, root, or one that the operator names:
// while Asterisk is away, any user may listen on its port, and even a response to a challenge lets them guess the secret.
import type { Socket } from 'node:net';
import { uidOf, uidText } from '../util/account';
import type { HoldcastError } from '../util/errors';
import { isOwnMachine, userOfPeer } from '../util/tcpSockets';
import { type AmiSettings, foreign } from './settings';

/** Root may do anything on this machine in any case. */
const ROOT = 0;

/**
 * Asked when the peer has said something: by then a program has accepted the connection, and the kernel knows whose.
 * Asterisk runs as this process's own user (see docs/install.md). Of another machine nobody can tell.
 * @returns why it must not be trusted; undefined: it may be
 */
export async function distrustOf(socket: Socket, settings: AmiSettings): Promise<HoldcastError | undefined> {
  const uid = await userOfPeer(socket);
  if (uid === undefined)
    return isOwnMachine(socket)
      ? foreign(settings, 'the system does not tell whose program it is')
      : undefined;
  const named = settings.trustUid ?? [];
  const trusted = [process.getuid?.(), ROOT, ...named.map(uidOf)];
  if (trusted.includes(uid)) return undefined;
  const unknown = named.find((user) => uidOf(user) === undefined);
  const also = unknown === undefined ? '' : `; ami.trustUid names ${unknown}, and there is no such user`;
  return foreign(settings, `it belongs to ${uidText(uid)}${also}`);
}
