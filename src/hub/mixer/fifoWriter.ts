// FifoWriter: the writing end of one caller's pipe, filled before anybody reads it.
// What is in a pipe stays there while its writing end is open, with or without a reader; so a caller's first samples
// are there when his reader opens it, and whether somebody reads is seen from what a write says.
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { drainPipe, pipeBytes } from '../../util/descriptors';
import { errnoOf, HoldcastError, messageOf } from '../../util/errors';

/** 'closed': nobody reads, not yet or no more. */
export type FifoResult = 'written' | 'full' | 'closed';

const { O_RDWR, O_WRONLY, O_NONBLOCK, O_NOFOLLOW } = constants;

export class FifoWriter {
  #fd: number | undefined;

  get isOpen(): boolean {
    return this.#fd !== undefined;
  }

  /**
   * Opens the FIFO at `path`, empties it of what an earlier writer left, and has `fill` write what the next reader finds
   * first: there `write` never says 'closed'. One that is open is closed before.
   * @throws HoldcastError HC_HUB_FIFO when there is no FIFO; what `fill` throws; nothing is open then
   */
  arm(path: string, fill: () => void): void {
    this.close();
    const both = openFifo(path);
    try {
      // By way of /proc it is the same FIFO, whatever the path leads to by now.
      this.#fd = openSync(`/proc/self/fd/${both}`, O_WRONLY | O_NONBLOCK);
      drainPipe(both);
      fill();
    } catch (error) {
      this.close();
      throw error;
    } finally {
      closeSync(both);
    }
  }

  /** Writes the first `length` bytes (at most 4,096: those are written whole, or not at all); never waits. */
  write(bytes: Uint8Array, length = bytes.length): FifoResult {
    if (this.#fd === undefined) return 'closed';
    try {
      writeSync(this.#fd, bytes, 0, length);
      return 'written';
    } catch (error) {
      return errnoOf(error) === 'EAGAIN' ? 'full' : 'closed';
    }
  }

  /** Bytes in the pipe that its reader has not taken. Some 20 µs; the reader notices nothing. */
  queuedBytes(): number {
    if (this.#fd === undefined) return 0;
    try {
      return pipeBytes(`/proc/self/fd/${this.#fd}`);
    } catch {
      return 0;
    }
  }

  /** Its reader, if there is one, reads what is left, and then the end. May be called again. */
  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}

/** Both ends, so that a writing end can be opened and filled before there is a reader. */
function openFifo(path: string): number {
  let fd: number;
  try {
    fd = openSync(path, O_RDWR | O_NONBLOCK | O_NOFOLLOW);
  } catch (error) {
    throw noFifo(messageOf(error), error);
  }
  if (fstatSync(fd).isFIFO()) return fd;
  closeSync(fd);
  throw noFifo(`${path} is no FIFO`);
}

function noFifo(what: string, cause?: unknown): HoldcastError {
  const hint = "look at the folder that is 'hub.folder' in the config: the hub makes its pipes there";
  return new HoldcastError('HC_HUB_FIFO', `a caller's pipe cannot be opened: ${what}`, hint, { cause });
}
