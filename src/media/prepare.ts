// Prepares one file: decoded once, mono, in the telephone's band, at the right loudness, with no peak too high.
// What comes out is checked: ffmpeg calls a file that was cut off a success.
import { promises } from 'node:fs';
import { parseWavHeader, WAV_HEADER_BYTES } from '../audio/wav';
import type { Clock } from '../util/clock';
import { HoldcastError } from '../util/errors';
import { endsInsideOggPage, missingFromWav, TAIL_BYTES } from './claimedLength';
import { runFfmpeg, type FfmpegJob, type FfmpegResult } from './ffmpeg';
import type { FfmpegBinary } from './ffmpegBinary';
import { parseInput, parseLoudness, type Loudness, type ProbedInput } from './ffmpegOutput';
import { decodeGraph, levelGraph, loudnessGraph, FIR_DELAY_S } from './graphs';
import { countFloats, isSilent, measureLevels, withoutSilence, type Range } from './levels';
import { LONGEST_S, OUTPUT_LIMITS, tooLong } from './inputLimits';
import type { PrepareSettings } from './settings';
import type { MediaKind } from './sources';

export interface PrepareTools {
  readonly binary: FfmpegBinary;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** A path for a temporary file; who calls removes it. */
  readonly temporary: () => string;
}

export interface PreparedFile {
  /** A temporary path: who calls gives it its name. */
  readonly wav: string;
  readonly samples: number;
  readonly durationMs: number;
  readonly loudnessBefore: number;
  readonly loudnessAfter: number;
  readonly peakDb: number;
}

/** Silence that is kept around speech. */
const KEEP_MS = 50;
/** Around a word: the end of one and the beginning of the next make 50 to 70 ms, since windows of 10 ms are judged. */
const KEEP_WORD_MS = 25;
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
/** ffmpeg tells levels to one decimal. */
const ROUNDING_DB = 0.05;
/** Of the loudness that is wanted, LU. */
const LOUDNESS_TOLERANCE = 0.15;

type RawJob = Pick<FfmpegJob, 'input' | 'graph'> & Partial<FfmpegJob>;

/** Prepares one file with one ffmpeg. */
class Preparation {
  constructor(
    private readonly file: string,
    private readonly kind: MediaKind,
    private readonly settings: PrepareSettings,
    private readonly tools: PrepareTools,
  ) {}

  async run(): Promise<PreparedFile> {
    const work = this.tools.temporary();
    const { loudnessBefore, range } = await this.#decodeAudible(work);
    const target = this.kind === 'music' ? this.settings.musicLufs : this.settings.speechLufs;
    const measured = await this.#measureRaw(work, range);
    if (measured.lufs < NOTHING_LUFS + 1) throw silent();
    const { wav, after } = await this.#level(work, range, measured, target);
    const samples = range.end - range.start;
    await checkWav(wav, this.settings.rate, samples);
    return {
      wav,
      samples,
      durationMs: (samples * 1000) / this.settings.rate,
      loudnessBefore,
      loudnessAfter: after.lufs,
      peakDb: after.peakDb,
    };
  }

  /** Decodes to floats; when the channels cancel each other out, takes the first one alone. */
  async #decodeAudible(work: string): Promise<{ loudnessBefore: number; range: Range }> {
    for (const firstChannelOnly of [false, true]) {
      const { probed, loudness } = await this.#decode(work, firstChannelOnly);
      const { rate } = this.settings;
      const delay = Math.round(FIR_DELAY_S * rate);
      const whole = { start: delay, end: (await countFloats(work)) - delay };
      await this.#checkLength(probed, (whole.end - whole.start) / rate - (2 * this.#padMs) / 1000);
      const levels = await measureLevels(work, whole, rate);
      if (!isSilent(levels)) {
        const keepMs = this.kind === 'word' ? KEEP_WORD_MS : KEEP_MS;
        const range = this.kind === 'music' ? whole : withoutSilence(whole, levels, rate, keepMs);
        return { loudnessBefore: loudness, range };
      }
      if ((probed.channels ?? 1) < 2 || loudness < -60) break;
    }
    throw silent();
  }

  async #decode(work: string, firstChannelOnly: boolean): Promise<{ probed: ProbedInput; loudness: number }> {
    const graph = decodeGraph(this.settings, this.tools.binary.soxr, firstChannelOnly, this.#padMs);
    const { lines } = await this.#ffmpeg({
      input: this.file,
      graph,
      output: { file: work, options: [...OUTPUT_LIMITS, '-f', 'f32le'] },
    });
    return { probed: parseInput(lines), loudness: parseLoudness(lines)?.lufs ?? NOTHING_LUFS };
  }

  /** @throws HoldcastError HC_MEDIA_TRUNCATED, HC_MEDIA_TOO_LONG */
  async #checkLength(probed: ProbedInput, gotS: number): Promise<void> {
    if (gotS > LONGEST_S) throw tooLong();
    const missingS = Math.max((probed.durationMs ?? 0) / 1000 - gotS, await missingSeconds(this.file));
    const cutOff = missingS === Infinity;
    const wholeS = gotS + missingS;
    if (!cutOff && missingS <= Math.max(0.5, 0.02 * wholeS)) return;
    const decoded = `only ${gotS.toFixed(1)} s of ${wholeS.toFixed(1)} s could be decoded`;
    const text = cutOff ? 'it ends in the middle' : decoded;
    throw new HoldcastError(
      'HC_MEDIA_TRUNCATED',
      `the file is cut off: ${text}`,
      'Copy the whole file again.',
    );
  }

  get #padMs(): number {
    return this.kind === 'word' ? PAD_WORD_MS : 0;
  }

  #measureRaw(work: string, range: Range): Promise<Loudness> {
    const graph = loudnessGraph(range, this.#loops(range));
    return this.#measure({ input: work, inputOptions: this.#rawOptions(), graph });
  }

  async #measure(job: RawJob): Promise<Loudness> {
    const { lines } = await this.#ffmpeg(job);
    const loudness = parseLoudness(lines);
    if (loudness) return loudness;
    throw new HoldcastError('HC_FFMPEG_FAILED', 'ffmpeg measured no loudness', 'Is this ffmpeg complete?');
  }

  /** Writes with the gain that is needed, and corrects until loudness and peak are right. */
  async #level(
    work: string,
    range: Range,
    before: Loudness,
    target: number,
  ): Promise<{ wav: string; after: Loudness }> {
    const ceiling = this.settings.peakDbtp;
    const wav = this.tools.temporary();
    let gainDb = target - before.lufs;
    const limit = before.peakDb + gainDb > ceiling - 0.05;
    let limitDb = ceiling - 0.2;
    for (let round = 1; ; round++) {
      const graph = levelGraph({ range, gainDb, rate: this.settings.rate, ...(limit ? { limitDb } : {}) });
      await this.#ffmpeg({
        input: work,
        inputOptions: this.#rawOptions(),
        graph,
        output: { file: wav, options: ['-c:a', 'pcm_s16le', '-bitexact', '-f', 'wav'] },
      });
      const samples = { start: 0, end: range.end - range.start };
      const after = await this.#measure({ input: wav, graph: loudnessGraph(samples, this.#loops(samples)) });
      const excess = after.peakDb + ROUNDING_DB - ceiling;
      const short = target - after.lufs;
      if (excess <= 0 && (Math.abs(short) <= LOUDNESS_TOLERANCE || round >= ROUNDS)) return { wav, after };
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

  #rawOptions(): string[] {
    return ['-f', 'f32le', '-ar', String(this.settings.rate), '-ac', '1'];
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

/** Seconds that the file claims and does not have, as WAV and Ogg let one tell; Infinity: surely some. */
async function missingSeconds(file: string): Promise<number> {
  const handle = await promises.open(file, 'r');
  try {
    const { size } = await handle.stat();
    const head = new Uint8Array(Math.min(4096, size));
    await handle.read(head, 0, head.length, 0);
    const { bytes, bytesPerSecond } = missingFromWav(head, size);
    if (bytes > 0 || String.fromCharCode(...head.subarray(0, 4)) !== 'OggS') return bytes / bytesPerSecond;
    const tail = new Uint8Array(Math.min(TAIL_BYTES, size));
    await handle.read(tail, 0, tail.length, size - tail.length);
    return endsInsideOggPage(tail) ? Infinity : 0;
  } finally {
    await handle.close();
  }
}

/** @throws HoldcastError HC_FFMPEG_FAILED when ffmpeg wrote something else than it was asked for */
async function checkWav(wav: string, rate: number, samples: number): Promise<void> {
  const handle = await promises.open(wav, 'r');
  try {
    const { size } = await handle.stat();
    const head = new Uint8Array(WAV_HEADER_BYTES);
    await handle.read(head, 0, head.length, 0);
    const info = parseWavHeader(head, size);
    const right = info?.rate === rate && info.channels === 1 && info.bits === 16 && info.samples === samples;
    if (right && info.dataOffset === WAV_HEADER_BYTES && size === WAV_HEADER_BYTES + 2 * samples) return;
    const found = info
      ? `${info.samples} samples at ${info.rate} Hz, data at ${info.dataOffset}`
      : 'no plain WAV';
    const text = `ffmpeg wrote ${found} instead of ${samples} samples at ${rate} Hz`;
    throw new HoldcastError('HC_FFMPEG_FAILED', text, 'Is the disk full? Is this ffmpeg complete?');
  } finally {
    await handle.close();
  }
}

/**
 * Prepares `file` (absolute) into a temporary WAV: 16 bit, mono, at settings.rate.
 * @throws HoldcastError HC_MEDIA_TRUNCATED, HC_MEDIA_SILENT, HC_MEDIA_TOO_LONG, HC_FFMPEG_FAILED, HC_FFMPEG_BROKEN; FfmpegFailure
 */
export function prepareFile(
  file: string,
  kind: MediaKind,
  settings: PrepareSettings,
  tools: PrepareTools,
): Promise<PreparedFile> {
  return new Preparation(file, kind, settings, tools).run();
}
