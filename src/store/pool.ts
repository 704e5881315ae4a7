// Pool: a few connections to a database, each thing asked within a time limit; what hangs is cut with its connection.
// Own, since the driver's pool keeps a connection whose query ran out of time, and its end() waits for one that hangs.
import { setMaxListeners } from 'node:events';
import type { Cancel, Clock } from '../util/clock';
import type { Logger } from '../util/log';
import type { Closeable } from '../util/scope';
import { databaseError, SERVER } from './mysqlErrors';
import { numbered, type Params, type Value } from './namedSql';
import { away } from './storeErrors';

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

export interface Pool extends Queryable, Closeable {
  /** On one connection, committed when `body` resolves; otherwise nothing of it is kept. Throws what `body` throws. */
  transaction<T>(body: (queryable: Queryable) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** The same without a transaction: for locks that belong to a connection. */
  session<T>(body: (queryable: Queryable) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** At once: what waits or hangs ends with HC_STORE_AWAY. */
  close(): Promise<void>;
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

interface Waiting {
  give(connection: Connection): void;
  fail(error: Error): void;
}

export class ConnectionPool implements Pool {
  readonly #open = new Set<Connection>();
  #idle: { connection: Connection; since: number }[] = [];
  readonly #waiting = new Set<Waiting>();
  /** Ends what is under way when the pool closes. */
  readonly #closing = new AbortController();

  constructor(private readonly parts: PoolParts) {
    setMaxListeners(0, this.#closing.signal);
  }

  async query(sql: string, params: Params = [], signal?: AbortSignal): Promise<readonly Row[]> {
    return (await this.#once(sql, params, signal)).rows;
  }

  async run(sql: string, params: Params = [], signal?: AbortSignal): Promise<number> {
    return (await this.#once(sql, params, signal)).changed;
  }

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

  session<T>(body: (queryable: Queryable) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#leased(signal, (connection) => body(this.#on(connection, signal)));
  }

  close(): Promise<void> {
    this.#closing.abort();
    for (const { connection } of this.#idle) {
      connection.retire();
      this.#open.delete(connection);
    }
    this.#idle = [];
    for (const waiting of this.#waiting) waiting.fail(away('the pool of connections is closed'));
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
    if (this.#closing.signal.aborted) throw away('the pool of connections is closed');
    if (signal?.aborted) throw away('the query was given up');
    const idle = this.#takeIdle();
    if (idle) return idle;
    if (this.#open.size >= this.parts.connections) return this.#wait(signal);
    return this.#connect(signal);
  }

  async #connect(signal: AbortSignal | undefined): Promise<Connection> {
    const connection = this.parts.connect();
    this.#open.add(connection);
    try {
      await this.#limited(connection, () => connection.ready(), this.parts.connectMs, signal);
    } catch (error) {
      connection.destroy();
      this.#release(connection);
      throw error;
    }
    return connection;
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

  /** Gives the connection, or a place for a new one, to the next in line; otherwise it rests. */
  #release(connection: Connection): void {
    const [next] = this.#waiting;
    if (connection.dead || this.#closing.signal.aborted) {
      this.#open.delete(connection);
      if (next) this.#renew(next);
      return;
    }
    if (next) next.give(connection);
    else this.#idle.push({ connection, since: this.parts.clock.now() });
  }

  #renew(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    this.#connect(undefined).then(
      (connection) => waiting.give(connection),
      (error: Error) => waiting.fail(error),
    );
  }

  #wait(signal: AbortSignal | undefined): Promise<Connection> {
    if (this.#waiting.size >= MOST_WAITING)
      return Promise.reject(away('too many queries wait for the database', SERVER));
    return new Promise((resolve, reject) => {
      let over = false;
      const settle = (): boolean => {
        this.#waiting.delete(waiting);
        cancel();
        signal?.removeEventListener('abort', giveUp);
        const first = !over;
        over = true;
        return first;
      };
      const waiting: Waiting = {
        give: (connection) => (settle() ? resolve(connection) : this.#release(connection)),
        fail: (error) => settle() && reject(error),
      };
      const giveUp = (): void => waiting.fail(away('the query was given up'));
      const cancel = this.parts.clock.after(this.parts.queryMs, () =>
        waiting.fail(away(`no connection to the database was free for ${this.parts.queryMs} ms`, SERVER)),
      );
      signal?.addEventListener('abort', giveUp, { once: true });
      this.#waiting.add(waiting);
    });
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
  async #limited<T>(
    connection: Connection,
    work: () => Promise<T>,
    ms: number,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const ends: Cancel[] = [];
    const cut = new Promise<never>((_, reject) => {
      const stop = (message: string) => (): void => {
        connection.destroy();
        this.parts.log.debug({ reason: message }, 'a connection to the database was cut');
        reject(away(message, SERVER));
      };
      ends.push(this.parts.clock.after(ms, stop(`the database did not answer within ${ms} ms`)));
      for (const [source, message] of [
        [signal, 'the query was given up'],
        [this.#closing.signal, 'the pool of connections is closed'],
      ] as const) {
        if (!source) continue;
        const listener = stop(message);
        source.addEventListener('abort', listener, { once: true });
        ends.push(() => source.removeEventListener('abort', listener));
        if (source.aborted) listener();
      }
    });
    cut.catch(() => {});
    try {
      return await Promise.race([work(), cut]);
    } catch (error) {
      throw databaseError(error);
    } finally {
      for (const end of ends) end();
    }
  }
}
