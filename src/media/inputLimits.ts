// What is taken from a media folder at all: kinds of files, their size and length. Users who may write there are not trusted.
// A file that leads elsewhere, or that grows without measure when it is decoded, is refused before it does.
import { HoldcastError } from '../util/errors';
import type { SaidLine } from './ffmpegErrors';

/** The longest file that is prepared, seconds. At 48 kHz three hours are 2 GB while they are being prepared. */
export const LONGEST_S = 3 * 3600;
/** The largest file that is prepared, bytes: what a WAV can have. Three hours of a CD are 1.9 GB. */
export const MOST_MEDIA_BYTES = 2 ** 32;
/** Telephones have 8 kHz; nobody records with less than half of that, and each second of it becomes seconds of output. */
const LEAST_RATE = 4000;
/** One piece of memory in ffmpeg, bytes. */
const MOST_ALLOCATED = 256 * 2 ** 20;

/**
 * Demuxers of ffmpeg that read sound out of the file itself, and of samples without a header. Lists (HLS, concat, DASH,
 * SDP), devices and sequences of images are not among them: they read other files, or the net.
 */
const FORMATS = [
  'aac,ac3,aiff,alaw,amr,amrnb,amrwb,ape,asf,au,avi,caf,dsf,dts,dtshd,eac3,f32le,flac,flv,g722,g723_1,g726,g726le,g729,gsm',
  'iff,ilbc,loas,matroska,mlp,mov,mp3,mpc,mpc8,mpeg,mpegts,mulaw,nistsphere,nut,ogg,oma,qcp,rm,s16be,s16le,s24le,s32le,s8',
  'sbc,shn,sox,tak,truehd,tta,u8,voc,vqf,w64,wav,wv,xwma',
].join();

/** Options before an input. */
export const INPUT_LIMITS: readonly string[] = [
  ...['-max_alloc', String(MOST_ALLOCATED)],
  ...['-protocol_whitelist', 'file'],
  ...['-format_whitelist', FORMATS],
];

/** Options of an output: it ends a second after the longest that is taken, whatever the input claims. */
export const OUTPUT_LIMITS: readonly string[] = ['-t', String(LONGEST_S + 1)];

/** Why an input is refused, from what ffmpeg says about it before it decodes; undefined: it is not. */
export function refusedInput({ level, text }: SaidLine): HoldcastError | undefined {
  if (level !== 'info') return undefined;
  const [, hours, minutes, start] = /^\s*Duration: (\d+):(\d+):\d+(?:.*, start: ([\d.]+))?/.exec(text) ?? [];
  // What was recorded from a stream begins at the stream's time, and its "duration" is when it ends.
  const claimedS = Number(hours) * 3600 + Number(minutes) * 60 - Number(start ?? 0);
  if (claimedS > LONGEST_S) return tooLong();
  const rate = /^\s*Stream #0:\d+.*: Audio: .*?(\d+) Hz/.exec(text)?.[1];
  if (rate === undefined || Number(rate) >= LEAST_RATE) return undefined;
  const hint = 'Save it again at 8,000 Hz or more.';
  return new HoldcastError('HC_MEDIA_UNREADABLE', `it has only ${rate} samples a second`, hint);
}

export function tooLong(): HoldcastError {
  const text = `it is longer than ${LONGEST_S / 3600} hours`;
  return new HoldcastError('HC_MEDIA_TOO_LONG', text, 'Put a shorter file in its place, or several.');
}
