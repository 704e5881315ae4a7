// AsteriskPipe: the pipe between a call's reader and Asterisk. When Asterisk stands still while the hub plays on, what it
// has missed waits there, and all that comes behind it comes late for as long as the call lasts. Here it is measured.
import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { pipeBytes } from '../../util/descriptors';
import { playFolder } from '../play/folder';
import { isCatOn, readersIn } from '../play/readerFile';

export class AsteriskPipe {
  readonly #file: string;
  #pid: number | undefined;

  /** @param fifo absolute path of the call's FIFO */
  constructor(
    private readonly fifo: string,
    token: string,
  ) {
    this.#file = playFolder(dirname(fifo)).reader(token);
  }

  /**
   * Bytes that Asterisk has not taken, some 30 µs; undefined: that cannot be known. To be called while the reader has nothing
   * in hand: what it wrote meanwhile would come before what is there.
   */
  bytes(): number | undefined {
    try {
      if (!this.#reads(this.#pid)) this.#pid = readersIn(readFileSync(this.#file, 'utf8')).at(-1)?.pid;
      if (!this.#reads(this.#pid)) return undefined;
      const output = `/proc/${this.#pid}/fd/1`;
      // Where somebody tries the reader by hand it may be a file, which is not to be written to.
      return statSync(output).isFIFO() ? pipeBytes(output) : undefined;
    } catch {
      return undefined;
    }
  }

  #reads(pid: number | undefined): boolean {
    return pid !== undefined && isCatOn(this.fifo, pid);
  }
}
