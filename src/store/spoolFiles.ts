// The files of the spool: entries in pieces, one line each, and what can be read of them again.
// Apart from spool.ts, which says whose they are.
import { promises, readFileSync, statSync } from 'node:fs';
import { decodeEntry } from './entryText';
import type { StoreEntry } from './store';

/** Entries of one file: a piece that is written to the store at once. */
export const MOST_ENTRIES = 500;
/** A file that is longer than any that is written here is not ours. */
const MOST_FILE_BYTES = 4 << 20;

export interface Draft {
  readonly path: string;
  readonly draft: string;
  readonly part: readonly StoreEntry[];
  readonly text: string;
}

export function piecesOf(entries: readonly StoreEntry[]): StoreEntry[][] {
  const pieces: StoreEntry[][] = [];
  for (let at = 0; at < entries.length; at += MOST_ENTRIES) pieces.push(entries.slice(at, at + MOST_ENTRIES));
  return pieces;
}

export async function writeNew(file: string, text: string): Promise<void> {
  await promises.writeFile(file, text, { mode: 0o600, flag: 'wx' });
}

/** What stands in the file; a line that is no entry is counted. Undefined: it may not be read, or is not ours. */
export function readEntries(file: string): { entries: StoreEntry[]; damaged: number } | undefined {
  const entries: StoreEntry[] = [];
  let damaged = 0;
  let text = '';
  if (sizeOf(file) > MOST_FILE_BYTES || !quietly(() => (text = readFileSync(file, 'utf8')))) return undefined;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const entry = decodeEntry(line);
    if (entry) entries.push(entry);
    else damaged++;
  }
  return { entries, damaged };
}

/** 0 where there is none that can be looked at. */
export function sizeOf(file: string): number {
  let bytes = 0;
  quietly(() => (bytes = statSync(file).size));
  return bytes;
}

/** @returns whether it did not throw */
export function quietly(task: () => unknown): boolean {
  try {
    task();
    return true;
  } catch {
    return false;
  }
}
