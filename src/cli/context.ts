// What every command needs: where it prints, how it logs, how it is cancelled, and how its errors read.
import { placeOfRootsConfig } from '../config/locate';
import type { ResolvedConfig } from '../config/types';
import { HoldcastError, messageOf } from '../util/errors';
import { createLogger, type Logger } from '../util/log';
import { endProcess } from '../util/operatorFiles';
import { printable } from '../util/printable';
import { becomeOwnerOf } from '../util/privileges';
import { standardErrorDrained, standardOutput, type Terminal } from './terminal';

export interface Context {
  out: Terminal;
  /** For people: one line each on standard error. */
  log: Logger;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
}

/** Of a command line that is wrong. */
export const EXIT_USAGE = 2;
const EXIT_CODES: Partial<Record<string, number>> = {
  HC_USAGE: EXIT_USAGE,
  HC_SCRIPT_INVALID: EXIT_USAGE,
  HC_FFMPEG_MISSING: 69,
  HC_FFMPEG_BROKEN: 69,
  HC_STORE_AWAY: 69,
  HC_HUB_AWAY: 69,
};
const EXIT_INTERRUPTED = 130;
/** Standard output is a file on a disk that is full, or the like. */
const EXIT_UNWRITABLE = 74;

/**
 * Runs a command: its result is the exit code; an error is printed with what to do about it.
 * @param daemon the command takes signals itself, and ending by one is its normal end
 */
export async function runCommand(
  command: (context: Context) => Promise<number>,
  { daemon = false } = {},
): Promise<void> {
  const abort = new AbortController();
  const interrupt = (): void => abort.abort();
  if (!daemon) for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, interrupt);
  process.stderr.on('error', () => {}); // a closed standard error must not end the command
  const out = standardOutput(abort.signal);
  let code: number;
  try {
    code = await command({ out, log: stderrLog(), signal: abort.signal });
  } catch (error) {
    code = abort.signal.aborted ? EXIT_INTERRUPTED : tell(error);
  }
  if (!daemon) await Promise.all([out.drained(), standardErrorDrained(abort.signal)]);
  if (out.failure !== undefined && !daemon) {
    process.stderr.write(`holdcast: standard output cannot be written: ${out.failure}\n`);
    code ||= EXIT_UNWRITABLE;
  }
  // A config may have left a timer or a connection open, which would keep the command for ever.
  process.exitCode = abort.signal.aborted ? EXIT_INTERRUPTED : code;
  await endProcess();
}

/**
 * The config that a command works with. A command of root's continues as the owner of the config and of the folders that
 * it works in: nothing that another user has put there is run or touched as root.
 * @param folders of the config, and what else the command writes
 */
export async function configOf(
  path: string | undefined,
  folders: (config: ResolvedConfig) => readonly string[],
): Promise<ResolvedConfig> {
  const { loadConfig, loadConfigWarm } = await import('../config/load');
  becomeOwnerOfConfig(path);
  const config = (await loadConfigWarm(path)) ?? (await loadConfig(path)).config;
  becomeOwnerOf(folders(config));
  return config;
}

/** @throws HoldcastError HC_NOT_AS_ROOT */
export function becomeOwnerOfConfig(path: string | undefined): void {
  becomeOwnerOf([placeOfRootsConfig(path, { env: process.env, cwd: process.cwd() })]);
}

/** What the hub and the streams write. */
export function foldersOf({ store, media, calls, hub, log }: ResolvedConfig): string[] {
  const data = store.mysql ? [] : [store.file];
  const written = log.file === undefined ? [] : [log.file];
  return [...data, store.spool, media.cache, calls.folder, hub.folder, ...written];
}

function tell(error: unknown): number {
  const known = error instanceof HoldcastError;
  process.stderr.write(`holdcast: ${printable(messageOf(error))}\n`);
  if (known && error.hint) process.stderr.write(`  → ${printable(error.hint)}\n`);
  if (known) process.stderr.write(`  (${error.code})\n`);
  else if (error instanceof Error && process.env['HOLDCAST_DEBUG']) process.stderr.write(`${error.stack}\n`);
  return (known && EXIT_CODES[error.code]) || 1;
}

function stderrLog(): Logger {
  const level = process.env['HOLDCAST_DEBUG'] ? 'debug' : 'warn';
  const fieldText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
  return createLogger(
    (lineLevel, fields, message) => {
      const details = Object.entries(fields).map(([name, value]) => `${name}=${fieldText(value)}`);
      process.stderr.write(`${printable(`${lineLevel}: ${[message, ...details].join('  ')}`)}\n`);
    },
    () => 0,
    level,
  );
}
