// Plain music in pieces of 400 ms, for readers whose hub dies: each reads them one after the other, behind its FIFO and in
// the same `cat`, since Asterisk would take seconds to start two hundred readers anew, and the more of them the longer for each.
// When a hub is back, the pieces are empty for a moment: every such reader comes to their end, and to its FIFO again.
import { existsSync, renameSync } from 'node:fs';
import { mkdir, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { frameBytes, FRAME_MS, type SampleRate } from '../../audio/frame';

/** What a reader is ahead of its caller's ear when it is called back, beside what its pipe holds. */
const PIECE_MS = 400;
/**
 * 00 to 99, 40 s, in which a hub is back as a rule. bin/holdcast-reader has the same names: it goes through them, then through
 * the rest, then through all of it again and again.
 */
export const PIECES = 100;
/** From there to the end of the music. */
const REST = 'rest';
/** The music, for a minute at least. */
const ALL = 'all';
const ALL_MS = 60_000;
/** Folders of pieces: `p` leads to one of them. */
const LINK = 'p';
const EMPTY = 'p.empty';
const FULL = /^p\.\d+$/;

const nameOf = (index: number): string => String(index).padStart(2, '0');

interface PlainPieces {
  pieces: readonly Buffer[];
  rest: Buffer;
  all: Buffer;
}

const NOTHING: PlainPieces = {
  pieces: Array.from({ length: PIECES }, () => Buffer.alloc(0)),
  rest: Buffer.alloc(0),
  all: Buffer.alloc(0),
};

/** Whether this is one of the longer pieces as readers have it open, perhaps of pieces that were replaced since. */
export function isLongPiece(folder: string, path: string): boolean {
  const [pieces = '', name = ''] = relative(folder, path.replace(/ \(deleted\)$/, '')).split('/');
  return FULL.test(pieces) && (name === REST || name === ALL);
}

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
    const part = (from: number, to: number): Buffer => music.subarray(from * bytes, to * bytes);
    const times = Math.ceil(ALL_MS / (count * PIECE_MS));
    await this.#make(name, {
      pieces: Array.from({ length: PIECES }, (_, index) => part(index % count, (index % count) + 1)),
      rest: part(PIECES % count, count),
      all: Buffer.concat(Array.from({ length: times }, () => part(0, count))),
    });
    const before = await this.#current();
    await this.#lead(name);
    if (before !== undefined && FULL.test(before)) await rm(join(this.folder, before), { recursive: true });
  }

  /** Readers that play plain music come to its end. @returns lets them find music again; undefined: there is none */
  async callBack(): Promise<(() => Promise<void>) | undefined> {
    const before = await this.#current();
    if (before === undefined || !FULL.test(before)) return undefined;
    if (!existsSync(join(this.folder, EMPTY))) await this.#make(EMPTY, NOTHING);
    await this.#lead(EMPTY);
    return async () => {
      if ((await this.#current()) === EMPTY) await this.#lead(before);
    };
  }

  /** Full pieces again, where a hub died while it called readers back. @returns whether there are any */
  async mend(): Promise<boolean> {
    const full = (await readdir(this.folder)).filter((name) => FULL.test(name)).sort();
    const current = await this.#current();
    if (full.length === 0) return false;
    if (current === undefined || !full.includes(current)) await this.#lead(full.at(-1)!);
    return true;
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

  async #make(name: string, { pieces, rest, all }: PlainPieces): Promise<void> {
    const path = join(this.folder, name);
    await mkdir(path, { mode: 0o700, recursive: true });
    const write = (file: string, bytes: Buffer): Promise<void> =>
      writeFile(join(path, file), bytes, { mode: 0o600 });
    for (const [index, bytes] of pieces.entries()) await write(nameOf(index), bytes);
    await write(REST, rest);
    await write(ALL, all);
  }

  /** In one step: a reader finds either the ones or the others. Whoever awaits it goes on in that moment. */
  async #lead(name: string): Promise<void> {
    const draft = join(this.folder, `${LINK}.new`);
    await rm(draft, { force: true });
    await symlink(name, draft);
    renameSync(draft, join(this.folder, LINK));
  }
}
