// Pool: a few connections to a database, each thing asked within a time limit; what hangs is cut with its connection.
// Own, since the driver's pool keeps a connection whose query ran out of time, and its end() waits for one that hangs.
import { setMaxListeners } from 'node:events';
import type { Clock } from '../util/clock';
import type { Logger } from '../util/log';
import { PendingRequests } from '../util/pendingRequests';
import type { Closeable } from '../util/scope';
import { databaseError, SERVER } from './mysqlErrors';
import { away, refused } from './store';

export type Value = string | number | bigint | boolean | null;
/** In the order of `?`, or by name for `:name`. */
export type Params = readonly Value[] | Readonly<Record<string, Value>>;

export type Row = Readonly<Record<string, unknown>>;

/** What a statement brought: rows of a question, rows that others changed. */
export interface Result {
  readonly rows: readonly Row[];
  readonly changed: number;
}

export interface Queryable {
  /**
   * DECIMAL, BIGINT and dates come as strings, INT as numbers, binary columns as Buffers.
   * @param params in the order of `?`, or by name for `:name`
   * @param signal cuts the query with its connection
   * @throws HoldcastError HC_STORE_AWAY (not reached, too slow, busy), HC_STORE_REFUSED (syntax, rights, data)
   */
  query(sql: string, params?: Params, signal?: AbortSignal): Promise<readonly Row[]>;
  /** The same for what changes rows. @returns how many were found or changed, as the server counts them */
  run(sql: string, params?: Params, signal?: AbortSignal): Promise<number>;
}

/** One connection of the driver's. */
export interface Connection {
  /** Resolves when it may be used; rejects with the driver's error. */
  ready(): Promise<void>;
  send(sql: string, values: readonly Value[]): Promise<Result>;
  /** It has ended, however. */
  readonly dead: boolean;
  /** Says farewell to the server; for one that nothing hangs on. */
  retire(): void;
  /** At once; what was sent may never settle. */
  destroy(): void;
}

export interface PoolParts {
  readonly connect: () => Connection;
  readonly connections: number;
  readonly connectMs: number;
  readonly queryMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** An idle connection this old is not used again: something on the way may have forgotten it. Milliseconds. */
const IDLE_MS = 60_000;
/** More that wait for a connection are turned away. */
const MOST_WAITING = 1000;
const CLOSED = 'the pool of connections is closed';
const GIVEN_UP = 'the query was given up';

export class Pool implements Queryable, Closeable {
  readonly #open = new Set<Connection>();
  #idle: { connection: Connection; since: number }[] = [];
  /** For a connection, the first in line first. */
  readonly #waiting: PendingRequests<Connection>;
  /** Under way on a connection. */
  readonly #asked: PendingRequests<unknown>;
  /** Ends what is under way when the pool closes. */
  readonly #closing = new AbortController();

  constructor(private readonly parts: PoolParts) {
    this.#waiting = new PendingRequests(parts.clock);
    this.#asked = new PendingRequests(parts.clock);
    setMaxListeners(0, this.#closing.signal);
  }

  async query(sql: string, params: Params = [], signal?: AbortSignal): Promise<readonly Row[]> {
    return (await this.#once(sql, params, signal)).rows;
  }

  async run(sql: string, params: Params = [], signal?: AbortSignal): Promise<number> {
    return (await this.#once(sql, params, signal)).changed;
  }

  /** On one connection, committed when `body` resolves; otherwise nothing of it is kept. Throws what `body` throws. */
  transaction<T>(body: (queryable: Queryable) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#leased(signal, async (connection) => {
      await this.#send(connection, 'START TRANSACTION', [], signal);
      try {
        const result = await body(this.#on(connection, signal));
        await this.#send(connection, 'COMMIT', [], signal);
        return result;
      } catch (error) {
        await this.#rollBack(connection);
        throw error;
      }
    });
  }

  /** The same without a transaction: for locks that belong to a connection. */
  session<T>(body: (queryable: Queryable) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#leased(signal, (connection) => body(this.#on(connection, signal)));
  }

  /** At once: what waits or hangs ends with HC_STORE_AWAY. */
  close(): Promise<void> {
    this.#closing.abort();
    for (const { connection } of this.#idle) {
      connection.retire();
      this.#open.delete(connection);
    }
    this.#idle = [];
    this.#waiting.failAll(away(CLOSED));
    for (const connection of this.#open) connection.destroy();
    this.#open.clear();
    return Promise.resolve();
  }

  /** Connections that stand or are being made. */
  get size(): number {
    return this.#open.size;
  }

  #once(sql: string, params: Params, signal?: AbortSignal): Promise<Result> {
    return this.#leased(signal, (connection) => this.#send(connection, sql, params, signal));
  }

  #on(connection: Connection, outer: AbortSignal | undefined): Queryable {
    const send = (sql: string, params: Params = [], signal = outer): Promise<Result> =>
      this.#send(connection, sql, params, signal);
    return {
      query: async (...all) => (await send(...all)).rows,
      run: async (...all) => (await send(...all)).changed,
    };
  }

  async #leased<T>(
    signal: AbortSignal | undefined,
    body: (connection: Connection) => Promise<T>,
  ): Promise<T> {
    const connection = await this.#lease(signal);
    try {
      return await body(connection);
    } finally {
      this.#release(connection);
    }
  }

  async #lease(signal: AbortSignal | undefined): Promise<Connection> {
    const { connections, queryMs } = this.parts;
    if (this.#closing.signal.aborted) throw away(CLOSED);
    if (signal?.aborted) throw away(GIVEN_UP);
    const idle = this.#takeIdle();
    if (idle) return idle;
    if (this.#open.size < connections)
      return this.#connect(signal).catch((error: unknown) => {
        this.#fill();
        throw error;
      });
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

  async #connect(signal?: AbortSignal): Promise<Connection> {
    const connection = this.parts.connect();
    this.#open.add(connection);
    try {
      await this.#limited(connection, () => connection.ready(), this.parts.connectMs, signal);
      return connection;
    } catch (error) {
      connection.destroy();
      this.#open.delete(connection);
      throw error;
    }
  }

  #takeIdle(): Connection | undefined {
    for (let last = this.#idle.pop(); last; last = this.#idle.pop()) {
      const { connection, since } = last;
      if (!connection.dead && this.parts.clock.now() - since < IDLE_MS) return connection;
      connection.retire();
      this.#open.delete(connection);
    }
    return undefined;
  }

  /** Goes to the first in line; otherwise it rests. */
  #release(connection: Connection): void {
    if (connection.dead || this.#closing.signal.aborted) {
      this.#open.delete(connection);
      return this.#fill();
    }
    const next = this.#waiting.oldest;
    if (next === undefined) this.#idle.push({ connection, since: this.parts.clock.now() });
    else this.#waiting.answer(next, connection);
  }

  /** A place is free: the first in line gets a new connection, or hears why there is none. */
  #fill(): void {
    const next = this.#waiting.oldest;
    if (next === undefined) return;
    this.#connect().then(
      (connection) => this.#release(connection),
      (error: Error) => {
        this.#waiting.fail(next, error);
        this.#fill();
      },
    );
  }

  #send(connection: Connection, sql: string, params: Params, signal?: AbortSignal): Promise<Result> {
    const { sql: text, values } = numbered(sql, params);
    return this.#limited(connection, () => connection.send(text, values), this.parts.queryMs, signal);
  }

  async #rollBack(connection: Connection): Promise<void> {
    if (connection.dead) return;
    await this.#send(connection, 'ROLLBACK', []).catch(() => connection.destroy());
  }

  /** What takes too long, or is given up, is cut with its connection: its answer could come to the next query. */
  #limited<T>(
    connection: Connection,
    work: () => Promise<T>,
    limitMs: number,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const closing = this.#closing.signal;
    return this.#asked.begin({
      send: (id) =>
        void work().then(
          (answer) => this.#asked.answer(id, answer),
          (error: unknown) => this.#asked.fail(id, databaseError(error)),
        ),
      context: undefined,
      limitMs,
      signals: signal ? [closing, signal] : [closing],
      givenUp: (why) => {
        connection.destroy();
        const aborted = closing.aborted ? CLOSED : GIVEN_UP;
        const reason = why === 'late' ? `the database did not answer within ${limitMs} ms` : aborted;
        this.parts.log.debug({ reason }, 'a connection to the database was cut');
        return away(reason, SERVER);
      },
    }) as Promise<T>;
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
