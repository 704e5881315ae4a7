// A Reader over pages that come from a disk or another thread: one playing of a clip, by one caller.
// It never waits. What is late is silence in step, with soft edges; what cannot be read ends it early.
import { PAGE_SAMPLES } from './page';
import { PageSlot, type PageTable } from './pageTable';
import type { Reader } from './source';

/** What a reader needs of its clip. */
export interface PagedSource {
  readonly key: number;
  readonly samples: number;
  /** The first page, where that is always there. */
  readonly head?: PageSlot;
}

const SCALE = 1 / 32768;
/** Where music breaks off since a page is late, and where it sets in again, samples: 20 ms at 8 kHz. */
const EDGE = 160;
/** The page before is kept so far into the next one: a caller whose reader was started anew goes back a little. */
const LOOK_BACK = PAGE_SAMPLES / 2;
const NOTHING = new Int16Array(0);
const CLOSED = Object.assign(new PageSlot(0, 0), { failed: true });

export class PagedReader implements Reader {
  readonly #source: PagedSource;
  readonly #table: PageTable;
  readonly #late: () => void;
  #previous: PageSlot | undefined;
  #slot: PageSlot;
  #next: PageSlot | undefined;
  /** Of the page that is played. */
  #samples: Int16Array = NOTHING;
  /** Next sample, and the clip's end or the page's, in this page. */
  #at: number;
  #end: number;
  /** Up to here in this page nothing is to be done but to copy. */
  #plain = 0;
  /** How far the page's level has risen after it was late, and how much of the decay before is left: 0 … EDGE. */
  #rise = EDGE;
  #fall = 0;
  #last = 0;

  /** @param late told of each read that had to give silence */
  constructor(source: PagedSource, table: PageTable, late: () => void, fromSample: number) {
    this.#source = source;
    this.#table = table;
    this.#late = late;
    const from = Math.min(Math.max(0, fromSample), source.samples - 1);
    const index = Math.floor(from / PAGE_SAMPLES);
    this.#slot = this.#acquire(index)!;
    this.#next = this.#acquire(index + 1);
    this.#end = this.#endOf(index);
    this.#at = fromSample < source.samples ? from - index * PAGE_SAMPLES : this.#end;
    if (!this.#slot.samples) this.#rise = 0;
    this.#settle();
  }

  read(out: Float32Array, offset: number, length: number): number {
    const to = this.#at + length;
    if (to > this.#plain) return this.#readOn(out, offset, length);
    const samples = this.#samples;
    for (let from = this.#at, at = offset; from < to; from++, at++) out[at] = samples[from]! * SCALE;
    this.#at = to;
    return length;
  }

  /** Gives its pages back; they are kept a while for a reader that follows. Idempotent. */
  close(): void {
    const { head } = this.#source;
    for (const slot of [this.#previous, this.#slot, this.#next])
      if (slot && slot !== head && slot !== CLOSED) this.#table.release(slot, true);
    this.#previous = this.#next = undefined;
    this.#slot = CLOSED;
    this.#settle();
  }

  #acquire(index: number): PageSlot | undefined {
    const { key, samples, head } = this.#source;
    if (index === 0 && head) return head;
    return index * PAGE_SAMPLES < samples ? this.#table.acquire(key, index) : undefined;
  }

  #endOf(index: number): number {
    return Math.min(PAGE_SAMPLES, this.#source.samples - index * PAGE_SAMPLES);
  }

  /** Reads over the borders of pages, and what is late. */
  #readOn(out: Float32Array, offset: number, length: number): number {
    let done = 0;
    let late = false;
    while (done < length && (this.#at < this.#end || this.#turn()) && !this.#broken) {
      const count = Math.min(length - done, this.#end - this.#at);
      late ||= this.#slot.awaited;
      this.#give(out, offset + done, count);
      this.#at += count;
      done += count;
    }
    if (late) this.#late();
    this.#settle();
    return done;
  }

  get #broken(): boolean {
    const { failed, samples } = this.#slot;
    return failed || (samples !== undefined && samples.length < this.#end);
  }

  /** Goes over to the next page, there or not, and asks for the one after it. False: the clip is over. */
  #turn(): boolean {
    const [slot, next] = [this.#slot, this.#next];
    if (!next) return false;
    if (!next.samples) {
      if (slot.samples) {
        this.#last = (slot.samples[this.#end - 1]! * SCALE * this.#rise) / EDGE;
        this.#fall = EDGE;
      }
      this.#rise = 0;
    }
    this.#leavePrevious();
    this.#previous = slot;
    this.#slot = next;
    this.#next = next.failed ? undefined : this.#acquire(next.index + 1);
    this.#at = 0;
    this.#end = this.#endOf(next.index);
    return true;
  }

  #give(out: Float32Array, offset: number, count: number): void {
    const { samples } = this.#slot;
    for (let i = 0; i < count; i++) {
      let value = this.#fall > 0 ? (this.#last * this.#fall--) / EDGE : 0;
      if (samples) {
        value += (samples[this.#at + i]! * SCALE * this.#rise) / EDGE;
        if (this.#rise < EDGE) this.#rise++;
      }
      out[offset + i] = value;
    }
  }

  /** Decides how far can be read without further ado. */
  #settle(): void {
    if (this.#at >= LOOK_BACK) this.#leavePrevious();
    this.#samples = this.#slot.samples ?? NOTHING;
    const plain = this.#rise === EDGE && this.#fall === 0 && !this.#broken && !this.#slot.awaited;
    if (!plain) this.#plain = 0;
    else this.#plain = this.#previous ? Math.min(LOOK_BACK, this.#end) : this.#end;
  }

  #leavePrevious(): void {
    if (this.#previous && this.#previous !== this.#source.head) this.#table.release(this.#previous, false);
    this.#previous = undefined;
  }
}
