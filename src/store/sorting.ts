// Writes a batch to the store and finds what it refuses: one bad entry must not keep the good ones out.
// A store takes all of a batch or none, so the bad ones are found by halving: few of them cost few writes.
import { errnoOf } from '../util/errors';
import type { StoreEntry } from './store';

export interface Sorted {
  readonly refused: readonly StoreEntry[];
  /** Why the last of them was refused; absent when none was. */
  readonly error?: unknown;
}

/**
 * @param write as Store.write
 * @param onWritten told of each part that is in the store, in order
 * @throws what `write` throws but for HC_STORE_REFUSED; what was told by then is written
 */
export async function writeSorting(
  write: (entries: readonly StoreEntry[]) => Promise<void>,
  entries: readonly StoreEntry[],
  onWritten: (entries: readonly StoreEntry[]) => void,
): Promise<Sorted> {
  const refused: StoreEntry[] = [];
  let why: unknown;
  const parts = [entries];
  for (let part = parts.pop(); part; part = parts.pop()) {
    try {
      await write(part);
      onWritten(part);
    } catch (error) {
      if (errnoOf(error) !== 'HC_STORE_REFUSED') throw error;
      why = error;
      if (part.length <= 1) refused.push(...part);
      else parts.push(part.slice(part.length >> 1), part.slice(0, part.length >> 1));
    }
  }
  return { refused, ...(why !== undefined && { error: why }) };
}
