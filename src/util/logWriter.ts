// Where the log lines of a long-running command go: JSON by pino, to a file or to standard error, never waiting.
// pino takes its time to start, so it is imported when the writer is opened.
import { fstatSync } from 'node:fs';
import { ownStderr } from './descriptors';
import { errorFields } from './errors';
import type { LogLevel, LogWriter } from './log';

const STDERR = 2;

export interface LogSettings {
  level: LogLevel;
  /** Path of the log file; absent: standard error. */
  file?: string;
}

/** A descriptor for standard error that never waits, where there can be one. */
export function standardError(): number {
  // A file is written where it stands: opened once more, its text and ours would lie on each other.
  return (fstatSync(STDERR).isFile() ? undefined : ownStderr()) ?? STDERR;
}

/** A log file that cannot be written is said once on standard error, where the lines go then. Never rejects for that. */
export async function openLogWriter({ level, file }: LogSettings, wall: () => number): Promise<LogWriter> {
  const { pino } = await import('pino');
  const writerTo = (dest: string | number): LogWriter => {
    const stream = pino.destination({
      dest,
      sync: true,
      append: true,
      mkdir: true,
      retryEAGAIN: () => false,
    });
    // A full disk or a pipe that nobody drains must not end the call: the line is lost, the music is not.
    stream.on('error', () => {});
    const log = pino(
      {
        level,
        base: { pid: process.pid },
        timestamp: false,
        formatters: { level: (label) => ({ level: label }) },
      },
      stream,
    );
    return (lineLevel, fields, message, wallMs) =>
      log[lineLevel]({ time: new Date(wallMs).toISOString(), ...fields }, message);
  };
  try {
    if (file !== undefined) return writerTo(file);
  } catch (error) {
    const toStderr = writerTo(standardError());
    const hint = 'let this user write there, or correct log.file; until then the log goes to standard error';
    toStderr('error', { file, ...errorFields(error), hint }, 'log file cannot be written', wall());
    return toStderr;
  }
  return writerTo(standardError());
}
