// Frame: 40 ms of mono audio, the unit in which everything is rendered and in which Asterisk reads.
// Samples are floats in [-1, 1] inside and signed 16-bit little-endian at the edge.

/** Sample rates that Asterisk can read from a custom class: slin, slin16, slin48. */
export type SampleRate = 8000 | 16000 | 48000;

export const FRAME_MS = 40;
export const BYTES_PER_SAMPLE = 2;

/** Samples in one Frame: 320 at 8 kHz. */
export function frameSamples(rate: SampleRate): number {
  return (rate / 1000) * FRAME_MS;
}

/** Bytes in one Frame: 640 at 8 kHz, one read of Asterisk. */
export function frameBytes(rate: SampleRate): number {
  return frameSamples(rate) * BYTES_PER_SAMPLE;
}

/** Milliseconds (edges) to whole samples (inside). */
export function samplesOf(ms: number, rate: number): number {
  return Math.round((ms * rate) / 1000);
}

const BIG_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 0;

/**
 * The bytes of `samples`, little-endian as in files and pipes, or the other way round: on a machine of the other order
 * they are swapped in place.
 */
export function littleEndian(samples: Int16Array): Buffer {
  const bytes = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
  return BIG_ENDIAN ? bytes.swap16() : bytes;
}

/** Writes floats as signed 16-bit little-endian, rounded and clipped: the only place where audio is quantised. */
export function encodeS16(from: Float32Array, to: Int16Array): void {
  for (let i = 0; i < from.length; i++) {
    const scaled = from[i]! * 32768;
    const clipped = scaled > 32767 ? 32767 : scaled < -32768 ? -32768 : scaled;
    // What is positive is rounded by cutting off; 16 bits forget the 65,536. Twice as fast as Math.round, and exact.
    to[i] = (clipped + 65_536.5) | 0;
  }
}
