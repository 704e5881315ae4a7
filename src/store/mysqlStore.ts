// MySQL and MariaDB: the old system's table of choices as it is, and beside it what that has no place for.
// A number of a music class stands there for a track; holdcast_track says which.
import { randomBytes } from 'node:crypto';
import type { Clock } from '../util/clock';
import { usedClass, type UsedClass } from './adminPort';
import { unlessDeadlocked } from './mysqlErrors';
import type { Pool, Queryable, Value } from './pool';
import { isKept, LARGEST_CLASS, latestBelieved, rowsOf, type ChoiceRow, type Rows } from './rows';
import { SqlPins, type PinTables } from './sqlPins';
import { away, refused, type Phone, type Store, type StoreEntry } from './store';

/** Rows of one statement: few lengths, since each is a statement that the server keeps prepared. */
const PIECES = [64, 8, 1] as const;
/** Rows that are removed at once: others wait for their locks meanwhile. */
const PURGED = 1000;

/** A choice with its number. */
interface Numbered {
  readonly src: string;
  readonly musicClass: number;
  readonly atMs: number;
}

export class MysqlStore implements Store {
  readonly pins: SqlPins;

  /** @param pool closed with the store */
  constructor(
    protected readonly pool: Pool,
    protected readonly clock: Clock,
  ) {
    this.pins = new SqlPins(mysqlPins(pool));
  }

  async choice(phone: Phone): Promise<string | undefined> {
    if (!isKept(phone)) return undefined;
    const rows = await this.pool.query(
      'SELECT q.src, t.track FROM queue_music q JOIN holdcast_track t ON t.music_class = q.music_class WHERE q.src = ?',
      [phone],
    );
    // The old table may compare letters without their case; we do not.
    const own = rows.find(({ src }) => src === phone);
    return own && String(own['track']);
  }

  async write(entries: readonly StoreEntry[]): Promise<void> {
    await this.writeRows(rowsOf(entries));
  }

  /** The same for rows that are checked already. */
  protected async writeRows(rows: Rows): Promise<void> {
    const latest = latestBelieved(this.clock.wall());
    const choices = await this.#numbered(newest(rows.choices, latest));
    await this.pool.transaction(async (on) => {
      await writeChoices(on, choices, latest);
      await insertOnce(on, 'holdcast_heard (uniqueid, at_ms, kind, item, src, queue)', rows.heard);
      await insertOnce(on, 'holdcast_key (uniqueid, at_ms, digit, action, src, queue)', rows.keys);
    });
  }

  async purge(wallMs: number): Promise<number> {
    await rememberOld(this.pool, this.clock.wall());
    let removed = await this.pins.purge();
    for (const table of ['holdcast_heard', 'holdcast_key']) {
      const sql = `DELETE FROM ${table} WHERE at_ms < ? LIMIT ${PURGED}`;
      for (let some = PURGED; some === PURGED; removed += some) some = await this.pool.run(sql, [wallMs]);
    }
    for (let some = PURGED; some === PURGED;) {
      const { found, gone } = await this.#purgeChoices(wallMs);
      some = found;
      removed += gone;
    }
    return removed;
  }

  close(): Promise<void> {
    return this.pool.close();
  }

  #purgeChoices(wallMs: number): Promise<{ found: number; gone: number }> {
    return this.pool.transaction(async (on) => {
      const old = await on.query(
        `SELECT src FROM holdcast_choice WHERE at_ms < ? ORDER BY src LIMIT ${PURGED} FOR UPDATE`,
        [wallMs],
      );
      let gone = 0;
      for (const piece of inPieces(old.map(({ src }) => String(src)))) {
        gone += await on.run(`DELETE FROM queue_music WHERE src IN (${marks(piece.length)})`, piece);
        await on.run(`DELETE FROM holdcast_choice WHERE src IN (${marks(piece.length)})`, piece);
      }
      return { found: old.length, gone };
    });
  }

  /** A new track gets a number before the transaction: a number that is not used does no harm. */
  async #numbered(choices: readonly ChoiceRow[]): Promise<Numbered[]> {
    const tracks = new Set(choices.flatMap(({ track }) => (track === undefined ? [] : [track])));
    const numbers = await unlessDeadlocked(() => numbersOf(this.pool, [...tracks]));
    return choices.map(({ src, atMs, track, musicClass }) => ({
      ...{ src, atMs },
      musicClass: musicClass ?? numbers.get(track!)!,
    }));
  }
}

/** The newest of each caller, in the order of their numbers: all lock their rows in the same order. */
function newest(choices: readonly ChoiceRow[], latest: number): ChoiceRow[] {
  const rank = ({ atMs }: ChoiceRow): number => (atMs > latest ? -1 : atMs);
  const last = new Map<string, ChoiceRow>();
  for (const choice of choices) {
    const other = last.get(choice.src);
    if (!other || rank(choice) >= rank(other)) last.set(choice.src, choice);
  }
  return [...last.values()].sort((a, b) => (a.src < b.src ? -1 : 1));
}

async function writeChoices(on: Queryable, choices: readonly Numbered[], latestMs: number): Promise<void> {
  for (const piece of inPieces(choices)) {
    // Locks these callers' rows: another writer of them waits here, and compares with the result.
    await on.run(
      `INSERT INTO holdcast_choice (src, at_ms) VALUES ${marks(piece.length, 2)} ` +
        'ON DUPLICATE KEY UPDATE at_ms = IF(at_ms > ?, VALUES(at_ms), GREATEST(at_ms, VALUES(at_ms)))',
      [...piece.flatMap(({ src, atMs }) => [src, atMs]), latestMs],
    );
    const times = await on.query(
      `SELECT src, at_ms FROM holdcast_choice WHERE src IN (${marks(piece.length)})`,
      piece.map(({ src }) => src),
    );
    const latest = new Map(times.map(({ src, at_ms }) => [String(src), Number(at_ms)]));
    await setClasses(
      on,
      piece.filter(({ src, atMs }) => latest.get(src) === atMs),
    );
  }
}

/** Inserts only who is not there: an insert that finds its row there uses up one of the table's ids. */
async function setClasses(on: Queryable, choices: readonly Numbered[]): Promise<void> {
  for (const piece of inPieces(choices)) {
    const rows = await on.query(
      `SELECT src, music_class FROM queue_music WHERE src IN (${marks(piece.length)})`,
      piece.map(({ src }) => src),
    );
    const classes = new Map(rows.map(({ src, music_class }) => [String(src), Number(music_class)]));
    for (const { src, musicClass } of piece)
      if (classes.has(src) && classes.get(src) !== musicClass)
        await on.run('UPDATE queue_music SET music_class = ? WHERE src = ?', [musicClass, src]);
    for (const some of inPieces(piece.filter(({ src }) => !classes.has(src))))
      await on.run(
        `INSERT INTO queue_music (src, music_class) VALUES ${marks(some.length, 2)} ` +
          'ON DUPLICATE KEY UPDATE src = VALUES(src), music_class = VALUES(music_class)',
        some.flatMap(({ src, musicClass }) => [src, musicClass]),
      );
  }
}

/** @param table and its columns */
async function insertOnce(on: Queryable, table: string, rows: readonly (readonly Value[])[]): Promise<void> {
  for (const piece of inPieces(rows))
    await on.run(
      `INSERT INTO ${table} VALUES ${marks(piece.length, piece[0]!.length)} ` +
        'ON DUPLICATE KEY UPDATE at_ms = at_ms',
      piece.flat(),
    );
}

/** Callers of the old system, and those that it wrote since: their time begins when they are first seen. */
export async function rememberOld(on: Queryable, nowMs: number): Promise<void> {
  await on.run(
    'INSERT IGNORE INTO holdcast_choice (src, at_ms) SELECT q.src, ? FROM queue_music q ' +
      'LEFT JOIN holdcast_choice c ON c.src = q.src WHERE c.src IS NULL AND q.src IS NOT NULL',
    [nowMs],
  );
}

/** The numbers of these tracks; those that have none get the next free one, also when many ask at once. */
async function numbersOf(on: Queryable, tracks: readonly string[]): Promise<Map<string, number>> {
  const numbers = new Map<string, number>();
  const look = async (some: readonly string[]): Promise<void> => {
    for (const piece of inPieces(some)) {
      const rows = await on.query(
        `SELECT track, music_class FROM holdcast_track WHERE track IN (${marks(piece.length)})`,
        piece,
      );
      for (const { track, music_class } of rows) numbers.set(String(track), Number(music_class));
    }
  };
  await look(tracks);
  for (const track of tracks) {
    for (let tries = 0; !numbers.has(track); tries++) {
      if (tries === 50) throw away('no number was free for a new track: many processes want one');
      await on.run('INSERT IGNORE INTO holdcast_track (music_class, track) VALUES (?, ?)', [
        await free(on),
        track,
      ]);
      await look([track]);
    }
  }
  return numbers;
}

/** A number that no track has, and no caller whose track is not known. */
async function free(on: Queryable): Promise<number> {
  const [row] = await on.query(
    'SELECT GREATEST(COALESCE((SELECT MAX(music_class) FROM holdcast_track), 0), ' +
      'COALESCE((SELECT MAX(music_class) FROM queue_music), 0), 0) + 1 AS next',
  );
  const next = Number(row?.['next']);
  if (next <= LARGEST_CLASS) return next;
  const used = new Set((await usedClasses(on)).map(({ musicClass }) => musicClass));
  for (const { music_class } of await on.query('SELECT music_class FROM holdcast_track'))
    used.add(Number(music_class));
  for (let number = 1; number <= LARGEST_CLASS; number++) if (!used.has(number)) return number;
  throw refused(`all ${LARGEST_CLASS} numbers of queue_music.music_class mean a track already`);
}

/** Numbers that callers have, and how many callers. */
export async function usedClasses(on: Queryable): Promise<UsedClass[]> {
  const rows = await on.query(
    'SELECT music_class, COUNT(*) AS callers FROM queue_music WHERE music_class IS NOT NULL ' +
      'GROUP BY music_class ORDER BY music_class',
  );
  return rows.map(usedClass);
}

/** "(?, ?), (?, ?)"; "?, ?" where a row has no width. */
function marks(rows: number, width?: number): string {
  const row = width === undefined ? '?' : `(${Array(width).fill('?').join(', ')})`;
  return Array(rows).fill(row).join(', ');
}

function* inPieces<T>(rows: readonly T[]): Generator<T[]> {
  for (let from = 0; from < rows.length;) {
    const length = PIECES.find((size) => size <= rows.length - from) ?? 1;
    yield rows.slice(from, from + length);
    from += length;
  }
}

/** UTC: local time has an hour twice a year. */
const GUARD =
  "SELECT secret, TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000 AS now_ms " +
  "FROM holdcast_secret WHERE name = 'pin' FOR UPDATE";

/**
 * Shared by all machines: the row of the secret is locked for each step, so that tries are counted one after the other. Times are
 * the server's, since the machines' clocks may differ.
 */
function mysqlPins(pool: Pool): PinTables {
  return {
    onConflict:
      "ON DUPLICATE KEY UPDATE tries = holdcast_pin.tries + 1, told = IF(holdcast_pin.told = VALUES(told), holdcast_pin.told, ''), " +
      'at_ms = VALUES(at_ms)',
    step: (body) =>
      pool.transaction(async (on) =>
        body({
          ...((await guard(on)) ?? (await newGuard(on))),
          run: async (statements) => {
            const changed: number[] = [];
            for (const { sql, values } of statements) changed.push(await on.run(sql, values));
            return changed;
          },
          query: ({ sql, values }) => on.query(sql, values),
        }),
      ),
  };
}

async function guard(on: Queryable): Promise<{ secret: string; now: number } | undefined> {
  const [row] = await on.query(GUARD);
  return row && { secret: String(row['secret']), now: Number(row['now_ms']) };
}

async function newGuard(on: Queryable): Promise<{ secret: string; now: number }> {
  const secret = randomBytes(32).toString('base64url');
  await on.run("INSERT IGNORE INTO holdcast_secret (name, secret) VALUES ('pin', ?)", [secret]);
  const made = await guard(on);
  if (!made) throw away('the secret of PINs cannot be kept');
  return made;
}
