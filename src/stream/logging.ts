// The stream's log: lines are kept while the first audio is on its way, then written as JSON by pino.
// pino takes 15 ms to import, so it comes after the caller hears music.
import { writeSync } from 'node:fs';
import { createLogger, type LogFields, type Logger, type LogLevel, type LogWriter } from '../util/log';

/** Lines kept before there is a writer; more than a start can produce. */
const KEPT_LINES = 1000;

export interface LogSettings {
  level: LogLevel;
  /** Path of the log file; absent: standard error. */
  file?: string;
}

export class DeferredLog {
  #kept: Parameters<LogWriter>[] = [];
  #write: LogWriter = (...line) => {
    if (this.#kept.length < KEPT_LINES) this.#kept.push(line);
  };
  readonly logger: Logger;

  constructor(wall: () => number) {
    this.logger = createLogger((...line) => this.#write(...line), wall, 'debug');
  }

  /** Opens the writer and hands it what was kept. A log file that cannot be written is said once on standard error. */
  async open(settings: LogSettings): Promise<void> {
    this.#write = await pinoWriter(settings);
    for (const line of this.#kept.splice(0)) this.#write(...line);
  }

  /** A call that ends before there is a writer: what went wrong is not lost. */
  flush(): void {
    for (const [level, fields, message, wallMs] of this.#kept.splice(0)) {
      if (level !== 'warn' && level !== 'error') continue;
      const line = { level, pid: process.pid, time: new Date(wallMs).toISOString(), ...fields, msg: message };
      writeSync(2, `${JSON.stringify(line)}\n`);
    }
  }
}

async function pinoWriter({ level, file }: LogSettings): Promise<LogWriter> {
  const { pino } = await import('pino');
  const destination = (dest: string | number) =>
    pino.destination({ dest, sync: true, append: true, mkdir: true });
  const toStderr = destination(2);
  let out = toStderr;
  try {
    if (file) out = destination(file);
  } catch (error) {
    pino(toStderr).error({ file, err: error }, 'log file cannot be written; logging to standard error');
  }
  // A full disk must not end the call: the line is lost, the music is not.
  for (const stream of [out, toStderr]) stream.on('error', () => {});
  const log = pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: false,
      formatters: { level: (label) => ({ level: label }) },
    },
    out,
  );
  return (lineLevel: LogLevel, fields: LogFields, message: string, wallMs: number) => {
    log[lineLevel]({ time: new Date(wallMs).toISOString(), ...fields }, message);
  };
}
