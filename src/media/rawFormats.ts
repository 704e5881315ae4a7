// Asterisk's formats without a header: what an ending means there, and how ffmpeg is told to read it.
// ffmpeg guesses such files by their endings, where it knows them at all, and takes 44.1 kHz for 8.
import { HoldcastError } from '../util/errors';

/** Asterisk's `.exts` (formats/format_{pcm,sln,gsm,g726,g729,vox}.c, Asterisk 22), the best sound first. */
const READABLE: readonly (readonly [endings: string, ...options: string[]])[] = [
  ...[192, 96, 48, 44.1, 32, 24, 16].map((kHz) => slin(`sln${Math.floor(kHz)}`, kHz * 1000)),
  ['g722', '-f', 'g722'],
  slin('sln12', 12_000),
  slin('sln slin raw', 8000),
  ['ulaw ul mu ulw pcm', '-f', 'mulaw', '-ar', '8000'],
  ['alaw al alw', '-f', 'alaw', '-ar', '8000'],
  // Packed as RFC 3551 has it, the first sample in the low bits: ffmpeg's "little-endian".
  ['g726-32', '-f', 'g726le', '-code_size', '4', '-ar', '8000'],
  ['gsm', '-f', 'gsm'],
  // Dialogic's ADPCM. No demuxer of ffmpeg's has it: one for plain samples, told which codec it is, cuts it right.
  ['vox', '-f', 's16le', '-ar', '8000', '-c:a', 'adpcm_ima_oki'],
  ['g729', '-f', 'g729'],
];
/**
 * What Asterisk writes without a header and no ffmpeg reads so. A g726-16 that Asterisk has converted holds 32 kbit/s
 * (tried with 22.10), one that it has recorded 16: what is in such a file nobody can know.
 */
const UNREADABLE = ['siren14', 'siren7', 'g719', 'g723', 'g723sf', 'ilbc', 'g726-40', 'g726-24', 'g726-16'];

const OPTIONS: ReadonlyMap<string, readonly string[]> = new Map(
  READABLE.flatMap(([endings, ...options]) => endings.split(' ').map((ending) => [ending, options] as const)),
);

/** Endings of raw files that can be read, the best sound first. */
export const RAW_ENDINGS: readonly string[] = [...OPTIONS.keys()];

function slin(endings: string, rate: number): [string, ...string[]] {
  return [endings, '-f', 's16le', '-ar', String(rate)];
}

/** The ending of a name, lower case, without its dot; "" when there is none. */
export function endingOf(name: string): string {
  return /\.([^./]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
}

/** How files begin that say themselves what they are, whatever their ending says. */
const HEADERS =
  /^(RIFF....WAVE|RF64....WAVE|FORM....AIF[FC]|OggS|fLaC|caff|ID3[\x02-\x04]|....ftyp|\x1aE\xdf\xa3|#!AMR|#!iLBC)/s;

/** An RF64 that was written into a pipe: it says that its sound has no bytes, and ffmpeg believes it. */
const OPEN_RF64 = /^RF64....WAVEds64.{12}\0{8}/s;

/**
 * What ffmpeg must be told before it reads a file; empty where the file or its ending says enough.
 * @param head the first bytes, at least 36 unless the file is shorter
 * @throws HoldcastError HC_MEDIA_UNREADABLE for formats of Asterisk's that no ffmpeg reads
 */
export function rawOptions(name: string, head: Uint8Array): readonly string[] {
  // Asterisk leaves the length in an AU open, and newer ffmpegs (seen in 9.0) do not know such a file by themselves.
  const begins = String.fromCharCode(...head.subarray(0, 36));
  if (begins.startsWith('.snd')) return ['-f', 'au'];
  if (OPEN_RF64.test(begins)) return ['-f', 'wav', '-ignore_length', '1'];
  const ending = endingOf(name);
  const options = OPTIONS.get(ending);
  if (!options && !UNREADABLE.includes(ending)) return [];
  if (HEADERS.test(begins)) return [];
  if (options) return options;
  const text = `ffmpeg does not read Asterisk's format ${ending}`;
  const hint = 'Let Asterisk convert it: `asterisk -rx "file convert <file> <file>.sln16"`.';
  throw new HoldcastError('HC_MEDIA_UNREADABLE', text, hint);
}
