// Which users may change the file at a path. Every folder above it counts: a user who may rename one decides what is below it.
// Asked before root runs or touches anything.
import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf } from './errors';

const GROUP_MAY_WRITE = 0o020;
const ALL_MAY_WRITE = 0o002;
/** In such a folder (/tmp) users may rename only their own files. */
const STICKY = 0o1000;
/** As the kernel's own limit (path_resolution(7)). */
const MOST_LINKS = 40;

/**
 * Why a user other than root and `uid` may change the file at `path`, or replace it: "/srv belongs to another user (uid 1001)".
 * Undefined: no other user may.
 * @param path absolute and real: no part of it is a link
 * @param ownGroup a group without other members
 * @throws NodeJS.ErrnoException: a part of it does not exist or is not accessible
 */
export function changeableBy(path: string, uid: number, ownGroup?: number): string | undefined {
  for (let at = path; ; at = dirname(at)) {
    const stats = lstatSync(at);
    if (stats.isSymbolicLink()) return `${at} is a link`;
    if (stats.uid !== uid && stats.uid !== 0) return `${at} belongs to another user (uid ${stats.uid})`;
    const open = othersMayWrite(stats, ownGroup) && (at === path || !isSticky(stats));
    if (open) return `${at} may be written by other users`;
    if (at === dirname(at)) return undefined;
  }
}

/** The user who decides what is at a path. */
export interface Keeper {
  readonly uid: number;
  readonly gid: number;
  /** The part of the path that is this user's; for root a folder that others may write, or ''. */
  readonly because: string;
}

/**
 * The owner of the first part of a path, links followed one by one, that is not root's. That user may put anything there, so nobody
 * else works there safely. Root: all parts are root's.
 * @param path absolute; a path that does not exist yet belongs to its creator
 * @throws NodeJS.ErrnoException
 */
export function keeperOf(path: string): Keeper {
  const rest = partsOf(path);
  let at = '/';
  let open = '';
  for (let links = 0; rest.length > 0;) {
    const next = join(at, rest.shift()!);
    const stats = lstatOf(next);
    if (!stats) break;
    if (stats.uid !== 0) return { uid: stats.uid, gid: stats.gid, because: next };
    if (stats.isSymbolicLink()) {
      if (++links > MOST_LINKS) throw Object.assign(new Error(`${path}: too many links`), { code: 'ELOOP' });
      const target = readlinkSync(next);
      rest.unshift(...partsOf(target));
      if (target.startsWith('/')) at = '/';
      continue;
    }
    if (open === '' && stats.isDirectory() && !isSticky(stats) && othersMayWrite(stats)) open = next;
    at = next;
  }
  return { uid: 0, gid: 0, because: open };
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

function lstatOf(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return undefined;
    throw error;
  }
}

function isSticky({ mode }: Stats): boolean {
  return (mode & STICKY) !== 0;
}

function othersMayWrite({ mode, gid }: Stats, ownGroup?: number): boolean {
  return (mode & ALL_MAY_WRITE) !== 0 || ((mode & GROUP_MAY_WRITE) !== 0 && gid !== ownGroup);
}
