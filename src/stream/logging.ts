// The stream's log: lines are kept while the first audio is on its way, then written as JSON by pino.
// pino takes its time to start, so it comes after the caller hears music.
import { openSync, writeSync } from 'node:fs';
import { createLogger, isAtLeast, type Logger, type LogWriter } from '../util/log';
import { openLogWriter, standardError, type LogSettings } from '../util/logWriter';

/** Lines kept before there is a writer; more than a start can produce. */
const KEPT_LINES = 1000;

export class DeferredLog {
  #kept: Parameters<LogWriter>[] = [];
  #write: LogWriter = (...line) => {
    if (this.#kept.length < KEPT_LINES) this.#kept.push(line);
  };
  readonly logger: Logger;
  /** Where the log will go, as far as it is known; for a call that ends before its writer is open. */
  settings: LogSettings = { level: 'info' };

  constructor(private readonly wall: () => number) {
    this.logger = createLogger((...line) => this.#write(...line), wall, 'debug');
  }

  /** Opens the writer and hands it what was kept. A log file that cannot be written is said once on standard error. */
  async open(): Promise<void> {
    this.#write = await openLogWriter(this.settings, this.wall);
    for (const line of this.#kept.splice(0)) this.#write(...line);
  }

  /** A call that ends before there is a writer: what it has to say is written all the same. */
  flush(): void {
    if (this.#kept.length === 0) return;
    const fd = this.#plainTarget();
    for (const [level, fields, message, wallMs] of this.#kept.splice(0)) {
      if (!isAtLeast(level, this.settings.level)) continue;
      const line = { level, pid: process.pid, time: new Date(wallMs).toISOString(), ...fields, msg: message };
      try {
        writeSync(fd, `${JSON.stringify(line)}\n`);
      } catch {
        return; // nobody reads it, and the call must end all the same
      }
    }
  }

  #plainTarget(): number {
    try {
      if (this.settings.file !== undefined) return openSync(this.settings.file, 'a');
    } catch {
      // standard error then, as when pino cannot open it
    }
    return standardError();
  }
}
