// Writes a WAV file Frame by Frame, under another name until it is whole, so that nobody opens half a recording.
import { closeSync, fstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { BYTES_PER_SAMPLE } from '../audio/frame';
import { WAV_HEADER_BYTES, wavHeader } from '../audio/wav';
import { isSpecial } from '../util/writeWhole';

/** Frames are gathered so that an hour of audio is not 90,000 writes. */
const BLOCK_BYTES = 256 * 1024;

export class WavFile {
  readonly #fd: number;
  readonly #temporary: string | undefined;
  readonly #block = Buffer.allocUnsafe(BLOCK_BYTES);
  #filled = 0;
  #samples = 0;
  #open = true;

  /** @param path where it goes; a device such as /dev/null is written directly. Throws as fs does. */
  constructor(
    private readonly path: string,
    private readonly rate: number,
  ) {
    this.#temporary = isSpecial(path) ? undefined : `${path}.${process.pid}.tmp`;
    // Whatever has its name is not written into: in a shared folder it may be another user's link.
    if (this.#temporary !== undefined) rmSync(this.#temporary, { force: true });
    this.#fd = openSync(this.#temporary ?? path, this.#temporary === undefined ? 'w' : 'wx');
    writeSync(this.#fd, wavHeader(rate, 0));
  }

  /** It is a device or a pipe, maybe the terminal's own: what is printed belongs elsewhere. */
  get special(): boolean {
    return this.#temporary === undefined;
  }

  write(frame: Int16Array): void {
    const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
    if (this.#filled + bytes.length > BLOCK_BYTES) this.#flush();
    bytes.copy(this.#block, this.#filled);
    this.#filled += bytes.length;
    this.#samples += frame.length;
  }

  /** Completes the header and puts the file in its place. */
  finish(): void {
    this.#flush();
    if (this.#temporary) writeSync(this.#fd, wavHeader(this.rate, this.#samples), 0, WAV_HEADER_BYTES, 0);
    const { size } = fstatSync(this.#fd);
    if (this.#temporary && size !== WAV_HEADER_BYTES + this.#samples * BYTES_PER_SAMPLE)
      throw new Error(`${this.path}: ${size} bytes were written of what should be there`);
    this.#close();
    if (this.#temporary) renameSync(this.#temporary, this.path);
  }

  /** Gives the file up, also after `finish` threw; nothing is left of it. */
  discard(): void {
    this.#close();
    if (this.#temporary) rmSync(this.#temporary, { force: true });
  }

  #close(): void {
    if (this.#open) closeSync(this.#fd);
    this.#open = false;
  }

  #flush(): void {
    for (let at = 0; at < this.#filled;) at += writeSync(this.#fd, this.#block, at, this.#filled - at);
    this.#filled = 0;
  }
}
