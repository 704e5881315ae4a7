// ReaderPipe: the pipe between one reader and Asterisk, with the hub as its writer. Asterisk reads it with or without the reader,
// which only waits there; so what the hub writes is heard, and what is unread is the whole lead.
import type { SampleRate } from '../audio/frame';
import { HoldcastError } from '../util/errors';
import { hasReader, setPipeBytes } from '../util/libc';
import { PipeOutput } from './pipeOutput';
import { endReader, holdsMusic, isAlive, openAsteriskPipe, type ReaderProcess } from './readerProcess';

const PAGE = 4096;
/** What fallback music may put into a pipe, so that a caller's own is soon heard after it, milliseconds; see `pipeBytes`. */
const LEAST_MS = 340;
/** Where one was seen, the reader may be between two in the next look. */
const LOOKS = 2;

/**
 * How much Asterisk's pipe is to take: two pages at 8 kHz (0.51 s), four at 16 kHz, eight at 48 kHz (0.34 s). A write of up to 4,096
 * bytes goes into the last page if it fits there whole, else into another one: at 8 kHz three writes of two Frames share a page.
 * So two pages always take what is due: before a write no more than 160 ms (2,560 bytes) are unread, and only from 2,817 on
 * could both pages be taken and the last have no room for 1,280. At the higher rates each write has a page, and three are unread
 * (16 kHz) or six (48 kHz, one Frame each).
 */
export function pipeBytes(rate: SampleRate): number {
  const pages = (rate * 2 * (LEAST_MS / 1000)) / PAGE;
  return PAGE * 2 ** Math.ceil(Math.log2(pages));
}

export class ReaderPipe extends PipeOutput {
  /** In a row that have found none; a reader that has just come is believed at once, since its caller hears nothing yet. */
  #looks = LOOKS - 1;

  /**
   * @throws HoldcastError HC_HUB_FIFO: there is no such pipe; or a reader that was started while no hub was there has filled it, up
   *   to 4 s: that one is ended, and Asterisk starts another
   */
  static open(reader: ReaderProcess, folder: string, rate: SampleRate): ReaderPipe {
    const pipe = new ReaderPipe(openAsteriskPipe(reader), reader, folder);
    const bytes = pipeBytes(rate);
    if (setPipeBytes(pipe.fd, bytes) || (pipe.unreadBytes() ?? 0) <= bytes) return pipe;
    pipe.close();
    endReader(reader);
    const what = `reader ${reader.pid} was started while there was no hub, and has filled its pipe with fallback music`;
    throw new HoldcastError('HC_HUB_FIFO', what, 'none is needed: Asterisk starts another one');
  }

  private constructor(
    fd: number,
    readonly reader: ReaderProcess,
    private readonly folder: string,
  ) {
    super(fd);
  }

  /** Whether Asterisk has it open, and has not ended its reader; some 15 µs. */
  get isRead(): boolean {
    return hasReader(this.fd) && isAlive(this.reader);
  }

  /** Whether a piece of fallback music may come yet: two writers would mix theirs up. Once false, false for good. Some 30 µs. */
  get playsFallback(): boolean {
    if (this.#looks < LOOKS) this.#looks = holdsMusic(this.reader, this.folder) ? 0 : this.#looks + 1;
    return this.#looks < LOOKS;
  }
}
