// OneWav: whether what a program wrote is one whole WAV. A decoder plays the first of two, or as much as a header says:
// the caller would hear half a sentence, and nobody would know. Pure.
import { chunksOf, isWav, tagAt } from '../audio/wav';
import { missingFromWav } from '../media/claimedLength';

/** A decoder leaves out what stands behind the sound; less than this is no word of it. Seconds. */
const NO_WORD_S = 0.1;

/** What is wrong with it, as the end of a sentence; undefined: it is one, and whole. */
export function wavProblem(bytes: Buffer): string | undefined {
  if (!isWav(bytes)) return 'what the program wrote is no WAV';
  const { bytes: missing } = missingFromWav(bytes, bytes.length);
  if (missing > 0) return 'the WAV of the program is cut off';
  if (hasAnother(bytes)) return 'the program wrote more than one WAV';
  const { bytesPerSecond, left } = behindSound(bytes);
  if (left > bytesPerSecond * NO_WORD_S) return 'the program wrote more sound than its WAV says';
  return undefined;
}

/** Also within the sound: a WAV that leaves its length open has the next one there. */
function hasAnother(bytes: Buffer): boolean {
  for (let at = bytes.indexOf('RIFF', 4); at >= 0; at = bytes.indexOf('RIFF', at + 4))
    if (tagAt(bytes, at + 8) === 'WAVE') return true;
  return false;
}

/** Bytes that stand in no chunk, behind the last that is one. */
function behindSound(bytes: Buffer): { bytesPerSecond: number; left: number } {
  let bytesPerSecond = 0;
  let end = 12;
  let hasSound = false;
  for (const { id, at, size } of chunksOf(bytes)) {
    if (!/^[\x20-\x7e]{4}$/.test(id)) break;
    if (id === 'fmt ' && at + 12 <= bytes.length) bytesPerSecond = bytes.readUInt32LE(at + 8);
    if (id === 'data' && (size === 0 || at + size > bytes.length)) return { bytesPerSecond, left: 0 };
    // Of two chunks of sound a decoder plays the first.
    if (at + size > bytes.length || (hasSound && id === 'data')) break;
    hasSound ||= id === 'data';
    end = at + size + (size % 2);
  }
  return { bytesPerSecond, left: Math.max(0, bytes.length - end) };
}
