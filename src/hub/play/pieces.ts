// Plain music in pieces of 400 ms, for readers whose hub dies: each reads them one after the other, behind its FIFO and in
// the same `cat`, since Asterisk would take seconds to start two hundred readers anew, and the more of them the longer for each.
// When a hub is back, the pieces are empty for a moment: every such reader comes to their end, and to its FIFO again.
import { existsSync } from 'node:fs';
import { mkdir, readdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { frameBytes, FRAME_MS, type SampleRate } from '../../audio/frame';

/** What a reader is ahead of its caller's ear when it is called back, beside what its pipe holds. */
const PIECE_MS = 400;
/** 000 to 149, a minute; bin/holdcast-reader goes through them twice, then through all of them at once. */
export const PIECES = 150;
const ALL = 'all';
/** Folders of pieces: `p` leads to one of them. */
const LINK = 'p';
const EMPTY = 'p.empty';
const FULL = /^p\.\d+$/;

const nameOf = (index: number): string => String(index).padStart(3, '0');

/** Which pieces readers find in a folder. All of it is safe to be called again, and leaves what it does not know alone. */
export class Pieces {
  constructor(private readonly folder: string) {}

  /**
   * Replaces the pieces by those of `music`, whole or not at all; shorter music is repeated.
   * @param music samples as Asterisk reads them, at least 400 ms
   * @throws what the file system throws: the pieces before are still there
   */
  async write(music: Buffer, rate: SampleRate): Promise<void> {
    const bytes = (PIECE_MS / FRAME_MS) * frameBytes(rate);
    const count = Math.max(1, Math.floor(music.length / bytes));
    const name = await this.#unusedName();
    await this.#make(name, (index) => music.subarray((index % count) * bytes, ((index % count) + 1) * bytes));
    const before = await this.#current();
    await this.#lead(name);
    if (before !== undefined && FULL.test(before)) await rm(join(this.folder, before), { recursive: true });
  }

  /** Readers that play plain music come to its end. @returns lets them find music again; undefined: there is none */
  async callBack(): Promise<(() => Promise<void>) | undefined> {
    const before = await this.#current();
    if (before === undefined || !FULL.test(before)) return undefined;
    if (!existsSync(join(this.folder, EMPTY))) await this.#make(EMPTY, () => Buffer.alloc(0));
    await this.#lead(EMPTY);
    return async () => {
      if ((await this.#current()) === EMPTY) await this.#lead(before);
    };
  }

  /** Full pieces again, where a hub died while it called readers back. @returns whether there are any */
  async mend(): Promise<boolean> {
    const full = (await readdir(this.folder)).filter((name) => FULL.test(name)).sort();
    const current = await this.#current();
    if (full.length > 0 && (current === undefined || !full.includes(current))) await this.#lead(full.at(-1)!);
    return full.length > 0;
  }

  #current(): Promise<string | undefined> {
    return readlink(join(this.folder, LINK)).catch(() => undefined);
  }

  async #unusedName(): Promise<string> {
    const numbers = (await readdir(this.folder))
      .filter((name) => FULL.test(name))
      .map((name) => Number(name.slice(2)));
    return `p.${Math.max(0, ...numbers) + 1}`;
  }

  async #make(name: string, piece: (index: number) => Buffer): Promise<void> {
    const path = join(this.folder, name);
    await mkdir(path, { mode: 0o700, recursive: true });
    const pieces = Array.from({ length: PIECES }, (_, index) => piece(index));
    for (const [index, bytes] of pieces.entries())
      await writeFile(join(path, nameOf(index)), bytes, { mode: 0o600 });
    await writeFile(join(path, ALL), Buffer.concat(pieces), { mode: 0o600 });
  }

  /** In one step: a reader finds either the ones or the others. */
  async #lead(name: string): Promise<void> {
    const draft = join(this.folder, `${LINK}.new`);
    await rm(draft, { force: true });
    await symlink(name, draft);
    await rename(draft, join(this.folder, LINK));
  }
}
