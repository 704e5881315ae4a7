// Opens the samples of a Track, asynchronously: a prepared file as it is, an operator's own with all caution.
// A reader learns whether the samples it read are still those of the checked file.
import { promises } from 'node:fs';
import { openInside, type OperatorFile } from '../util/operatorFiles';
import type { PcmLocation } from './track';

/** More than any WAV can have. */
const MOST_BYTES = 2 ** 32;

/** Closed by the caller. */
export interface PcmFile {
  /**
   * Fills `target` from a byte position on.
   * @throws what the file system throws; HoldcastError HC_FILE_SLOW; Error when the file is another one by now, or
   * shorter
   */
  fill(target: Uint8Array, position: number): Promise<void>;
  close(): Promise<void>;
}

/** @throws what the file system throws; HoldcastError HC_FILE_SLOW, HC_FILE_REFUSED */
export async function openPcm({ wav, own }: PcmLocation): Promise<PcmFile> {
  if (own) return new OwnPcmFile(await openInside(own.within, wav, MOST_BYTES), own.mtimeMs);
  return new PreparedFile(await promises.open(wav, 'r'));
}

class PreparedFile implements PcmFile {
  constructor(private readonly handle: promises.FileHandle) {}

  async fill(target: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < target.length;) {
      const { bytesRead } = await this.handle.read(target, done, target.length - done, position + done);
      if (bytesRead === 0) throw shorter();
      done += bytesRead;
    }
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

class OwnPcmFile implements PcmFile {
  constructor(
    private readonly file: OperatorFile,
    private readonly mtimeMs: number,
  ) {}

  async fill(target: Uint8Array, position: number): Promise<void> {
    for (let done = 0; done < target.length;) {
      const piece = await this.file.read(target.length - done, position + done);
      if (piece.length === 0) throw shorter();
      target.set(piece, done);
      done += piece.length;
    }
    if ((await this.file.mtimeMs()) !== this.mtimeMs)
      throw new Error('the file was changed while it was played');
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

function shorter(): Error {
  return new Error('the file became shorter');
}
