// The config for the doctor: loaded without keeping anything, with the folders that streams and hub would use.
// Those depend on the environment that they are started with, which is not the operator's.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Env } from '../config/defaults';
import { loadConfig, type LoadContext } from '../config/load';
import type { ResolvedConfig } from '../config/types';
import { HoldcastError } from '../util/errors';

export type ConfigState =
  | { readonly config: ResolvedConfig; readonly path?: string; readonly error?: undefined }
  | { readonly error: HoldcastError; readonly config?: undefined };

/** Where an installed system has its cache, its data and its state. */
export const SYSTEM_CACHE = '/var/cache/holdcast';
export const SYSTEM_DATA = '/var/lib/holdcast';
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
  const env = { ...context.env, ...foldersFor(ofAsterisk, home) };
  try {
    const { config, path: file } = await loadConfig(path, { ...context, env, keep: false });
    return { config, ...(file !== undefined && { path: file }) };
  } catch (error) {
    if (error instanceof HoldcastError) return { error };
    throw error;
  }
}

/**
 * The default folders as src/config/defaults.ts decides on them for Asterisk's user, who may write to the system's as this
 * user perhaps may not; whether that is so is looked at by itself.
 */
function foldersFor(ofAsterisk: Env, home: string): Env {
  const usual = (name: string, system: string, own: string | undefined): string | undefined =>
    ofAsterisk[name] || (existsSync(system) ? system : own);
  return {
    HOLDCAST_CACHE: usual('HOLDCAST_CACHE', SYSTEM_CACHE, join(home, '.cache/holdcast')),
    HOLDCAST_DATA: usual('HOLDCAST_DATA', SYSTEM_DATA, join(home, '.local/share/holdcast')),
    // Without one it is in the cache, wherever the config has that.
    HOLDCAST_RUN: usual('HOLDCAST_RUN', SYSTEM_RUN, undefined),
  };
}
