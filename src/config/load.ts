// Finds, compiles, checks and resolves the operator's config.ts.
// There are two ways: warm, from what was compiled and validated before, in a few milliseconds, since a caller waits for
// music; cold, from the source, with errors that an operator can act on.
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { systemClock, type Clock } from '../util/clock';
import { HoldcastError } from '../util/errors';
import { resolveConfig } from './defaults';
import type { Exported } from './evaluate';
import { findConfig, type Whereabouts } from './locate';
import { problemLine, type Problem } from './problems';
import type { Config, ResolvedConfig } from './types';

/** How long a config may take to run, and how long a caller's first sample may wait for one. */
const COLD_LIMIT_MS = 5000;
const WARM_LIMIT_MS = 500;
/** In a crowd a config takes longer, and a caller waits longer for it, up to this factor. */
const MOST_CROWDING = 3;

export interface LoadContext extends Whereabouts {
  clock: Clock;
  /** How much longer this process takes for its work than on an idle machine, 1 and more. Default 1. */
  crowding?: number;
  /** Whether what was compiled is kept for the next time. Default true. */
  keep?: boolean;
}

export interface LoadedConfig {
  config: ResolvedConfig;
  /** Absolute path of the file; absent: there is none, and all is default. */
  path?: string;
  /** Absolute paths of all files that it was made of; absent: there are none. */
  sources?: readonly string[];
  /** Why the compiled config was not kept, so that every call compiles it again; absent: it was kept. */
  notKept?: string;
}

/**
 * The config as it was validated before, without loading esbuild or zod; or the defaults if there is no config file.
 * @param path as given by --config
 * @returns undefined when it must be loaded cold: new, changed, in a cache that is not trusted, exporting other values
 *   than were validated (they may come from the environment), slow or broken. Never rejects.
 */
export function loadConfigWarm(
  path?: string,
  context: Partial<LoadContext> = {},
): Promise<ResolvedConfig | undefined> {
  return loadKept(path, withDefaults(context), { stale: false });
}

/**
 * The last config at this path that was right, for calls that come while it is not. Undefined when none is kept.
 * Never rejects.
 */
export function loadLastGood(
  path?: string,
  context: Partial<LoadContext> = {},
): Promise<ResolvedConfig | undefined> {
  return loadKept(path, withDefaults(context), { stale: true });
}

/** What was compiled before; `stale`: though its sources, or the values that it exports, have changed since. */
async function loadKept(
  path: string | undefined,
  { env, clock, crowding = 1, ...rest }: LoadContext,
  { stale }: { stale: boolean },
): Promise<ResolvedConfig | undefined> {
  try {
    const found = findConfig(path, { env, ...rest });
    if (!found) return resolveConfig({}, { configDir: rest.cwd, env });
    const { file, real } = found;
    const { compiledFolder, findCompiled, plainHash } = await import('./compiled');
    const compiled = findCompiled(real, compiledFolder(env), stale);
    if (!compiled) return undefined;
    const { evaluate } = await import('./evaluate');
    const limitMs = WARM_LIMIT_MS * Math.min(MOST_CROWDING, Math.max(1, crowding));
    const { value } = await evaluate(pathToFileURL(compiled.file).href, file, clock, limitMs);
    if (!stale && plainHash(value) !== compiled.plain) return undefined;
    return resolveConfig(value as Config, { configDir: dirname(file), env });
  } catch {
    return undefined; // whatever it was, the cold way meets it too and says it well
  }
}

/**
 * Compiles, runs, validates and resolves the config, and keeps the result for `loadConfigWarm` where that is possible.
 * @param path as given by --config
 * @throws HoldcastError HC_CONFIG_NOT_FOUND, HC_CONFIG_SYNTAX, HC_CONFIG_INVALID (its cause is a ConfigProblems when
 *   values are not allowed), HC_NOT_AS_ROOT
 */
export async function loadConfig(path?: string, context: Partial<LoadContext> = {}): Promise<LoadedConfig> {
  const { env, clock, keep = true, ...rest } = withDefaults(context);
  const found = findConfig(path, { env, ...rest });
  if (!found) return { config: resolveConfig({}, { configDir: rest.cwd, env }) };
  const { file, real, refuse } = found;
  const { bundleConfig } = await import('./bundle');
  const { compiledFolder, keepCompiled, plainHash } = await import('./compiled');
  const { code, map, inputs } = await bundleConfig(real, refuse);
  const { value } = await runFromMemory(code, map, real, clock);
  const { validateConfig } = await import('./schema');
  const verdict = validateConfig(value, env);
  if (!verdict.ok) throw invalid(file, verdict.problems);
  const notKept = keep
    ? keepCompiled(real, compiledFolder(env), { code, inputs, plain: plainHash(value) })
    : undefined;
  const config = resolveConfig(value as Config, { configDir: dirname(file), env });
  const sources = inputs.map(({ path: source }) => source);
  return { config, path: file, sources, ...(notKept !== undefined && { notKept }) };
}

/** The values that are not allowed, as the cause of a HC_CONFIG_INVALID. */
export class ConfigProblems extends Error {
  constructor(readonly problems: readonly Problem[]) {
    super(problems.map(problemLine).join('\n'));
  }
}

/** From a data: URL, so that no file is written: nothing is left behind, and a read-only system works too. */
async function runFromMemory(code: string, map: string, file: string, clock: Clock): Promise<Exported> {
  const { endsInTime, evaluate, thrownByConfig, tooSlow } = await import('./evaluate');
  const url = `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`;
  try {
    if (!(await endsInTime(url, clock, COLD_LIMIT_MS))) throw tooSlow(file, COLD_LIMIT_MS);
    return await evaluate(url, file, clock, COLD_LIMIT_MS);
  } catch (error) {
    throw await thrownByConfig(error, file, map);
  }
}

function invalid(file: string, problems: readonly Problem[]): HoldcastError {
  const cause = new ConfigProblems(problems);
  const count = problems.length === 1 ? 'one value is' : `${problems.length} values are`;
  const message = `${file}: ${count} not allowed\n${cause.message.replace(/^/gm, '  ')}`;
  const hint = 'correct what is named; config.example.ts shows every option with its default';
  return new HoldcastError('HC_CONFIG_INVALID', message, hint, { cause });
}

function withDefaults(context: Partial<LoadContext>): LoadContext {
  return { env: process.env, cwd: process.cwd(), clock: systemClock(), ...context };
}
