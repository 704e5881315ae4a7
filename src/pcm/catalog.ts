// SharedCatalog: what of the Library mixing threads can play, with the beginning of each clip at hand, and their pages.
// A clip keeps its key while its Track stays the same object; one that has left goes on for those who are in it.
import type { Library } from '../media/library';
import type { Track } from '../media/track';
import { inBatches } from '../util/batches';
import { systemClock, type Clock } from '../util/clock';
import type { Logger } from '../util/log';
import { giveBack, PAGE_SAMPLES, type CatalogClip, type Page } from './page';
import type { PageCache } from './pageCache';

interface Listed {
  readonly clip: CatalogClip;
  readonly track: Track;
}

export interface CatalogOptions {
  readonly library: Library;
  readonly pages: PageCache;
  readonly log: Logger;
  /** Default: the machine's. */
  readonly clock?: Clock;
}

/**
 * How long removed clips are remembered for callers who still hear them, from their removal or the last request of a page,
 * milliseconds. A caller who hears one requests a page every few seconds.
 */
const DEPARTED_MS = 60_000;
/** … and at most this many. */
const MOST_DEPARTED = 10_000;

export class SharedCatalog {
  readonly #pages: PageCache;
  readonly #log: Logger;
  readonly #clock: Clock;
  #library: Library;
  #byId = new Map<string, Listed>();
  /** All that are listed, and the last that were. */
  readonly #tracks = new Map<number, Track>();
  /** By key, when each left or was asked for last; the longest ago first. */
  readonly #departed = new Map<number, number>();
  #refreshing: Promise<unknown> = Promise.resolve();

  constructor(options: CatalogOptions) {
    this.#library = options.library;
    this.#pages = options.pages;
    this.#log = options.log;
    this.#clock = options.clock ?? systemClock();
  }

  /** Uses another library from the next refresh on. */
  use(library: Library): void {
    this.#library = library;
  }

  /**
   * Everything that the library has now, by name. A clip whose beginning cannot be read is left out, and tried again
   * the next time. Never rejects; refreshes asked for at once follow each other.
   */
  refresh(): Promise<readonly CatalogClip[]> {
    const next = this.#refreshing.then(() => this.#refresh());
    this.#refreshing = next.catch(() => {});
    return next;
  }

  /** A page for one thread; see Page. It is sent to it once, or given back. Never rejects. */
  async page(key: number, index: number): Promise<Page> {
    if (this.#departed.has(key)) this.#touch(key);
    this.#forgetOld();
    const track = this.#tracks.get(key);
    if (!track || !isPageOf(track, index)) return { key, index, samples: undefined };
    const lent = await this.#pages.page({ key, pcm: track.pcm }, index);
    if (lent) return { key, index, ...lent };
    track.markFailed();
    return { key, index, samples: undefined };
  }

  /** As `page`, given to `send`; taken back where that says that the thread is gone. Never rejects. */
  async lend({ key, index }: Pick<Page, 'key' | 'index'>, send: (page: Page) => boolean): Promise<void> {
    const page = await this.page(key, index);
    if (!send(page)) giveBack(page);
  }

  /** As `page`, the one with a sample of a clip; undefined when there is none, or it is the first, which threads have. */
  async pageAt(clipId: string, sample: number): Promise<Page | undefined> {
    const listed = this.#byId.get(clipId);
    const index = Math.floor(sample / PAGE_SAMPLES);
    if (!listed || index === 0 || !isPageOf(listed.track, index)) return undefined;
    const page = await this.page(listed.clip.key, index);
    return page.samples && page;
  }

  /** Takes back a page that was not sent after all: its thread is gone, or the call over. Once for each. */
  giveBack(page: Page): void {
    giveBack(page);
  }

  async #refresh(): Promise<readonly CatalogClip[]> {
    const found = await inBatches(this.#library.playable, (track) => this.#listing(track));
    const listed = found.filter((each) => each !== undefined);
    const before = this.#byId;
    this.#byId = new Map(listed.map((each) => [each.clip.id, each]));
    for (const each of listed) this.#tracks.set(each.clip.key, each.track);
    for (const [id, each] of before) if (this.#byId.get(id) !== each) this.#depart(each.clip);
    this.#forgetOld();
    this.#log.debug({ clips: listed.length, bytes: this.#pages.usedBytes }, 'catalog for mixing threads');
    return listed.map((each) => each.clip);
  }

  async #listing(track: Track): Promise<Listed | undefined> {
    const known = this.#byId.get(track.id);
    if (known?.track === track) return known;
    const key = this.#pages.nextKey();
    const head = await this.#pages.head({ key, pcm: track.pcm });
    if (!head) {
      track.markFailed();
      return undefined;
    }
    const { id, title, samples, purpose } = track;
    return { track, clip: { key, id, title, samples, ...purpose, head } };
  }

  #depart({ key, head }: CatalogClip): void {
    this.#pages.dropHead(head);
    this.#touch(key);
  }

  #touch(key: number): void {
    this.#departed.delete(key);
    this.#departed.set(key, this.#clock.now());
  }

  #forgetOld(): void {
    const nowMs = this.#clock.now();
    for (const [oldest, atMs] of this.#departed) {
      if (nowMs - atMs <= DEPARTED_MS && this.#departed.size <= MOST_DEPARTED) break;
      this.#departed.delete(oldest);
      this.#tracks.delete(oldest);
      this.#pages.forget(oldest);
    }
  }
}

function isPageOf(track: Track, index: number): boolean {
  return Number.isInteger(index) && index >= 0 && index * PAGE_SAMPLES < track.samples;
}
