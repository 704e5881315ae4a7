// WordVoice: says sentences with recordings, word by word; which recordings there are is its pack's affair.
// All words of a sentence are in memory before the first one is heard: what is missing is known by then.
import { basename } from 'node:path';
import { memoryClip, type Clip } from '../audio/source';
import { samplesOf } from '../audio/frame';
import { readManifest, type Manifest } from '../media/manifest';
import { closestTag } from '../media/names';
import { readPcm } from '../media/pcmFile';
import { readiness } from '../media/ready';
import { lookAt, newListing, type FileTrouble, type MediaFolder, type SourceFile } from '../media/sources';
import { rootOf, wordFiles, wordFolders } from '../media/words';
import { inBatches } from '../util/batches';
import { isSameStamp } from '../util/operatorFiles';
import { messageOf } from '../util/errors';
import type { Recordings } from './packs';
import { PAUSE, type Spoken } from './spoken';
import type { Utterance, Voice, VoiceParts } from './voice';

/** Where a speaker would draw breath, on top of the silence around words. */
const PAUSE_MS = 250;
/** A longer recording is no word: it is not loaded. */
const MOST_WORD_MS = 30_000;
const REQUEST_EVERY_MS = 60_000;

interface Loaded {
  readonly source: SourceFile;
  readonly clip: Clip;
}

export class WordVoice implements Voice {
  readonly name: string;
  readonly #pause: Clip;
  /** By path: no more than a language has words. */
  readonly #loaded = new Map<string, Loaded>();
  readonly #told = new Set<string>();
  #manifest: Promise<Manifest> | undefined;
  #requestedAt = -Infinity;
  #waiting = false;

  constructor(
    private readonly recordings: Recordings,
    private readonly parts: VoiceParts,
  ) {
    this.name = `${recordings.kind} ${recordings.pack.folder}`;
    const silence = new Float32Array(samplesOf(PAUSE_MS, parts.media.rate));
    this.#pause = memoryClip('pause', silence);
  }

  async clips(spoken: Spoken, language: string, signal: AbortSignal): Promise<Utterance | undefined> {
    const said = withoutOuterPauses(spoken.clips);
    const folder = said.length > 0 ? await this.#folder(language) : undefined;
    const files = folder && (await this.#filesOf(said, folder, language));
    if (!files || signal.aborted) return undefined;
    const words = await this.#load(files, folder);
    if (!words || signal.aborted) return undefined;
    const clipsOf = (clip: string): Clip[] =>
      (this.recordings.of(clip, language) ?? []).map((name) => words.get(files.get(name)!)!);
    return said.flatMap((clip) => (clip === PAUSE ? [this.#pause] : clipsOf(clip)));
  }

  async #folder(language: string): Promise<MediaFolder | undefined> {
    const folders = await wordFolders(this.recordings.pack);
    const names = folders.map(({ path }) => basename(path));
    return folders[names.indexOf(closestTag(language, names) ?? '')];
  }

  /** Recordings by name with their files; undefined when one of them is missing, which is then told. */
  async #filesOf(
    said: readonly string[],
    folder: MediaFolder,
    language: string,
  ): Promise<ReadonlyMap<string, string> | undefined> {
    const there = await wordFiles(this.recordings.pack, folder);
    const names = (clip: string): readonly string[] | undefined => this.recordings.of(clip, language);
    const words = said.filter((clip) => clip !== PAUSE);
    const lacking = (clip: string): boolean => names(clip)?.some((name) => !there.has(name)) === true;
    // The whole vocabulary is told, not what this sentence lacks: from its words one could guess a balance.
    if (words.some(lacking))
      this.#tellMissing(
        [...this.recordings.vocabulary(language, [this.parts.currency]), ...words].filter(lacking),
        folder,
      );
    if (words.some((clip) => names(clip) === undefined)) return this.#tellForeign(folder);
    if (words.some(lacking)) return undefined;
    const wanted = new Set(words.flatMap((clip) => names(clip) ?? []));
    if (wanted.size === 0) return undefined;
    return new Map([...wanted].map((name) => [name, there.get(name)!]));
  }

  /** No fault of anybody's: another voice says such sentences. */
  #tellForeign({ path: folder }: MediaFolder): undefined {
    if (this.#isNew(folder))
      this.parts.log.info({ voice: this.name, folder }, 'some sentences are not in this kind of voice');
  }

  #tellMissing(missing: readonly string[], { path: folder }: MediaFolder): void {
    const clips = [...new Set(missing)].sort().filter((clip) => this.#isNew(`${folder}/${clip}`));
    const hint =
      'Record them into that folder (docs/speech.md); `holdcast media check` lists what is missing.';
    const fields = { code: 'HC_VOICE_FAILED', voice: this.name, folder, clips, hint };
    if (clips.length > 0) this.parts.log.error(fields, 'clips are missing');
  }

  /** Each trouble is told once. */
  #isNew(trouble: string): boolean {
    const isNew = !this.#told.has(trouble);
    this.#told.add(trouble);
    return isNew;
  }

  /** Clips by file name; undefined when one cannot be played now. */
  async #load(
    files: ReadonlyMap<string, string>,
    folder: MediaFolder,
  ): Promise<ReadonlyMap<string, Clip> | undefined> {
    const listing = newListing([]);
    await lookAt(rootOf(this.recordings.pack), folder, [...files.values()], listing);
    const words = new Map<string, Clip>();
    await inBatches(listing.files, async (source) => {
      const clip = await this.#word(source);
      if (clip) words.set(source.name, clip);
    });
    if (words.size < listing.files.length) {
      this.#manifest = undefined;
      return undefined;
    }
    this.#waiting = false;
    return words.size === new Set(files.values()).size ? words : undefined;
  }

  async #word(source: SourceFile): Promise<Clip | undefined> {
    const known = this.#loaded.get(source.file);
    if (known && isSameStamp(known.source, source)) return known.clip;
    const { media: settings, log } = this.parts;
    this.#manifest ??= readManifest(source.root);
    const manifest = await this.#manifest;
    const found = await readiness(source, { settings, manifest, readMode: 'ahead', log });
    if (found.status === 'problem') return this.#tellBroken(source, found.trouble);
    if (found.status !== 'ready') return this.#request();
    const { id, pcm, title, durationMs } = found.track;
    if (durationMs > MOST_WORD_MS) {
      const message = 'too long for a word or a phrase';
      return this.#tellBroken(source, { code: 'HC_VOICE_FAILED', message });
    }
    try {
      const clip = memoryClip(id, await readPcm(pcm), title);
      this.#loaded.set(source.file, { source, clip });
      return clip;
    } catch (error) {
      return this.#tellBroken(source, { code: 'HC_MEDIA_UNREADABLE', message: messageOf(error) });
    }
  }

  #request(): undefined {
    const { log, clock, requestPreparation } = this.parts;
    if (!this.#waiting) log.warn({ voice: this.name }, 'recordings of the voice wait to be prepared');
    this.#waiting = true;
    if (clock.now() - this.#requestedAt < REQUEST_EVERY_MS) return;
    this.#requestedAt = clock.now();
    requestPreparation?.();
  }

  /** Told once of a file as it is. */
  #tellBroken({ file, id, size, mtimeMs }: SourceFile, { code, message }: FileTrouble): undefined {
    if (!this.#isNew(`${file} ${size} ${mtimeMs} ${message}`)) return;
    const hint = 'Replace the recording, then run `holdcast media prepare`.';
    const fields = { code, voice: this.name, file: id, error: message, hint };
    this.parts.log.error(fields, 'a recording cannot be said');
  }
}

/** A pause at either end is none: there is silence already. */
function withoutOuterPauses(clips: readonly string[]): readonly string[] {
  const first = clips.findIndex((clip) => clip !== PAUSE);
  const last = clips.findLastIndex((clip) => clip !== PAUSE);
  return first < 0 ? [] : clips.slice(first, last + 1);
}
