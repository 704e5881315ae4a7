// The users of this machine by name and number, as /etc/passwd has them.
// Users of a directory (LDAP) are not in it: whoever means one writes its number.
import { promises } from 'node:fs';

export interface Accounts {
  /** A name, or a number as it is. Undefined: there is no such name. */
  uidOf(user: string | number): number | undefined;
  /** "uid 1001 (mallory)"; without a name where there is none. */
  text(uid: number): string;
}

/** Never rejects: where the file cannot be read, nobody has a name. */
export async function readAccounts(file = '/etc/passwd'): Promise<Accounts> {
  const passwd = await promises.readFile(file, 'utf8').catch(() => '');
  const uids = new Map<string, number>();
  for (const line of passwd.split('\n')) {
    const [name = '', , uid = ''] = line.split(':');
    if (/^\d+$/.test(uid) && !uids.has(name)) uids.set(name, Number(uid));
  }
  const nameOf = (uid: number): string | undefined => [...uids].find(([, other]) => other === uid)?.[0];
  return {
    uidOf: (user) => (/^\d+$/.test(String(user)) ? Number(user) : uids.get(String(user))),
    text(uid) {
      const name = nameOf(uid);
      return `uid ${uid}${name === undefined ? '' : ` (${name})`}`;
    },
  };
}
