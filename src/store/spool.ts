// Spool: the folder for what the store could not take yet. Whoever opens a store next writes it there.
// Every file is whole or not there, and one process at a time has it; where two have, the store keeps each entry once.
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../util/errors';
import { decodeEntry, encodeEntry } from './entryText';
import { isAlive, processToken } from './processToken';
import type { StoreEntry } from './store';

export interface SpoolLimits {
  /** Files at once. */
  files: number;
  /** Bytes of all of them. */
  bytes: number;
  /** Bytes of what the store refused; it lies in a file of its own, which nothing takes up. */
  refusedBytes: number;
}

export const defaultSpoolLimits: SpoolLimits = { files: 2000, bytes: 64 << 20, refusedBytes: 1 << 20 };

/** Entries of one file: a piece that is written to the store at once. */
export const MOST_ENTRIES = 500;
/** A file that is longer than any that is written here is not ours. */
const MOST_FILE_BYTES = 4 << 20;

const ENDING = '.jsonl';
const REFUSED = 'refused.jsonl';
/** "001795225281000-00000002-4711-90312-5f1c2a3b.jsonl": when, which, by whom; names sort by age. */
const READY = /^\d{15}-\d{8}-[\w-]+\.jsonl$/;
const TAKEN = /^(\d{15}-\d{8}-[\w-]+\.jsonl)\.(taken|draft)-([\w-]+)$/;
/** Of this process: no name comes twice, whoever spools in it. */
let serial = 0;

/** A file that this process has: nobody else writes it to a store. */
export interface Claim {
  readonly entries: readonly StoreEntry[];
  /** Lines that could not be read; they are gone. */
  readonly damaged: number;
  /** It is in the store: the file is removed. Never throws. */
  done(): void;
  /** It is not: any process may have it, this one too. `last`: after everything that is there. Never throws. */
  release(options?: { last?: boolean }): void;
}

export class Spool {
  readonly #limits: SpoolLimits;

  /** @param folder absolute; made with mode 0700 when something is put there first */
  constructor(
    private readonly folder: string,
    private readonly wall: () => number,
    limits: Partial<SpoolLimits> = {},
  ) {
    this.#limits = { ...defaultSpoolLimits, ...limits };
  }

  /** Path of the file with what the store refused. */
  get refusedFile(): string {
    return join(this.folder, REFUSED);
  }

  /**
   * Keeps all of them, for whoever takes them first. Synchronous: a process that is told to end has 100 ms.
   * They survive this process, however it ends.
   * @throws NodeJS.ErrnoException of the write, also ENOSPC when the spool is full; nothing is kept of them then
   */
  put(entries: readonly StoreEntry[]): void {
    for (const { path, draft } of this.#draft(entries)) renameSync(draft, path);
  }

  /** As `put`, but they are this process's own until it says that they are done, or ends. @throws as `put` */
  keep(entries: readonly StoreEntry[]): Claim[] {
    return this.#draft(entries).map(({ path, draft, part }) => {
      const taken = `${path}.taken-${processToken()}`;
      renameSync(draft, taken);
      return this.#claimOf(taken, path, part, 0);
    });
  }

  /** Takes the oldest file that nobody has; undefined: there is none that can be had. Never throws. */
  claim(): Claim | undefined {
    for (const name of this.#names(READY)) {
      const path = join(this.folder, name);
      const taken = `${path}.taken-${processToken()}`;
      try {
        renameSync(path, taken);
      } catch {
        continue; // another was quicker
      }
      const found = readEntries(taken);
      const claim = this.#claimOf(taken, path, found?.entries ?? [], found?.damaged ?? 0);
      if (!found) claim.release();
      else if (claim.entries.length + claim.damaged === 0) claim.done();
      else return claim;
    }
    return undefined;
  }

  /** Makes what processes had that are no more free again, and removes what they had not finished writing. Never throws. */
  reclaim(): void {
    for (const name of this.#names(TAKEN)) {
      const [, ready = '', kind, token = ''] = TAKEN.exec(name) ?? [];
      if (isAlive(token)) continue;
      const path = join(this.folder, name);
      quietly(() =>
        kind === 'draft' ? rmSync(path, { force: true }) : renameSync(path, join(this.folder, ready)),
      );
    }
  }

  /** Whether there is a file that nobody has. Never throws. */
  get isWaiting(): boolean {
    return this.#names(READY).length > 0;
  }

  /** Keeps what the store will never take, for a person to look at. @returns how many of them there was room for */
  setAside(entries: readonly StoreEntry[]): number {
    const file = this.refusedFile;
    let kept = 0;
    let size = sizeOf(file);
    let text = '';
    for (const line of entries.map(encodeEntry)) {
      size += Buffer.byteLength(line);
      if (size > this.#limits.refusedBytes) break;
      text += line;
      kept++;
    }
    return kept > 0 && quietly(() => this.#inFolder(() => appendFileSync(file, text, { mode: 0o600 })))
      ? kept
      : 0;
  }

  #claimOf(taken: string, path: string, entries: readonly StoreEntry[], damaged: number): Claim {
    return {
      entries,
      damaged,
      done: () => void quietly(() => rmSync(taken, { force: true })),
      release: ({ last = false } = {}) =>
        void quietly(() => renameSync(taken, last ? join(this.folder, this.#newName()) : path)),
    };
  }

  /** All of them written under names that nobody reads, or none. */
  #draft(entries: readonly StoreEntry[]): Draft[] {
    const drafts = piecesOf(entries).map((part): Draft => {
      const path = join(this.folder, this.#newName());
      return { path, draft: `${path}.draft-${processToken()}`, part, text: part.map(encodeEntry).join('') };
    });
    try {
      this.#checkRoom(drafts);
      for (const { draft, text } of drafts)
        this.#inFolder(() => writeFileSync(draft, text, { mode: 0o600, flag: 'wx' }));
      return drafts;
    } catch (error) {
      for (const { draft } of drafts) quietly(() => rmSync(draft, { force: true }));
      throw error;
    }
  }

  /** @throws ENOSPC */
  #checkRoom(drafts: readonly Draft[]): void {
    const names = this.#names(/\.jsonl/).filter((name) => name !== REFUSED);
    const there = names.reduce((sum, name) => sum + sizeOf(join(this.folder, name)), 0);
    const bytes = drafts.reduce((sum, { text }) => sum + Buffer.byteLength(text), there);
    const files = names.length + drafts.length;
    if (files <= this.#limits.files && bytes <= this.#limits.bytes) return;
    const what = `ENOSPC: the spool is full: ${names.length} files, ${there} bytes`;
    throw Object.assign(new Error(what), { code: 'ENOSPC' });
  }

  #newName(): string {
    const when = String(Math.max(0, Math.floor(this.wall()))).padStart(15, '0');
    return `${when}-${String(serial++ % 1e8).padStart(8, '0')}-${processToken()}${ENDING}`;
  }

  /** Names in the folder that match, the oldest first. */
  #names(pattern: RegExp): string[] {
    try {
      return readdirSync(this.folder)
        .filter((name) => pattern.test(name))
        .sort();
    } catch {
      return [];
    }
  }

  #inFolder(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
      write();
    }
  }
}

interface Draft {
  readonly path: string;
  readonly draft: string;
  readonly part: readonly StoreEntry[];
  readonly text: string;
}

function piecesOf(entries: readonly StoreEntry[]): StoreEntry[][] {
  const pieces: StoreEntry[][] = [];
  for (let at = 0; at < entries.length; at += MOST_ENTRIES) pieces.push(entries.slice(at, at + MOST_ENTRIES));
  return pieces;
}

/** What stands in the file; a line that is no entry is counted. Undefined: it may not be read, or is not ours. */
function readEntries(file: string): { entries: StoreEntry[]; damaged: number } | undefined {
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
function sizeOf(file: string): number {
  let bytes = 0;
  quietly(() => (bytes = statSync(file).size));
  return bytes;
}

/** @returns whether it did not throw */
function quietly(task: () => unknown): boolean {
  try {
    task();
    return true;
  } catch {
    return false;
  }
}
