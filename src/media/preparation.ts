// Prepares whatever waits in the media folder: several files at once, each content once, each problem remembered.
// What is wrong with a file is written down with it; what is wrong with the machine stops the work and is not.
import { extname, join } from 'node:path';
import type { Clock } from '../util/clock';
import { HoldcastError, messageOf } from '../util/errors';
import type { Logger } from '../util/log';
import { openInside, type OperatorFile } from '../util/operatorFiles';
import { lookup, recordedSource, settingsDigest, type PreparedRecord } from './cache';
import { CacheWriter, contentKey } from './cacheWriter';
import { FfmpegFailure } from './ffmpeg';
import type { FfmpegBinary } from './ffmpegBinary';
import { MOST_MEDIA_BYTES } from './inputLimits';
import { licenceOf, NO_MANIFEST, readManifest, type Manifest } from './manifest';
import {
  machineError,
  outcomeOf,
  problemOf,
  withoutLicence,
  type NamedFile,
  type PrepareOutcome,
} from './outcome';
import { prepareFile } from './prepare';
import { endingOf } from './rawFormats';
import { readiness } from './ready';
import type { MediaSettings } from './settings';
import { hasSettled, sameSource } from './shelved';
import { boundsOf, listSources, sourceOf, type Listing, type SourceFile } from './sources';
import { toolStamp } from './toolStamp';
import { listWords, rootOf, type WordPack } from './words';

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

class Run {
  readonly #stop = new AbortController();
  /** Content that is being prepared: two equal files are decoded once. */
  readonly #working = new Map<string, Promise<PreparedRecord>>();
  /** By path: an id is unique in its root only. */
  readonly #outcomes = new Map<string, PrepareOutcome>();
  readonly #manifests = new Map<string, Manifest>();
  #binary: Promise<FfmpegBinary> | undefined;

  constructor(
    private readonly options: PreparationOptions,
    private readonly writer: CacheWriter,
  ) {}

  async all(): Promise<PrepareOutcome[]> {
    const { signal, onPlan } = this.options;
    const listings = await this.#list();
    const files = new Map(
      listings.flatMap((listing) => listing.files).map((source) => [source.file, source]),
    );
    const waiting = await this.#settled(await this.#unprepared([...files.values()]));
    onPlan?.(waiting.length);
    const onAbort = (): void => this.#stop.abort();
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
    try {
      await this.#work(waiting);
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
    return this.#inOrder(listings);
  }

  /** The media folder and the packs, and what their manifests say. */
  async #list(): Promise<Listing[]> {
    const { settings, packs = [] } = this.options;
    for (const root of [settings.folder, ...packs.map(rootOf)])
      if (!this.#manifests.has(root)) this.#manifests.set(root, await readManifest(root));
    const listings = [await listSources(settings.folder)];
    for (const pack of packs) listings.push(await listWords(pack));
    return listings;
  }

  #manifestOf(source: SourceFile): Manifest {
    return this.#manifests.get(source.root) ?? NO_MANIFEST;
  }

  /** What a file is called in outcomes and logs. */
  #named(source: SourceFile): NamedFile {
    const here = source.root === this.options.settings.folder;
    const id = here ? source.id : source.file;
    if (source.folder.kind !== 'word') return { id };
    return { id, words: here ? source.folder.path : join(source.root, source.folder.path) };
  }

  /** Files that are neither shipped ready-made nor in the cache. */
  async #unprepared(files: readonly SourceFile[]): Promise<SourceFile[]> {
    const waiting: SourceFile[] = [];
    for (const source of files) {
      const known = await this.#known(source);
      if (known) this.#outcomes.set(source.file, known);
      else waiting.push(source);
    }
    return waiting;
  }

  async #known(source: SourceFile): Promise<PrepareOutcome | undefined> {
    const { settings, log, force } = this.options;
    const manifest = this.#manifestOf(source);
    const entry = manifest.entries.get(source.id);
    const context = { settings, manifest, readMode: 'ahead' as const, log };
    const found = await readiness(source, context);
    if (found.status === 'ready' && found.track.playsItsFile) {
      const licence = await licenceOf(entry, source);
      return {
        ...this.#named(source),
        status: 'shipped',
        durationMs: found.track.durationMs,
        ...(entry?.loudness === undefined ? {} : { loudnessAfter: entry.loudness }),
        ...(entry?.peakDb === undefined ? {} : { peakDb: entry.peakDb }),
        ...(licence === undefined ? {} : { licence }),
      };
    }
    const record = force ? undefined : await lookup(source, settings);
    return record && outcomeOf(this.#named(source), 'already', record);
  }

  /** Leaves out what is still being copied: young files are looked at again until they stop changing. */
  async #settled(files: readonly SourceFile[]): Promise<SourceFile[]> {
    const { clock, signal } = this.options;
    const done: SourceFile[] = [];
    let young: SourceFile[] = [];
    for (const source of files) (hasSettled(undefined, source, clock.wall()) ? done : young).push(source);
    for (let look = 0; look < LOOKS && young.length > 0 && !signal?.aborted; look++) {
      await new Promise<void>((resolve) => clock.after(LOOK_AGAIN_MS, resolve));
      const still: SourceFile[] = [];
      for (const before of young) {
        const now = await sourceOf(before.root, before.folder, before.name);
        if (now) (hasSettled(before, now, clock.wall()) ? done : still).push(now);
      }
      young = still;
    }
    for (const source of young)
      this.#outcomes.set(source.file, { ...this.#named(source), status: 'arriving' });
    const order = new Map(files.map((source, index) => [source.file, index]));
    return done.sort((a, b) => order.get(a.file)! - order.get(b.file)!);
  }

  async #work(waiting: readonly SourceFile[]): Promise<void> {
    const queue = [...waiting];
    let failure: unknown;
    const worker = async (): Promise<void> => {
      for (let source = queue.shift(); source && failure === undefined; source = queue.shift()) {
        try {
          const outcome = await this.#one(source);
          this.#outcomes.set(source.file, outcome);
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
  async #one(source: SourceFile): Promise<PrepareOutcome> {
    const { settings, log } = this.options;
    const about = recordedSource(source, settings);
    const named = this.#named(source);
    if (this.#stop.signal.aborted) throw new FfmpegFailure('stopped', 'stopped');
    try {
      if (source.size === 0) throw empty();
      const prepared = await this.#content(source);
      if (!(await this.#isUnchanged(source))) return { ...named, status: 'arriving' };
      const licence = await licenceOf(this.#manifestOf(source).entries.get(source.id), source);
      const record: PreparedRecord = {
        ...prepared,
        source: about,
        ...(licence === undefined ? {} : { licence }),
      };
      await this.writer.writeRecord(record);
      return outcomeOf(named, 'prepared', record);
    } catch (error) {
      const problem = problemOf(error);
      if (!(await this.#isUnchanged(source))) return { ...named, status: 'arriving' };
      if (problem.lasting) {
        const tool = await toolStamp(settings.ffmpeg);
        await this.writer.writeRecord({ source: about, problem: problem.shown, tool });
      }
      log.warn({ file: named.id, ...problem.shown }, 'media file cannot be prepared');
      return { ...named, status: 'problem', problem: problem.shown };
    }
  }

  async #isUnchanged(source: SourceFile): Promise<boolean> {
    return sameSource(await sourceOf(source.root, source.folder, source.name), source);
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
      if (known) return withoutLicence(known);
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

  #inOrder(listings: readonly Listing[]): PrepareOutcome[] {
    const code = 'HC_MEDIA_UNREADABLE';
    const files = new Set(listings.flatMap((listing) => listing.files).map(({ file }) => file));
    const outcomes = [...files].flatMap((file) => this.#outcomes.get(file) ?? []);
    for (const { folder, error } of listings.flatMap(({ folderProblems }) => folderProblems))
      outcomes.push({ id: folder.path, status: 'problem', problem: { code, message: messageOf(error) } });
    for (const { id, message, hint } of listings.flatMap(({ fileProblems }) => fileProblems))
      outcomes.push({ id, status: 'problem', problem: { code, message, hint } });
    return outcomes;
  }
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
