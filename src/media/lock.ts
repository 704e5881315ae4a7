// One preparer per cache at a time, by a socket in Linux's abstract namespace.
// The kernel frees it when its owner dies, however it dies: nothing stale can remain, nothing is written anywhere.
import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { basename, dirname, join, resolve } from 'node:path';
import type { Closeable } from '../util/scope';

/** `prepare`: prepares; `spawn`: is about to start one that prepares. */
export type LockPurpose = 'prepare' | 'spawn';

/** Elsewhere there is no lock: writes are atomic, and double work does no harm. */
const SUPPORTED = process.platform === 'linux';

/** The real path of a folder, whether it is there yet or not: links above it count. */
function realPath(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    const above = dirname(folder);
    return above === folder ? folder : join(realPath(above), basename(folder));
  }
}

function socketName(cache: string, purpose: LockPurpose): string {
  const hash = createHash('sha256')
    .update(realPath(resolve(cache)))
    .digest('hex')
    .slice(0, 32);
  return `\0holdcast-${purpose}-${hash}-${process.getuid?.() ?? 0}`;
}

export class PrepareLock {
  readonly #name: string;

  /** @param cache the cache folder, there or not */
  constructor(cache: string, purpose: LockPurpose = 'prepare') {
    this.#name = socketName(cache, purpose);
  }

  /** Takes the lock; undefined when another has it. Closing it lets it go, and so does the end of the process. */
  acquire(): Promise<Closeable | undefined> {
    if (!SUPPORTED) return Promise.resolve({ close: () => {} });
    return new Promise((resolve, reject) => {
      const waiting = new Set<Socket>();
      const server = createServer((socket) => {
        waiting.add(socket);
        socket.on('close', () => waiting.delete(socket));
        socket.on('error', () => {});
        socket.unref();
        socket.resume();
        socket.write(`${process.pid}\n`);
      });
      server.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EADDRINUSE') resolve(undefined);
        else reject(error);
      });
      server.listen(this.#name, () => {
        server.unref();
        resolve({ close: () => release(server, waiting) });
      });
    });
  }

  /** Whether another (or this) process has it. */
  async isHeld(): Promise<boolean> {
    const socket = await this.#connect();
    socket?.destroy();
    return socket !== undefined;
  }

  /** Pid of the process that has it; undefined when nobody has. */
  async owner(): Promise<number | undefined> {
    const socket = await this.#connect();
    if (!socket) return undefined;
    return new Promise((resolve) => {
      let text = '';
      const done = (): void => {
        socket.destroy();
        resolve(Number.parseInt(text, 10) || undefined);
      };
      socket.setEncoding('utf8');
      socket.on('data', (part: string) => (text += part).includes('\n') && done());
      socket.on('close', done);
    });
  }

  /** Waits until its owner lets it go, or `signal` fires. Another may have it again by then. */
  async released(signal?: AbortSignal): Promise<void> {
    const socket = await this.#connect();
    if (!socket) return;
    await new Promise<void>((resolve) => {
      const stop = (): void => void socket.destroy();
      signal?.addEventListener('abort', stop, { once: true });
      socket.resume();
      socket.on('close', () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
      if (signal?.aborted) stop();
    });
  }

  #connect(): Promise<Socket | undefined> {
    if (!SUPPORTED) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const socket = connect(this.#name);
      socket.on('error', () => resolve(undefined));
      socket.on('connect', () => resolve(socket));
    });
  }
}

function release(server: Server, waiting: Set<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of waiting) socket.destroy();
  });
}
