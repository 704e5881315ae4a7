// What the commands print goes through here: the only place of the command line that touches standard output.
// A pipe takes 64 KiB at once, and the rest when its reader has time: the process ends after that.

export interface Terminal {
  write(text: string): void;
  readonly isTTY: boolean;
  /** Width in characters; 80 where it is unknown. */
  readonly columns: number;
  /** The reader is gone: a command that only prints may end. */
  readonly closed?: boolean;
  /** Resolves when the reader has taken everything, or never will. Absent: everything is taken at once. */
  drained?(): Promise<void>;
}

export interface StandardOutput extends Terminal {
  drained(): Promise<void>;
  /** Why it cannot be written to ("ENOSPC"). A reader that has seen enough is no failure: `holdcast media list | head`. */
  readonly failure: string | undefined;
}

/** @param signal ends the wait for a reader that takes nothing */
export function standardOutput(signal: AbortSignal): StandardOutput {
  const { stdout } = process;
  let closed = false;
  let failure: string | undefined;
  stdout.on('error', ({ code = 'no code' }: NodeJS.ErrnoException) => {
    if (!closed && code !== 'EPIPE') failure = code;
    closed = true;
  });
  return {
    write: (text) => void (closed || stdout.write(text)),
    isTTY: stdout.isTTY === true,
    columns: stdout.columns ?? 80,
    get closed() {
      return closed;
    },
    get failure() {
      return failure;
    },
    async drained() {
      await drained(stdout, signal);
      // An error of the last write is told a turn later.
      await new Promise((turn) => setImmediate(turn));
    },
  };
}

/** Standard error has no reader that could be told of its own end. */
export function standardErrorDrained(signal: AbortSignal): Promise<void> {
  return drained(process.stderr, signal);
}

function drained(stream: NodeJS.WriteStream, signal: AbortSignal): Promise<void> {
  if (signal.aborted || stream.errored || stream.writableLength === 0) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      signal.removeEventListener('abort', done);
      resolve();
    };
    signal.addEventListener('abort', done);
    // Called when all before it is written, and also when that fails.
    stream.write('', done);
  });
}

export interface Progress {
  /** @param done 0 to 1 */
  show(this: void, done: number): void;
  close(this: void): void;
}

const BAR_CHARACTERS = 40;

/** A progress bar on standard error where a person looks; nothing anywhere else, since a log file wants no bars. */
export function openProgress(out: Terminal, what: string): Progress {
  const isSeen = out.isTTY && process.stderr.isTTY;
  let drawn = '';
  return {
    show(done) {
      const bar = '█'.repeat(Math.round(done * BAR_CHARACTERS)).padEnd(BAR_CHARACTERS, '░');
      const line = `\r${what} ${bar} ${Math.round(done * 100)}%`;
      if (isSeen && line !== drawn) process.stderr.write(line);
      drawn = line;
    },
    // Back to the beginning of the line, and clears it.
    close: () => void (isSeen && process.stderr.write('\r\u001b[K')),
  };
}
