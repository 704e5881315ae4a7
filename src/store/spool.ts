// Spool: the folder for what the store could not take yet. Whoever opens a store next writes it there.
// Every file is whole or not there, and one process at a time has it; where two have, the store keeps each entry once.
import { appendFileSync, promises, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../util/errors';
import { encodeEntry } from './entryText';
import { makeFolder, refuseAsRoot } from './owner';
import { isAlive, processToken } from './processToken';
import { MOST_ENTRIES, piecesOf, quietly, readEntries, sizeOf, writeNew, type Draft } from './spoolFiles';
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

export { MOST_ENTRIES } from './spoolFiles';

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
  /** What was put in the background last, and how many more entries go into that file. */
  #last: { readonly path: string; readonly room: number } | undefined;

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

  /**
   * As `put`, but a disk that hangs holds up nobody. One at a time. What this wrote last is filled up first where
   * nobody has taken it: an outage makes few files, however often this is done.
   * @throws as `put`
   */
  async putInBackground(entries: readonly StoreEntry[]): Promise<void> {
    const parts = this.#partsOf(entries);
    await this.#checkRoomInBackground(parts);
    if (await this.#fillUp(entries)) return;
    refuseAsRoot(this.folder);
    await promises.mkdir(this.folder, { recursive: true, mode: 0o700 });
    try {
      for (const { draft, text } of parts) await writeNew(draft, text);
      for (const { draft, path } of parts) await promises.rename(draft, path);
    } catch (error) {
      for (const { draft } of parts) await promises.rm(draft, { force: true }).catch(() => {});
      throw error;
    }
    const last = parts.at(-1);
    if (last) this.#last = { path: last.path, room: MOST_ENTRIES - last.part.length };
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
    const isKept =
      kept > 0 && quietly(() => this.#inFolder(() => appendFileSync(file, text, { mode: 0o600 })));
    return isKept ? kept : 0;
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
    const drafts = this.#partsOf(entries);
    try {
      this.#checkRoom(drafts);
      for (const { draft, text } of drafts) {
        this.#inFolder(() => writeFileSync(draft, text, { mode: 0o600, flag: 'wx' }));
      }
      return drafts;
    } catch (error) {
      for (const { draft } of drafts) quietly(() => rmSync(draft, { force: true }));
      throw error;
    }
  }

  #partsOf(entries: readonly StoreEntry[]): Draft[] {
    return piecesOf(entries).map((part): Draft => {
      const path = join(this.folder, this.#newName());
      return { path, draft: `${path}.draft-${processToken()}`, part, text: part.map(encodeEntry).join('') };
    });
  }

  /** @returns whether all of them are in the file of the last time; else none is. @throws NodeJS.ErrnoException */
  async #fillUp(entries: readonly StoreEntry[]): Promise<boolean> {
    const last = this.#last;
    this.#last = undefined;
    if (!last || last.room < entries.length) return false;
    const taken = `${last.path}.taken-${processToken()}`;
    try {
      await promises.rename(last.path, taken);
    } catch {
      return false; // another has it
    }
    const { size } = await promises.stat(taken);
    try {
      await promises.appendFile(taken, entries.map(encodeEntry).join(''));
    } catch (error) {
      await promises.truncate(taken, size).catch(() => {});
      throw error;
    } finally {
      await promises.rename(taken, last.path);
    }
    this.#last = { path: last.path, room: last.room - entries.length };
    return true;
  }

  #spooled(names: readonly string[]): string[] {
    return names
      .filter((name) => name.includes(ENDING) && name !== REFUSED)
      .map((name) => join(this.folder, name));
  }

  /** @throws ENOSPC */
  #checkRoom(drafts: readonly Draft[]): void {
    this.#compareRoom(this.#spooled(this.#names(/./)).map(sizeOf), drafts);
  }

  /** @throws ENOSPC */
  async #checkRoomInBackground(drafts: readonly Draft[]): Promise<void> {
    const names = await promises.readdir(this.folder).catch((): string[] => []);
    const sizes: number[] = [];
    for (const file of this.#spooled(names))
      sizes.push(
        await promises.stat(file).then(
          ({ size }) => size,
          () => 0,
        ),
      );
    this.#compareRoom(sizes, drafts);
  }

  #compareRoom(sizes: readonly number[], drafts: readonly Draft[]): void {
    const there = sizes.reduce((sum, size) => sum + size, 0);
    const bytes = drafts.reduce((sum, { text }) => sum + Buffer.byteLength(text), there);
    if (sizes.length + drafts.length <= this.#limits.files && bytes <= this.#limits.bytes) return;
    const what = `ENOSPC: the spool is full: ${sizes.length} files, ${there} bytes`;
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
    refuseAsRoot(this.folder);
    try {
      write();
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      makeFolder(this.folder);
      write();
    }
  }
}
