// Life: tells all readers at once that a hub plays to them, by a FIFO that it holds open and never writes. The system closes it
// when this process dies, however that comes about: readers then go on with fallback music.
import { closeSync } from 'node:fs';
import type { Closeable } from '../util/scope';
import { openFifo, pipeFolder } from './folder';

export class Life implements Closeable {
  readonly #path: string;
  #fd: number | undefined;

  /** @param folder absolute */
  constructor(folder: string) {
    this.#path = pipeFolder(folder).life;
  }

  /** From now on readers wait, each at the end of its piece. May be called again. @throws HoldcastError HC_HUB_FIFO */
  hold(): void {
    this.#fd ??= openFifo(this.#path);
  }

  /** Readers go on with fallback music. May be called again. */
  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}
