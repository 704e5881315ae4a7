// Reads what ffmpeg says: how long an input should be, how loud it is, what could not be decoded. Pure.
// There may be no ffprobe, so its knowledge is taken from ffmpeg's own words.

export interface Loudness {
  /** Integrated loudness, LUFS; −70 and less: nothing above the gate. */
  readonly lufs: number;
  /** True peak, dBTP; −Infinity for silence or when it was not measured. */
  readonly peakDb: number;
}

/** How much of an input was no good. */
export interface InputErrors {
  /** Packets that could not be decoded. */
  readonly decode: number;
  /** Whatever ffmpeg minded: those packets, and those that were cut, damaged or not found. */
  readonly all: number;
  /** Sound that the index of an MP4 names behind the end of the file. */
  readonly beyondEnd: number;
}

/** A packet that gave no sound: until 6.0, and since. */
const DECODE_ERROR = /^Error while decoding stream |(Error submitting packet to decoder|Decoding error): /;
/** Words of libavformat and libavcodec about an input; tags and names of files stand in other lines. */
const MINDED =
  /^\[.*(invalid|corrupt|mismatch|CRC|sync ?(word|code)|prematurely|growing file|partial file|truncat|incomplete|overread|error)|: corrupt (input packet|decoded frame) in stream /i;
const BEYOND_END = /^\[mov.*: partial file$/;
const REPEATED = /^\s*Last message repeated (\d+) times/;

/** Counts what ffmpeg minds about its input, line by line. */
export function errorCounter(): { hear(line: string): void; readonly errors: InputErrors } {
  const errors = { decode: 0, all: 0, beyondEnd: 0 };
  let last: InputErrors = { ...errors };
  return {
    errors,
    hear(line) {
      const times = Number(REPEATED.exec(line)?.[1] ?? 0);
      if (times === 0) {
        const decode = DECODE_ERROR.test(line) ? 1 : 0;
        last = {
          decode,
          all: decode || MINDED.test(line) ? 1 : 0,
          beyondEnd: BEYOND_END.test(line.trimEnd()) ? 1 : 0,
        };
      }
      errors.decode += last.decode * Math.max(1, times);
      errors.all += last.all * Math.max(1, times);
      errors.beyondEnd += last.beyondEnd;
    },
  };
}

/** Length that the first input claims, seconds; undefined when it claims none or it is only an estimate. */
export function claimedSeconds(lines: readonly string[]): number | undefined {
  const end = lines.findIndex((line) => line.startsWith('Stream mapping') || line.startsWith('Output #'));
  const about = end < 0 ? lines : lines.slice(0, end);
  const time = about.map((l) => /^\s*Duration: (\d+):(\d+):(\d+\.\d+)/.exec(l)).find((m) => m !== null);
  // A film may be longer than its sound; a cover picture is no film.
  const film = about.some((l) => /Stream #.*Video:/.test(l) && !l.includes('attached pic'));
  const vague =
    film || about.some((l) => l.includes('Estimating duration') || l.includes('using bitrate for duration'));
  return time && !vague ? Number(time[1]) * 3600 + Number(time[2]) * 60 + Number(time[3]) : undefined;
}

/** The last summary of the ebur128 filter; undefined when there is none. */
export function parseLoudness(lines: readonly string[]): Loudness | undefined {
  const start = lines.findLastIndex((line) => /ebur128.*Summary:/.test(line));
  if (start < 0) return undefined;
  const summary = lines.slice(start);
  const number = (pattern: RegExp): number | undefined => {
    const text = summary.map((line) => pattern.exec(line)?.[1]).find((found) => found !== undefined);
    return text === undefined ? undefined : text === '-inf' ? -Infinity : Number(text);
  };
  const lufs = number(/^\s*I:\s+(\S+) LUFS/);
  if (lufs === undefined) return undefined;
  return {
    lufs: Math.max(-70, Number.isNaN(lufs) ? -70 : lufs),
    peakDb: number(/^\s*Peak:\s+(\S+) dBFS/) ?? -Infinity,
  };
}

/** Bytes of sound and pictures that were found in a file, when they were only counted; rounded down to kB. */
export function parseFoundBytes(lines: readonly string[]): number | undefined {
  const found = lines
    .map((line) => /video:\s*(\d+)Ki?B audio:\s*(\d+)Ki?B /i.exec(line))
    .find((m) => m !== null);
  return found && 1024 * (Number(found[1]) + Number(found[2]));
}
