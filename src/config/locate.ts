// Which file is the config, and whether it may be run without having been asked for by name.
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { errnoOf, HoldcastError } from '../util/errors';
import type { Env } from './defaults';

export interface Whereabouts {
  env: Env;
  /** Absolute working folder. */
  cwd: string;
  /** Where an installed system has its config; tests have another. */
  systemFile?: string;
}

/**
 * Absolute path of the config: the given one, else HOLDCAST_CONFIG, else ./config.ts, else /etc/holdcast/config.ts;
 * undefined when there is none of them, which is legal.
 * @throws HoldcastError HC_CONFIG_NOT_FOUND when a file that was named is not there or cannot be read;
 *   HC_CONFIG_INVALID when ./config.ts is somebody else's
 */
export function locateConfig(path: string | undefined, whereabouts: Whereabouts): string | undefined {
  const { env, cwd, systemFile = '/etc/holdcast/config.ts' } = whereabouts;
  const named = path ?? (env['HOLDCAST_CONFIG'] || undefined);
  if (named !== undefined) {
    const file = resolve(cwd, named);
    const origin = path === undefined ? 'HOLDCAST_CONFIG names it' : '--config names it';
    if (!readable(file)) throw missing(file, origin);
    return file;
  }
  const local = resolve(cwd, 'config.ts');
  if (readable(local)) {
    refuseForeign(local);
    return local;
  }
  return readable(systemFile) ? systemFile : undefined;
}

/**
 * Whether there is a file and it can be read.
 * @throws HoldcastError HC_CONFIG_NOT_FOUND when there is one that must not be read: defaults would hide the mistake
 */
function readable(file: string): boolean {
  try {
    readFileSync(file);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return false;
    const why = errnoOf(error) ?? 'unknown reason';
    const hint = `let this user read it and its folder, for example: chmod o+r ${file}`;
    throw new HoldcastError('HC_CONFIG_NOT_FOUND', `${file} cannot be read (${why})`, hint, { cause: error });
  }
}

function missing(file: string, origin: string): HoldcastError {
  const hint = `${origin}; correct the path, or copy config.example.ts there`;
  return new HoldcastError('HC_CONFIG_NOT_FOUND', `there is no config file ${file}`, hint);
}

/** A config is a program: one that lies in the working folder by chance runs only if it is ours or root's. */
function refuseForeign(file: string): void {
  const { uid, mode } = statSync(file);
  const own = process.getuid?.() ?? uid;
  const reason =
    uid !== own && uid !== 0
      ? `belongs to another user (uid ${uid})`
      : mode & 0o002
        ? 'may be written by every user'
        : undefined;
  if (reason === undefined) return;
  const hint = `name it with --config ${file} if you trust it, or change its owner and mode`;
  throw new HoldcastError('HC_CONFIG_INVALID', `${file} ${reason}, so it is not run unasked`, hint);
}
