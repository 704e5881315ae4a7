// Prepares one file: decoded once, mono, in the telephone's band, at the right loudness, with no peak too high.
// Whether it is whole and how its channels are mixed is judged by what was decoded (damage.ts, levels.ts).
import { promises } from 'node:fs';
import { basename } from 'node:path';
import type { Clock } from '../util/clock';
import { HoldcastError } from '../util/errors';
import { pcmBytes, type Figures } from './cache';
import { lookInto } from './claimedLength';
import { cutOff, looksDamaged, lossProblem, loudnessProblem, problemIn, type Decoded } from './damage';
import { runFfmpeg, type FfmpegJob, type FfmpegResult } from './ffmpeg';
import type { FfmpegBinary } from './ffmpegBinary';
import { claimedSeconds, parseFoundBytes, parseLoudness, type Loudness } from './ffmpegOutput';
import { decodeGraph, levelGraph, loudnessGraph, FIR_DELAY_S, type Heard } from './graphs';
import { LONGEST_S, OUTPUT_LIMITS, tooLong } from './inputLimits';
import {
  chooseMix,
  countFrames,
  isSilent,
  levelsOf,
  measureWindows,
  soundingShare,
  withoutSilence,
  type Range,
} from './levels';
import { rawOptions } from './rawFormats';
import type { PrepareSettings } from './settings';
import type { MediaKind } from './sources';

export interface PrepareTools {
  readonly binary: FfmpegBinary;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** A path for a temporary file; who calls removes it. */
  readonly temporary: () => string;
}

export interface PreparedFile extends Figures {
  /** A temporary path: who calls gives it its name. */
  readonly wav: string;
  readonly samples: number;
}

/** Silence that a word is given first, so that there is some to keep also where the recording has none. */
const PAD_WORD_MS = 50;
/** Shorter clips are measured in a loop, since R 128 looks at 400 ms at a time. */
const LOOP_UNDER_S = 3;
/** What R 128 says of silence. */
const NOTHING_LUFS = -70;
/** One run of ffmpeg. */
const LIMIT_MS = 15 * 60_000;
/** Rounds of correcting level and peak; each brings both nearer. */
const ROUNDS = 6;
/** ffmpeg rounds what it counts down to kB: twice, for sound and pictures. */
const COUNTED_BYTES = 2048;
/** ffmpeg tells levels to one decimal. */
const ROUNDING_DB = 0.05;
/** Of the loudness that is wanted, LU. */
const LOUDNESS_TOLERANCE = 0.15;

type RawJob = Omit<FfmpegJob, 'binary' | 'clock' | 'limitMs'>;

/** What was decoded: where the sound is in `work`, two channels of floats, and how they become one. */
interface Audible extends Heard {
  readonly work: string;
}

/** Prepares one file with one ffmpeg. */
class Preparation {
  constructor(
    private readonly file: string,
    private readonly kind: MediaKind,
    private readonly settings: PrepareSettings,
    private readonly tools: PrepareTools,
  ) {}

  async run(): Promise<PreparedFile> {
    const { audible, loudnessBefore } = await this.#decode();
    const target = this.kind === 'music' ? this.settings.musicLufs : this.settings.speechLufs;
    const measured = await this.#measure(audible, { graph: loudnessGraph(audible) });
    if (measured.lufs < NOTHING_LUFS + 1) throw silent();
    const { wav, after } = await this.#level(audible, measured, target);
    const samples = audible.range.end - audible.range.start;
    await checkSize(wav, samples);
    return {
      wav,
      samples,
      durationMs: (samples * 1000) / this.settings.rate,
      loudnessBefore,
      loudnessAfter: after.lufs,
      peakDb: after.peakDb,
    };
  }

  async #decode(): Promise<{ audible: Audible; loudnessBefore: number }> {
    const { head, endsInTheMiddle } = await lookInto(this.file);
    if (endsInTheMiddle) throw cutOff('it ends in the middle');
    const source = { input: this.file, inputOptions: rawOptions(basename(this.file), head) };
    const { rate } = this.settings;
    const work = this.tools.temporary();
    const { lines, errors } = await this.#ffmpeg({
      ...source,
      graph: decodeGraph(this.settings, this.tools.binary.soxr, this.#padMs),
      output: { file: work, options: [...OUTPUT_LIMITS, '-f', 'f32le'] },
    });
    const { lufs, peakDb } = parseLoudness(lines) ?? { lufs: NOTHING_LUFS, peakDb: -Infinity };
    const delay = Math.round(FIR_DELAY_S * rate);
    const whole = { start: delay, end: (await countFrames(work)) - delay };
    const windows = await measureWindows(work, whole, rate);
    const mix = chooseMix(windows);
    const levels = levelsOf(windows, mix);
    const decoded: Decoded = {
      seconds: (whole.end - whole.start) / rate - (2 * this.#padMs) / 1000,
      claimedS: claimedSeconds(lines),
      errors,
      peakDb,
      soundingShare: soundingShare(levels),
    };
    if (decoded.seconds > LONGEST_S) throw tooLong();
    const problem = problemIn(decoded, looksDamaged(decoded) ? await this.#foundShare(source) : 1);
    if (problem) throw problem;
    if (isSilent(levels)) throw silent();
    const range = withoutSilence(whole, levels, rate, this.kind);
    const loss = lossProblem(this.kind, (range.end - range.start) / rate, decoded.seconds);
    if (loss) throw loss;
    return { audible: { work, range, mix, loops: this.#loops(range) }, loudnessBefore: lufs };
  }

  /** Part of the file's bytes that ffmpeg takes for sound or pictures, 0 to 1. */
  async #foundShare(source: RawJob): Promise<number> {
    const found = parseFoundBytes((await this.#ffmpeg(source)).lines);
    const { size } = await promises.stat(this.file);
    return found === undefined ? 1 : Math.min(1, (found + COUNTED_BYTES) / size);
  }

  get #padMs(): number {
    return this.kind === 'word' ? PAD_WORD_MS : 0;
  }

  /** Runs a job whose graph measures. */
  async #measure({ work }: Audible, job: Pick<RawJob, 'graph' | 'output'>): Promise<Loudness> {
    const { rate } = this.settings;
    const raw = ['-f', 'f32le', '-ar', String(rate), '-ac', '2'];
    const { lines } = await this.#ffmpeg({ input: work, inputOptions: raw, ...job });
    const loudness = parseLoudness(lines);
    if (loudness) return loudness;
    throw new HoldcastError('HC_FFMPEG_FAILED', 'ffmpeg measured no loudness', 'Is this ffmpeg complete?');
  }

  /** Writes with the gain that is needed, and corrects until loudness and peak are right. */
  async #level(
    audible: Audible,
    before: Loudness,
    target: number,
  ): Promise<{ wav: string; after: Loudness }> {
    const { rate, peakDbtp: ceiling } = this.settings;
    const wav = this.tools.temporary();
    const output = { file: wav, options: ['-c:a', 'pcm_s16le', '-bitexact', '-f', 'wav'] };
    let gainDb = target - before.lufs;
    const limit = before.peakDb + gainDb > ceiling - 0.05;
    let limitDb = ceiling - 0.2;
    for (let round = 1; ; round++) {
      const graph = levelGraph({ ...audible, gainDb, rate, ...(limit ? { limitDb } : {}) });
      const after = await this.#measure(audible, { graph, output });
      const excess = after.peakDb + ROUNDING_DB - ceiling;
      const short = target - after.lufs;
      if (excess <= 0 && (Math.abs(short) <= LOUDNESS_TOLERANCE || round >= ROUNDS)) {
        const problem = loudnessProblem(after.lufs, target, ceiling);
        if (problem) throw problem;
        return { wav, after };
      }
      if (excess > 0 && (round >= ROUNDS || !limit)) gainDb -= excess + 0.1;
      else if (excess > 0) limitDb -= excess + 0.1;
      if (round < ROUNDS && Math.abs(short) > LOUDNESS_TOLERANCE) gainDb += short;
      if (round > 2 * ROUNDS)
        throw new HoldcastError('HC_FFMPEG_FAILED', 'no gain keeps the peak low enough');
    }
  }

  #loops(range: Range): number {
    const seconds = (range.end - range.start) / this.settings.rate;
    return seconds < LOOP_UNDER_S ? Math.ceil(LOOP_UNDER_S / seconds) : 0;
  }

  #ffmpeg(job: RawJob): Promise<FfmpegResult> {
    const { binary, clock, signal } = this.tools;
    return runFfmpeg({ binary, clock, signal, limitMs: LIMIT_MS, ...job });
  }
}

function silent(): HoldcastError {
  const hint = 'Is it the right file? Sound outside the telephone band does not count.';
  return new HoldcastError('HC_MEDIA_SILENT', 'there is nothing to hear in it', hint);
}

/** @throws HoldcastError HC_FFMPEG_FAILED when ffmpeg wrote something else than it was asked for */
async function checkSize(wav: string, samples: number): Promise<void> {
  const { size } = await promises.stat(wav);
  if (size === pcmBytes(samples)) return;
  const text = `ffmpeg wrote ${size} bytes instead of a plain WAV of ${samples} samples`;
  throw new HoldcastError('HC_FFMPEG_FAILED', text, 'Is the disk full? Is this ffmpeg complete?');
}

/**
 * Prepares `file` (absolute) into a temporary WAV: 16 bit, mono, at settings.rate.
 * @throws HoldcastError HC_MEDIA_UNREADABLE, HC_MEDIA_TRUNCATED, HC_MEDIA_DAMAGED, HC_MEDIA_SILENT, HC_MEDIA_TOO_LONG, HC_FFMPEG_FAILED, HC_FFMPEG_BROKEN; FfmpegFailure
 */
export function prepareFile(
  file: string,
  kind: MediaKind,
  settings: PrepareSettings,
  tools: PrepareTools,
): Promise<PreparedFile> {
  return new Preparation(file, kind, settings, tools).run();
}
