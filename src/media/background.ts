// Starts the preparation of media in a process of its own, which plays to nobody and outlives who asked.
// Used by a process with a caller on it: slow modules come on demand, and nothing of it ever reaches stdout.
import type { Socket } from 'node:net';
import { errorFields } from '../util/errors';
import type { Logger } from '../util/log';
import { packageRoot } from '../util/packageRoot';

export interface BackgroundPreparation {
  /** Program and arguments: [process.execPath, '/…/bin/holdcast', 'media', 'prepare', '--background', …]. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The cache folder that will be written. */
  readonly cache: string;
  readonly log: Logger;
}

/** The new process gives way to those that play. */
const NICENESS = 15;
/** What it says in the end of its errors is enough, characters. */
const MOST_SAID = 4000;

/** What a command wrote when it failed (see `tell` in src/cli/context.ts), as log fields. */
function failureOf(said: string, hint: string): Record<string, string> {
  const code = /HC_\w+/.exec(said)?.[0];
  const error = /^holdcast: (.*)$/m.exec(said)?.[1] ?? said.trim();
  return { ...(code !== undefined && { code }), error, hint: /→ (.*)/.exec(said)?.[1] ?? hint };
}

/**
 * Starts `holdcast media prepare` for a cache in the background, as `spawnPreparation` does; returns at once.
 * @param configFile as given by --config
 */
export function requestPreparation(configFile: string | undefined, cache: string, log: Logger): void {
  const command = [process.execPath, `${packageRoot()}/bin/holdcast`, 'media', 'prepare', '--background'];
  if (configFile !== undefined) command.push('--config', configFile);
  void spawnPreparation({ command, env: process.env, cache, log });
}

/**
 * Starts the command unless a preparation of this cache is at work or being started, by whichever process.
 * @returns whether it was started. Never throws; what goes wrong is logged.
 */
export async function spawnPreparation(options: BackgroundPreparation): Promise<boolean> {
  const { command, env, cache, log } = options;
  try {
    const { PrepareLock } = await import('./lock');
    const starting = await new PrepareLock(cache, 'spawn').acquire();
    if (!starting) return false;
    if ((await new PrepareLock(cache).owner()) !== undefined) {
      await starting.close();
      return false;
    }
    const { spawn } = await import('node:child_process');
    const { giveWay } = await import('../util/priority');
    const [program = process.execPath, ...args] = command;
    const byHand = command.filter((word) => word !== '--background').join(' ');
    const child = spawn(program, args, {
      env: { ...env },
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr?.on('data', (text: Buffer) => (said = (said + text.toString()).slice(-MOST_SAID)));
    (child.stderr as Socket | null)?.unref();
    // Until it ends (it holds the lock itself by then) nobody starts another.
    child.once('exit', (code) => {
      void starting.close();
      if (code) log.error(failureOf(said, `run it by hand: ${byHand}`), 'media preparation failed');
    });
    child.once('error', (error) => {
      void starting.close();
      log.error({ message: error.message }, 'media preparation cannot be started');
    });
    if (child.pid === undefined) return false;
    child.unref();
    giveWay(child.pid, NICENESS);
    log.info({ preparer: child.pid }, 'media preparation started in the background');
    return true;
  } catch (error) {
    log.error(errorFields(error), 'media preparation cannot be started');
    return false;
  }
}
