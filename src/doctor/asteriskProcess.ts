// The Asterisk that runs here, and the environment that it gives its children. Any user may start a process of that name: one is
// believed only if all its uids are Asterisk's user's, and it runs a program that only root can have installed.
import { closeSync, constants, openSync, promises, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Env } from '../config/defaults';
import { errnoOf } from '../util/errors';
import { targetIfReadable } from '../util/ifReadable';
import { changeableBy } from '../util/pathTrust';
import { readRegularSync } from '../util/regularFile';

export interface AsteriskProcess {
  /** Undefined: none is believed. */
  readonly pid?: number;
  /** Undefined: this user may not read it. */
  readonly env?: Env | undefined;
  readonly cwd?: string | undefined;
  /** A process of that name that is not believed; `why`: "it runs as uid 1001". */
  readonly stranger?: { readonly pid: number; readonly why: string };
}

const ROOT = 0;
const OTHERS_MAY_WRITE = 0o022;
const MOST_BYTES = 1 << 20;
/** Variables that a child needs. All others (LD_PRELOAD, NODE_OPTIONS) are dropped. */
const PASSED_ON = /^(PATH|HOME|LANG|LC_\w+|TZ|TMPDIR|FFMPEG_PATH|HOLDCAST_\w+)$/;

/**
 * The first Asterisk of this system (not of a container) that is believed; otherwise the first process of that name that is not.
 * @param uid of Asterisk's user; undefined: there is no such user, and no process is believed
 * @param proc /proc; tests have another
 */
export async function findAsterisk(proc: string, uid: number | undefined): Promise<AsteriskProcess> {
  let stranger: AsteriskProcess['stranger'];
  for (const name of await promises.readdir(proc).catch(() => [])) {
    const found = /^\d+$/.test(name) ? await look(proc, name, uid) : undefined;
    if (found?.pid !== undefined) return found;
    stranger ??= found?.stranger;
  }
  return stranger ? { stranger } : {};
}

/** Everything is read through one open folder, so a process that reuses the number of an ended one is not read. */
async function look(proc: string, name: string, uid?: number): Promise<AsteriskProcess | undefined> {
  let fd: number;
  try {
    fd = openSync(join(proc, name), constants.O_RDONLY | constants.O_DIRECTORY);
  } catch {
    return undefined;
  }
  const folder = `/proc/self/fd/${fd}`;
  try {
    if (textOf(`${folder}/comm`)?.trim() !== 'asterisk' || isElsewhere(folder, proc)) return undefined;
    const pid = Number(name);
    const exe = await promises.readlink(`${folder}/exe`).catch(errnoOf);
    // a zombie
    if (exe === 'ENOENT') return undefined;
    // A user who may not read its program can read nothing else of it either.
    const hidden = exe === 'EACCES';
    const why = whoseElse(folder, uid) ?? (hidden ? undefined : await whatElse(folder, exe ?? ''));
    if (why !== undefined) return { stranger: { pid, why } };
    if (hidden) return { pid };
    const environ = textOf(`${folder}/environ`);
    const env = environ === undefined ? undefined : environmentOf(environ);
    return { pid, env, cwd: targetIfReadable(`${folder}/cwd`) };
  } finally {
    closeSync(fd);
  }
}

/** Whether a process sees other files or other processes than this one, if that can be read. */
function isElsewhere(folder: string, proc: string): boolean {
  const [root, namespace, own] = [`${folder}/root`, `${folder}/ns/pid`, join(proc, 'self/ns/pid')].map(
    targetIfReadable,
  );
  return (root !== undefined && root !== '/') || (namespace !== undefined && namespace !== own);
}

/** Undefined: its real, effective and saved uid are this user's. */
function whoseElse(folder: string, uid: number | undefined): string | undefined {
  const [, ids = ''] = /^Uid:\s+(.*)$/m.exec(textOf(`${folder}/status`) ?? '') ?? [];
  const uids = new Set(ids.trim().split(/\s+/).slice(0, 3).map(Number));
  const [only] = uids;
  if (uids.size === 1 && only === uid) return undefined;
  return uids.size === 1 ? `it runs as uid ${only}` : `it runs as uids ${[...uids].join(', ')}`;
}

/** Undefined: its program is root's, and only root can replace it. */
async function whatElse(folder: string, exe: string): Promise<string | undefined> {
  const path = exe.replace(/ \(deleted\)$/, '');
  if (basename(path) !== 'asterisk') return `it is the program ${path}`;
  try {
    // Of the running program, even if its file has been replaced.
    const { uid, mode } = statSync(`${folder}/exe`);
    if (uid !== ROOT || (mode & OTHERS_MAY_WRITE) !== 0) return `others than root may change ${path}`;
    return changeableBy(await promises.realpath(dirname(path)), ROOT);
  } catch {
    return `${path} cannot be looked at`;
  }
}

function environmentOf(text: string): Env {
  const pairs = text.split('\0').map((pair) => {
    const at = pair.indexOf('=');
    return [pair.slice(0, at), pair.slice(at + 1)] as const;
  });
  return Object.fromEntries(pairs.filter(([name]) => PASSED_ON.test(name)));
}

function textOf(file: string): string | undefined {
  try {
    return readRegularSync(file, MOST_BYTES).toString('utf8');
  } catch {
    return undefined;
  }
}
