// A user of this machine, as in /etc/passwd and /etc/group: what a program needs to become that user or to name it.
// Users of a directory (LDAP) are not in these files: an operator writes such a user's number.
import { join } from 'node:path';
import { textIfReadable } from './ifReadable';

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** The groups it is in, its own included. */
  readonly groups: readonly number[];
  readonly home: string;
}

/**
 * @param user a name, or a uid
 * @param passwd text of /etc/passwd
 * @param group text of /etc/group
 */
export function accountOf(user: string | number, passwd: string, group: string): Account | undefined {
  for (const line of passwd.split('\n')) {
    const [name = '', , uid = '', gid = '', , home = '/'] = line.split(':');
    if (!/^\d+$/.test(uid) || (typeof user === 'number' ? Number(uid) !== user : name !== user)) continue;
    const also = group
      .split('\n')
      .map((entry) => entry.split(':'))
      .filter(([, , , members = '']) => members.trim().split(',').includes(name))
      .map(([, , id]) => Number(id));
    return { name, uid: Number(uid), gid: Number(gid), groups: [Number(gid), ...also], home };
  }
  return undefined;
}

/** As `accountOf`, of this machine; a file that cannot be read counts as empty. @param root where /etc is; tests have another */
export function findAccount(user: string | number, root = '/'): Account | undefined {
  const textOf = (file: string): string => textIfReadable(join(root, file)) ?? '';
  return accountOf(user, textOf('etc/passwd'), textOf('etc/group'));
}

/** The uid of a name; a number is its own. Undefined: there is no such name. */
export function uidOf(user: string | number): number | undefined {
  return /^\d+$/.test(String(user)) ? Number(user) : findAccount(user)?.uid;
}

/** "uid 1001 (mallory)". */
export function uidText(uid: number): string {
  const name = findAccount(uid)?.name;
  return `uid ${uid}${name === undefined ? '' : ` (${name})`}`;
}
