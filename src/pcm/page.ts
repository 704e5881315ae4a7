// Pages: how samples are shared. A clip is cut into pages of shared memory, one copy for all threads; its first page is
// always at hand, the others are read from the disk just before a caller hears them.
import type { Purpose } from '../media/playable';

/** Something that can be played, and what it is for. Its samples come in pages, of which the first is always at hand. */
export interface CatalogClip extends Purpose {
  /** Counts up for as long as the hub runs: a file that was replaced has another. */
  readonly key: number;
  readonly id: string;
  readonly title: string;
  readonly samples: number;
  /** The first page; signed 16-bit samples in the machine's order. */
  readonly head: SharedArrayBuffer;
}

/**
 * A stretch of a clip: samples [index × PAGE_SAMPLES, …), PAGE_SAMPLES of them or up to the clip's end. It is lent to one
 * thread, to which it is sent once: a page sent to two would be filled anew while the second still plays it.
 */
export interface Page {
  readonly key: number;
  readonly index: number;
  /** Undefined: it cannot be read. What lies in it behind the clip's end means nothing. */
  readonly samples: SharedArrayBuffer | undefined;
  /** How many hold the page, in its only element: who is done with it takes one away. */
  readonly holds?: Int32Array;
}

/** Samples of a page: 64 KiB, four seconds at 8 kHz. */
export const PAGE_SAMPLES = 32_768;
