// Reading and writing plain WAV headers: prepared media are WAV so that any player opens them.
// Only what this product writes: PCM, 16 bit, mono. Sources: Microsoft RIFF specification, "fmt " and "data" chunks.
import { BYTES_PER_SAMPLE } from './frame';

export interface WavInfo {
  rate: number;
  channels: number;
  bits: number;
  /** Byte offset of the first sample. */
  dataOffset: number;
  /** Samples a channel. */
  samples: number;
}

export const WAV_HEADER_BYTES = 44;

/** The 44-byte header of a PCM 16-bit mono file with `samples` samples. */
export function wavHeader(rate: number, samples: number): Uint8Array {
  const bytes = Buffer.alloc(WAV_HEADER_BYTES);
  const dataBytes = samples * BYTES_PER_SAMPLE;
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(36 + dataBytes, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(1, 22);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(rate * BYTES_PER_SAMPLE, 28);
  bytes.writeUInt16LE(BYTES_PER_SAMPLE, 32);
  bytes.writeUInt16LE(8 * BYTES_PER_SAMPLE, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(dataBytes, 40);
  return bytes;
}

/** Four letters at a byte, as formats begin with: "RIFF", "WAVE", "OggS". */
export function tagAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

/** A chunk of a file: where what is in it begins, and how long it claims to be, bytes. */
export interface Chunk {
  readonly id: string;
  readonly at: number;
  readonly size: number;
}

/** The chunks of a WAV, or of an AIFF (not `littleEndian`), as far as `bytes`, the beginning of the file, goes. */
export function* chunksOf(bytes: Uint8Array, isLittleEndian = true): Generator<Chunk> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 12; at + 8 <= bytes.length;) {
    const size = view.getUint32(at + 4, isLittleEndian);
    yield { id: tagAt(bytes, at), at: at + 8, size };
    at += 8 + size + (size % 2);
  }
}

export function isWav(head: Uint8Array): boolean {
  return tagAt(head, 0) === 'RIFF' && tagAt(head, 8) === 'WAVE';
}

/**
 * Finds format and data in the beginning of a WAV file. `head` is at least the bytes up to the data chunk;
 * `fileBytes` is the whole length, since a data chunk may claim more than there is.
 * Returns undefined for anything that is not a PCM WAV with both chunks in `head`.
 */
export function parseWavHeader(head: Uint8Array, fileBytes: number): WavInfo | undefined {
  if (!isWav(head)) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  let format: Pick<WavInfo, 'rate' | 'channels' | 'bits'> | undefined;
  for (const { id, at, size } of chunksOf(head))
    if (id === 'fmt ' && size >= 16 && at + 16 <= head.length) {
      if (view.getUint16(at, true) !== 1) return undefined;
      const [channels, bits] = [view.getUint16(at + 2, true), view.getUint16(at + 14, true)];
      format = { channels, rate: view.getUint32(at + 4, true), bits };
    } else if (id === 'data' && format) {
      const block = (format.bits / 8) * format.channels;
      const bytes = Math.max(0, Math.min(size, fileBytes - at));
      return block > 0 ? { ...format, dataOffset: at, samples: Math.floor(bytes / block) } : undefined;
    }
  return undefined;
}
