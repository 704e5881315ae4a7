// PCM in pages that all callers and all mixing threads share: one copy a track, bounded, least recently used goes.
// V8 does not count shared buffers, so garbage of them would grow for hours: pages are filled anew instead.
import { BYTES_PER_SAMPLE } from '../audio/frame';
import { messageOf } from '../util/errors';
import type { Logger } from '../util/log';
import type { Closeable } from '../util/scope';
import { PAGE_SAMPLES } from './page';
import { PageFiles, type PageSource } from './pageFiles';

/** A page, whole; of a clip's last one only what the clip has means anything. */
export interface LentPage {
  readonly samples: SharedArrayBuffer;
  /** Its only element: how many hold the page. It is filled anew only while nobody does. */
  readonly holds: Int32Array;
}

/** A page that is being read, and how many wait for it. */
interface Flight {
  page: Promise<LentPage | undefined>;
  holders: number;
  /** A thread ended meanwhile that may be among them, and will give nothing back. */
  orphaned: boolean;
}

const PAGE_BYTES = PAGE_SAMPLES * BYTES_PER_SAMPLE;
/** Reads at a time: each has a page of its own, however many pages are asked for. */
const AT_ONCE = 16;
/** More pages than a WAV can have. */
const MOST_PAGES = 2 ** 20;
/** Files that are remembered as broken. */
const MOST_TOLD = 1000;

export class PageCache implements Closeable {
  readonly #limitBytes: number;
  readonly #log: Logger;
  readonly #files = new PageFiles();
  /** The least recently used first. */
  readonly #pages = new Map<number, LentPage>();
  readonly #flights = new Map<number, Flight>();
  /** Of reads that failed. */
  readonly #spare: LentPage[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #told = new Set<string>();
  #reading = 0;
  #headBytes = 0;
  #pageBytes = 0;
  #keys = 0;
  /** What has been told: heads take half of the limit; callers hold more than the limit. */
  #crowded = false;
  #overfull = false;

  /** @param options.limitBytes of all pages and heads together; only pages that are being played go beyond it */
  constructor(options: { readonly limitBytes: number; readonly log: Logger }) {
    this.#limitBytes = options.limitBytes;
    this.#log = options.log;
  }

  /** Memory of all pages and heads, bytes. */
  get usedBytes(): number {
    return this.#headBytes + this.#pageBytes;
  }

  /** A key for a clip, never given before. */
  nextKey(): number {
    return ++this.#keys;
  }

  /**
   * Samples [index × PAGE_SAMPLES, …) of a clip, which must have such a page. The page is held once for each call until
   * one is taken from its `holds`, by whom it was sent to, or by `giveBack`. Undefined: it cannot be read, which is logged. Never rejects.
   */
  page(source: PageSource, index: number): Promise<LentPage | undefined> {
    const id = source.key * MOST_PAGES + index;
    const page = this.#pages.get(id);
    if (page) {
      this.#touch(id, page);
      Atomics.add(page.holds, 0, 1);
      return Promise.resolve(page);
    }
    const known = this.#flights.get(id);
    if (known) {
      known.holders++;
      return known.page;
    }
    const flight: Flight = { page: Promise.resolve(undefined), holders: 1, orphaned: false };
    this.#flights.set(id, flight);
    flight.page = this.#inTurn(() => this.#load(source, index, id, flight));
    return flight.page;
  }

  /**
   * The first page of a clip, exactly as long as it is. It counts until `dropHead`; who asked keeps it. Undefined: it cannot be
   * read.
   */
  async head(source: PageSource): Promise<SharedArrayBuffer | undefined> {
    const head = new SharedArrayBuffer(Math.min(PAGE_SAMPLES, source.pcm.samples) * BYTES_PER_SAMPLE);
    if (!(await this.#read(source, 0, new Int16Array(head)))) return undefined;
    this.#headBytes += head.byteLength;
    this.#trim();
    this.#tellCrowd();
    return head;
  }

  /** A head is not kept any more. The clip's other pages go when room is needed. */
  dropHead(head: SharedArrayBuffer): void {
    this.#headBytes -= head.byteLength;
    this.#tellCrowd();
  }

  /** Nobody will ask for this clip again: its file need not stay open. */
  forget(key: number): void {
    this.#files.forget(key);
  }

  /**
   * A thread ended without giving back its pages: those held by anyone, and those that are being read, are left to the
   * garbage collector as soon as nobody plays them.
   */
  threadEnded(): void {
    for (const flight of this.#flights.values()) flight.orphaned = true;
    for (const [id, page] of this.#pages)
      if (Atomics.load(page.holds, 0) !== 0) {
        this.#pages.delete(id);
        this.#pageBytes -= PAGE_BYTES;
      }
  }

  /** Closes the files. */
  close(): Promise<void> {
    return this.#files.close();
  }

  #touch(id: number, page: LentPage): void {
    this.#pages.delete(id);
    this.#pages.set(id, page);
  }

  async #load(source: PageSource, index: number, id: number, flight: Flight): Promise<LentPage | undefined> {
    const page = this.#room();
    const samples = Math.min(PAGE_SAMPLES, source.pcm.samples - index * PAGE_SAMPLES);
    const target = new Int16Array(page.samples, 0, samples);
    const there = await this.#read(source, index * PAGE_SAMPLES, target);
    this.#flights.delete(id);
    if (!there) {
      this.#spare.push(page);
      return undefined;
    }
    Atomics.store(page.holds, 0, flight.holders);
    if (flight.orphaned) this.#pageBytes -= PAGE_BYTES;
    else this.#pages.set(id, page);
    return page;
  }

  async #read(source: PageSource, fromSample: number, target: Int16Array): Promise<boolean> {
    const file = source.pcm.wav;
    try {
      await this.#files.read(source, fromSample, target);
      if (this.#told.delete(file)) this.#log.info({ file }, 'samples can be read again');
      return true;
    } catch (error) {
      if (this.#told.has(file)) return false;
      if (this.#told.size >= MOST_TOLD) this.#told.clear();
      this.#told.add(file);
      const hint = 'Run `holdcast media prepare`; the next scan uses the file again.';
      this.#log.error(
        { file, code: 'HC_MEDIA_UNREADABLE', message: messageOf(error), hint },
        'samples cannot be read',
      );
      return false;
    }
  }

  /** Runs `step` when fewer than AT_ONCE others are under way. */
  async #inTurn<T>(step: () => Promise<T>): Promise<T> {
    if (this.#reading >= AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#reading++;
    try {
      return await step();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#reading--;
    }
  }

  /** A page to be filled: a new one within the limit, else the least recently used one that nobody plays. */
  #room(): LentPage {
    const spare = this.#spare.pop();
    if (spare) return spare;
    if (this.usedBytes + PAGE_BYTES > this.#limitBytes) {
      const unused = this.#takeUnused();
      this.#tellOverfull(unused === undefined);
      // After a time when callers held more than the limit, one page more than needed goes each time.
      if (unused && this.usedBytes > this.#limitBytes && this.#takeUnused()) this.#pageBytes -= PAGE_BYTES;
      if (unused) return unused;
    }
    this.#pageBytes += PAGE_BYTES;
    const holds = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
    return { samples: new SharedArrayBuffer(PAGE_BYTES), holds };
  }

  /** Heads have grown: as many pages less. */
  #trim(): void {
    while (this.usedBytes > this.#limitBytes && (this.#spare.pop() ?? this.#takeUnused()))
      this.#pageBytes -= PAGE_BYTES;
  }

  /** Takes out the least recently used page that nobody holds. One that is held is in use just now. */
  #takeUnused(): LentPage | undefined {
    let left = this.#pages.size;
    for (const [id, page] of this.#pages) {
      if (left-- === 0) return undefined;
      if (Atomics.load(page.holds, 0) !== 0) {
        this.#touch(id, page);
        continue;
      }
      this.#pages.delete(id);
      return page;
    }
    return undefined;
  }

  #tellCrowd(): void {
    const crowded = this.#headBytes > this.#limitBytes / 2;
    if (crowded === this.#crowded) return;
    this.#crowded = crowded;
    const fields = { headBytes: this.#headBytes, limitBytes: this.#limitBytes };
    if (!crowded) this.#log.info(fields, 'first pages of clips leave room in the cache again');
    else
      this.#log.warn(
        { ...fields, hint: 'Raise hub.cacheMb, or have fewer files.' },
        'first pages of clips fill the cache',
      );
  }

  #tellOverfull(overfull: boolean): void {
    if (overfull === this.#overfull) return;
    this.#overfull = overfull;
    const fields = { usedBytes: this.usedBytes, limitBytes: this.#limitBytes };
    if (!overfull) this.#log.info(fields, 'audio being played fits in the cache again');
    else
      this.#log.warn(
        { ...fields, hint: 'Raise hub.cacheMb: files are read repeatedly.' },
        'audio being played exceeds the cache',
      );
  }
}
