// Writes the cache of prepared files: whole files only, under names that say what is in them.
// A reader sees a file complete or not at all, also when the writer is killed; what a dead writer left is swept.
import { createHash } from 'node:crypto';
import { promises } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { errnoOf, HoldcastError, messageOf } from '../util/errors';
import { isSameStamp, type OperatorFile } from '../util/operatorFiles';
import {
  parseRecord,
  pcmBytes,
  pcmFolder,
  recordFolder,
  recordName,
  type CacheRecord,
  type PreparedRecord,
} from './cache';

/** A temporary file that nobody has written to for this time is a leftover of any process. */
const LEFT_OVER_MS = 60 * 60_000;
/** Prepared files that nothing refers to are kept this long. */
const KEEP_UNUSED_MS = 24 * 60 * 60_000;
const TEMPORARY = /^\.([0-9a-f]+)-(\d+)-\d+\.tmp(?:\.[a-z0-9_-]+)?$/i;
/** An ending tells ffmpeg what a file may be; nothing else of a name comes to it. */
const ENDING = /^\.[a-z0-9_-]{1,8}$/i;

function hostKey(): string {
  return createHash('sha256').update(hostname()).digest('hex').slice(0, 8);
}

/** Key of prepared content: what was in the file and how it is prepared, hex. Reads the whole file. */
export async function contentKey(file: OperatorFile, digest: string): Promise<string> {
  const hash = createHash('sha256').update(`${digest}\0`);
  for await (const piece of file.pieces()) hash.update(piece);
  return hash.digest('hex').slice(0, 40);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoOf(error) === 'EPERM';
  }
}

/** What keeps the cache from being written, and what to do. */
export function unwritable(cache: string, cause: unknown): HoldcastError {
  const full = errnoOf(cause) === 'ENOSPC' || errnoOf(cause) === 'EDQUOT';
  const hint = full
    ? 'Make room, or choose another folder for media.cache.'
    : `Give this user the right to write in ${cache}.`;
  return new HoldcastError('HC_CACHE_UNWRITABLE', `the cache cannot be written: ${messageOf(cause)}`, hint, {
    cause,
  });
}

let temporaries = 0;

export class CacheWriter {
  readonly #cache: string;
  readonly #own = new Set<string>();
  #byWav: Promise<Map<string, PreparedRecord>> | undefined;

  private constructor(cache: string) {
    this.#cache = cache;
  }

  /**
   * Makes the folders and tries to write.
   * @throws HoldcastError HC_CACHE_UNWRITABLE
   */
  static async open(cache: string): Promise<CacheWriter> {
    const writer = new CacheWriter(cache);
    await writer.#guarded(async () => {
      await promises.mkdir(pcmFolder(cache), { recursive: true });
      await promises.mkdir(recordFolder(cache), { recursive: true });
      const probe = writer.temporary();
      await promises.writeFile(probe, '');
      await writer.discard(probe);
    });
    return writer;
  }

  /** A path for a temporary file in pcm/: give it to `publish` or `discard`. */
  temporary(): string {
    return this.#temporaryIn(pcmFolder(this.#cache));
  }

  /**
   * A temporary name for a file that this process has open, for a program that must read that very one: whatever stands
   * under its own name by then, and whatever that name says. Give it to `discard`.
   * @param ending with its dot, of the file's name
   */
  async linkTo({ fd, real }: OperatorFile, ending: string): Promise<string> {
    const link = this.#temporaryIn(pcmFolder(this.#cache), ENDING.test(ending) ? ending : '');
    const target = process.platform === 'linux' ? `/proc/${process.pid}/fd/${fd}` : real;
    await this.#guarded(() => promises.symlink(target, link));
    return link;
  }

  /** Removes a temporary file, if it is there. */
  async discard(temporary: string): Promise<void> {
    this.#own.delete(temporary);
    await promises.rm(temporary, { force: true });
  }

  /**
   * Gives a temporary file its name under pcm/, safe on disk.
   * @throws HoldcastError HC_CACHE_UNWRITABLE
   */
  publish(temporary: string, name: string): Promise<void> {
    return this.#guarded(() => this.#rename(temporary, join(pcmFolder(this.#cache), name)));
  }

  /** @throws HoldcastError HC_CACHE_UNWRITABLE */
  writeRecord(record: CacheRecord): Promise<void> {
    const temporary = this.#temporaryIn(recordFolder(this.#cache));
    return this.#guarded(async () => {
      try {
        await promises.writeFile(temporary, `${JSON.stringify(record)}\n`);
        await this.#rename(temporary, join(recordFolder(this.#cache), recordName(record.source)));
        if ('wav' in record) (await this.#byWav)?.set(record.wav, record);
      } catch (error) {
        await this.discard(temporary);
        throw error;
      }
    });
  }

  /** A record of some file whose content was prepared as `wav`, if its samples are there. */
  async findByWav(wav: string): Promise<PreparedRecord | undefined> {
    this.#byWav ??= this.#index();
    const record = (await this.#byWav).get(wav);
    const stats = await promises.stat(join(pcmFolder(this.#cache), wav)).catch(() => undefined);
    return record && stats?.size === pcmBytes(record.samples) ? record : undefined;
  }

  /** Removes temporary files of writers that are dead. Only for who holds the lock. Never throws. */
  async sweep(wallMs: number): Promise<void> {
    for (const folder of [pcmFolder(this.#cache), recordFolder(this.#cache)])
      for (const name of await promises.readdir(folder).catch(() => [])) {
        const path = join(folder, name);
        const [, host, pid] = TEMPORARY.exec(name) ?? [];
        if (pid === undefined || this.#own.has(path)) continue;
        const dead = host === hostKey() && (Number(pid) === process.pid || !isAlive(Number(pid)));
        if (dead || (await ageMs(path, wallMs)) > LEFT_OVER_MS)
          await promises.rm(path, { force: true }).catch(() => {});
      }
  }

  /**
   * Removes records whose source is not there any more as it was, and samples that no record refers to, if they are
   * older than a day. Records for another rate stay: another music class may use them.
   * @param current digests of the settings in force, for `rate`
   * @returns how many files were removed
   */
  async prune(wallMs: number, rate: number, current: readonly string[]): Promise<number> {
    const used = new Set<string>();
    let removed = 0;
    const drop = async (path: string): Promise<boolean> => {
      if ((await ageMs(path, wallMs)) < KEEP_UNUSED_MS) return false;
      await promises.rm(path, { force: true });
      removed++;
      return true;
    };
    for (const [name, record] of await this.#records()) {
      const { source } = record;
      const stats = await promises.stat(source.file).catch(() => undefined);
      const present = isSameStamp(source, stats && { ...stats, inode: stats.ino });
      const wanted = present && (source.rate !== rate || current.includes(source.settings));
      const gone = !wanted && (await drop(join(recordFolder(this.#cache), name)));
      if (!gone && 'wav' in record) used.add(record.wav);
    }
    for (const name of await promises.readdir(pcmFolder(this.#cache)))
      if (name.endsWith('.wav') && !used.has(name)) await drop(join(pcmFolder(this.#cache), name));
    return removed;
  }

  async #index(): Promise<Map<string, PreparedRecord>> {
    const records = (await this.#records()).map(([, record]) => record);
    return new Map(records.flatMap((record) => ('wav' in record ? [[record.wav, record] as const] : [])));
  }

  /** All records that can be read, by file name. */
  async #records(): Promise<[string, CacheRecord][]> {
    const found: [string, CacheRecord][] = [];
    for (const name of await promises.readdir(recordFolder(this.#cache)).catch(() => [])) {
      if (!name.endsWith('.json') || name.startsWith('.')) continue;
      const text = await promises.readFile(join(recordFolder(this.#cache), name), 'utf8').catch(() => '');
      const record = parseRecord(text);
      if (record) found.push([name, record]);
    }
    return found;
  }

  #temporaryIn(folder: string, ending = ''): string {
    const path = join(folder, `.${hostKey()}-${process.pid}-${temporaries++}.tmp${ending}`);
    this.#own.add(path);
    return path;
  }

  async #rename(temporary: string, to: string): Promise<void> {
    const handle = await promises.open(temporary, 'r+');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    await promises.rename(temporary, to);
    this.#own.delete(temporary);
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw unwritable(this.#cache, error);
    }
  }
}

/** Milliseconds since a file was written; 0 when it is gone. */
async function ageMs(path: string, wallMs: number): Promise<number> {
  const stats = await promises.stat(path).catch(() => undefined);
  return stats ? wallMs - stats.mtimeMs : 0;
}
