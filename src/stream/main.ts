// Entry of `holdcast stream`: standard output becomes the caller's ear, signals end it, nothing else does.
// This file and what it imports decide how soon a caller hears music: nothing slow belongs here.
import { fstatSync } from 'node:fs';
import { resolveConfig } from '../config/defaults';
import { loadConfig, loadConfigWarm, loadLastGood } from '../config/load';
import type { ResolvedConfig } from '../config/types';
import { requestPreparation } from '../media/background';
import { systemClock } from '../util/clock';
import { errorFields } from '../util/errors';
import { endProcess } from '../util/operatorFiles';
import { becomeOwnerOfFirst } from '../util/privileges';
import { parseStreamOptions } from './options';
import { takeStdout } from './output';
import { CallStream } from './stream';

const USAGE_EXIT = 2;

/** As node:tty's isatty, which would import the whole of node:net before the first sample. */
function isTerminal(fd: number): boolean {
  const { rdev } = fstatSync(fd);
  const major = (rdev >> 8) & 0xfff;
  // Linux: 4 is the console's terminals, 5 /dev/tty, 136 to 143 the pseudo-terminals (Documentation/admin-guide/devices).
  return major === 4 || major === 5 || (major >= 136 && major <= 143);
}

/** The time since this process began by the processor time that it had; it does little but compute up to its first Frames. */
function crowding(): number {
  const { user, system } = process.cpuUsage();
  return (process.uptime() * 1e6) / (user + system);
}

/** Where Asterisk runs as root, and the folders are another user's: nothing is written there as root. */
function asOwner<T extends ResolvedConfig | undefined>(config: T): T {
  if (config) {
    const { calls, media, store, log } = config;
    becomeOwnerOfFirst([
      calls.folder,
      media.cache,
      store.file,
      ...(log.file === undefined ? [] : [log.file]),
    ]);
  }
  return config;
}

function main(): void {
  if (isTerminal(1)) {
    process.stderr.write(
      'holdcast stream writes raw audio for Asterisk; pipe it into a player, for example:\n',
    );
    process.stderr.write('  holdcast stream | aplay -f S16_LE -r 8000\n');
    process.exitCode = USAGE_EXIT;
    return;
  }
  const options = parseStreamOptions(process.argv.slice(3), process.env);
  const { config: configFile } = options.options;
  const stream = new CallStream({
    options,
    get defaults() {
      return asOwner(resolveConfig({}, { configDir: '/', env: process.env }));
    },
    loadWarm: async () => asOwner(await loadConfigWarm(configFile, { crowding: crowding() })),
    loadCold: async () => asOwner((await loadConfig(configFile)).config),
    loadLastGood: async () => asOwner(await loadLastGood(configFile)),
    output: takeStdout(),
    clock: systemClock(),
    requestPreparation: ({ media }, log) => requestPreparation(configFile, media.cache, log),
    crowding,
    openOutside: async (parts) => (await import('./outside')).openOutside(parts),
    onEnd: (reason) => end(reason),
  });
  const exit = process.exit.bind(process);
  process.exit = refuseToExit;
  const end = (reason: string): void => {
    stream.log.info({ reason }, 'stream ended');
    void stream.close().finally(() => endProcess(() => exit(0)));
  };
  for (const signal of ['SIGHUP', 'SIGTERM', 'SIGINT'] as const) process.on(signal, () => end(signal));
  const survive = (error: unknown): void =>
    stream.log.error(errorFields(error), 'unexpected error; the music continues');
  process.on('uncaughtException', survive);
  process.on('unhandledRejection', survive);
  void stream.run();
}

/** What a config or a library gets that wants to end the process: the caller would hear silence. */
function refuseToExit(): never {
  throw new Error('process.exit() has no effect in a stream: only signals and its reader end it');
}

main();
