// ChoiceFiles: the folder where choices survive their process until the store has them.
// A file never changes, and anybody may write what is in it to the store, which keeps the latest of each caller: so nobody
// owns a file, and nothing is merged. A process has one at a time, with all that wait; the next one replaces it.
import { randomUUID } from 'node:crypto';
import { promises } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../util/clock';
import type { Random } from '../util/random';
import { decodeEntry, encodeEntry } from './rows';
import { refuseAsRoot } from './owner';
import type { StoreEntry } from './store';

/**
 * "001795225281000-00000000-<id>.jsonl": when, and a random id. `.taken-…` is an older version's, which had a journal in such
 * files, too; `.draft-…` is not whole yet.
 */
const WAITING = /^\d{15}-\d{8}-[\w-]+\.jsonl(?:\.(?:taken|draft)-[\w-]+)?$/;
/** A draft this old is that of a process that was killed: its whole lines count. Milliseconds. */
const DRAFT_MS = 3_600_000;
/** Bytes of a file; one that is longer is none of ours. */
const MOST_BYTES = 16 << 20;
/** Files at once: each process that ends during an outage may leave one. */
const MOST_FILES = 5000;
const REFUSED = 'refused.jsonl';
/** Bytes of it, about. */
const MOST_REFUSED = 1 << 20;

export class ChoiceFiles {
  /** Names that this process has written or read. */
  readonly #known = new Set<string>();
  /** The file with what waits in this process. */
  #own: string | undefined;
  /** Read, and not removed yet. */
  #read: string[] = [];

  /** @param folder absolute; made with mode 0700 when something is saved first */
  constructor(
    private readonly folder: string,
    private readonly parts: { readonly clock: Pick<Clock, 'wall'>; readonly random: Random },
  ) {}

  /**
   * When it resolves these survive the process, in place of what was saved before. One at a time.
   * @param choices all that wait
   * @throws NodeJS.ErrnoException (ENOSPC: too many files, too), HoldcastError HC_NOT_AS_ROOT: nothing has changed
   */
  async save(choices: readonly StoreEntry[]): Promise<void> {
    if (choices.length === 0) return;
    const id = randomUUID();
    const wallMs = Math.max(0, Math.floor(this.parts.clock.wall()));
    const name = `${String(wallMs).padStart(15, '0')}-00000000-${id}.jsonl`;
    await this.#makeFolder();
    if ((await this.#names()).length >= MOST_FILES)
      throw Object.assign(new Error(`ENOSPC: ${MOST_FILES} files wait already`), { code: 'ENOSPC' });
    const draft = this.#path(`${name}.draft-${id}`);
    this.#known.add(name);
    try {
      await promises.writeFile(draft, choices.map(encodeEntry).join(''), { mode: 0o600, flag: 'wx' });
      await promises.rename(draft, this.#path(name));
    } catch (error) {
      await promises.rm(draft, { force: true }).catch(() => {});
      throw error;
    }
    const before = this.#own;
    this.#own = name;
    if (before !== undefined) await this.#remove(before);
  }

  /**
   * What stands in a file that another process left, and how many of its lines cannot be read; undefined: there is none.
   * Never rejects.
   */
  async takeUp(): Promise<{ entries: readonly StoreEntry[]; damaged: number } | undefined> {
    const names = (await this.#names()).filter((name) => !this.#known.has(name));
    // Where many processes begin at once, each begins with another file.
    const first = Math.floor(this.parts.random() * names.length);
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      const text = await this.#textOf(name).catch(() => undefined);
      if (text === undefined) continue;
      this.#known.add(name);
      this.#read.push(name);
      const lines = text.split('\n').filter((line) => line !== '');
      const entries = lines.flatMap((line) => decodeEntry(line) ?? []);
      return { entries, damaged: lines.length - entries.length };
    }
    return undefined;
  }

  /** The store has all that was saved and read: the files are removed. Never rejects. */
  async settled(): Promise<void> {
    const names = [...this.#read.splice(0), ...(this.#own === undefined ? [] : [this.#own])];
    this.#own = undefined;
    await Promise.all(names.map((name) => this.#remove(name)));
  }

  /** Appends choices that the store refuses to a file for a person to look at, while there is room. @throws as `save` */
  async setAside(choices: readonly StoreEntry[]): Promise<void> {
    if (choices.length === 0) return;
    await this.#makeFolder();
    const { size } = await promises.stat(this.#path(REFUSED)).catch(() => ({ size: 0 }));
    if (size >= MOST_REFUSED) return;
    await promises.appendFile(this.#path(REFUSED), choices.map(encodeEntry).join(''), { mode: 0o600 });
  }

  async #makeFolder(): Promise<void> {
    refuseAsRoot(this.folder);
    await promises.mkdir(this.folder, { recursive: true, mode: 0o700 });
  }

  async #names(): Promise<string[]> {
    const names = await promises.readdir(this.folder).catch((): string[] => []);
    return names.filter((name) => WAITING.test(name));
  }

  /** Undefined: it is none of ours, or not whole yet. @throws where it may not be read, or another was quicker */
  async #textOf(name: string): Promise<string | undefined> {
    const { size, mtimeMs } = await promises.stat(this.#path(name));
    const isBeingWritten = name.includes('.draft-') && this.parts.clock.wall() - mtimeMs < DRAFT_MS;
    return size > MOST_BYTES || isBeingWritten ? undefined : promises.readFile(this.#path(name), 'utf8');
  }

  #remove(name: string): Promise<void> {
    return promises.rm(this.#path(name), { force: true }).catch(() => {});
  }

  #path(name: string): string {
    return join(this.folder, name);
  }
}
