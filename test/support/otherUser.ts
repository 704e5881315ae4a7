// Another Unix user, by setuid: what is safe from one who shares the machine is tried as one. Only root can; others skip.
import { spawnSync } from 'node:child_process';
import { ROOT } from './process';

/** Nobody's uid and gid here. */
export const OTHER = 54_321;
/** A user that every system has in /etc/passwd. */
export const NOBODY = { name: 'nobody', uid: 65_534 };

export const isRoot = process.geteuid?.() === 0;

/** Whether another user could run this program: not where the project lies below somebody's home. */
export const reachable =
  isRoot && spawnSync('ls', [`${ROOT}/package.json`], { uid: OTHER, gid: OTHER }).status === 0;

export const testAsRoot = isRoot ? test : test.skip;
export const testWithOther = reachable ? test : test.skip;
