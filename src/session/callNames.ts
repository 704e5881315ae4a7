// CallNames: which call hears a look-up, as a hub that heard it from Asterisk has noted it: one small file for each token.
// Another user's file could cause another caller's balance to be said, so only this user's own is believed.
import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  promises,
  readdirSync,
  readSync,
} from 'node:fs';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isUniqueid } from '../asterisk/feed';
import { isToken } from '../asterisk/token';

const PREFIX = 'owner.';
/** The longest Uniqueid has 149 characters, each of four bytes at most. */
const MOST_BYTES = 600;
const OTHERS_WRITE = 0o022;
/** A call may be so new that a list of all calls does not have it: as long as Asterisk may take for that list, milliseconds. */
const SETTLED_MS = 5000;

export class CallNames {
  /** @param folder absolute; made with mode 0700 when something is noted first */
  constructor(private readonly folder: string) {}

  /**
   * Notes which call hears it, whole or not at all.
   * @param uniqueid undefined: none, or not any more
   * @throws an errno where the folder cannot be written
   */
  note(token: string, uniqueid: string | undefined): void {
    const file = this.#file(token);
    if (uniqueid === undefined) return rmSync(file, { force: true });
    const draft = `${file}.${process.pid}`;
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    rmSync(draft, { force: true });
    writeFileSync(draft, `${uniqueid}\n`, { mode: 0o600, flag: 'wx' });
    renameSync(draft, file);
  }

  /**
   * The call that hears it; undefined: none is noted, or what is there is no file of this user's or root's that only they can
   * write. Never throws. Some 30 µs.
   */
  noted(token: string): string | undefined {
    let fd: number | undefined;
    try {
      fd = openSync(this.#file(token), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
      const { uid, mode } = fstatSync(fd);
      if (!fstatSync(fd).isFile() || (mode & OTHERS_WRITE) !== 0) return undefined;
      if (uid !== 0 && uid !== process.geteuid?.()) return undefined;
      const bytes = Buffer.alloc(MOST_BYTES);
      const text = bytes.toString('utf8', 0, readSync(fd, bytes));
      const uniqueid = /^(.+)\n$/.exec(text)?.[1];
      return uniqueid !== undefined && isUniqueid(uniqueid) ? uniqueid : undefined;
    } catch {
      return undefined;
    } finally {
      if (fd !== undefined) closeSync(fd);
    }
  }

  /** Tokens of which a call is noted. Never throws. */
  tokens(): readonly string[] {
    try {
      const names = readdirSync(this.folder).filter((name) => name.startsWith(PREFIX));
      return names.map((name) => name.slice(PREFIX.length)).filter(isToken);
    } catch {
      return [];
    }
  }

  /**
   * Removes notes of calls that are over. Never throws.
   * @param living Uniqueids of all channels
   * @param nowWall milliseconds since 1970
   */
  async sweep(living: ReadonlySet<string>, nowWall: number): Promise<void> {
    for (const token of this.tokens()) {
      const uniqueid = this.noted(token);
      if (uniqueid !== undefined && living.has(uniqueid)) continue;
      const file = this.#file(token);
      const stats = await promises.lstat(file).catch(() => undefined);
      if (stats && nowWall - stats.mtimeMs > SETTLED_MS)
        await promises.rm(file, { force: true }).catch(() => {});
    }
  }

  #file(token: string): string {
    return join(this.folder, `${PREFIX}${token}`);
  }
}
