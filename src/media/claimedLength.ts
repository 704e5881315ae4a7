// What a file itself says about its length, where ffmpeg believes a file that was cut off. Pure.
// WAV says how many bytes of sound follow; an Ogg page says how long it is.

const OGG_TAIL_BYTES = 70_000;
export const TAIL_BYTES = OGG_TAIL_BYTES;
/** A claim of so much is none: programs that write into a pipe claim about 2 GB (espeak-ng 0x7ffff000) or 4 GB. */
const OPEN_BYTES = 0x7fff0000;

function tag(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

/**
 * Bytes that a WAV claims beyond its end; 0 for anything else and where the length is left open (streamed WAVs
 * claim nothing or the greatest number).
 * @param head the first bytes, header included
 * @param fileBytes length of the whole file
 */
export function missingFromWav(
  head: Uint8Array,
  fileBytes: number,
): { bytes: number; bytesPerSecond: number } {
  const none = { bytes: 0, bytesPerSecond: 1 };
  if (head.length < 12 || tag(head, 0) !== 'RIFF' || tag(head, 8) !== 'WAVE') return none;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  let bytesPerSecond = 0;
  for (let at = 12; at + 8 <= head.length;) {
    const size = view.getUint32(at + 4, true);
    if (tag(head, at) === 'fmt ' && at + 24 <= head.length) bytesPerSecond = view.getUint32(at + 16, true);
    if (tag(head, at) === 'data') {
      const open = size === 0 || size >= OPEN_BYTES;
      return open || bytesPerSecond === 0
        ? none
        : { bytes: Math.max(0, at + 8 + size - fileBytes), bytesPerSecond };
    }
    at += 8 + size + (size % 2);
  }
  return none;
}

/**
 * Whether an Ogg file ends in the middle of a page.
 * @param tail the last bytes of the file, at least one whole page (65,307 bytes) unless the file is shorter
 */
export function endsInsideOggPage(tail: Uint8Array): boolean {
  const bytes = Buffer.from(tail.buffer, tail.byteOffset, tail.byteLength);
  const page = bytes.lastIndexOf('OggS');
  if (page < 0) return false;
  const segments = bytes[page + 26];
  if (segments === undefined || page + 27 + segments > bytes.length) return true;
  let length = 27 + segments;
  for (let i = 0; i < segments; i++) length += bytes[page + 27 + i]!;
  return page + length > bytes.length;
}
