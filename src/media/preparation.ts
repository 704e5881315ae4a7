// Prepares whatever waits in the media folder: several files at once, each content once, each problem remembered.
// What is wrong with a file is written down with it; what is wrong with the machine stops the work and is not.
import { extname } from 'node:path';
import type { Clock } from '../util/clock';
import { HoldcastError } from '../util/errors';
import type { Logger } from '../util/log';
import { isSameStamp, openInside, type OperatorFile } from '../util/operatorFiles';
import { recordedSource, settingsDigest, type PreparedRecord } from './cache';
import { CacheWriter, contentKey } from './cacheWriter';
import { FfmpegFailure } from './ffmpeg';
import type { FfmpegBinary } from './ffmpegBinary';
import { MOST_MEDIA_BYTES } from './inputLimits';
import { licenceOf, type ManifestEntry } from './manifest';
import { machineError, outcomeOf, problemOf, type NamedFile, type PrepareOutcome } from './outcome';
import { prepareFile } from './prepare';
import { endingOf } from './rawFormats';
import type { FileState } from './ready';
import type { MediaSettings } from './settings';
import { boundsOf, hasSettled, sourceOf, type SourceFile } from './sources';
import { surveyMedia, type Survey } from './survey';
import { toolStamp } from './toolStamp';
import type { WordPack } from './words';

export interface PreparationOptions {
  readonly settings: MediaSettings;
  /** Words of voices, beside what is in the media folder. */
  readonly packs?: readonly WordPack[] | undefined;
  readonly log: Logger;
  readonly clock: Clock;
  /** Asked once, and only when something is to be decoded. */
  readonly findFfmpeg: () => Promise<FfmpegBinary>;
  readonly signal?: AbortSignal | undefined;
  /** Prepares again what is prepared already, and what had a problem. */
  readonly force?: boolean;
  /** Files at once; at least 1. */
  readonly parallel: number;
  /** Told once how many files will be prepared. */
  readonly onPlan?: (files: number) => void;
  /** Told of each of them when it is done. */
  readonly onFile?: (outcome: PrepareOutcome) => void;
}

const LOOK_AGAIN_MS = 1100;
const LOOKS = 3;

/**
 * Prepares everything that waits. Outcomes of all files, in the order of the folders.
 * @throws HoldcastError HC_FFMPEG_MISSING, HC_FFMPEG_BROKEN, HC_FFMPEG_FAILED, HC_CACHE_UNWRITABLE when no file can
 * be prepared; FfmpegFailure `stopped` when `signal` fires. What was finished by then stays.
 */
export async function prepareAll(options: PreparationOptions): Promise<PrepareOutcome[]> {
  const writer = await CacheWriter.open(options.settings.cache);
  await writer.sweep(options.clock.wall());
  return new Run(options, writer).all();
}

/** A file to be prepared. */
interface Waiting {
  source: SourceFile;
  readonly named: NamedFile;
  readonly entry: ManifestEntry | undefined;
}

class Run {
  readonly #stop = new AbortController();
  /** Content that is being prepared: two equal files are decoded once. */
  readonly #working = new Map<string, Promise<PreparedRecord>>();
  /** By path: an id is unique in its root only. */
  readonly #outcomes = new Map<string, PrepareOutcome>();
  #binary: Promise<FfmpegBinary> | undefined;

  constructor(
    private readonly options: PreparationOptions,
    private readonly writer: CacheWriter,
  ) {}

  async all(): Promise<PrepareOutcome[]> {
    const { settings, log, packs, signal, onPlan } = this.options;
    const surveys = await surveyMedia(settings, log, packs);
    const waiting = await this.#settled(await this.#unprepared(surveys));
    onPlan?.(waiting.length);
    const onAbort = (): void => this.#stop.abort();
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
    try {
      await this.#work(waiting);
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
    const files = new Set(surveys.flatMap((survey) => survey.files.map(({ source }) => source.file)));
    const problems = surveys.flatMap((survey) => survey.problems);
    return [
      ...[...files].flatMap((file) => this.#outcomes.get(file) ?? []),
      ...problems.map(({ file: id, trouble: problem }) => ({ id, status: 'problem' as const, problem })),
    ];
  }

  /** Files that are neither shipped ready-made nor in the cache. */
  async #unprepared(surveys: readonly Survey[]): Promise<Waiting[]> {
    const waiting = new Map<string, Waiting>();
    for (const { files, shown } of surveys)
      for (const { source, entry, state } of files) {
        const id = shown(source.id);
        const named = source.folder.kind === 'word' ? { id, words: shown(source.folder.path) } : { id };
        const file = { source, named, entry };
        const known = await this.#known(file, state);
        if (known) this.#outcomes.set(source.file, known);
        else waiting.set(source.file, file);
      }
    return [...waiting.values()];
  }

  async #known({ source, named, entry }: Waiting, state: FileState): Promise<PrepareOutcome | undefined> {
    if (state.status === 'ready' && !state.record) {
      const licence = await licenceOf(entry, source);
      return {
        ...named,
        status: 'shipped',
        durationMs: state.track.durationMs,
        ...(entry?.loudness !== undefined && { loudnessAfter: entry.loudness }),
        ...(entry?.peakDb !== undefined && { peakDb: entry.peakDb }),
        ...(licence !== undefined && { licence }),
      };
    }
    if (this.options.force) return undefined;
    if (state.status === 'problem') return { ...named, status: 'problem', problem: state.trouble };
    return state.status === 'ready' && state.record ? outcomeOf(named, 'already', state.record) : undefined;
  }

  /** Leaves out what is still being copied: young files are looked at again until they stop changing. */
  async #settled(files: readonly Waiting[]): Promise<Waiting[]> {
    const { clock, signal } = this.options;
    const settled = new Set(files.filter(({ source }) => hasSettled(undefined, source, clock.wall())));
    for (let look = 0; look < LOOKS && settled.size < files.length && !signal?.aborted; look++) {
      await new Promise<void>((resolve) => clock.after(LOOK_AGAIN_MS, resolve));
      for (const file of files) {
        if (settled.has(file)) continue;
        const now = await lookAgain(file.source);
        if (now && hasSettled(file.source, now, clock.wall())) settled.add(file);
        file.source = now ?? file.source;
      }
    }
    for (const file of files)
      if (!settled.has(file)) this.#outcomes.set(file.source.file, { ...file.named, status: 'arriving' });
    return files.filter((file) => settled.has(file));
  }

  async #work(waiting: readonly Waiting[]): Promise<void> {
    const queue = [...waiting];
    let failure: unknown;
    const worker = async (): Promise<void> => {
      for (let file = queue.shift(); file && failure === undefined; file = queue.shift()) {
        try {
          const outcome = await this.#one(file);
          this.#outcomes.set(file.source.file, outcome);
          this.options.onFile?.(outcome);
        } catch (error) {
          failure ??= error;
          this.#stop.abort();
        }
      }
    };
    await Promise.all(Array.from({ length: Math.max(1, this.options.parallel) }, worker));
    if (failure instanceof FfmpegFailure && failure.blame === 'machine') throw machineError(failure);
    if (failure !== undefined) throw failure as Error;
    if (this.options.signal?.aborted) throw new FfmpegFailure('stopped', 'stopped');
  }

  /** Prepares one file and writes down what came of it. Throws only what stops the whole work. */
  async #one({ source, named, entry }: Waiting): Promise<PrepareOutcome> {
    const { settings, log } = this.options;
    const about = recordedSource(source, settings);
    if (this.#stop.signal.aborted) throw new FfmpegFailure('stopped', 'stopped');
    try {
      if (source.size === 0) throw empty();
      const prepared = await this.#content(source);
      if (!(await isUnchanged(source))) return { ...named, status: 'arriving' };
      // Licences belong to files, not to what is in them.
      const record = { ...prepared, source: about, licence: await licenceOf(entry, source) };
      await this.writer.writeRecord(record);
      return outcomeOf(named, 'prepared', record);
    } catch (error) {
      const { trouble: problem, lasting } = problemOf(error);
      if (!(await isUnchanged(source))) return { ...named, status: 'arriving' };
      if (lasting) {
        const tool = await toolStamp(settings.ffmpeg);
        await this.writer.writeRecord({ source: about, problem, tool });
      }
      log.warn({ file: named.id, ...problem }, 'media file cannot be prepared');
      return { ...named, status: 'problem', problem };
    }
  }

  /** What is in the file, prepared: now, before, or by another of these workers. */
  async #content(source: SourceFile): Promise<PreparedRecord> {
    const { settings, force } = this.options;
    const file = await openInside(boundsOf(source.root, source.folder), source.file, MOST_MEDIA_BYTES);
    try {
      // How the bytes are read depends on the ending: the same ones may be another sound, or none.
      const digest = `${settingsDigest(settings, source.folder.kind)} .${endingOf(source.name)}`;
      const wav = `${await contentKey(file, digest)}.wav`;
      const known = force ? undefined : await this.writer.findByWav(wav);
      if (known) return known;
      const working = this.#working.get(wav) ?? this.#decode(source, file, wav);
      this.#working.set(wav, working);
      return await working;
    } finally {
      await file.close();
    }
  }

  async #decode(source: SourceFile, file: OperatorFile, wav: string): Promise<PreparedRecord> {
    const { settings, clock, findFfmpeg } = this.options;
    const temporaries: string[] = [];
    const temporary = (): string => {
      const path = this.writer.temporary();
      temporaries.push(path);
      return path;
    };
    try {
      this.#binary ??= findFfmpeg();
      const tools = { binary: await this.#binary, clock, signal: this.#stop.signal, temporary };
      const input = await this.writer.linkTo(file, extname(source.name));
      temporaries.push(input);
      const { wav: made, ...figures } = await prepareFile(input, source.folder.kind, settings, tools);
      await this.writer.publish(made, wav);
      return { source: recordedSource(source, settings), wav, rate: settings.rate, ...figures };
    } finally {
      for (const path of temporaries) await this.writer.discard(path);
    }
  }
}

function lookAgain({ root, folder, name }: SourceFile): Promise<SourceFile | undefined> {
  return sourceOf(root, folder, name);
}

async function isUnchanged(source: SourceFile): Promise<boolean> {
  return isSameStamp(await lookAgain(source), source);
}

function empty(): HoldcastError {
  return new HoldcastError('HC_MEDIA_UNREADABLE', 'the file is empty', 'Copy it again, or remove it.');
}

/**
 * Removes from the cache what no media file needs any more, if it is older than a day.
 * @returns how many files were removed
 * @throws HoldcastError HC_CACHE_UNWRITABLE
 */
export async function pruneCache(settings: MediaSettings, clock: Clock): Promise<number> {
  const writer = await CacheWriter.open(settings.cache);
  const current = (['music', 'speech', 'word'] as const).map((kind) => settingsDigest(settings, kind));
  return writer.prune(clock.wall(), settings.rate, current);
}
