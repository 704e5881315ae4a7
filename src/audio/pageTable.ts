// The pages of PCM that a thread holds, with a count of their readers.
// Each is asked for once however many wait for it, and given back when nobody reads it or is about to.
import { giveBack, type ReadPage } from './page';

/** A page that is held or awaited. `samples` comes once, `failed` instead of it. */
export class PageSlot {
  samples: Int16Array | undefined;
  failed = false;
  readers = 0;
  /** Since when nobody reads it, or it is awaited: the time of the first sweep that saw it so. */
  sinceMs: number | undefined;
  holds: Int32Array | undefined;

  constructor(
    readonly key: number,
    readonly index: number,
  ) {}

  get awaited(): boolean {
    return this.samples === undefined && !this.failed;
  }
}

/** How long a page waits for a reader. */
const UNREAD_MS = 10_000;
/** After so long without an answer a page is asked for again. */
const ASK_AGAIN_MS = 2000;
/** Pages that nobody reads, at most: callers of an earlier hub come back all at once. */
const MOST_UNREAD = 1024;
/** More pages than a WAV can have. */
const MOST_PAGES = 2 ** 20;

export class PageTable {
  readonly #slots = new Map<number, PageSlot>();
  #unread = 0;

  /** @param wanted asks for a page, which comes by `put` */
  constructor(private readonly wanted: (key: number, index: number) => void) {}

  /** Pages held or awaited. */
  get size(): number {
    return this.#slots.size;
  }

  /** A page for a reader, which releases it; it is asked for unless it is there or on its way. */
  acquire(key: number, index: number): PageSlot {
    const id = key * MOST_PAGES + index;
    const known = this.#slots.get(id);
    if (known) {
      if (known.readers++ === 0) this.#unread--;
      return known;
    }
    const slot = new PageSlot(key, index);
    slot.readers = 1;
    this.#slots.set(id, slot);
    this.wanted(key, index);
    return slot;
  }

  /** @param soonAgain a reader at about the same place may follow: it is kept for some seconds */
  release(slot: PageSlot, soonAgain: boolean): void {
    if (--slot.readers > 0) return;
    this.#unread++;
    slot.sinceMs = undefined;
    if (slot.failed || !(soonAgain || slot.awaited)) this.#remove(slot);
    else this.#bound();
  }

  /** Takes a page in, asked for or not. */
  put(page: ReadPage): void {
    const slot = this.#slots.get(page.key * MOST_PAGES + page.index) ?? this.#unasked(page);
    if (!slot?.awaited) return giveBack(page);
    slot.sinceMs = undefined;
    if (page.samples) {
      slot.samples = new Int16Array(page.samples);
      slot.holds = page.holds;
    } else {
      slot.failed = true;
      if (slot.readers === 0) this.#remove(slot);
    }
  }

  /** To be called each second or so: gives back what waited in vain, and asks again for what did not come. */
  sweep(nowMs: number): void {
    for (const slot of this.#slots.values()) {
      if (slot.readers > 0 && !slot.awaited) continue;
      slot.sinceMs ??= nowMs;
      const forMs = nowMs - slot.sinceMs;
      if (slot.readers === 0) {
        if (forMs >= UNREAD_MS) this.#remove(slot);
      } else if (forMs >= ASK_AGAIN_MS) {
        slot.sinceMs = nowMs;
        this.wanted(slot.key, slot.index);
      }
    }
  }

  /** A page that a reader is about to need, as the sender knows; the first page of a clip is no such. */
  #unasked({ key, index, samples }: ReadPage): PageSlot | undefined {
    if (!samples || index === 0) return undefined;
    const slot = new PageSlot(key, index);
    this.#slots.set(key * MOST_PAGES + index, slot);
    this.#unread++;
    this.#bound();
    return slot;
  }

  /** Drops what has been unread for longest, as far as the order of coming tells. */
  #bound(): void {
    if (this.#unread <= MOST_UNREAD) return;
    for (const slot of this.#slots.values()) if (slot.readers === 0) return this.#remove(slot);
  }

  #remove(slot: PageSlot): void {
    this.#unread--;
    this.#slots.delete(slot.key * MOST_PAGES + slot.index);
    giveBack(slot);
  }
}
