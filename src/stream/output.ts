// Where a stream's audio goes: the pipe to Asterisk, taken over at start so that nothing else can ever write to it.
// The pipe also tells how much of it Asterisk has not read yet, which no clock can know after a stall.
import { closeSync, constants, fstatSync, openSync, write as writeAsync } from 'node:fs';
import { PipeOutput, type AudioOutput, type WriteResult } from '../pipe/pipeOutput';
import { ownStderr, reopen } from '../util/descriptors';
import { errnoOf } from '../util/errors';

const STDOUT = 1;

/**
 * Takes standard output for audio alone: it is opened once more, privately, and both `process.stdout` and descriptor
 * 1 then lead to standard error. Whatever a library prints, the caller does not hear it.
 */
export function takeStdout(): AudioOutput {
  const output = (fstatSync(STDOUT).isFIFO() && privatePipe()) || plainOutput();
  Object.defineProperty(process, 'stdout', { configurable: true, get: () => process.stderr });
  return output;
}

/** Closes descriptor 1 and lets the next opened, which gets the lowest free number, be standard error. */
function giveAwayStdout(): void {
  closeSync(STDOUT);
  if (ownStderr() === undefined) openSync('/dev/null', 'w');
}

/**
 * A socket cannot be opened twice, and a FIFO without a reader would be waited for: there descriptor 1 stays, and only
 * `process.stdout` is turned away.
 */
function plainOutput(): AudioOutput {
  const fd = fstatSync(STDOUT).isFIFO() ? undefined : reopen(STDOUT);
  if (fd !== undefined) giveAwayStdout();
  return new PlainOutput(fd ?? STDOUT);
}

function privatePipe(): AudioOutput | undefined {
  const fd = reopen(STDOUT, constants.O_NONBLOCK);
  if (fd === undefined) return undefined;
  giveAwayStdout();
  return new PipeOutput(fd);
}

/** A file, a terminal or a socket: written from the thread pool, so that one that does not take it stops nothing. */
export class PlainOutput implements AudioOutput {
  #state: 'ready' | 'writing' | 'closed' = 'ready';

  constructor(private readonly fd: number) {}

  write(bytes: Uint8Array): WriteResult {
    if (this.#state !== 'ready') return this.#state === 'closed' ? 'closed' : 'full';
    this.#state = 'writing';
    this.#writeRest(Buffer.from(bytes));
    return 'written';
  }

  queuedBytes(): undefined {
    return undefined;
  }

  close(): void {
    this.#state = 'closed';
    closeSync(this.fd);
  }

  #writeRest(bytes: Buffer): void {
    writeAsync(this.fd, bytes, (error, count) => {
      if (this.#state === 'closed') return;
      if (error && errnoOf(error) !== 'EAGAIN') this.#state = 'closed';
      else if (count < bytes.length) this.#writeRest(bytes.subarray(count));
      else this.#state = 'ready';
    });
  }
}
