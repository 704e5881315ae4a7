// Pool: a few connections to a database, each thing asked within a time limit; what hangs is cut with its connection.
// Own, since the driver's pool keeps a connection whose query ran out of time, and its end() waits for one that hangs.
import type { Clock } from '../util/clock';
import { inTime, LATE } from '../util/inTime';
import type { Logger } from '../util/log';
import { PendingRequests } from '../util/pendingRequests';
import type { Closeable } from '../util/scope';
import { MysqlConnection, type Result, type Row, type Value } from './mysql';
import { databaseError, SERVER, unlessDeadlocked } from './mysqlErrors';
import type { DatabaseSettings } from './settings';
import { away, refused } from './store';

export type { Row, Value } from './mysql';

/** In the order of `?`, or by name for `:name`. */
export type Params = readonly Value[] | Readonly<Record<string, Value>>;

export interface Queryable {
  /**
   * DECIMAL, BIGINT and dates come as strings, INT as numbers, binary columns as Buffers.
   * @throws HoldcastError HC_STORE_AWAY (not reached, too slow, busy), HC_STORE_REFUSED (syntax, rights, data)
   */
  query(sql: string, params?: Params): Promise<readonly Row[]>;
  /** The same for what changes rows. @returns how many were found or changed, as the server counts them */
  run(sql: string, params?: Params): Promise<number>;
}

/** An idle connection this old is not used again: something on the way may have forgotten it. Milliseconds. */
const IDLE_MS = 60_000;
/** More that wait for a connection are turned away. */
const MOST_WAITING = 1000;
const CLOSED = 'the pool of connections is closed';
const GIVEN_UP = 'the query was given up';

export class Pool implements Queryable, Closeable {
  readonly #used = new Set<MysqlConnection>();
  #idle: { connection: MysqlConnection; since: number }[] = [];
  /** For a connection, the first in line first. */
  readonly #waiting: PendingRequests<MysqlConnection>;
  #closed = false;

  /** No connection is made before the first query. Its owner closes it. */
  constructor(
    private readonly settings: DatabaseSettings,
    private readonly parts: { readonly log: Logger; readonly clock: Clock },
  ) {
    this.#waiting = new PendingRequests(parts.clock);
  }

  /** @param signal cuts the query with its connection */
  async query(sql: string, params: Params = [], signal?: AbortSignal): Promise<readonly Row[]> {
    const { rows } = await this.#leased((connection) => this.#send(connection, sql, params, signal), signal);
    return rows;
  }

  run(sql: string, params?: Params): Promise<number> {
    return this.session((on) => on.run(sql, params));
  }

  /**
   * On one connection, committed when `body` resolves; otherwise nothing of it is kept. Throws what `body` throws.
   * @param body begun anew where the server ended it for another transaction's sake
   */
  transaction<T>(body: (on: Queryable) => Promise<T>): Promise<T> {
    const attempt = async (connection: MysqlConnection): Promise<T> => {
      await this.#send(connection, 'START TRANSACTION');
      try {
        const result = await body(this.#on(connection));
        await this.#send(connection, 'COMMIT');
        return result;
      } catch (error) {
        if (!connection.dead) await this.#send(connection, 'ROLLBACK').catch(() => connection.destroy());
        throw error;
      }
    };
    return unlessDeadlocked(() => this.#leased(attempt));
  }

  /** The same without a transaction: for locks that belong to a connection. */
  session<T>(body: (on: Queryable) => Promise<T>): Promise<T> {
    return this.#leased((connection) => body(this.#on(connection)));
  }

  /** At once: what waits or hangs ends with HC_STORE_AWAY. */
  close(): Promise<void> {
    this.#closed = true;
    this.#waiting.failAll(away(CLOSED));
    for (const { connection } of this.#idle.splice(0)) connection.retire();
    for (const connection of this.#used) connection.destroy();
    return Promise.resolve();
  }

  #on(connection: MysqlConnection): Queryable {
    return {
      query: async (...asked) => (await this.#send(connection, ...asked)).rows,
      run: async (...asked) => (await this.#send(connection, ...asked)).changed,
    };
  }

  async #leased<T>(body: (connection: MysqlConnection) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const connection = await this.#lease(signal);
    try {
      await this.#limited(connection, () => connection.ready, this.settings.connectMs, signal);
      return await body(connection);
    } finally {
      this.#release(connection);
    }
  }

  async #lease(signal: AbortSignal | undefined): Promise<MysqlConnection> {
    const { connections, queryMs } = this.settings;
    if (this.#closed) throw away(CLOSED);
    if (this.#used.size < connections) return this.#take();
    if (this.#waiting.size >= MOST_WAITING) throw away('too many queries wait for the database', SERVER);
    return this.#waiting.begin({
      send: () => {},
      context: undefined,
      limitMs: queryMs,
      signals: signal ? [signal] : [],
      givenUp: (why) =>
        why === 'late'
          ? away(`no connection to the database was free for ${queryMs} ms`, SERVER)
          : away(GIVEN_UP),
    });
  }

  /** One that rests, or a new one. */
  #take(): MysqlConnection {
    const fresh = this.parts.clock.now() - IDLE_MS;
    let taken: MysqlConnection | undefined;
    while (!taken && this.#idle.length > 0) {
      const { connection, since } = this.#idle.pop()!;
      if (!connection.dead && since > fresh) taken = connection;
      else connection.retire();
    }
    taken ??= new MysqlConnection(this.settings);
    this.#used.add(taken);
    return taken;
  }

  /** It rests, and the first in line gets its place. */
  #release(connection: MysqlConnection): void {
    this.#used.delete(connection);
    if (this.#closed) return connection.destroy();
    if (!connection.dead) this.#idle.push({ connection, since: this.parts.clock.now() });
    const next = this.#waiting.oldest;
    if (next !== undefined) this.#waiting.answer(next, this.#take());
  }

  #send(
    connection: MysqlConnection,
    sql: string,
    params: Params = [],
    signal?: AbortSignal,
  ): Promise<Result> {
    const { sql: text, values } = numbered(sql, params);
    return this.#limited(connection, () => connection.send(text, values), this.settings.queryMs, signal);
  }

  /** What takes too long, or is given up, is cut with its connection: its answer could come to the next query. */
  async #limited<T>(
    connection: MysqlConnection,
    work: () => Promise<T>,
    limitMs: number,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const { clock, log } = this.parts;
    const answer = await inTime(clock, limitMs, work, signal).catch((error: unknown) => {
      throw this.#closed ? away(CLOSED) : databaseError(error);
    });
    if (answer !== LATE) return answer;
    connection.destroy();
    const reason = signal?.aborted ? GIVEN_UP : `the database did not answer within ${limitMs} ms`;
    log.debug({ reason }, 'a connection to the database was cut');
    throw away(reason, SERVER);
  }
}

/** What is left alone: strings, quoted names, comments, `:=`; else a name, or a question mark. */
const TOKEN =
  /'(?:[^'\\]|\\[^]|'')*'|"(?:[^"\\]|\\[^]|"")*"|`[^`]*`|--(?=\s)[^\n]*|#[^\n]*|\/\*[^]*?\*\/|:=|:([A-Za-z_]\w*)/g;

/**
 * Named parameters become question marks in order. Own code, since the driver's takes an apostrophe in a comment for the
 * beginning of a string.
 * @param params in the order of the question marks, or by the names in the query; a name may come twice
 * @throws HoldcastError HC_STORE_REFUSED: a name that is not given
 */
export function numbered(sql: string, params: Params): { sql: string; values: readonly Value[] } {
  if (Array.isArray(params)) return { sql, values: params as readonly Value[] };
  const named = params as Readonly<Record<string, Value>>;
  const values: Value[] = [];
  const text = sql.replace(TOKEN, (token, name?: string) => {
    if (name === undefined) return token;
    if (!Object.hasOwn(named, name)) throw refused(`the query has :${name}, which it is not given`);
    values.push(named[name]!);
    return '?';
  });
  return { sql: text, values };
}
