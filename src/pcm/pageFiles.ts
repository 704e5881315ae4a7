// The files that pages of PCM are read from, a few of them held open.
// A file that was replaced or removed by name goes on being heard by those who were in the middle of it.
import { PcmFile } from '../media/pcmFile';
import type { PcmLocation } from '../media/track';

/** Where a clip's samples lie; `key` is that of its CatalogClip. */
export interface PageSource {
  readonly key: number;
  readonly pcm: PcmLocation;
}

interface OpenFile {
  readonly file: Promise<PcmFile>;
  /** Reads under way. */
  users: number;
  /** It is closed when nobody uses it any more. */
  dropped: boolean;
}

/** Files held open, of those that were read last. */
const MOST_OPEN = 32;

export class PageFiles {
  /** By key, the least recently read first. */
  readonly #open = new Map<number, OpenFile>();
  readonly #closing = new Set<Promise<void>>();

  /**
   * Fills `target` with samples from `fromSample` on, in the machine's order.
   * @throws what the file system throws; Error when the file is another one by now, or shorter
   */
  async read(source: PageSource, fromSample: number, target: Int16Array): Promise<void> {
    const file = this.#take(source);
    try {
      await (await file.file).fill(target, fromSample);
    } catch (error) {
      this.#drop(source.key, file);
      throw error;
    } finally {
      file.users--;
      this.#closeUnused(file);
    }
  }

  /** Holds a clip's file open no longer than reads of it are under way. */
  forget(key: number): void {
    const file = this.#open.get(key);
    if (file) this.#drop(key, file);
  }

  /** Closes all files, after the reads under way. */
  async close(): Promise<void> {
    for (const [key, file] of [...this.#open]) this.#drop(key, file);
    await Promise.all(this.#closing);
  }

  #take({ key, pcm }: PageSource): OpenFile {
    const file = this.#open.get(key) ?? { file: PcmFile.open(pcm), users: 0, dropped: false };
    file.users++;
    this.#open.delete(key);
    this.#open.set(key, file);
    for (const [oldest, other] of this.#open) {
      if (this.#open.size <= MOST_OPEN) break;
      this.#drop(oldest, other);
    }
    return file;
  }

  #drop(key: number, file: OpenFile): void {
    if (this.#open.get(key) === file) this.#open.delete(key);
    file.dropped = true;
    this.#closeUnused(file);
  }

  #closeUnused(file: OpenFile): void {
    if (!file.dropped || file.users > 0) return;
    const closing = file.file
      .then((pcm) => pcm.close())
      .catch(() => {})
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}
