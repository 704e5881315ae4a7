// One preparer per cache at a time, by a lock of the kernel on a file in the cache folder (flock).
// The kernel frees it when its owner dies, however it dies; and only who may write in the cache can take it.
import { spawn, type StdioOptions } from 'node:child_process';
import { constants, promises } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../util/errors';
import type { Closeable } from '../util/scope';
import { unwritable } from './cacheWriter';

/** `prepare`: prepares; `spawn`: is about to start one that prepares. */
export type LockPurpose = 'prepare' | 'spawn';

/** Elsewhere there is no lock: writes are atomic, and double work does no harm. */
const SUPPORTED = process.platform === 'linux';
const { O_RDWR, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;

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
   * Takes the lock; undefined when another has it. Closing it lets it go, and so does the end of the process.
   * @throws HoldcastError HC_CACHE_UNWRITABLE
   */
  async acquire(): Promise<Closeable | undefined> {
    if (!SUPPORTED) return { close: () => {} };
    let handle: promises.FileHandle | undefined;
    let taken = false;
    try {
      await promises.mkdir(this.#folder, { recursive: true });
      handle = await promises.open(this.#file, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
      // A process that only checks it also holds it for a moment.
      taken = (await flock(handle, ['-n'])) || (await flock(handle, ['-n']));
      if (taken) await writePid(handle);
    } catch (error) {
      taken = false;
      throw unwritable(this.#folder, error);
    } finally {
      if (!taken) await handle?.close();
    }
    return taken ? { close: () => handle?.close() } : undefined;
  }

  /** Whether another (or this) process has it. */
  async isHeld(): Promise<boolean> {
    return (await this.#try(['-n', '-s'])) === false;
  }

  /** Pid of the process that has it; undefined when nobody has. */
  async owner(): Promise<number | undefined> {
    if (!(await this.isHeld())) return undefined;
    const text = await promises.readFile(this.#file, 'utf8').catch(() => '');
    return Number.parseInt(text, 10) || undefined;
  }

  /** Waits until its owner lets it go, or `signal` fires. Another may have it again by then. */
  async released(signal?: AbortSignal): Promise<void> {
    await this.#try(['-s'], signal);
  }

  /** Takes it and lets it go at once: whether it was free; undefined where there is none, or `signal` fired. */
  async #try(how: readonly string[], signal?: AbortSignal): Promise<boolean | undefined> {
    if (!SUPPORTED) return undefined;
    const handle = await promises.open(this.#file, O_RDWR | O_NOFOLLOW | O_NONBLOCK).catch(() => undefined);
    try {
      return handle && (await flock(handle, how, signal));
    } catch (error) {
      if (errnoOf(error) === 'ABORT_ERR') return undefined;
      throw error;
    } finally {
      await handle?.close();
    }
  }
}

async function writePid(handle: promises.FileHandle): Promise<void> {
  await handle.truncate();
  await handle.write(`${process.pid}\n`, 0);
}

/**
 * Locks an open file by flock(1) of util-linux or busybox: Node has no call for it. The lock belongs to the open file,
 * which the program shares, and stays with this process.
 * @returns false when another has the lock
 */
function flock(handle: promises.FileHandle, how: readonly string[], signal?: AbortSignal): Promise<boolean> {
  const stdio: StdioOptions = ['ignore', 'ignore', 'ignore', handle.fd];
  return new Promise((resolve, reject) => {
    const child = spawn('flock', [...how, '3'], { stdio, ...(signal && { signal }) });
    // Where there is none, there is no lock, as elsewhere.
    child.once('error', (error) => (errnoOf(error) === 'ENOENT' ? resolve(true) : reject(error)));
    child.once('close', (code, ended) => {
      if (code === 0 || code === 1) resolve(code === 0);
      else reject(new Error(`flock: ${ended ?? `exit code ${code}`}`));
    });
  });
}
