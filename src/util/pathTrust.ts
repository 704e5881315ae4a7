// Who may change what lies at a path: every folder above it counts, because anyone who may rename one decides
// what is found below it. Asked before root runs or touches anything.
import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf } from './errors';

const GROUP_MAY_WRITE = 0o020;
const ALL_MAY_WRITE = 0o002;
/** In such a folder only its owner and root may rename what belongs to somebody else (/tmp). */
const STICKY = 0o1000;
/** As the kernel's own limit (path_resolution(7)). */
const MOST_LINKS = 40;

/**
 * Why somebody else than root and `uid` may change what lies at `path`, or put something else there: "/srv belongs to
 * another user (uid 1001)". Undefined: nobody may.
 * @param path absolute and real: no part of it is a link
 * @param ownGroup a group that nobody else is in
 * @throws NodeJS.ErrnoException when a part of it is not there or may not be looked at
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

/** Somebody to whom a path leaves it what lies there. */
export interface Keeper {
  readonly uid: number;
  readonly gid: number;
  /** What on the way is this user's; for root a folder that others may write all the same, or ''. */
  readonly because: string;
}

/**
 * Whose a path is: the owner of the first thing on the way to it, links followed one by one, that is not root's. Such a
 * user may put anything there, so nobody else works there safely. Root: all of it is root's.
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
