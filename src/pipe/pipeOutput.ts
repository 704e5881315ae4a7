// PipeOutput: writes into Asterisk's own pipe. It never waits, and knows what Asterisk has not read and whether it reads still.
import { closeSync, writeSync } from 'node:fs';
import { errnoOf } from '../util/errors';
import { hasReader, unreadBytes } from '../util/libc';

export type WriteResult = 'written' | 'full' | 'closed';

export interface AudioOutput {
  /** Writes all of `bytes`, or its first `length`, or nothing; never waits. */
  write(bytes: Uint8Array, length?: number): WriteResult;
  /**
   * Bytes that the reader has not read yet; undefined where that cannot be known. 'closed': the reader is gone. Where all that
   * is due is unread nothing is written, so that no write would tell.
   */
  queuedBytes(): number | 'closed' | undefined;
  close(): void;
}

/** At most 4,096 bytes (PIPE_BUF on Linux) are written whole or not at all. */
export class PipeOutput implements AudioOutput {
  /** @param fd a pipe opened for writing with O_NONBLOCK; closed by `close` */
  constructor(protected readonly fd: number) {}

  write(bytes: Uint8Array, length = bytes.length): WriteResult {
    try {
      writeSync(this.fd, bytes, 0, length);
      return 'written';
    } catch (error) {
      return errnoOf(error) === 'EAGAIN' ? 'full' : 'closed';
    }
  }

  queuedBytes(): number | 'closed' | undefined {
    return hasReader(this.fd) ? this.unreadBytes() : 'closed';
  }

  /** As `queuedBytes`, also when the reader is gone: what it has left. */
  unreadBytes(): number | undefined {
    return unreadBytes(this.fd);
  }

  close(): void {
    closeSync(this.fd);
  }
}
