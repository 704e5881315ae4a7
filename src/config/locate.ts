// Which file is the config, and whether it may be run. A config is a program: root runs none that somebody else can change,
// and nobody runs one unasked that lies in the working folder by chance.
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { errnoOf, HoldcastError, messageOf } from '../util/errors';
import { changeableBy } from '../util/pathTrust';
import { isRoot } from '../util/privileges';
import { readRegularSync } from '../util/regularFile';
import type { Env } from './defaults';

export interface Whereabouts {
  env: Env;
  /** Absolute working folder. */
  cwd: string;
  /** Where an installed system has its config; tests have another. */
  systemFile?: string;
}

export interface FoundConfig {
  /** Absolute, as it was named. */
  readonly file: string;
  /** Where it really lies: what it imports is looked for beside this. */
  readonly real: string;
  /** Why a file that the config imports must not be run; undefined: it may be. */
  readonly refuse: (importedFile: string) => string | undefined;
}

const SYSTEM_FILE = '/etc/holdcast/config.ts';
/** No config is longer; bytes. */
const MOST_BYTES = 4 << 20;

/**
 * The config: the given one, else HOLDCAST_CONFIG, else ./config.ts (not for root), else /etc/holdcast/config.ts;
 * undefined when there is none of them, which is legal.
 * @throws HoldcastError HC_CONFIG_NOT_FOUND when a file that was named is not there or cannot be read;
 *   HC_CONFIG_INVALID when ./config.ts is somebody else's; HC_NOT_AS_ROOT when this is root and others may change it
 */
export function findConfig(path: string | undefined, whereabouts: Whereabouts): FoundConfig | undefined {
  const { cwd, systemFile = SYSTEM_FILE } = whereabouts;
  const file = named(path, whereabouts);
  if (file !== undefined) {
    const origin = path === undefined ? 'HOLDCAST_CONFIG names it' : '--config names it';
    if (!readable(file)) throw missing(file, origin);
    return found(file, 'asked');
  }
  const local = resolve(cwd, 'config.ts');
  if (!isRoot() && readable(local)) return found(local, 'unasked');
  return readable(systemFile) ? found(systemFile, 'asked') : undefined;
}

/** Where root's config would be, as `findConfig` looks for it; whether there is one or not. Absolute. */
export function placeOfRootsConfig(path: string | undefined, whereabouts: Whereabouts): string {
  return named(path, whereabouts) ?? whereabouts.systemFile ?? SYSTEM_FILE;
}

function named(path: string | undefined, { env, cwd }: Whereabouts): string | undefined {
  const name = path ?? (env['HOLDCAST_CONFIG'] || undefined);
  return name === undefined ? undefined : resolve(cwd, name);
}

function found(file: string, how: 'asked' | 'unasked'): FoundConfig {
  const real = realpathSync(file);
  const uid = process.geteuid?.();
  // A file that was named is trusted as its user trusts it; but nothing that others can change runs as root.
  if (uid === undefined || (how === 'asked' && uid !== 0)) return { file, real, refuse: () => undefined };
  const refuse = (imported: string): string | undefined => strangerTo(imported, uid);
  const reason = refuse(real);
  if (reason !== undefined) throw refusal(file, reason, uid);
  return { file, real, refuse };
}

function strangerTo(file: string, uid: number): string | undefined {
  try {
    // Debian makes a group of the same number with each user, and Ubuntu lets it write.
    return changeableBy(realpathSync(file), uid, uid === 0 ? undefined : uid);
  } catch (error) {
    return `${file} cannot be looked at (${errnoOf(error) ?? messageOf(error)})`;
  }
}

/** A file of a config that must not be run. */
export function refusal(file: string, reason: string, uid = process.geteuid?.()): HoldcastError {
  if (uid === 0) {
    const hint =
      'give the config, what it imports and the folders above to root and take write rights from others, or run this as their owner: sudo -u asterisk holdcast …';
    return new HoldcastError('HC_NOT_AS_ROOT', `${file} is not run as root: ${reason}`, hint);
  }
  const hint = `name it with --config ${file} if you trust it, or change its owner and mode`;
  return new HoldcastError('HC_CONFIG_INVALID', `${file} is not run unasked: ${reason}`, hint);
}

/**
 * Whether there is a file and it can be read.
 * @throws HoldcastError HC_CONFIG_NOT_FOUND when there is one that must not be read: defaults would hide the mistake
 */
function readable(file: string): boolean {
  try {
    readRegularSync(file, MOST_BYTES);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return false;
    const why = errnoOf(error) ?? 'unknown reason';
    const hint =
      why === 'ENOTREG' || why === 'EISDIR'
        ? 'a config is a file: put one there, or name another with --config'
        : `let this user read it and its folder, for example: chmod o+r ${file}`;
    throw new HoldcastError('HC_CONFIG_NOT_FOUND', `${file} cannot be read (${why})`, hint, { cause: error });
  }
}

function missing(file: string, origin: string): HoldcastError {
  const hint = `${origin}; correct the path, or copy config.example.ts there`;
  return new HoldcastError('HC_CONFIG_NOT_FOUND', `there is no config file ${file}`, hint);
}
