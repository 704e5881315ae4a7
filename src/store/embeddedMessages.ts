// What the embedded store's thread is told and answers: SQL with its values, since what is stored, the store knows.
import type { Migration } from './schema';

/** A value of SQLite. */
export type SqlValue = string | number | null;

export interface Statement {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

export type Request =
  | { readonly id: number; readonly type: 'read'; readonly statement: Statement }
  /** In one transaction; answered when it is on disk. */
  | { readonly id: number; readonly type: 'write'; readonly statements: readonly Statement[] }
  | { readonly id: number; readonly type: 'close' };

export type SqlRow = Readonly<Record<string, unknown>>;

export type Answer =
  | { readonly id: number; readonly rows: readonly SqlRow[] }
  /** Rows that each statement changed. */
  | { readonly id: number; readonly changed: readonly number[] }
  | { readonly id: number; readonly error: { readonly code: string; readonly message: string } }
  /** A damaged file was found and put there. */
  | { readonly aside: string };

/** What the thread is started with. */
export interface ThreadData {
  readonly file: string;
  readonly migrations: readonly Migration[];
  /** How long to wait for a locked file, milliseconds. */
  readonly lockedMs: number;
}
