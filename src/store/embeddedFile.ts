// The embedded store's file: opened, its tables made, and set aside when it is damaged. Runs in the store's thread.
// libsql is SQLite with its binary inside the package; its calls are synchronous, which is why there is a thread.
import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import Database from 'libsql';
import { systemClock } from '../util/clock';
import { errnoOf, HoldcastError, messageOf } from '../util/errors';
import { refuseAsRoot } from './owner';
import { migrationsFor } from './schema';

export type Sqlite = Database.Database;

/** Makes the file where there is none; a pipe of that name does not hold this up. */
const MAKE = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | constants.O_NONBLOCK;
/** A locked file is asked for again after so long; meanwhile the thread can answer questions. Milliseconds. */
export const BUSY_MS = 25;

export interface OpenFile {
  readonly database: Sqlite;
  /** Tells one file from another of the same name. */
  readonly inode: number;
  /** Where a damaged file was put before this one was begun. */
  readonly aside?: string;
}

/** @throws what SQLite throws; HoldcastError HC_STORE_REFUSED when a newer Holdcast made the file */
export function openFile(file: string): OpenFile {
  try {
    return begin(file);
  } catch (error) {
    if (!isDamaged(error)) throw error;
    return setAside(file);
  }
}

/** Whether an error says that the file is no store, or no longer whole. */
export function isDamaged(error: unknown): boolean {
  return /^SQLITE_(CORRUPT|NOTADB)/.test(errnoOf(error) ?? '');
}

/** Whether the file was moved or removed since it was opened, so that what is written would be nobody's. */
export function isMoved(file: string, { inode }: OpenFile): boolean {
  try {
    return statSync(file).ino !== inode;
  } catch {
    return true;
  }
}

function begin(file: string): OpenFile {
  refuseAsRoot(file);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const fd = openSync(file, MAKE, 0o600);
  try {
    if (!fstatSync(fd).isFile()) throw Object.assign(new Error(`${file} is no file`), { code: 'ENOTREG' });
    fchmodSync(fd, 0o600);
  } finally {
    closeSync(fd);
  }
  const database = new Database(file);
  try {
    database.pragma(`busy_timeout = ${BUSY_MS}`);
    patiently(() => database.pragma('journal_mode = WAL'));
    // The disk is waited for behind a commit (embeddedWorker.ts), so that questions do not wait for it: `FULL` would do it
    // in the middle. Checkpoints wait for it in either.
    database.pragma('synchronous = NORMAL');
    database.pragma(`journal_size_limit = ${16 << 20}`);
    patiently(() => migrate(database));
    return { database, inode: statSync(file).ino };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Another process that opens the same file, or makes its tables, is waited for: two seconds. */
function patiently(work: () => void): void {
  for (let tries = 0; ; tries++) {
    try {
      return work();
    } catch (error) {
      if (tries * BUSY_MS >= 2000 || !isBusy(error)) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_MS);
    }
  }
}

/** Whether somebody else has the file's lock. */
export function isBusy(error: unknown): boolean {
  return /^SQLITE_(BUSY|LOCKED)/.test(errnoOf(error) ?? '');
}

/** In one transaction: all that are missing, or none. */
function migrate(database: Sqlite): void {
  const migrations = migrationsFor('embedded');
  const latest = migrations.at(-1)?.version ?? 0;
  if (versionOf(database) === latest) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    const version = versionOf(database);
    if (version > latest) throw newer(version, latest);
    for (const migration of migrations.filter((one) => one.version > version))
      for (const statement of migration.statements) database.exec(statement);
    database.exec(`PRAGMA user_version = ${latest}`);
    database.exec('COMMIT');
  } catch (error) {
    rollBack(database);
    throw error;
  }
}

export function rollBack(database: Sqlite): void {
  try {
    if (database.inTransaction) database.exec('ROLLBACK');
  } catch {
    // what SQLite rolled back itself needs no more
  }
}

function versionOf(database: Sqlite): number {
  const [row] = database.pragma('user_version') as { user_version: number }[];
  return row?.user_version ?? 0;
}

/** Which schema a file has; 0: none yet, or no file. @throws what SQLite throws */
export function schemaOf(file: string): number {
  if (!existsSync(file)) return 0;
  const database = new Database(file);
  try {
    database.pragma(`busy_timeout = ${BUSY_MS}`);
    return versionOf(database);
  } finally {
    database.close();
  }
}

function newer(version: number, latest: number): HoldcastError {
  return new HoldcastError(
    'HC_STORE_REFUSED',
    `the store's file was made by a newer Holdcast: schema ${version}, this one knows ${latest}`,
    'run the newer Holdcast, or name another file in store.file',
  );
}

/**
 * One process at a time, by a lock of SQLite's own, which ends with its process: the others find the new file.
 * What was written beside the file (its -wal) goes with it: both are needed to recover what is in them.
 */
function setAside(file: string): OpenFile {
  const guard = new Database(`${file}-lock`);
  try {
    patiently(() => guard.exec('BEGIN EXCLUSIVE'));
    try {
      return begin(file);
    } catch (error) {
      if (!isDamaged(error)) throw error;
    }
    const aside = freeName(
      `${file}.damaged-${new Date(systemClock().wall()).toISOString().replace(/[:.]/g, '-')}`,
    );
    for (const part of ['-wal', '-shm', '']) {
      if (existsSync(file + part)) renameSync(file + part, aside + part);
    }
    return { ...begin(file), aside };
  } finally {
    guard.close();
  }
}

function freeName(name: string): string {
  for (let more = 0; ; more++) {
    const free = more === 0 ? name : `${name}-${more}`;
    if (!existsSync(free)) return free;
  }
}

/** An error as it goes from thread to thread. */
export function plainError(error: unknown): { code: string; message: string } {
  return { code: errnoOf(error) ?? 'SQLITE_ERROR', message: messageOf(error) };
}
