// Pages: how samples are shared. A clip is cut into pages of shared memory, one copy for all threads; its first page is
// always at hand, the others are read from the disk just before a caller hears them.
import type { ReadPage } from '../audio/page';
import type { Purpose } from '../media/playable';

export { giveBack, PAGE_SAMPLES } from '../audio/page';

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

/** A page that is lent to one thread, to which it is sent once: one sent to two would be filled anew while the second still plays it. */
export interface Page extends ReadPage {
  readonly samples: SharedArrayBuffer | undefined;
}
