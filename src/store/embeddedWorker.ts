// The embedded store's thread: a slow disk, a lock that another process holds, never stop audio.
// What is asked to be written at the same time is one transaction. It is acknowledged when the disk has it, so that it
// survives a power cut too; meanwhile questions are answered, and what comes next is written: one wait for all of it.
import { open as openHandle, type FileHandle } from 'node:fs/promises';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
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
import type { Answer, Request, SqlRow, Statement, ThreadData } from './embeddedMessages';

type Write = Request & { type: 'write' };
type Changed = Extract<Answer, { changed: unknown }>;
type Prepared = ReturnType<Sqlite['prepare']>;

/** Statements of one transaction: questions wait no longer than it takes. */
const MOST_TOGETHER = 256;
/**
 * Statements after which what they have left is collected. libsql's answers go with a full collection only, and in a thread
 * that makes so little else V8 sees no reason for one for an hour (500 callers: 5 MB).
 */
const COLLECT_AFTER = 1000;

const { file, migrations, lockedMs } = workerData as ThreadData;
const port = parentPort!;
const clock = systemClock();
const waiting: Request[] = [];
let open: OpenFile | undefined;
let prepared = new Map<string, Prepared>();
/** The write-ahead log of the open file, once something was written to it. */
let log: Promise<FileHandle> | undefined;
/** Committed, and perhaps not on the disk. */
let committed: { log: Promise<FileHandle>; answers: Changed[] }[] = [];
let syncing: Promise<void> | undefined;
/** Since garbage was collected. */
let statements = 0;

port.on('message', (request: Request) => {
  waiting.push(request);
  takeMore();
  while (waiting.length > 0) work();
  if (statements >= COLLECT_AFTER) collectGarbage();
});

function answer(message: Answer): void {
  port.postMessage(message);
}

/** Takes what came meanwhile. */
function takeMore(): void {
  for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port))
    waiting.push(next.message as Request);
}

/** Questions first, then as much as goes into one transaction. */
function work(): void {
  serveReads();
  const writes = takeWrites();
  if (writes.length > 0) serveWrites(writes);
  else if (waiting[0]?.type === 'close') void end();
  takeMore();
}

function serveReads(): void {
  for (let at = 0; at < waiting.length;) {
    const request = waiting[at]!;
    if (request.type === 'read') {
      waiting.splice(at, 1);
      attempt([request], () => answer({ id: request.id, rows: read(request.statement) }));
    } else at++;
  }
}

/** Those at the front; what stands behind a `close` came too late. */
function takeWrites(): Write[] {
  const writes: Write[] = [];
  for (let room = MOST_TOGETHER; room > 0 && waiting[0]?.type === 'write';) {
    const write = waiting.shift() as Write;
    writes.push(write);
    room -= write.statements.length;
  }
  return writes;
}

/** All together; where that fails for what one of them is, each on its own, so that only that one fails. */
function serveWrites(writes: readonly Write[]): void {
  try {
    commit(writes);
  } catch (error) {
    const foreseeable = isBusy(error) || isDamaged(error) || writes.length === 1;
    if (foreseeable) return fail(writes, error);
    for (const write of writes) attempt([write], () => commit([write]));
  }
}

function commit(writes: readonly Write[]): void {
  const { database } = opened();
  beginPatiently(database);
  try {
    const changed = writes.map(({ statements }) => statements.map((one) => run(database, one)));
    database.exec('COMMIT');
    answerWhenSynced(writes.map(({ id }, at) => ({ id, changed: changed[at]! })));
  } catch (error) {
    rollBack(database);
    throw error;
  }
}

function answerWhenSynced(answers: Changed[]): void {
  log ??= openHandle(`${file}-wal`);
  log.catch(() => {}); // told below
  committed.push({ log, answers });
  syncing ??= sync().finally(() => (syncing = undefined));
}

async function sync(): Promise<void> {
  while (committed.length > 0) {
    const some = committed;
    committed = [];
    try {
      for (const one of new Set(some.map((commit) => commit.log))) await (await one).datasync();
      for (const { answers } of some) answers.forEach(answer);
    } catch (error) {
      // Who asked for it writes it again, whether this time the disk had it or not; through a file that is opened anew.
      closeFile();
      for (const { answers } of some) for (const { id } of answers) answer({ id, error: plainError(error) });
    }
  }
}

/** While another process has the lock, questions are answered all the same. */
function beginPatiently(database: Sqlite): void {
  const until = clock.now() + lockedMs;
  for (;;) {
    try {
      return void database.exec('BEGIN IMMEDIATE');
    } catch (error) {
      if (!isBusy(error) || clock.now() >= until) throw error;
      takeMore();
      serveReads();
    }
  }
}

function attempt(requests: readonly Request[], work: () => void): void {
  try {
    work();
  } catch (error) {
    fail(requests, error);
  }
}

function fail(requests: readonly Request[], error: unknown): void {
  // What is written again finds a new file: this one is opened anew, and put aside if it is damaged still.
  if (isDamaged(error)) closeFile();
  for (const { id } of requests) answer({ id, error: plainError(error) });
}

function opened(): OpenFile {
  if (open && isMoved(file, open)) closeFile();
  if (open) return open;
  open = openFile({ file, migrations, wall: () => clock.wall() });
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

/** Some 5 ms; in a hub only, which has V8 offer it (bin/holdcast). */
function collectGarbage(): void {
  statements = 0;
  globalThis.gc?.();
}

function statementOf(database: Sqlite, sql: string): Prepared {
  statements++;
  let found = prepared.get(sql);
  if (!found) prepared.set(sql, (found = database.prepare(sql)));
  return found;
}

function read({ sql, values }: Statement): SqlRow[] {
  return statementOf(opened().database, sql).all([...values]) as SqlRow[];
}

function run(database: Sqlite, { sql, values }: Statement): number {
  return statementOf(database, sql).run([...values]).changes;
}

async function end(): Promise<void> {
  const { id } = waiting.shift()!;
  waiting.length = 0;
  await syncing;
  attempt([], closeFile);
  answer({ id, rows: [] });
  port.close();
}
