// What the user that runs Asterisk may do with a file, by owner, group and mode: nothing is tried, so any user may ask.
// Access control lists are not read; `doctor` also starts the program as that user if it may.
import { promises, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import type { Account } from '../util/account';
import { errnoOf } from '../util/errors';
import { problem, type Finding } from './check';

export { accountOf, type Account } from '../util/account';

/** r and w as the letters of `ls -l`; x: run a file, enter a folder. */
export type Right = 'r' | 'w' | 'x';

interface Obstacle {
  readonly path: string;
  /** 'missing': there is no such file. */
  readonly lacks: Right | 'missing';
  readonly folder: boolean;
}

const BITS: Record<Right, number> = { r: 4, w: 2, x: 1 };

/** Whether `account` has `right` on the file of `stats`, as the kernel decides without access control lists. */
export function permits(
  { uid, gid, mode }: Pick<Stats, 'uid' | 'gid' | 'mode'>,
  account: Account,
  right: Right,
) {
  const bit = BITS[right];
  if (account.uid === 0) return right !== 'x' || (mode & 0o111) !== 0 || (mode & 0o170000) === 0o040000;
  if (account.uid === uid) return ((mode >> 6) & bit) !== 0;
  if (account.groups.includes(gid)) return ((mode >> 3) & bit) !== 0;
  return (mode & bit) !== 0;
}

/**
 * A problem if `user` lacks one of `rights` on one of `paths`; undefined: there is none.
 * @param todo in place of the command that removes the obstacle
 */
export async function blocked(
  user: Account,
  paths: readonly string[],
  rights: readonly Right[],
  todo?: string,
): Promise<Finding | undefined> {
  for (const path of paths) {
    const found = await obstacle(path, user, rights);
    if (found) return problem(obstacleText(found, user), todo ?? remedy(found, user));
  }
  return undefined;
}

/**
 * The first obstacle on the way to `path`: a folder above it, or above the target of links, that `account` may not enter, or a missing
 * one of `rights` on the file. Undefined: there is none.
 */
export async function obstacle(
  path: string,
  account: Account,
  rights: readonly Right[],
): Promise<Obstacle | undefined> {
  const real = await promises.realpath(path).catch(() => path);
  for (const folder of new Set([...above(path), ...above(real)])) {
    const found = await look(folder, account, ['x']);
    if (found) return found;
  }
  return look(real, account, rights);
}

/** "/a/b/c" → "/", "/a", "/a/b". */
function above(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [...above(parent), parent];
}

async function look(path: string, account: Account, rights: readonly Right[]): Promise<Obstacle | undefined> {
  try {
    const stats = await promises.stat(path);
    const lacks = rights.find((right) => !permits(stats, account, right));
    return lacks && { path, lacks, folder: stats.isDirectory() };
  } catch (error) {
    const lacks = errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR' ? 'missing' : 'r';
    return { path, lacks, folder: false };
  }
}

const LACKING: Record<Right, readonly [file: string, folder: string]> = {
  r: ['be read', 'be listed'],
  w: ['be written', 'be written'],
  x: ['be run', 'be entered'],
};

/** "/opt/holdcast may not be entered by asterisk". */
export function obstacleText({ path, lacks, folder }: Obstacle, { name }: Account): string {
  return lacks === 'missing'
    ? `there is no ${path}`
    : `${path} may not ${LACKING[lacks][folder ? 1 : 0]} by ${name}`;
}

/** The command that removes an obstacle: "chmod o+rx /opt/holdcast". */
function remedy({ path, lacks, folder }: Obstacle, { name }: Account): string {
  if (lacks === 'missing') return 'Correct the path, or create it.';
  if (lacks === 'w') return `chown ${name} ${path}`;
  return `chmod o+${folder ? 'rx' : lacks} ${path}`;
}
