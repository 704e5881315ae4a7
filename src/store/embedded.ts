// The embedded store: one file, for a house without a database server. SQLite (libsql) in a thread of its own.
// Many processes may have the file open at once; each write waits its turn.
import { randomBytes } from 'node:crypto';
import type { Clock } from '../util/clock';
import { EmbeddedThread, type ThreadOptions } from './embeddedThread';
import { isKept, latestBelieved, rowsOf, type Cells, type Rows, type Statement } from './rows';
import { SqlPins, type PinTables } from './sqlPins';
import type { Phone, Store, StoreEntry } from './store';

/** Rows as one value: binding each by itself takes longer than storing it. */
const WRITE = {
  choices:
    'INSERT INTO holdcast_choice (src, track, music_class, at_ms) ' +
    'SELECT value->>0, value->>1, value->>2, value->>3 FROM json_each(?) WHERE true ' +
    'ON CONFLICT (src) DO UPDATE SET track = excluded.track, music_class = excluded.music_class, ' +
    'at_ms = excluded.at_ms WHERE excluded.at_ms >= holdcast_choice.at_ms OR holdcast_choice.at_ms > ?',
  heard:
    'INSERT INTO holdcast_heard (uniqueid, at_ms, kind, item, src, queue) ' +
    'SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5 FROM json_each(?) WHERE true ' +
    'ON CONFLICT DO NOTHING',
  keys:
    'INSERT INTO holdcast_key (uniqueid, at_ms, digit, action, src, queue) ' +
    'SELECT value->>0, value->>1, value->>2, value->>3, value->>4, value->>5 FROM json_each(?) WHERE true ' +
    'ON CONFLICT DO NOTHING',
};

/** Rows that are removed at once: other processes wait for the lock meanwhile. */
const PURGED = 2000;
const PURGE = [
  `DELETE FROM holdcast_heard WHERE (uniqueid, at_ms, kind, item) IN
    (SELECT uniqueid, at_ms, kind, item FROM holdcast_heard WHERE at_ms < ? LIMIT ${PURGED})`,
  `DELETE FROM holdcast_key WHERE (uniqueid, at_ms, digit, action) IN
    (SELECT uniqueid, at_ms, digit, action FROM holdcast_key WHERE at_ms < ? LIMIT ${PURGED})`,
  `DELETE FROM holdcast_choice WHERE src IN (SELECT src FROM holdcast_choice WHERE at_ms < ? LIMIT ${PURGED})`,
];

export class EmbeddedStore implements Store {
  readonly pins: SqlPins;
  protected readonly thread: EmbeddedThread;

  /** @param file absolute; made with its folder when something is asked first */
  constructor(
    protected readonly file: string,
    private readonly options: ThreadOptions,
  ) {
    this.thread = new EmbeddedThread(file, options);
    this.pins = new SqlPins(pinTables(this.thread, options.clock));
  }

  async choice(phone: Phone): Promise<string | undefined> {
    if (!isKept(phone)) return undefined;
    const sql = 'SELECT track FROM holdcast_choice WHERE src = ?';
    const [row] = await this.thread.read({ sql, values: [phone] });
    return typeof row?.['track'] === 'string' ? row['track'] : undefined;
  }

  async write(entries: readonly StoreEntry[]): Promise<void> {
    await this.writeRows(rowsOf(entries));
  }

  async purge(wallMs: number): Promise<number> {
    let removed = await this.pins.purge();
    for (const sql of PURGE) {
      for (let some = PURGED; some === PURGED; removed += some)
        [some = 0] = await this.thread.write([{ sql, values: [wallMs] }]);
    }
    return removed;
  }

  close(): Promise<void> {
    return this.thread.close();
  }

  /** As `write`, for rows that are checked already. */
  protected async writeRows(rows: Rows): Promise<void> {
    const statements = statementsFor(rows, this.options.clock.wall());
    if (statements.length > 0) await this.thread.write(statements);
  }
}

/** All of them in one transaction. @param nowMs wall time */
function statementsFor({ choices, heard, keys }: Rows, nowMs: number): Statement[] {
  const choiceRows = choices.map(({ src, track, musicClass, atMs }): Cells => [
    ...[src, track ?? null, musicClass ?? null, atMs],
  ]);
  return [
    { sql: WRITE.choices, rows: choiceRows, more: [latestBelieved(nowMs)] },
    { sql: WRITE.heard, rows: heard },
    { sql: WRITE.keys, rows: keys },
  ].flatMap(({ sql, rows, more = [] }) =>
    rows.length === 0 ? [] : [{ sql, values: [JSON.stringify(rows), ...more] }],
  );
}

const SECRET = "SELECT secret FROM holdcast_secret WHERE name = 'pin'";
const NEW_SECRET = "INSERT INTO holdcast_secret (name, secret) VALUES ('pin', ?) ON CONFLICT DO NOTHING";

/** SQLite has one writer at a time: nothing comes between the statements of one write. */
function pinTables(thread: EmbeddedThread, clock: Clock): PinTables {
  /** Read each time: a file that was put aside has taken its secret with it. */
  const secretOf = async (): Promise<string> => {
    const [row] = await thread.read({ sql: SECRET, values: [] });
    if (typeof row?.['secret'] === 'string') return row['secret'];
    await thread.write([{ sql: NEW_SECRET, values: [randomBytes(32).toString('base64url')] }]);
    return secretOf();
  };
  return {
    onConflict:
      'ON CONFLICT (who) DO UPDATE SET at_ms = excluded.at_ms, tries = tries + 1, ' +
      "told = CASE WHEN holdcast_pin.told = excluded.told THEN excluded.told ELSE '' END",
    step: async (body) =>
      body({
        secret: await secretOf(),
        now: Math.trunc(clock.wall()),
        run: (statements) => thread.write(statements),
        query: (statement) => thread.read(statement),
      }),
  };
}
