// The config for the doctor: loaded without writing anything, with the folders and the password that streams and hub would use.
// Those depend on the environment of their processes, which is not the operator's.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Env } from '../config/defaults';
import { loadConfig, type LoadContext } from '../config/load';
import type { ResolvedConfig } from '../config/types';
import type { HoldcastError } from '../util/errors';
import { readRegularSync } from '../util/regularFile';
import { expected } from './check';

export type ConfigState =
  | { readonly config: ResolvedConfig; readonly path?: string | undefined; readonly error?: undefined }
  | { readonly error: HoldcastError; readonly config?: undefined; readonly path?: undefined };

/** As in packaging/systemd/holdcast-hub.service: the AMI password is there if it is not in the config itself. */
export const HUB_ENVIRONMENT = '/etc/holdcast/environment';

/** Sets in `env` what the file names and `env` lacks: an operator's shell does not have it. Never throws. */
export function adoptHubEnvironment(env: NodeJS.ProcessEnv, file = HUB_ENVIRONMENT): void {
  let text: string;
  try {
    text = readRegularSync(file, 1 << 20).toString('utf8');
  } catch {
    return;
  }
  for (const line of text.split('\n')) {
    const [, name, value = ''] = /^\s*(HOLDCAST_\w+)=(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined) env[name] ??= value.replace(/^(["'])(.*)\1$/, '$2');
  }
}

/** Where an installed system has its cache, its data and its state. */
export const SYSTEM_CACHE = '/var/cache/holdcast';
export const SYSTEM_DATA = '/var/lib/holdcast';
export const SYSTEM_RUN = '/run/holdcast';

/**
 * @throws anything but a HoldcastError
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
    return { config, path: file };
  } catch (error) {
    return { error: expected(error) };
  }
}

/** The default folders of Asterisk's user, as src/config/defaults.ts chooses them; whether that user may write there is a check of its own. */
function foldersFor(ofAsterisk: Env, home: string): Env {
  const usual = (name: string, system: string, own: string | undefined): string | undefined =>
    ofAsterisk[name] || (existsSync(system) ? system : own);
  return {
    HOLDCAST_CACHE: usual('HOLDCAST_CACHE', SYSTEM_CACHE, join(home, '.cache/holdcast')),
    HOLDCAST_DATA: usual('HOLDCAST_DATA', SYSTEM_DATA, join(home, '.local/share/holdcast')),
    // Without one it is in the cache of the config.
    HOLDCAST_RUN: usual('HOLDCAST_RUN', SYSTEM_RUN, undefined),
  };
}
