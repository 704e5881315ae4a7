// Owners: which call hears each token, as Asterisk has said, one small file for each. It tells the next hub whose its readers are,
// and a stream which call it plays to. Another user's file could have another caller's balance said, so only this user's own counts.
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { isUniqueid } from '../asterisk/callNews';
import { isToken } from '../asterisk/token';
import type { Clock } from '../util/clock';
import { errorFields } from '../util/errors';
import type { Logger } from '../util/log';
import { LogThrottle } from '../util/logThrottle';
import { pipeFolder, type PipeFolder } from './folder';

/** The longest Uniqueid has 149 characters, each of four bytes at most. */
const MOST_BYTES = 600;
const OTHERS_WRITE = 0o022;
/** A call may be so new that a list of all calls does not have it: as long as Asterisk may take for that list, milliseconds. */
const SETTLED_MS = 5000;
const SAY_MS = 60_000;
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;

export class Owners {
  readonly #names: PipeFolder;
  readonly #failures: LogThrottle;

  /** @param folder absolute; made with mode 0700 when something is noted first */
  constructor(
    folder: string,
    private readonly parts: { clock: Clock; log: Logger },
  ) {
    this.#names = pipeFolder(folder);
    this.#failures = new LogThrottle(parts.clock, SAY_MS);
  }

  /**
   * Notes which call hears it, whole or not at all. Never throws: what cannot be written costs keys and places, not music.
   * @param uniqueid undefined: none, or not any more
   */
  note(token: string, uniqueid: string | undefined): void {
    const file = this.#names.owner(token);
    const draft = join(this.#names.folder, 'owner-draft');
    try {
      if (uniqueid === undefined) return rmSync(file, { force: true });
      mkdirSync(this.#names.folder, { recursive: true, mode: 0o700 });
      rmSync(draft, { force: true });
      writeFileSync(draft, `${uniqueid}\n`, { mode: 0o600, flag: 'wx' });
      renameSync(draft, file);
    } catch (error) {
      const hint = 'let the hub write to hub.folder';
      this.#failures.say((times) =>
        this.parts.log.error(
          { ...errorFields(error), times, hint },
          'which call hears a look-up cannot be noted: music without keys and places in a stream, or after a crash',
        ),
      );
    }
  }

  /**
   * The call that hears it; undefined: none is noted, or what is there is no file of this user's or root's that only they can
   * write. Never throws. Some 30 µs.
   */
  of(token: string): string | undefined {
    let fd: number | undefined;
    try {
      fd = openSync(this.#names.owner(token), O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      const stats = fstatSync(fd);
      if (!stats.isFile() || (stats.mode & OTHERS_WRITE) !== 0) return undefined;
      if (stats.uid !== 0 && stats.uid !== process.geteuid?.()) return undefined;
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

  /** Tokens of which an owner is noted, the last one noted last: of two for one call, it is the one that counts. Never throws. */
  tokens(): string[] {
    return this.#notes()
      .sort((one, other) => one.atMs - other.atMs)
      .map(({ token }) => token);
  }

  /**
   * Removes notes of calls that are over. Never throws.
   * @param living Uniqueids of all channels
   */
  sweep(living: ReadonlySet<string>): void {
    const settledMs = this.parts.clock.wall() - SETTLED_MS;
    for (const { token, atMs } of this.#notes())
      if (atMs < settledMs && !living.has(this.of(token) ?? '')) this.note(token, undefined);
  }

  #notes(): { readonly token: string; readonly atMs: number }[] {
    const { folder, owner } = this.#names;
    const prefix = owner('').slice(folder.length + 1);
    try {
      return readdirSync(folder)
        .filter((name) => name.startsWith(prefix))
        .map((name) => name.slice(prefix.length))
        .filter(isToken)
        .flatMap((token) => {
          const stats = lstatSync(owner(token), { throwIfNoEntry: false });
          return stats ? [{ token, atMs: stats.mtimeMs }] : [];
        });
    } catch {
      return [];
    }
  }
}
