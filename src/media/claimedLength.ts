// What a file itself says about its length, where ffmpeg believes a file that was cut off.
// WAV, AIFF and AU say how many bytes of sound follow; an Ogg page says how long it is.
import { promises } from 'node:fs';
import { chunksOf, isWav, tagAt, type Chunk } from '../audio/wav';

/** Where the sound of a WAV or AIFF begins may be behind pictures and notes. */
const HEAD_BYTES = 256 * 1024;
/** More than the longest page of an Ogg, 65,307 bytes. */
const TAIL_BYTES = 70_000;
/**
 * A claim of so much is none: programs that write into a pipe claim what no sound is, espeak-ng 0x7ffff000 bytes,
 * others 0, 1 GiB, 2,000,000,000, 0x80000000 or 0xffffffff less a header. A GB is an hour and a half of a CD.
 */
const OPEN_BYTES = 1_000_000_000;
/** Less than this is not missed in media: a header that was counted as sound, a last sample. */
const SLACK_BYTES = 512;
const SLACK_SHARE = 0.02;

/** Where the sound begins and how long it claims to be, bytes; undefined for anything else. */
function claimOf(head: Uint8Array): Omit<Chunk, 'id'> | undefined {
  if (head.length < 12) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (tagAt(head, 0) === '.snd') return { at: view.getUint32(4), size: view.getUint32(8) };
  const isAiff = tagAt(head, 0) === 'FORM' && tagAt(head, 8).startsWith('AIF');
  if (!isAiff && !isWav(head)) return undefined;
  for (const chunk of chunksOf(head, !isAiff)) if (chunk.id === (isAiff ? 'SSND' : 'data')) return chunk;
  return undefined;
}

/**
 * Bytes that a WAV (or AIFF, or AU) claims, and how many of them lie beyond its end; 0 for anything else and where the
 * length is left open, as in files that were written into a pipe.
 * @param head the first bytes, header included
 * @param fileBytes length of the whole file
 */
export function missingFromWav(head: Uint8Array, fileBytes: number): { bytes: number; claimed: number } {
  const claim = claimOf(head);
  if (!claim || claim.size >= OPEN_BYTES) return { bytes: 0, claimed: 0 };
  return { bytes: Math.max(0, claim.at + claim.size - fileBytes), claimed: claim.size };
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

/**
 * How a file begins, and whether it surely ends before its sound does.
 * @throws what the file system throws
 */
export async function lookInto(file: string): Promise<{ head: Uint8Array; endsInTheMiddle: boolean }> {
  const handle = await promises.open(file, 'r');
  try {
    const { size } = await handle.stat();
    const head = new Uint8Array(Math.min(HEAD_BYTES, size));
    await handle.read(head, 0, head.length, 0);
    const { bytes, claimed } = missingFromWav(head, size);
    if (tagAt(head, 0) !== 'OggS')
      return { head, endsInTheMiddle: bytes > Math.max(SLACK_BYTES, SLACK_SHARE * claimed) };
    const tail = new Uint8Array(Math.min(TAIL_BYTES, size));
    await handle.read(tail, 0, tail.length, size - tail.length);
    return { head, endsInTheMiddle: endsInsideOggPage(tail) };
  } finally {
    await handle.close();
  }
}
