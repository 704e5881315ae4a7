// Compiled configs kept on disk, so that a call need not compile: the module, what it was made of, what was validated.
// The folder is trusted only if nobody else can put code there: what lies in it is run.
import { existsSync, lstatSync, mkdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errnoOf, messageOf } from '../util/errors';
import { hash64 } from '../util/hash';
import { changeableBy } from '../util/pathTrust';
import { version } from '../util/version';
import { writeWhole } from '../util/writeWhole';
import { defaultCacheFolder, type Env } from './defaults';

/** One source file of a config: its absolute path and the hash of what was compiled. */
export interface Input {
  path: string;
  hash: string;
}

interface Manifest {
  inputs: Input[];
  /** File name of the module beside the manifest. */
  module: string;
  /** `plainHash` of the exported value that passed validation. */
  plain: string;
}

/** Taken from the environment of the hub as a rule, where streams have another: their config is the same all the same. */
const SECRETS = new Set(['secret', 'password', 'token', 'headers']);

/**
 * A hash of the plain values of a config, without its secrets: functions count as present only. Two values that validate differently have
 * different hashes, so NaN, undefined and the like are told apart from what JSON makes of them.
 */
export function plainHash(value: unknown): string {
  const text = JSON.stringify(value, (name, item: unknown) => {
    if (SECRETS.has(name)) return undefined;
    if (typeof item === 'string') return `text ${item}`;
    if (item === null || typeof item === 'boolean' || Number.isFinite(item)) return item;
    return typeof item === 'object' ? item : `[${typeof item === 'number' ? String(item) : typeof item}]`;
  });
  return hash64(text);
}

/** The folder for compiled configs, one for each user, since each trusts only their own. Absolute; may not exist. */
export function compiledFolder(env: Env): string {
  return join(defaultCacheFolder(env), `config-${process.getuid?.() ?? 'user'}`);
}

/**
 * Why code in `folder` must not be run, or undefined if nobody but this user and root can have put it there: the
 * folder is ours with mode 0700, and no folder above lets anybody else replace it.
 */
export function distrust(folder: string): string | undefined {
  const uid = process.getuid?.();
  if (uid === undefined) return 'this system has no file owners';
  try {
    const own = lstatSync(folder);
    if (!own.isDirectory()) return `${folder} is not a folder`;
    if (own.uid !== uid) return `${folder} belongs to another user (uid ${own.uid})`;
    if (own.mode & 0o077) return `${folder} is open to other users`;
    return changeableBy(realpathSync(folder), uid);
  } catch (error) {
    return `${folder} cannot be used (${errnoOf(error) ?? messageOf(error)})`;
  }
}

/** Why nothing is made at `folder`: what is there of the way to it is not this user's alone. */
function foreignGround(folder: string): string | undefined {
  const uid = process.getuid?.();
  let there = dirname(folder);
  while (!existsSync(there) && there !== dirname(there)) there = dirname(there);
  const real = realpathSync(there);
  return uid === undefined || isShared(real) ? undefined : changeableBy(real, uid);
}

/** Everybody may make something of their own in it, and nobody touches what is another's: /tmp. */
function isShared(folder: string): boolean {
  return (lstatSync(folder).mode & 0o1002) === 0o1002;
}

/** The name under which everything about one config file is kept. */
function nameFor(configFile: string): string {
  return hash64(JSON.stringify([configFile, version, process.version]));
}

/**
 * The compiled module of a config none of whose sources has changed since, or undefined. Never throws.
 * @param stale also when they have: the last config that was right
 */
export function findCompiled(
  configFile: string,
  folder: string,
  stale = false,
): { file: string; plain: string } | undefined {
  if (distrust(folder) !== undefined) return undefined;
  try {
    const text = readFileSync(join(folder, `${nameFor(configFile)}.json`), 'utf8');
    const { inputs, module, plain } = JSON.parse(text) as Manifest;
    if (!stale && !inputs.every(({ path, hash }) => hash64(readFileSync(path)) === hash)) return undefined;
    return { file: join(folder, module), plain };
  } catch {
    return undefined;
  }
}

/**
 * Keeps a validated config's module. The manifest is written last, each file in one step, so another process sees
 * the old one or the new one.
 * @returns why it could not be kept, or undefined
 */
export function keepCompiled(
  configFile: string,
  folder: string,
  { code, inputs, plain }: { code: string; inputs: Input[]; plain: string },
): string | undefined {
  try {
    const foreign = foreignGround(folder);
    if (foreign !== undefined) return foreign;
    mkdirSync(dirname(folder), { recursive: true, mode: 0o755 });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const reason = distrust(folder);
    if (reason !== undefined) return reason;
    const name = nameFor(configFile);
    const before = previousModule(join(folder, `${name}.json`));
    const module = `${name}-${hash64(code)}.mjs`;
    writeWhole(join(folder, module), code, 0o600);
    const manifest = JSON.stringify({ inputs, module, plain } satisfies Manifest);
    writeWhole(join(folder, `${name}.json`), manifest, 0o600);
    if (before !== undefined && before !== module) rmSync(join(folder, before), { force: true });
    return undefined;
  } catch (error) {
    return `${folder} cannot be written (${errnoOf(error) ?? messageOf(error)})`;
  }
}

function previousModule(manifest: string): string | undefined {
  try {
    const { module } = JSON.parse(readFileSync(manifest, 'utf8')) as Manifest;
    return /^[\w-]+\.mjs$/.test(module) ? module : undefined;
  } catch {
    return undefined;
  }
}
