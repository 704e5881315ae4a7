// CallReaders: the reader processes that Asterisk has started for one look-up, and that are not known to have ended. It uses one,
// the last, and may leave another behind.
import type { ReaderProcess } from '../pipe/readerProcess';
import type { OpenPipe } from './callPipe';

/** Most that are known at the same time. */
const MOST_READERS = 4;

export class CallReaders {
  #readers: readonly ReaderProcess[] = [];

  /** @returns false: it was announced before */
  add(reader: ReaderProcess): boolean {
    if (this.#readers.some(({ pid, started }) => pid === reader.pid && started === reader.started))
      return false;
    this.#readers = [...this.#readers, reader].slice(-MOST_READERS);
    return true;
  }

  remove(reader: ReaderProcess | undefined): void {
    this.#readers = this.#readers.filter((each) => each !== reader);
  }

  /**
   * Opens Asterisk's pipe of the last reader that is still there; those that are not are forgotten.
   * @param onGone told why each of them cannot be opened
   * @returns undefined: there is none
   */
  open(
    openPipe: (reader: ReaderProcess) => OpenPipe,
    onGone: (error: unknown) => void,
  ): OpenPipe | undefined {
    for (let reader = this.#readers.at(-1); reader; reader = this.#readers.at(-1)) {
      try {
        return openPipe(reader);
      } catch (error) {
        onGone(error);
        this.remove(reader);
      }
    }
    return undefined;
  }
}
