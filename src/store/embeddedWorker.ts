// The embedded store's thread: a slow disk, a lock that another process holds, never stop audio.
// A write is acknowledged when the disk has it, so that it survives a power cut too; meanwhile questions are answered, and what
// comes next is written: one wait for all of it.
import { open as openHandle, type FileHandle } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../util/clock';
import {
  isBusy,
  isDamaged,
  isMoved,
  openFile,
  plainError,
  rollBack,
  type OpenFile,
  type Sqlite,
} from './embeddedFile';
import type { Answer, Request, ThreadData } from './embeddedThread';
import type { Fields, Statement } from './rows';

type Prepared = ReturnType<Sqlite['prepare']>;

/**
 * Statements after which what they have left is collected. libsql's answers go with a full collection only, and in a thread
 * that makes so little else V8 sees no reason for one for an hour (500 callers: 5 MB).
 */
const COLLECT_AFTER = 1000;

const { file, lockedMs } = workerData as ThreadData;
const port = parentPort!;
const clock = systemClock();
let open: OpenFile | undefined;
let prepared = new Map<string, Prepared>();
/** The write-ahead log of the open file, once something was written to it. */
let log: Promise<FileHandle> | undefined;
/** Committed, and perhaps not on the disk. */
let committed: { log: Promise<FileHandle>; answer: Answer & { id: number } }[] = [];
let syncing: Promise<void> | undefined;
/** Writes, one after the other, and the end behind them. */
let work: Promise<void> = Promise.resolve();
/** Since garbage was collected. */
let statements = 0;

port.on('message', (request: Request) => {
  if (request.type === 'read') read(request);
  else work = work.then(() => (request.type === 'write' ? write(request) : end(request.id)));
});

function answer(message: Answer): void {
  port.postMessage(message);
}

/** What is written again finds a new file: this one is opened anew, and put aside if it is damaged still. */
function fail(id: number, error: unknown): void {
  if (isDamaged(error)) closeFile();
  answer({ id, error: plainError(error) });
}

function read({ id, statement: { sql, values } }: Request & { type: 'read' }): void {
  try {
    answer({ id, rows: statementOf(opened().database, sql).all([...values]) as Fields[] });
  } catch (error) {
    fail(id, error);
  }
}

async function write({ id, statements }: Request & { type: 'write' }): Promise<void> {
  try {
    const database = await begun();
    try {
      const changed = statements.map((one) => run(database, one));
      database.exec('COMMIT');
      answerWhenSynced({ id, changed });
    } catch (error) {
      rollBack(database);
      throw error;
    }
  } catch (error) {
    fail(id, error);
  }
}

/** In a transaction. While another process has the lock, questions are answered all the same. */
async function begun(): Promise<Sqlite> {
  for (const until = clock.now() + lockedMs; ; await nextTurn()) {
    const { database } = opened();
    try {
      database.exec('BEGIN IMMEDIATE');
      return database;
    } catch (error) {
      if (!isBusy(error) || clock.now() >= until) throw error;
    }
  }
}

function answerWhenSynced(answer: Answer & { id: number }): void {
  log ??= openHandle(`${file}-wal`);
  log.catch(() => {}); // told below
  committed.push({ log, answer });
  syncing ??= sync().finally(() => (syncing = undefined));
}

async function sync(): Promise<void> {
  while (committed.length > 0) {
    const some = committed;
    committed = [];
    try {
      for (const one of new Set(some.map((commit) => commit.log))) await (await one).datasync();
      for (const one of some) answer(one.answer);
    } catch (error) {
      // Who asked for it writes it again, whether this time the disk had it or not; through a file that is opened anew.
      closeFile();
      for (const one of some) answer({ id: one.answer.id, error: plainError(error) });
    }
  }
}

function opened(): OpenFile {
  if (open && isMoved(file, open)) closeFile();
  if (open) return open;
  open = openFile(file);
  if (open.aside !== undefined) answer({ aside: open.aside });
  return open;
}

function closeFile(): void {
  prepared = new Map();
  const before = log;
  log = undefined;
  // Only when nothing of it is waited for.
  void Promise.resolve(syncing)
    .then(() => before)
    .then((handle) => handle?.close())
    .catch(() => {});
  try {
    open?.database.close();
  } finally {
    open = undefined;
  }
}

function statementOf(database: Sqlite, sql: string): Prepared {
  // Some 5 ms; in a hub only, which has V8 offer it (bin/holdcast).
  if (++statements % COLLECT_AFTER === 0) setImmediate(() => globalThis.gc?.());
  let found = prepared.get(sql);
  if (!found) prepared.set(sql, (found = database.prepare(sql)));
  return found;
}

function run(database: Sqlite, { sql, values }: Statement): number {
  return statementOf(database, sql).run([...values]).changes;
}

async function end(id: number): Promise<void> {
  await syncing;
  try {
    closeFile();
  } catch {
    // The thread ends, and the file with it.
  }
  answer({ id, rows: [] });
  port.close();
}
