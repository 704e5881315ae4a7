// Reads the samples of a Track, asynchronously: a prepared file as it is, an operator's own with all caution.
// A reader learns whether the samples it read are still those of the checked file.
import { promises } from 'node:fs';
import { BYTES_PER_SAMPLE, littleEndian } from '../audio/frame';
import { openInside, OperatorFile } from '../util/operatorFiles';
import { changed, shorter, type PcmLocation } from './track';

/** More than any WAV can have. */
const MOST_BYTES = 2 ** 32;

/** Closed by the caller. */
export class PcmFile {
  private constructor(
    private readonly file: OperatorFile | promises.FileHandle,
    private readonly pcm: PcmLocation,
  ) {}

  /** @throws what the file system throws; HoldcastError HC_FILE_SLOW, HC_FILE_REFUSED */
  static async open(pcm: PcmLocation): Promise<PcmFile> {
    const { wav, own } = pcm;
    const file = own ? await openInside(own.within, wav, MOST_BYTES) : await promises.open(wav, 'r');
    return new PcmFile(file, pcm);
  }

  /**
   * Fills `samples` from a sample of the clip on.
   * @throws what the file system throws; HoldcastError HC_FILE_SLOW; Error when the file is another one by now, or
   * shorter
   */
  async fill(samples: Int16Array, fromSample: number): Promise<void> {
    const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
    const { dataOffset, own } = this.pcm;
    const position = dataOffset + fromSample * BYTES_PER_SAMPLE;
    for (let done = 0; done < bytes.length;) {
      const count = await this.#read(bytes.subarray(done), position + done);
      if (count === 0) throw shorter();
      done += count;
    }
    if (this.file instanceof OperatorFile && (await this.file.mtimeMs()) !== own?.mtimeMs) throw changed();
    littleEndian(samples);
  }

  close(): Promise<void> {
    return this.file.close();
  }

  async #read(target: Uint8Array, position: number): Promise<number> {
    if (!(this.file instanceof OperatorFile))
      return (await this.file.read(target, 0, target.length, position)).bytesRead;
    const piece = await this.file.read(target.length, position);
    target.set(piece);
    return piece.length;
  }
}

/** The samples of a clip, or the first `count` of them, in memory. @throws as PcmFile */
export async function readPcm(pcm: PcmLocation, count = pcm.samples): Promise<Int16Array> {
  const samples = new Int16Array(count);
  const file = await PcmFile.open(pcm);
  try {
    await file.fill(samples, 0);
    return samples;
  } finally {
    await file.close();
  }
}
