// One preparer per cache at a time, by a lock of the kernel on a file in the cache folder (flock).
// The kernel frees it when its owner dies, however it dies; and only who may write in the cache can take it.
import { constants, promises } from 'node:fs';
import { join } from 'node:path';
import { isLocked, tryLock } from '../util/libc';
import type { Closeable } from '../util/scope';
import { unwritable } from './cacheWriter';

/** `prepare`: prepares; `spawn`: is about to start one that prepares. */
export type LockPurpose = 'prepare' | 'spawn';

const { O_RDWR, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;

/** The garbage collector closes a handle that nobody has any more, and its lock would end with it. */
const held = new Set<promises.FileHandle>();

function keep(handle: promises.FileHandle): Closeable {
  held.add(handle);
  return { close: () => (held.delete(handle) ? handle.close() : undefined) };
}

/** Tries to take it. */
async function isTaken(handle: promises.FileHandle): Promise<boolean> {
  if (tryLock(handle.fd) !== false) return false;
  // A process that only asks who has it holds it for a moment, too.
  await new Promise((resolve) => setImmediate(resolve));
  return tryLock(handle.fd) === false;
}

export class PrepareLock {
  readonly #folder: string;
  readonly #file: string;

  /** @param cache the cache folder, there or not */
  constructor(cache: string, purpose: LockPurpose = 'prepare') {
    this.#folder = cache;
    // Root and the user of Holdcast may both prepare, and a file that only one of them may open would lock out the other.
    this.#file = join(cache, `.${purpose}-${process.getuid?.() ?? 0}.lock`);
  }

  /**
   * Takes the lock; undefined when another has it. Closing it lets it go, and so does the end of the process. Where the
   * system has none, everybody gets it: writes are atomic, and double work does no harm.
   * @throws HoldcastError HC_CACHE_UNWRITABLE
   */
  async acquire(): Promise<Closeable | undefined> {
    let handle: promises.FileHandle | undefined;
    try {
      await promises.mkdir(this.#folder, { recursive: true });
      handle = await promises.open(this.#file, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
      if (await isTaken(handle)) {
        await handle.close();
        return undefined;
      }
      await handle.truncate();
      await handle.write(`${process.pid}\n`, 0);
      return keep(handle);
    } catch (error) {
      await handle?.close();
      throw unwritable(this.#folder, error);
    }
  }

  /** Pid of the process that has it, be it this one; undefined when nobody has. */
  async owner(): Promise<number | undefined> {
    const handle = await promises.open(this.#file, O_RDWR | O_NOFOLLOW | O_NONBLOCK).catch(() => undefined);
    try {
      if (!handle || !isLocked(handle.fd)) return undefined;
      return Number.parseInt(await handle.readFile('utf8'), 10) || undefined;
    } finally {
      await handle?.close();
    }
  }
}
