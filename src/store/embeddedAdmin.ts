// The operator's end of the embedded store: its tables make themselves, so there is mostly something to look at.
import { existsSync, promises, statSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  findingsOf,
  meanings,
  ok,
  problem,
  recordsOf,
  unmappedFinding,
  usedClass,
  warning,
  type MigrateOptions,
  type MigrateReport,
  type StoreAdmin,
  type StoreFinding,
  type UsedClass,
} from './adminPort';
import { EmbeddedStore } from './embedded';
import { schemaOf } from './embeddedFile';
import { rowsOfRecords, type StoreRecord } from './rows';
import { migrationsFor } from './schema';
import type { StoreParts } from './store';

/** An operator has more patience than a caller, milliseconds. */
const LIMIT_MS = 120_000;
/** Less free disk is worth a word, bytes. */
const LITTLE_DISK = 256 << 20;

export class EmbeddedAdmin extends EmbeddedStore implements StoreAdmin {
  constructor(file: string, parts: StoreParts) {
    super(file, { ...parts, limitMs: LIMIT_MS });
  }

  async migrate(options: MigrateOptions): Promise<MigrateReport> {
    const applied = this.#missing();
    if (options.dryRun && applied.length > 0)
      return { applied, choices: 0, ...meanings(new Map(), [], options) };
    const { known, used } = await this.#numbers();
    const found = meanings(known, used, options);
    for (const { musicClass, track } of found.mapped) known.set(musicClass, track);
    // A number may have come by an import since it got its meaning.
    const sql = 'UPDATE holdcast_choice SET track = ? WHERE music_class = ? AND track IS NOT ?';
    const statements = [...known].map(([musicClass, track]) => ({ sql, values: [track, musicClass, track] }));
    if (!options.dryRun && statements.length > 0) await this.thread.write(statements);
    return { applied, choices: await this.#count('holdcast_choice'), ...found };
  }

  async check(): Promise<StoreFinding[]> {
    if (!existsSync(this.file)) return [await this.#notThere()];
    return findingsOf(
      () => this.#checkFile(),
      () => this.#checkRows(),
      () => this.#checkDisk(),
    );
  }

  records(): AsyncGenerator<StoreRecord> {
    const query = (sql: string, values: readonly string[]) => this.thread.read({ sql, values });
    return recordsOf(query, (which) => `SELECT * FROM holdcast_choice WHERE track ${which}`, 'src');
  }

  async put(records: readonly StoreRecord[]): Promise<void> {
    await this.writeRows(rowsOfRecords(records));
  }

  #missing(): string[] {
    const version = schemaOf(this.file);
    return migrationsFor('embedded')
      .filter((migration) => migration.version > version)
      .map(({ name }) => name);
  }

  /** Numbers of the old system that callers still have, and what they mean so far. */
  async #numbers(): Promise<{ known: Map<number, string>; used: UsedClass[] }> {
    const sql =
      'SELECT music_class, MAX(track) AS track, COUNT(*) AS callers FROM holdcast_choice ' +
      'WHERE music_class IS NOT NULL GROUP BY music_class';
    const rows = await this.thread.read({ sql, values: [] });
    const known = new Map<number, string>();
    for (const { music_class, track } of rows)
      if (typeof track === 'string') known.set(Number(music_class), track);
    return { known, used: rows.map(usedClass) };
  }

  async #count(table: string): Promise<number> {
    const [row] = await this.thread.read({ sql: `SELECT COUNT(*) AS n FROM ${table}`, values: [] });
    return Number(row?.['n']);
  }

  async #notThere(): Promise<StoreFinding> {
    let folder = dirname(this.file);
    while (!existsSync(folder)) folder = dirname(folder);
    try {
      await promises.access(folder, promises.constants.W_OK | promises.constants.X_OK);
      return ok('store', `${this.file} is made with the first call`);
    } catch {
      const todo = `let this user write to ${folder}, or name another file in store.file`;
      return problem('store', `${this.file} cannot be made`, todo);
    }
  }

  async #checkFile(): Promise<StoreFinding[]> {
    const { file } = this;
    const missing = this.#missing();
    const { size, mode, uid } = statSync(file);
    const owner = statSync(dirname(file)).uid;
    const schema =
      missing.length === 0 ? 'as this version wants it' : `${missing.join(', ')} will be applied`;
    const found = [ok('store', `${file}, ${size} bytes`), ok('schema', schema)];
    if ((mode & 0o077) !== 0)
      found.push(
        warning('rights', 'others than its owner may read the numbers of callers', `chmod 600 ${file}`),
      );
    if (uid !== owner) {
      const what = `the file belongs to user ${uid}, its folder to user ${owner}: the hub may not be able to open it`;
      const todo = `chown --reference=${dirname(file)} ${file}*, and run this as the hub's user`;
      found.push(warning('rights', what, todo));
    }
    const [row] = await this.thread.read({ sql: 'PRAGMA quick_check(1)', values: [] });
    if (row?.['quick_check'] !== 'ok') {
      const todo = 'stop Holdcast, and make a new file of it with `sqlite3 <file> .recover`';
      found.push(problem('store', 'the file is damaged', todo));
    }
    // Takes the lock that every write needs.
    await this.thread.write([{ sql: 'DELETE FROM holdcast_choice WHERE false', values: [] }]);
    return [...found, ok('rights', 'it can be written to')];
  }

  async #checkRows(): Promise<StoreFinding[]> {
    const counts = ['holdcast_choice', 'holdcast_heard', 'holdcast_key'].map((table) => this.#count(table));
    const [choices, heard, keys] = await Promise.all(counts);
    const rows = ok('rows', `${choices} choices, ${heard} things heard, ${keys} keys`);
    const sql =
      'SELECT music_class, COUNT(*) AS callers FROM holdcast_choice WHERE music_class IS NOT NULL AND track IS NULL ' +
      'GROUP BY music_class';
    return [rows, ...unmappedFinding((await this.thread.read({ sql, values: [] })).map(usedClass))];
  }

  async #checkDisk(): Promise<StoreFinding[]> {
    const { bavail, bsize } = await promises.statfs(dirname(this.file));
    const found = `${Math.floor((bavail * bsize) / (1 << 20))} MB free`;
    if (bavail * bsize >= LITTLE_DISK) return [ok('disk', found)];
    return [warning('disk', found, 'make room, or keep less (store.keepDays)')];
  }
}
