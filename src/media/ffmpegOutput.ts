// Reads what ffmpeg says: how long an input should be, how loud it is. Pure.
// There may be no ffprobe, so its knowledge is taken from ffmpeg's own words.

export interface ProbedInput {
  /** Length that the file claims, milliseconds; undefined when it claims none or it is only an estimate. */
  readonly durationMs?: number;
  readonly channels?: number;
}

export interface Loudness {
  /** Integrated loudness, LUFS; −70 and less: nothing above the gate. */
  readonly lufs: number;
  /** True peak, dBTP; −Infinity for silence or when it was not measured. */
  readonly peakDb: number;
}

const CHANNELS: Readonly<Record<string, number>> = { mono: 1, stereo: 2, quad: 4, '5.1': 6, '7.1': 8 };

/** From the lines about the first input. */
export function parseInput(lines: readonly string[]): ProbedInput {
  const end = lines.findIndex((line) => line.startsWith('Stream mapping') || line.startsWith('Output #'));
  const about = end < 0 ? lines : lines.slice(0, end);
  const time = about.map((l) => /^\s*Duration: (\d+):(\d+):(\d+\.\d+)/.exec(l)).find((m) => m !== null);
  // A film may be longer than its sound; a cover picture is no film.
  const film = about.some((l) => /Stream #.*Video:/.test(l) && !l.includes('attached pic'));
  const vague =
    film || about.some((l) => l.includes('Estimating duration') || l.includes('using bitrate for duration'));
  const layout = about
    .map((l) => /Stream #.*Audio:.* Hz, ([^,]+),/.exec(l)?.[1])
    .find((l) => l !== undefined);
  const channels = layout === undefined ? undefined : (CHANNELS[layout.replace(/\(.*$/, '')] ?? 2);
  return {
    ...(time && !vague
      ? { durationMs: (Number(time[1]) * 3600 + Number(time[2]) * 60 + Number(time[3])) * 1000 }
      : {}),
    ...(channels === undefined ? {} : { channels }),
  };
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
