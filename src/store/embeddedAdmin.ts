// The operator's end of the embedded store: its tables make themselves, so there is mostly something to look at.
import { existsSync, promises, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../util/clock';
import { errorFields } from '../util/errors';
import {
  meaningOf,
  unmappedFinding,
  type MigrateOptions,
  type MigrateReport,
  type StoreAdmin,
  type StoreFinding,
} from './adminPort';
import { statementsFor } from './embedded';
import { schemaOf } from './embeddedFile';
import type { SqlRow, SqlValue } from './embeddedMessages';
import { EmbeddedThread } from './embeddedThread';
import type { StoreParts } from './open';
import { recordOf } from './records';
import { rowsOfRecords, type StoreRecord } from './rows';
import { migrationsFor } from './schema';

/** An operator has more patience than a caller, milliseconds. */
const LIMIT_MS = 120_000;
/** Rows that are read at once. */
const PAGE = 1000;
/** Less free disk is worth a word, bytes. */
const LITTLE_DISK = 256 << 20;

export function openEmbeddedAdmin(file: string, parts: StoreParts): StoreAdmin {
  return new EmbeddedAdmin(file, new EmbeddedThread(file, { ...parts, limitMs: LIMIT_MS }), parts.clock);
}

class EmbeddedAdmin implements StoreAdmin {
  constructor(
    private readonly file: string,
    private readonly thread: EmbeddedThread,
    private readonly clock: Clock,
  ) {}

  async migrate(options: MigrateOptions): Promise<MigrateReport> {
    const applied = this.#missing();
    const given = Object.keys(options.classes ?? {}).map(Number);
    if (options.dryRun && applied.length > 0)
      return { applied, choices: 0, mapped: [], unmapped: [], unchanged: given };
    const mapped: MigrateReport['mapped'][number][] = [];
    const unmapped: MigrateReport['unmapped'][number][] = [];
    for (const { musicClass, callers, track: before } of await this.#numbers()) {
      const isGiven = options.classes?.[musicClass] !== undefined;
      if (before !== undefined && !isGiven) continue;
      const track = meaningOf(musicClass, options);
      if (track === undefined) unmapped.push({ musicClass, callers });
      else if (track !== before)
        mapped.push({ musicClass, track, callers, ...(before !== undefined && { before }) });
    }
    const sql = 'UPDATE holdcast_choice SET track = ? WHERE music_class = ? AND track IS ?';
    if (!options.dryRun && mapped.length > 0)
      await this.thread.write(
        mapped.map(({ musicClass, track, before = null }) => ({ sql, values: [track, musicClass, before] })),
      );
    const choices = await this.#count('holdcast_choice');
    const unchanged = given.filter((number) => !mapped.some(({ musicClass }) => musicClass === number));
    return { applied, choices, mapped, unmapped, unchanged };
  }

  async check(): Promise<StoreFinding[]> {
    if (!existsSync(this.file)) return [await this.#notThere()];
    try {
      return [...(await this.#checkFile()), ...(await this.#checkRows()), await this.#checkDisk()];
    } catch (error) {
      const { error: found, hint } = errorFields(error);
      return [{ result: 'problem', name: 'store', found, ...(hint !== undefined && { todo: hint }) }];
    }
  }

  async *records(): AsyncGenerator<StoreRecord> {
    // Numbers first: a store that gives numbers to tracks must know which ones are taken.
    for (const which of ['IS NULL', 'IS NOT NULL'])
      yield* this.#pages('holdcast_choice', ['src'], ['track', 'music_class', 'at_ms'], `track ${which}`);
    const rest = ['src', 'queue'];
    yield* this.#pages('holdcast_heard', ['uniqueid', 'at_ms', 'kind', 'item'], rest);
    yield* this.#pages('holdcast_key', ['uniqueid', 'at_ms', 'digit', 'action'], rest);
  }

  async put(records: readonly StoreRecord[]): Promise<void> {
    const statements = statementsFor(rowsOfRecords(records), this.clock.wall());
    if (statements.length > 0) await this.thread.write(statements);
  }

  close(): Promise<void> {
    return this.thread.close();
  }

  async *#pages(
    table: string,
    key: readonly string[],
    others: readonly string[],
    which = 'true',
  ): AsyncGenerator<StoreRecord> {
    const columns = [...key, ...others].join(', ');
    const keys = key.join(', ');
    const marks = key.map(() => '?').join(', ');
    let last: SqlValue[] | undefined;
    do {
      const after = last ? ` AND (${keys}) > (${marks})` : '';
      const sql = `SELECT ${columns} FROM ${table} WHERE ${which}${after} ORDER BY ${keys} LIMIT ${PAGE}`;
      const rows: readonly SqlRow[] = await this.thread.read({ sql, values: last ?? [] });
      for (const row of rows) yield recordOf(table, row);
      const end = rows.length === PAGE ? rows.at(-1) : undefined;
      last = end && key.map((column) => end[column] as SqlValue);
    } while (last);
  }

  #missing(): string[] {
    const version = schemaOf(this.file);
    return migrationsFor('embedded')
      .filter((migration) => migration.version > version)
      .map(({ name }) => name);
  }

  /** Numbers of the old system that callers still have, and what they mean so far. */
  async #numbers(): Promise<{ musicClass: number; callers: number; track?: string }[]> {
    const sql =
      'SELECT music_class, track, COUNT(*) AS callers FROM holdcast_choice WHERE music_class IS NOT NULL ' +
      'GROUP BY music_class, track';
    const rows = await this.thread.read({ sql, values: [] });
    return rows.map(({ music_class, track, callers }) => ({
      musicClass: Number(music_class),
      callers: Number(callers),
      ...(typeof track === 'string' && { track }),
    }));
  }

  async #count(table: string): Promise<number> {
    const [row] = await this.thread.read({ sql: `SELECT COUNT(*) AS n FROM ${table}`, values: [] });
    return Number(row?.['n']);
  }

  async #notThere(): Promise<StoreFinding> {
    const name = 'store';
    let folder = dirname(this.file);
    while (!existsSync(folder)) folder = dirname(folder);
    try {
      await promises.access(folder, promises.constants.W_OK | promises.constants.X_OK);
      return { result: 'ok', name, found: `${this.file} is made with the first call` };
    } catch {
      const todo = `let this user write to ${folder}, or name another file in store.file`;
      return { result: 'problem', name, found: `${this.file} cannot be made`, todo };
    }
  }

  async #checkFile(): Promise<StoreFinding[]> {
    const missing = this.#missing();
    const { size, mode, uid } = statSync(this.file);
    const owner = statSync(dirname(this.file)).uid;
    const found: StoreFinding[] = [
      { result: 'ok', name: 'store', found: `${this.file}, ${size} bytes` },
      missing.length === 0
        ? { result: 'ok', name: 'schema', found: 'as this version wants it' }
        : { result: 'ok', name: 'schema', found: `${missing.join(', ')} will be applied` },
    ];
    if ((mode & 0o077) !== 0)
      found.push({
        ...{
          result: 'warning',
          name: 'rights',
          found: 'others than its owner may read the numbers of callers',
        },
        todo: `chmod 600 ${this.file}`,
      });
    if (uid !== owner)
      found.push({
        ...{
          result: 'warning',
          name: 'rights',
          found: `the file belongs to user ${uid}, its folder to user ${owner}: the hub may not be able to open it`,
        },
        todo: `chown --reference=${dirname(this.file)} ${this.file}*, and run this as the hub's user`,
      });
    const [row] = await this.thread.read({ sql: 'PRAGMA quick_check(1)', values: [] });
    if (row?.['quick_check'] !== 'ok')
      found.push({
        ...{ result: 'problem', name: 'store', found: 'the file is damaged' },
        todo: 'stop Holdcast, and make a new file of it with `sqlite3 <file> .recover`',
      });
    // Takes the lock that every write needs.
    await this.thread.write([{ sql: 'DELETE FROM holdcast_choice WHERE false', values: [] }]);
    return [...found, { result: 'ok', name: 'rights', found: 'it can be written to' }];
  }

  async #checkRows(): Promise<StoreFinding[]> {
    const counts = ['holdcast_choice', 'holdcast_heard', 'holdcast_key'].map((table) => this.#count(table));
    const [choices, heard, keys] = await Promise.all(counts);
    const rows: StoreFinding = {
      ...{ result: 'ok', name: 'rows' },
      found: `${choices} choices, ${heard} things heard, ${keys} keys`,
    };
    return [rows, ...unmappedFinding((await this.#numbers()).filter(({ track }) => track === undefined))];
  }

  async #checkDisk(): Promise<StoreFinding> {
    const { bavail, bsize } = await promises.statfs(dirname(this.file));
    const found = `${Math.floor((bavail * bsize) / (1 << 20))} MB free`;
    if (bavail * bsize >= LITTLE_DISK) return { result: 'ok', name: 'disk', found };
    return { result: 'warning', name: 'disk', found, todo: 'make room, or keep less (store.keepDays)' };
  }
}
