// The config for the doctor: loaded without keeping anything, with the folders that streams and hub would use.
// Those depend on the environment that they are started with, which is not the operator's.
import { existsSync } from 'node:fs';
import { isAbsolute, join, relative } from 'node:path';
import type { Env } from '../../config/defaults';
import { loadConfig, type LoadContext } from '../../config/load';
import type { ResolvedConfig } from '../../config/types';
import { HoldcastError } from '../../util/errors';

export type ConfigState =
  | { readonly config: ResolvedConfig; readonly path?: string; readonly error?: undefined }
  | { readonly error: HoldcastError; readonly config?: undefined };

/** Nothing can be made below it, so loading keeps nothing; and what lies below it was left to the environment. */
const NOWHERE_CACHE = '/dev/null/cache';
const NOWHERE_RUN = '/dev/null/run';

/** Where an installed system has its cache and its state. */
export const SYSTEM_CACHE = '/var/cache/holdcast';
export const SYSTEM_RUN = '/run/holdcast';

/**
 * Never rejects but for what is no HoldcastError.
 * @param path as given by --config
 * @param ofAsterisk the environment of the streams
 * @param home of the user that runs Asterisk
 */
export async function loadForDoctor(
  path: string | undefined,
  context: Pick<LoadContext, 'env'> & Partial<LoadContext>,
  ofAsterisk: Env,
  home = '/',
): Promise<ConfigState> {
  const env = { ...context.env, HOLDCAST_CACHE: NOWHERE_CACHE, HOLDCAST_RUN: NOWHERE_RUN };
  try {
    const loaded = await loadConfig(path, { ...context, env });
    const config = relocated(loaded.config, ofAsterisk, home);
    return { config, ...(loaded.path !== undefined && { path: loaded.path }) };
  } catch (error) {
    if (error instanceof HoldcastError) return { error };
    throw error;
  }
}

/** As src/config/defaults.ts decides it for the streams, but for rights, which are looked at by themselves. */
function relocated(config: ResolvedConfig, env: Env, home: string): ResolvedConfig {
  const usual = existsSync(SYSTEM_CACHE) ? SYSTEM_CACHE : join(home, '.cache/holdcast');
  const move = (path: string, from: string, to: string): string => {
    const below = relative(from, path);
    return below.startsWith('..') || isAbsolute(below) ? path : join(to, below);
  };
  const cache = move(config.media.cache, NOWHERE_CACHE, env['HOLDCAST_CACHE'] || usual);
  const run = env['HOLDCAST_RUN'] || (existsSync(SYSTEM_RUN) ? SYSTEM_RUN : join(cache, 'run'));
  return {
    ...config,
    media: { ...config.media, cache },
    store: {
      ...config.store,
      file: move(config.store.file, NOWHERE_CACHE, cache),
      spool: move(config.store.spool, NOWHERE_CACHE, cache),
    },
    calls: { ...config.calls, folder: move(config.calls.folder, NOWHERE_RUN, run) },
    hub: { ...config.hub, socket: move(config.hub.socket, NOWHERE_RUN, run) },
  };
}
