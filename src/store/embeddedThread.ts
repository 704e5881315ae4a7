// The other end of the embedded store's thread: questions with a time limit.
// A thread that hangs in the disk cannot be ended; what waits for it is told so, and nothing more is piled up on it.
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { messageOf, type HoldcastError } from '../util/errors';
import { packageRoot } from '../util/packageRoot';
import { PendingRequests } from '../util/pendingRequests';
import type { Fields, Statement } from './rows';
import { away, refused, type StoreParts } from './store';

type Asked =
  | { readonly type: 'read'; readonly statement: Statement }
  /** In one transaction; answered when it is on disk. */
  | { readonly type: 'write'; readonly statements: readonly Statement[] }
  | { readonly type: 'close' };
export type Request = Asked & { readonly id: number };

export type Answer =
  | { readonly id: number; readonly rows: readonly Fields[] }
  /** Rows that each statement changed. */
  | { readonly id: number; readonly changed: readonly number[] }
  | { readonly id: number; readonly error: { readonly code: string; readonly message: string } }
  /** A damaged file was found and put there. */
  | { readonly aside: string };

/** What the thread is started with. */
export interface ThreadData {
  readonly file: string;
  /** How long to wait for a locked file, milliseconds. */
  readonly lockedMs: number;
}

export interface ThreadOptions extends StoreParts {
  /** A question that is not answered within it is given up, milliseconds. */
  readonly limitMs?: number;
  /** How long to wait for a file that another process has locked, milliseconds; less than limitMs. */
  readonly lockedMs?: number;
}

/** `threadId` of a worker that is no more. */
const ENDED = -1;
const LIMIT_MS = 4000;
const LOCKED_MS = 2500;

/**
 * Threads that have been told to end and have not: what hangs in the disk cannot be ended. Another one of its file would hang
 * there too, and each that is opened anew.
 */
const ending = new Set<EmbeddedThread>();

/** Is started with the first question; `#over` for good when it has died or is closed: its owner opens another. */
export class EmbeddedThread {
  #worker: Worker | undefined;
  readonly #pending: PendingRequests<Answer>;
  /** Given up, and not answered since: it hangs in the disk. */
  readonly #late = new Set<number>();
  /** Why nothing more is asked. */
  #over: HoldcastError | undefined;
  #closed: Promise<void> | undefined;

  constructor(
    private readonly file: string,
    private readonly options: ThreadOptions,
  ) {
    this.#pending = new PendingRequests(options.clock);
  }

  /** @throws HoldcastError HC_STORE_AWAY, HC_STORE_REFUSED */
  async read(statement: Statement): Promise<readonly Fields[]> {
    const answer = await this.#ask({ type: 'read', statement });
    return 'rows' in answer ? answer.rows : [];
  }

  /** Resolves when it is on disk. @returns rows that each statement changed @throws as `read` */
  async write(statements: readonly Statement[]): Promise<readonly number[]> {
    const answer = await this.#ask({ type: 'write', statements });
    return 'changed' in answer ? answer.changed : [];
  }

  /** What was asked before is done first, within the time limit. May be called again. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#over ??= away('the store is closed');
    const worker = this.#worker;
    if (!worker || worker.threadId === ENDED) return;
    ending.add(this);
    const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    try {
      await this.#send(worker, { type: 'close' });
      await gone;
    } catch {
      // It hangs: it may not keep the process.
      worker.unref();
      void worker.terminate();
    }
    this.#pending.failAll(this.#over);
  }

  async #ask(request: Asked): Promise<Answer> {
    if (this.#over) throw this.#over;
    if (this.#late.size > 0) throw away('the disk has not answered for too long', DISK);
    if (!this.#worker && [...ending].some(({ file }) => file === this.file))
      throw away('the last thread of this file still waits for the disk', DISK);
    return this.#send((this.#worker ??= this.#start()), request);
  }

  #send(worker: Worker, request: Asked): Promise<Answer> {
    const { limitMs = LIMIT_MS } = this.options;
    return this.#pending.begin({
      limitMs,
      context: undefined,
      send: (id) => worker.postMessage({ id, ...request } satisfies Request),
      givenUp: (_, id) => {
        this.#late.add(id);
        return away(`the disk did not answer within ${limitMs} ms`, DISK);
      },
    });
  }

  #answered(answer: Answer & { id: number }): void {
    this.#late.delete(answer.id);
    if ('error' in answer) this.#pending.fail(answer.id, errorOf(answer.error));
    else this.#pending.answer(answer.id, answer);
  }

  #start(): Worker {
    const { worker = join(packageRoot(), 'dist', 'store-worker.cjs'), lockedMs = LOCKED_MS } = this.options;
    const workerData: ThreadData = { file: this.file, lockedMs };
    // Nothing of it may come to stdout, which is the caller's ear.
    const thread = new Worker(worker, { workerData, stdout: true, stderr: true });
    thread.stdout.resume();
    thread.stderr.resume();
    const lose = (message: string): void => this.#pending.failAll((this.#over ??= away(message, LIBSQL)));
    thread.on('message', (answer: Answer) => {
      if ('id' in answer) this.#answered(answer);
      else this.#foundDamaged(answer.aside);
    });
    thread.on('error', (error) => lose(`the store's thread died: ${messageOf(error)}`));
    thread.on('exit', () => {
      ending.delete(this);
      lose('the thread of the store ended');
    });
    return thread;
  }

  #foundDamaged(aside: string): void {
    const hint = 'recover its content with `sqlite3 <file> .recover`, or from a backup';
    this.options.log.error(
      { code: 'HC_STORE_REFUSED', file: this.file, aside, hint },
      'the file of the store was damaged: it was renamed, and a new one started',
    );
  }
}

const DISK = 'see whether the disk is full, slow, or the file locked by another program';
const RIGHTS = 'let this user write to the folder of store.file, or name another file there';
const LIBSQL = 'run `npm ci` again, so that the package libsql has its binary for this machine';

/** SQLite's messages name tables and columns, never values. */
function errorOf({ code, message }: { code: string; message: string }): HoldcastError {
  if (code === 'HC_STORE_REFUSED')
    return refused(message, 'run the newer Holdcast, or name another file in store.file');
  if (/^SQLITE_(CONSTRAINT|MISMATCH|TOOBIG|RANGE|ERROR)/.test(code))
    return refused(`the store refused: ${code}: ${message}`);
  if (code === 'HC_NOT_AS_ROOT') return away(message, 'run it as that user: sudo -u asterisk holdcast …');
  const hint = /EACCES|EROFS|EPERM|READONLY|local database/.test(code + message) ? RIGHTS : DISK;
  return away(`the store is not available just now: ${code === '' ? '' : `${code}: `}${message}`, hint);
}
