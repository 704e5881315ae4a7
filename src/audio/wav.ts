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
  const bytes = new Uint8Array(WAV_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  const text = (at: number, value: string): void => {
    for (let i = 0; i < value.length; i++) bytes[at + i] = value.charCodeAt(i);
  };
  const dataBytes = samples * BYTES_PER_SAMPLE;
  text(0, 'RIFF');
  view.setUint32(4, 36 + dataBytes, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * BYTES_PER_SAMPLE, true);
  view.setUint16(32, BYTES_PER_SAMPLE, true);
  view.setUint16(34, 8 * BYTES_PER_SAMPLE, true);
  text(36, 'data');
  view.setUint32(40, dataBytes, true);
  return bytes;
}

/**
 * Finds format and data in the beginning of a WAV file. `head` is at least the bytes up to the data chunk;
 * `fileBytes` is the whole length, since a data chunk may claim more than there is.
 * Returns undefined for anything that is not a PCM WAV with both chunks in `head`.
 */
export function parseWavHeader(head: Uint8Array, fileBytes: number): WavInfo | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const tag = (at: number): string => String.fromCharCode(...head.subarray(at, at + 4));
  if (head.length < 12 || tag(0) !== 'RIFF' || tag(8) !== 'WAVE') return undefined;
  let format: { rate: number; channels: number; bits: number } | undefined;
  for (let at = 12; at + 8 <= head.length;) {
    const size = view.getUint32(at + 4, true);
    if (tag(at) === 'fmt ' && size >= 16 && at + 24 <= head.length) {
      if (view.getUint16(at + 8, true) !== 1) return undefined;
      format = {
        channels: view.getUint16(at + 10, true),
        rate: view.getUint32(at + 12, true),
        bits: view.getUint16(at + 22, true),
      };
    } else if (tag(at) === 'data' && format) {
      const dataOffset = at + 8;
      const bytes = Math.max(0, Math.min(size, fileBytes - dataOffset));
      const block = (format.bits / 8) * format.channels;
      return block > 0 ? { ...format, dataOffset, samples: Math.floor(bytes / block) } : undefined;
    }
    at += 8 + size + (size % 2);
  }
  return undefined;
}
