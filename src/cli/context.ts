// What every command needs: where it prints, how it logs, how it is cancelled, and how its errors read.
import type { ResolvedConfig } from '../config/types';
import { HoldcastError, messageOf } from '../util/errors';
import { createLogger, type Logger } from '../util/log';
import { endProcess } from '../util/operatorFiles';
import { printable } from '../util/printable';
import { standardOutput, type Terminal } from './terminal';

export interface Context {
  out: Terminal;
  /** People read it: one line each on standard error. */
  log: Logger;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
}

const EXIT_CODES: Partial<Record<string, number>> = {
  HC_USAGE: 2,
  HC_SCRIPT_INVALID: 2,
  HC_FFMPEG_MISSING: 69,
  HC_FFMPEG_BROKEN: 69,
  HC_STORE_AWAY: 69,
  HC_HUB_AWAY: 69,
};
const EXIT_INTERRUPTED = 130;

/**
 * Runs a command: its result is the exit code; what it throws is told with what to do next.
 * @param daemon the command takes signals itself, and ending by one is its normal end
 */
export async function runCommand(
  command: (context: Context) => Promise<number>,
  { daemon = false } = {},
): Promise<void> {
  const abort = new AbortController();
  const interrupt = (): void => abort.abort();
  if (!daemon) for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, interrupt);
  try {
    const code = await command({ out: standardOutput(), log: stderrLog(), signal: abort.signal });
    process.exitCode = abort.signal.aborted ? EXIT_INTERRUPTED : code;
  } catch (error) {
    process.exitCode = abort.signal.aborted ? EXIT_INTERRUPTED : tell(error);
  }
  // A config may have left a timer or a connection open, which would keep the command for ever.
  await endProcess();
}

/** The config that a command works with. */
export async function configOf(path: string | undefined): Promise<ResolvedConfig> {
  const { loadConfig } = await import('../config/load');
  return (await loadConfig(path)).config;
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
