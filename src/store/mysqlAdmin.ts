// The operator's end of MySQL: tables beside the old system's, and what its numbers mean. A number that the old system may write
// has its meaning before Holdcast gives numbers to tracks of its own.
// Every step may be interrupted and done again: MySQL commits each change of a table at once.
import {
  findingsOf,
  meanings,
  ok,
  problem,
  recordsOf,
  unmappedFinding,
  type MigrateOptions,
  type MigrateReport,
  type StoreAdmin,
  type StoreFinding,
} from './adminPort';
import { refused, type StoreParts } from './store';
import { MysqlStore, rememberOld, usedClasses } from './mysqlStore';
import { Pool, type Queryable } from './pool';
import { rowsOfRecords, type StoreRecord } from './rows';
import { migrationsFor } from './schema';
import type { DatabaseSettings } from './settings';

/** An operator has more patience than a caller: changing a large table takes its time. Milliseconds. */
const LIMIT_MS = 120_000;
/** How long to wait for another migration, seconds. */
const LOCK_SECONDS = 60;
const TABLES = [
  ...['queue_music', 'holdcast_track', 'holdcast_choice', 'holdcast_heard', 'holdcast_key'],
  ...['holdcast_pin', 'holdcast_secret'],
];

export class MysqlAdmin extends MysqlStore implements StoreAdmin {
  constructor(settings: DatabaseSettings, parts: StoreParts) {
    // One connection keeps the lock of a migration.
    const patient = { ...settings, connections: 2, queryMs: Math.max(settings.queryMs, LIMIT_MS) };
    super(new Pool(patient, parts), parts.clock);
  }

  migrate(options: MigrateOptions): Promise<MigrateReport> {
    if (options.dryRun) return this.#migrate(this.pool, options);
    return this.pool.session(async (on) => {
      const [row] = await on.query("SELECT GET_LOCK(CONCAT('holdcast.', MD5(DATABASE())), ?) AS got", [
        LOCK_SECONDS,
      ]);
      if (Number(row?.['got']) !== 1)
        throw refused('another migrates this database', 'try again when it is done');
      try {
        return await this.#migrate(on, options);
      } finally {
        // Where this fails the connection is gone, and the lock with it.
        await on.query("SELECT RELEASE_LOCK(CONCAT('holdcast.', MD5(DATABASE())))").catch(() => {});
      }
    });
  }

  check(): Promise<StoreFinding[]> {
    return findingsOf(
      () => this.#checkServer(),
      () => this.#checkSchema(),
      () => this.#checkRights(),
      () => this.#checkRows(),
    );
  }

  records(): AsyncGenerator<StoreRecord> {
    const now = Math.trunc(this.clock.wall());
    const choices = (which: string): string =>
      `SELECT q.src, t.track, q.music_class, COALESCE(c.at_ms, ${now}) AS at_ms FROM queue_music q ` +
      'LEFT JOIN holdcast_track t USING (music_class) LEFT JOIN holdcast_choice c ON c.src = q.src ' +
      `WHERE t.track ${which} AND q.music_class IS NOT NULL AND q.src IS NOT NULL`;
    return recordsOf((sql, values) => this.pool.query(sql, values), choices, 'q.src');
  }

  async put(records: readonly StoreRecord[]): Promise<void> {
    const rows = rowsOfRecords(records);
    const numbers = new Set(rows.choices.map(({ musicClass }) => musicClass));
    const taken = (await tracksOf(this.pool)).keys();
    for (const number of taken)
      if (numbers.has(number))
        throw refused(
          `music class ${number} means a track here, and perhaps another one where the records come from`,
          'say what it means there, by `holdcast store migrate --class`, and export again',
        );
    await this.writeRows(rows);
  }

  async #migrate(on: Queryable, options: MigrateOptions): Promise<MigrateReport> {
    const tables = await tablesOf(on);
    const left = await missing(on);
    const applied = left.map(({ name }) => name);
    // The old system's table was there before ours: all that it may write gets its meaning, used or not.
    const isOld = tables.has('queue_music') && left.some(({ version }) => version === 1);
    if (!options.dryRun) {
      for (const { statements } of left) for (const statement of statements) await on.run(statement);
      await rememberOld(on, this.clock.wall());
    }
    const has = (table: string): boolean => !options.dryRun || tables.has(table);
    const known = has('holdcast_track') ? await tracksOf(on) : new Map<number, string>();
    const used = has('queue_music') ? await usedClasses(on) : [];
    const given = Object.keys(options.classes ?? {}).map(Number);
    const ofOld = isOld ? options.tracks.map((_, at) => at + 1) : [];
    const found = meanings(known, used, options, [...given, ...ofOld]);
    const report = { applied, choices: used.reduce((sum, { callers }) => sum + callers, 0), ...found };
    if (options.dryRun) return report;
    await this.pool.transaction((own) => writeMeanings(own, found, options));
    // Last: what is interrupted before is done again, all of it.
    for (const { version, name } of left)
      await on.run('INSERT IGNORE INTO holdcast_schema (version, name, at_ms) VALUES (?, ?, ?)', [
        ...([version, name, Math.trunc(this.clock.wall())] as const),
      ]);
    return report;
  }

  async #checkServer(): Promise<StoreFinding[]> {
    const [row] = await this.pool.query('SELECT VERSION() AS version, DATABASE() AS name');
    return [ok('store', `${String(row?.['version'])}, database ${String(row?.['name'])}`)];
  }

  async #checkSchema(): Promise<StoreFinding[]> {
    const left = (await missing(this.pool)).map(({ name }) => name);
    if (left.length > 0)
      return [problem('schema', `not applied: ${left.join(', ')}`, 'run `holdcast store migrate`')];
    const [src] = await this.pool.query(
      'SELECT LOWER(data_type) AS type FROM information_schema.columns ' +
        "WHERE table_schema = DATABASE() AND table_name = 'queue_music' AND column_name = 'src'",
    );
    const type = String(src?.['type']);
    if (type === 'char' || type === 'varchar') return [ok('schema', 'as this version wants it')];
    const todo = 'ALTER TABLE queue_music MODIFY src CHAR(15)';
    return [problem('schema', `queue_music.src is ${type}: leading zeros are lost there`, todo)];
  }

  /** By statements that need each right and touch no row. */
  async #checkRights(): Promise<StoreFinding[]> {
    for (const table of TABLES) {
      await this.pool.query(`SELECT 1 FROM ${table} WHERE FALSE`);
      await this.pool.run(`INSERT INTO ${table} SELECT * FROM ${table} WHERE FALSE`);
      await this.pool.run(`DELETE FROM ${table} WHERE FALSE`);
    }
    await this.pool.run('UPDATE queue_music SET music_class = 1 WHERE FALSE');
    await this.pool.run('UPDATE holdcast_choice SET at_ms = 1 WHERE FALSE');
    await this.pool.run('UPDATE holdcast_pin SET at_ms = 1 WHERE FALSE');
    await this.pool.query('SELECT 1 FROM holdcast_secret WHERE FALSE FOR UPDATE');
    return [ok('rights', 'its tables can be read and written')];
  }

  async #checkRows(): Promise<StoreFinding[]> {
    const counts: string[] = [];
    for (const [table, what] of Object.entries(COUNTED)) {
      const [row] = await this.pool.query(`SELECT COUNT(*) AS n FROM ${table}`);
      counts.push(`${String(row?.['n'])} ${what}`);
    }
    const [size] = await this.pool.query(
      'SELECT ROUND(SUM(data_length + index_length) / 1048576) AS mb FROM information_schema.tables ' +
        `WHERE table_schema = DATABASE() AND table_name IN (${TABLES.map(() => '?').join(', ')})`,
      TABLES,
    );
    const known = await tracksOf(this.pool);
    const unmapped = (await usedClasses(this.pool)).filter(({ musicClass }) => !known.has(musicClass));
    return [
      ok('rows', counts.join(', ')),
      ok('disk', `about ${String(size?.['mb'])} MB on the server`),
      ...unmappedFinding(unmapped),
    ];
  }
}

const COUNTED = { queue_music: 'choices', holdcast_heard: 'things heard', holdcast_key: 'keys' };

async function tablesOf(on: Queryable): Promise<Set<string>> {
  const rows = await on.query(
    'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()',
  );
  return new Set(rows.map(({ name }) => String(name)));
}

/** @throws HoldcastError HC_STORE_REFUSED when a newer Holdcast changed the tables */
async function missing(on: Queryable): Promise<ReturnType<typeof migrationsFor>> {
  const all = migrationsFor('mysql');
  if (!(await tablesOf(on)).has('holdcast_schema')) return all;
  const rows = await on.query('SELECT version FROM holdcast_schema');
  const done = new Set(rows.map(({ version }) => Number(version)));
  const newest = Math.max(0, ...done);
  const latest = all.at(-1)?.version ?? 0;
  if (newest > latest)
    throw refused(
      `the tables were made by a newer Holdcast: schema ${newest}, this one knows ${latest}`,
      'run the newer Holdcast',
    );
  return all.filter(({ version }) => !done.has(version));
}

/**
 * Writes what numbers mean, those that the operator has said first. A track has one number: callers of another number that means
 * the same get it.
 */
async function writeMeanings(
  on: Queryable,
  { mapped }: Pick<MigrateReport, 'mapped'>,
  { classes = {} }: MigrateOptions,
): Promise<void> {
  const isGiven = ({ musicClass }: { musicClass: number }): boolean => classes[musicClass] !== undefined;
  const given = mapped.filter(isGiven);
  // Two that are exchanged must not be in each other's way.
  for (const { musicClass } of given)
    await on.run('DELETE FROM holdcast_track WHERE music_class = ?', [musicClass]);
  const named = new Set(Object.keys(classes).map(Number));
  for (const { musicClass, track } of given) await renumber(on, musicClass, track, named);
  for (const one of mapped.filter((other) => !isGiven(other))) await merge(on, one.musicClass, one.track);
}

/** `track` has this number from now on, unless the operator gives it another as well. */
async function renumber(
  on: Queryable,
  musicClass: number,
  track: string,
  named: ReadonlySet<number>,
): Promise<void> {
  const [row] = await on.query('SELECT music_class FROM holdcast_track WHERE track = ?', [track]);
  const number = Number(row?.['music_class']);
  if (row && !named.has(number)) {
    await on.run('UPDATE queue_music SET music_class = ? WHERE music_class = ?', [musicClass, number]);
    await on.run('DELETE FROM holdcast_track WHERE music_class = ?', [number]);
  }
  await merge(on, musicClass, track);
}

async function merge(on: Queryable, musicClass: number, track: string): Promise<void> {
  await on.run('INSERT IGNORE INTO holdcast_track (music_class, track) VALUES (?, ?)', [musicClass, track]);
  const [row] = await on.query('SELECT music_class FROM holdcast_track WHERE track = ?', [track]);
  const number = Number(row?.['music_class']);
  if (row && number !== musicClass)
    await on.run('UPDATE queue_music SET music_class = ? WHERE music_class = ?', [number, musicClass]);
}

/** By number. */
async function tracksOf(on: Queryable): Promise<Map<number, string>> {
  const rows = await on.query('SELECT music_class, track FROM holdcast_track');
  return new Map(rows.map(({ music_class, track }) => [Number(music_class), String(track)]));
}
