// The log of a long-running command: JSON by pino, to a file or to standard error, without ever waiting.
// pino is slow to start, so it is imported when the writer is opened.
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

/** A descriptor for standard error; it never blocks if that is possible. */
export function standardError(): number {
  // A second description of a file has its own position: its text would overwrite ours.
  return (fstatSync(STDERR).isFile() ? undefined : ownStderr()) ?? STDERR;
}

/** If the log file cannot be written, one line on standard error says so, and the log goes there. Never rejects for that. */
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
