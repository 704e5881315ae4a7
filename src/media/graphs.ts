// The filter graphs that preparation gives to ffmpeg. Pure text, one function a graph.
// Only filters that ffmpeg has had since 4.x, with options that have not changed their defaults since.
import type { Mix, Range } from './levels';
import type { PrepareSettings } from './settings';

/** The low-pass is a linear-phase FIR: its output begins and ends this much later, seconds. */
export const FIR_DELAY_S = 0.02;
/** The FIR's edge is this far above highHz, so that highHz itself is kept. */
const EDGE_HZ = 50;
/** Fourth-order Butterworth from two second-order sections: their Q. */
const BUTTERWORTH_Q = [0.5412, 1.3066];
const LOUDNESS = 'ebur128=peak=true:framelog=verbose';
const LIMITER_RATE = 192_000;
/** Look-ahead of ffmpeg's limiter, which delays by as much. */
const ATTACK_S = 0.005;

/** To `rate` with the best resampler there is. */
function resample(rate: number, soxr: boolean): string {
  const how = soxr ? 'resampler=soxr:precision=28' : 'filter_size=128:phase_shift=10:cutoff=0.97';
  return `aresample=${rate}:${how}`;
}

/**
 * [0:a:0] → [out], two channels of floats at settings.rate within the band, with FIR_DELAY_S and `padMs` of silence too
 * much at either end; the loudness of the input is measured beside it.
 */
export function decodeGraph(settings: PrepareSettings, soxr: boolean, padMs: number): string {
  const { rate, lowHz, highHz } = settings;
  const edge = highHz + EDGE_HZ;
  const chain = [
    'aformat=sample_fmts=fltp:channel_layouts=stereo',
    resample(rate, soxr),
    ...(padMs > 0 ? [`adelay=${padMs}|${padMs}`, `apad=pad_len=${(padMs * rate) / 1000}`] : []),
    ...BUTTERWORTH_Q.map((q) => `highpass=f=${lowHz}:t=q:w=${q}`),
    `firequalizer=gain='if(gt(f,${edge}),-120,0)':delay=${FIR_DELAY_S}:zero_phase=on:wfunc=blackman`,
    'aformat=sample_fmts=flt:channel_layouts=stereo',
  ];
  return `[0:a:0]asplit=2[heard][measured];[heard]${chain.join(',')}[out];[measured]${LOUDNESS},anullsink`;
}

/** What is heard of [0:a:0]: a range of it, mixed down. It is measured as if it were played `loops` times more. */
export interface Heard {
  readonly range: Range;
  readonly mix: Mix;
  readonly loops: number;
}

/** Loudness and true peak of what is heard. */
export function loudnessGraph(heard: Heard): string {
  return `[0:a:0]${mixed(heard.mix)},${cut(heard.range)},${measured(heard)}[out]`;
}

/**
 * What is heard, with a linear gain and, if `limitDb` is given, a limiter that looks ahead at 192 kHz, as it is written; its
 * loudness and true peak are measured beside it, since to start ffmpeg once more takes longer than that.
 */
export function levelGraph(level: Heard & { gainDb: number; rate: number; limitDb?: number }): string {
  const { range, mix, gainDb, rate, limitDb } = level;
  const chain = [mixed(mix), cut(range), `volume=${gainDb.toFixed(3)}dB:precision=float`];
  if (limitDb !== undefined)
    chain.push(
      `apad=pad_len=${rate}`,
      `aresample=${LIMITER_RATE}`,
      `alimiter=limit=${(10 ** (limitDb / 20)).toFixed(6)}:attack=${ATTACK_S * 1000}:release=60:level=false`,
      `atrim=start_sample=${Math.round(ATTACK_S * LIMITER_RATE)}`,
      `aresample=${rate}`,
      `atrim=end_sample=${range.end - range.start}`,
    );
  chain.push('aformat=sample_fmts=s16:channel_layouts=mono', 'asplit=2[out][measured]');
  return `[0:a:0]${chain.join(',')};[measured]${measured(level)},anullsink`;
}

function measured({ range, loops }: Heard): string {
  const loop = loops > 0 ? `aloop=loop=${loops}:size=${range.end - range.start},` : '';
  return `${loop}aresample=48000,${LOUDNESS}`;
}

function mixed([left, right]: Mix): string {
  return `pan=mono|c0=${left}*c0${right < 0 ? '-' : '+'}${Math.abs(right)}*c1`;
}

function cut(range: Range): string {
  return `atrim=start_sample=${range.start}:end_sample=${range.end},asetpts=PTS-STARTPTS`;
}
