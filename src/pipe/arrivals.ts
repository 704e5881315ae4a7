// The two FIFOs between the hub and all readers. Arrivals: what readers say of themselves as they start, one line each; anybody of the
// hub's user can write there, so a line is a hint and nothing more, see readerProcess.ts. Life: tells readers that a hub plays.
import { Socket } from 'node:net';
import type { Closeable } from '../util/scope';
import { isPipeToken, openFifo, pipeFolder } from './folder';
import { closeSync } from 'node:fs';

export interface ArrivalParts {
  /** Absolute. */
  folder: string;
  onArrival(pid: number, token: string): void;
  /** A line that no reader has written. */
  onStrange(): void;
}

/** "4194304 " and a token of 64 characters, with room. */
const LONGEST_LINE = 100;

export class Arrivals implements Closeable {
  readonly #socket: Socket;
  #rest = '';
  /** The line is too long already. */
  #skips = false;

  /** @throws HoldcastError HC_HUB_FIFO */
  constructor(private readonly parts: ArrivalParts) {
    this.#socket = new Socket({
      fd: openFifo(pipeFolder(parts.folder).arrivals),
      readable: true,
      writable: false,
    });
    this.#socket.setEncoding('latin1').on('data', (text: string) => this.#hear(text));
    // It has no other end that could break.
    this.#socket.on('error', () => {});
  }

  /** May be called again. */
  close(): void {
    this.#socket.destroy();
  }

  #hear(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) this.#line(line);
    if (this.#rest.length <= LONGEST_LINE) return;
    this.#rest = '';
    this.#skips = true;
  }

  #line(line: string): void {
    const [, pid = '', token = ''] = /^([1-9]\d{0,9}) (\S+)$/.exec(line) ?? [];
    const isOne = !this.#skips && isPipeToken(token);
    this.#skips = false;
    if (isOne) this.parts.onArrival(Number(pid), token);
    else this.parts.onStrange();
  }
}

/**
 * The hub holds it open and never writes it. The system closes it when this process dies, however that comes about: readers then go
 * on with fallback music.
 */
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
