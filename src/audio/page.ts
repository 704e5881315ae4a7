// A page: a stretch of a clip's samples that a Reader does not fetch itself, since it never waits.
// It comes from the disk, or from another thread, just before a caller hears it.

/** Samples [index × PAGE_SAMPLES, …) of a clip, PAGE_SAMPLES of them or up to its end. */
export interface ReadPage {
  readonly key: number;
  readonly index: number;
  /** Undefined: it cannot be read. What lies in it behind the clip's end means nothing. */
  readonly samples: ArrayBufferLike | undefined;
  /** How many hold the page, in its only element: who is done with it takes one away. */
  readonly holds?: Int32Array | undefined;
}

/** Samples of a page: 64 KiB, four seconds at 8 kHz. */
export const PAGE_SAMPLES = 32_768;

/** Takes one hold from a page; pages that nobody lends, as heads and what cannot be read, have none. */
export function giveBack({ holds }: Pick<ReadPage, 'holds'>): void {
  if (holds) Atomics.sub(holds, 0, 1);
}
