// PagedMedia: what callers of a mixing thread can hear, as the main thread's catalog has it.
// It answers by the same rules as the Library, so that a caller hears the same wherever their Program runs.
import { PagedReader } from '../audio/pagedReader';
import { PageSlot, PageTable } from '../audio/pageTable';
import type { Clip, Reader } from '../audio/source';
import { PlayableClips, type PlayableClip } from '../media/playable';
import type { PlayableMedia } from '../session/assemble';
import type { CatalogClip, Page } from './page';

class PagedClip implements PlayableClip {
  readonly key: number;
  readonly id: string;
  readonly title: string;
  readonly samples: number;
  readonly head: PageSlot;

  constructor(
    readonly purpose: CatalogClip,
    private readonly table: PageTable,
    private readonly late: () => void,
  ) {
    const { key, id, title, samples, head } = purpose;
    [this.key, this.id, this.title, this.samples] = [key, id, title, samples];
    this.head = new PageSlot(key, 0);
    this.head.samples = new Int16Array(head);
  }

  /** Never throws: what cannot be read ends early. */
  open(fromSample = 0): Reader {
    return new PagedReader(this, this.table, this.late, fromSample);
  }
}

export class PagedMedia extends PlayableClips<PagedClip> implements PlayableMedia {
  readonly #table: PageTable;
  #byKey = new Map<number, PagedClip>();
  #byId = new Map<string, PagedClip>();
  #pagesLate = 0;

  /** @param wanted asks for a page, which then comes by `put`; it may be asked for again if it does not come */
  constructor(wanted: (key: number, index: number) => void) {
    super();
    this.#table = new PageTable(wanted);
  }

  /** How often a reader had to give silence since its page was late. */
  get pagesLate(): number {
    return this.#pagesLate;
  }

  /** Pages held or awaited, the first ones of clips not counted. */
  get pages(): number {
    return this.#table.size;
  }

  /** All that can be played from now on. What plays goes on; a clip with a known key stays the same object. */
  setCatalog(clips: readonly CatalogClip[]): void {
    const all = clips.map((clip) => this.#byKey.get(clip.key) ?? this.#clip(clip));
    this.#byKey = new Map(all.map((clip) => [clip.key, clip]));
    this.#byId = new Map(all.map((clip) => [clip.id, clip]));
    this.setPlayable(all);
  }

  /** A page has come, asked for or ahead of need. */
  put(page: Page): void {
    this.#table.put(page);
  }

  /** To be called each second or so: gives back pages that nobody reads. @param nowMs monotonic */
  sweep(nowMs: number): void {
    this.#table.sweep(nowMs);
  }

  find(id: string): Clip | undefined {
    return this.#byId.get(id.normalize('NFC'));
  }

  #clip(listed: CatalogClip): PagedClip {
    return new PagedClip(listed, this.#table, () => this.#pagesLate++);
  }
}
