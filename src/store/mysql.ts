// mysql2 behind one adapter: one connection of it, made so that nothing in it can hang.
// The driver is imported with the first query, since that takes 60 ms; the pool is ours (pool.ts).
import { Socket } from 'node:net';
import type { Connection as Driver, QueryError, ResultSetHeader, RowDataPacket } from 'mysql2';
import { greetingError, serverErrno } from './mysqlErrors';
import { trustOf } from './mysqlTrust';
import type { DatabaseSettings } from './settings';

export type Value = string | number | bigint | boolean | null;
export type Row = Readonly<Record<string, unknown>>;

/** What a statement brought: rows of a question, rows that others changed. */
export interface Result {
  readonly rows: readonly Row[];
  readonly changed: number;
}

/** Statements that a connection keeps prepared; the server has a limit for all its clients. */
const PREPARED = 40;

export class MysqlConnection {
  /** It may be used; rejects with the driver's error, and is dead then. */
  readonly ready: Promise<void>;
  readonly #socket = new Socket();
  #driver: Driver | undefined;
  /** Rejects when the connection ends: the driver does not tell its callers in every case. */
  readonly #ended: Promise<never>;
  #end: (error: Error) => void = () => {};

  constructor(private readonly settings: DatabaseSettings) {
    this.#ended = new Promise((_, reject) => (this.#end = reject));
    this.#ended.catch(() => {});
    this.#socket.on('close', () => this.#end(lost()));
    this.ready = this.#begin();
    this.ready.catch(() => this.destroy());
  }

  /** It has ended, however. */
  get dead(): boolean {
    return this.#socket.destroyed;
  }

  send(sql: string, values: readonly Value[]): Promise<Result> {
    return this.#answered((driver, done) => {
      const answered = (error: QueryError | null, answer: RowDataPacket[] | ResultSetHeader): void =>
        done(error, error ? undefined : resultOf(answer));
      // Without parameters as text: not every statement can be prepared.
      if (values.length === 0) driver.query(sql, answered);
      else driver.execute(sql, [...values], answered);
    });
  }

  /** Says farewell to the server; for one that nothing hangs on. */
  retire(): void {
    if (!this.dead) this.#driver?.end();
    this.#socket.destroySoon();
  }

  /** At once: what was sent is lost. */
  destroy(): void {
    this.#socket.destroy();
  }

  async #begin(): Promise<void> {
    const { authPlugins, createConnection } = await import('mysql2');
    const { user, password, database, socket, host, port, queryMs } = this.settings;
    const trust = await trustOf(this.settings, authPlugins);
    if (this.dead) throw lost();
    // Node compares a certificate with the name that a socket was connected to, and notes none for an address.
    if (trust.host !== undefined) Object.assign(this.#socket, { _host: trust.host });
    // The driver's own time limits are off: they are real time, and leave the connection in use.
    this.#driver = createConnection({
      ...{ user, database, ...(password !== undefined && { password }) },
      stream: () => (socket === undefined ? this.#socket.connect(port, host) : this.#socket.connect(socket)),
      ...{ connectTimeout: 0, charset: 'UTF8MB4_GENERAL_CI', maxPreparedStatements: PREPARED },
      ...{ supportBigNumbers: true, bigNumberStrings: true, dateStrings: true, jsonStrings: true },
      ...trust,
      // No code is made of column names, and no file is sent that a server asks for.
      ...{ disableEval: true, trace: false, flags: ['-LOCAL_FILES'] },
    });
    this.#socket.setNoDelay(true).setKeepAlive(true, 30_000);
    // One without a listener would end the process; and after a protocol error no caller would ever hear of it.
    this.#driver.on('error', (error: Error) => {
      this.#end(error);
      this.#socket.destroy();
    });
    await this.#answered<void>((driver, done) => driver.connect((error) => done(error))).catch(
      (error: unknown) => {
        throw this.#socket.bytesWritten === 0 ? greetingError(error) : error;
      },
    );
    await this.send(sessionSql(queryMs), []).catch((error: unknown) => {
      // An old server or a proxy that does not know one of these works without them.
      if (serverErrno(error) === undefined) throw error;
    });
  }

  #answered<T>(
    ask: (driver: Driver, done: (error: Error | null | undefined, answer?: T) => void) => void,
  ): Promise<T> {
    const answer = new Promise<T>((resolve, reject) =>
      ask(this.#driver!, (error, value) => (error ? reject(error) : resolve(value as T))),
    );
    answer.catch((error: unknown) => {
      if ((error as QueryError).fatal) this.#socket.destroy();
    });
    return Promise.race([answer, this.#ended]);
  }
}

function lost(): Error {
  return Object.assign(new Error('the connection ended'), { code: 'PROTOCOL_CONNECTION_LOST' });
}

/**
 * Nothing is stored that was changed to fit, and the server gives up what nobody waits for any more.
 * MariaDB and MySQL each read their own comment.
 */
function sessionSql(queryMs: number): string {
  const seconds = Math.max(1, Math.ceil(queryMs / 1000));
  return (
    "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')" +
    `, innodb_lock_wait_timeout = ${seconds}` +
    ` /*M!100101 , max_statement_time = ${seconds} */ /*!50708 , max_execution_time = ${seconds * 1000} */`
  );
}

function resultOf(answer: RowDataPacket[] | ResultSetHeader): Result {
  return Array.isArray(answer) ? { rows: answer, changed: 0 } : { rows: [], changed: answer.affectedRows };
}
