// The embedded store: what every store promises, and what a file on a disk can do to it.
// Processes are real here, and killed: what is acknowledged must be in the file.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { withAdmin } from '../../src/store/admin';
import { EmbeddedStore } from '../../src/store/embedded';
import type { ThreadOptions } from '../../src/store/embeddedThread';
import { defaultStore, type StoreSettings } from '../../src/store/settings';
import { ChoiceFiles } from '../../src/store/choiceFiles';
import { ManualClock, systemClock } from '../../src/util/clock';
import { createLogger, silentLogger } from '../../src/util/log';
import { owned, until } from '../hub/fixtures';
import { OTHER, testAsRoot } from '../support/otherUser';
import { chose, describeStore, T0, type StoreBench } from '../support/storeContract';
import { storeWorker } from '../support/storeWorker';
import { startWriter } from '../support/storeWriters';

const folder = mkdtempSync(join(tmpdir(), 'hc-store-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let serial = 0;
const newFile = (): string => join(folder, `${++serial}`, 'store.db');
const settingsOf = (file: string): StoreSettings => ({ ...defaultStore, file, spool: folder });

function openStore(file: string, more: Partial<ThreadOptions> = {}): EmbeddedStore {
  return new EmbeddedStore(file, { log: silentLogger, clock: systemClock(), worker: storeWorker(), ...more });
}

/** A way past the store. */
function inFile<T>(file: string, look: (database: Database.Database) => T): T {
  const database = new Database(file);
  try {
    database.pragma('busy_timeout = 5000');
    return look(database);
  } finally {
    database.close();
  }
}

function countsOf(file: string) {
  if (!existsSync(file)) return { choices: 0, heard: 0, keys: 0 };
  return inFile(file, (database) => {
    const count = (table: string): number =>
      (database.prepare(`SELECT COUNT(*) AS n FROM ${table}`).all()[0] as { n: number }).n;
    return {
      choices: count('holdcast_choice'),
      heard: count('holdcast_heard'),
      keys: count('holdcast_key'),
    };
  });
}

/**
 * A thread whose disk the test holds up: for each time that it waits for the disk there is a file `wait.<number>`, which
 * says for which file. Wait 1 is let on as soon as there is a file `on.1`, and all are while there is none named `held`.
 */
class SlowDisk {
  readonly folder = mkdtempSync(join(folder, 'disk-'));
  readonly worker = join(this.folder, 'worker.cjs');

  constructor() {
    writeFileSync(
      this.worker,
      `const { existsSync, writeFileSync } = require('node:fs');
       const promises = require('node:fs/promises');
       const { setTimeout: sleep } = require('node:timers/promises');
       const { open } = promises;
       const is = (name) => existsSync(${JSON.stringify(this.folder)} + '/' + name);
       let waits = 0;
       promises.open = async (path, ...more) => {
         if (is('shut')) throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' });
         const handle = await open(path, ...more);
         const datasync = handle.datasync.bind(handle);
         handle.datasync = async () => {
           const number = ++waits;
           writeFileSync(${JSON.stringify(this.folder)} + '/wait.' + number, path);
           while (is('held') && !is('on.' + number)) await sleep(2);
           if (is('broken')) throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
           await datasync();
         };
         return handle;
       };
       require(${JSON.stringify(storeWorker())});`,
    );
  }

  /** Files that were waited for, in their order. */
  get waits(): string[] {
    const count = readdirSync(this.folder).filter((name) => name.startsWith('wait.')).length;
    return Array.from({ length: count }, (_, at) =>
      readFileSync(join(this.folder, `wait.${at + 1}`), 'utf8'),
    );
  }

  hold(): void {
    this.#make('held');
  }

  letOn(number: number): void {
    this.#make(`on.${number}`);
  }

  letAllOn(): void {
    rmSync(join(this.folder, 'held'), { force: true });
  }

  /** What is waited for fails, or it cannot even be opened. */
  fail(how: 'broken' | 'shut'): void {
    this.#make(how);
  }

  mend(how: 'broken' | 'shut'): void {
    rmSync(join(this.folder, how));
  }

  waiting(number: number): Promise<void> {
    return until(`wait ${number} for the disk`, () => this.waits.length >= number);
  }

  #make(name: string): void {
    writeFileSync(join(this.folder, name), '');
  }
}

test('what statements have left is collected after each thousand of them, where V8 offers that', async () => {
  const told = join(folder, 'collected');
  const worker = join(folder, 'collecting.cjs');
  const collect = `require('node:fs').appendFileSync(${JSON.stringify(told)}, '.')`;
  writeFileSync(worker, `globalThis.gc = () => ${collect}; require(${JSON.stringify(storeWorker())});`);
  const store = openStore(newFile(), { worker });
  const ask = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) await store.choice('49');
  };
  await ask(900);
  expect(existsSync(told)).toBe(false);
  await ask(1500);
  await store.close();
  expect(readFileSync(told, 'utf8')).toBe('..');
});

describe('the embedded store', () => {
  let file = '';
  const bench: StoreBench = {
    open: () => Promise.resolve(openStore(file)),
    clear: () => {
      file = newFile();
      return Promise.resolve();
    },
    counts: () => Promise.resolve(countsOf(file)),
    pinRows: () =>
      Promise.resolve(
        inFile(file, (database) => database.prepare('SELECT * FROM holdcast_pin').all())
          .map((row) => `${JSON.stringify(row)}\n`)
          .join(''),
      ),
    agePins: (ms) => {
      inFile(file, (database) => database.exec(`UPDATE holdcast_pin SET at_ms = at_ms - ${ms}`));
      return Promise.resolve();
    },
  };
  describeStore(() => bench);
});

describe('the file of the embedded store', () => {
  testAsRoot('root writes nothing in the folder of another user, not even through a link', async () => {
    const [file, spool] = [newFile(), join(folder, `${serial}`, 'spool')];
    const victim = join(folder, 'victim');
    writeFileSync(victim, 'of root', { mode: 0o644 });
    mkdirSync(join(file, '..'));
    symlinkSync(victim, file);
    symlinkSync(folder, spool);
    chownSync(join(file, '..'), OTHER, OTHER);
    const before = readdirSync(folder);
    const store = openStore(file);
    await expect(store.write([chose('49', 'music/a.wav')])).rejects.toMatchObject({
      hint: expect.stringContaining('sudo -u') as string,
    });
    await store.close();
    const refused = expect.objectContaining({ code: 'HC_NOT_AS_ROOT' }) as unknown;
    const files = new ChoiceFiles(spool, { clock: systemClock(), random: Math.random });
    await expect(files.save([chose('49', 'music/a.wav')])).rejects.toEqual(refused);
    await expect(files.setAside([chose('49', 'music/a.wav')])).rejects.toEqual(refused);
    const { uid, mode } = statSync(victim);
    expect([uid, mode & 0o777, readFileSync(victim, 'utf8')]).toEqual([0, 0o644, 'of root']);
    expect(readdirSync(folder)).toEqual(before);
  });

  test('a pipe in its place holds nobody up', async () => {
    const file = newFile();
    mkdirSync(join(file, '..'));
    execFileSync('mkfifo', [file]);
    const store = openStore(file);
    await expect(store.write([chose('49', 'music/a.wav')])).rejects.toThrow(/ENXIO|no file/);
    await store.close();
  });

  testAsRoot('one that is not its folder’s owner’s is told', async () => {
    const file = newFile();
    const store = openStore(file);
    await store.write([chose('49', 'music/a.wav')]);
    await store.close();
    const parts = { log: silentLogger, clock: systemClock(), worker: storeWorker() };
    chownSync(file, 1, 1);
    const found = await withAdmin(settingsOf(file), parts, (admin) => admin.check());
    expect(found.map(({ result, found: text }) => `${result} ${text}`).join('\n')).toContain(
      'belongs to uid 1',
    );
  });

  test('a thread that hangs in the disk is not joined by others; when it has ended the file opens again', async () => {
    const file = newFile();
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const worker = join(folder, 'hangs.cjs');
    writeFileSync(
      worker,
      `const { openSync, writeFileSync } = require('node:fs');
       require('node:worker_threads').parentPort.on('message', () => {
         writeFileSync('${pipe}.asked', '');
         openSync('${pipe}', 'r');
       });`,
    );
    const clock = new ManualClock();
    const hanging = openStore(file, { worker, clock });
    const question = hanging.choice('49');
    question.catch(() => {});
    await until('the thread', () => existsSync(`${pipe}.asked`));
    clock.advance(4000);
    await expect(question).rejects.toMatchObject({ code: 'HC_STORE_AWAY' });
    const closing = hanging.close();
    const others = Array.from({ length: 5 }, () => openStore(file).choice('49'));
    for (const other of others)
      await expect(other).rejects.toThrow('the last thread of this file still waits for the disk');
    clock.advance(4000);
    await closing;
    await expect(openStore(file).choice('49')).rejects.toMatchObject({ code: 'HC_STORE_AWAY' });
    closeSync(openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK));
    const after = openStore(file);
    let isOpen = false;
    for (let tries = 0; !isOpen && tries < 1000; tries++) {
      isOpen = await after.choice('49').then(
        () => true,
        () => false,
      );
      await new Promise((done) => setImmediate(done));
    }
    expect(isOpen).toBe(true);
    await after.close();
  });

  test('is its owner’s alone, and so is the folder that is made for it', async () => {
    const file = newFile();
    const store = openStore(file);
    await store.write([chose('49', 'music/a.wav')]);
    expect(readdirSync(join(file, '..')).sort()).toEqual(['store.db', 'store.db-shm', 'store.db-wal']);
    for (const name of ['store.db', 'store.db-wal', 'store.db-shm'])
      expect(statSync(join(file, '..', name)).mode & 0o777).toBe(0o600);
    expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700);
    await store.close();
  });

  test('that others could read is closed to them', async () => {
    const file = newFile();
    mkdirSync(join(file, '..'));
    writeFileSync(file, '');
    chmodSync(file, 0o644);
    const store = openStore(file);
    await store.choice('49');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await store.close();
  });

  test('that is no store is put aside whole, said once, and a new one begun, however many find it', async () => {
    const file = newFile();
    mkdirSync(join(file, '..'));
    writeFileSync(file, 'not a store at all, but somebody wants it back'.repeat(200));
    const { size } = statSync(file);
    const lines: Record<string, unknown>[] = [];
    const log = createLogger(
      (_, fields) => lines.push({ ...fields }),
      () => 0,
    );
    const stores = Array.from({ length: 5 }, () => openStore(file, { log }));
    await Promise.all(stores.map((store, at) => store.write([chose(`49${at}`, 'music/a.wav')])));
    expect(countsOf(file).choices).toBe(5);
    const aside = readdirSync(join(file, '..')).filter((name) => /^store\.db\.damaged-[\dTZ-]+$/.test(name));
    expect(aside).toHaveLength(1);
    expect(statSync(join(file, '..', aside[0]!)).size).toBe(size);
    expect(lines).toEqual([expect.objectContaining({ aside: join(file, '..', aside[0]!) })]);
    for (const store of stores) await store.close();
  });

  test('that is damaged while it is open costs what is written then an error, and the next is kept', async () => {
    const file = newFile();
    const store = openStore(file);
    await store.write(Array.from({ length: 500 }, (_, at) => chose(`1${at}`, 'music/a.wav')));
    await store.close();
    const again = openStore(file);
    await again.choice('10');
    writeFileSync(file, Buffer.alloc(statSync(file).size, 0x5a));
    const kept = async (): Promise<void> => {
      for (let tries = 0; tries < 5; tries++) {
        try {
          return await again.write([chose('2', 'music/b.wav')]);
        } catch (error) {
          expect(error).toMatchObject({ code: 'HC_STORE_AWAY' });
        }
      }
    };
    await kept();
    expect(await again.choice('2')).toBe('music/b.wav');
    expect(readdirSync(join(file, '..')).some((name) => name.includes('.damaged-'))).toBe(true);
    await again.close();
  });

  test('that is moved away is begun anew: nothing is written to a file without a name', async () => {
    const file = newFile();
    const store = openStore(file);
    await store.write([chose('1', 'music/a.wav')]);
    for (const end of ['', '-wal', '-shm']) renameSync(file + end, `${file}.old${end}`);
    await store.write([chose('2', 'music/b.wav')]);
    expect(countsOf(file).choices).toBe(1);
    expect(await store.choice('2')).toBe('music/b.wav');
    await store.close();
  });

  test('that was cut to nothing is begun anew', async () => {
    const file = newFile();
    const store = openStore(file);
    await store.write([chose('1', 'music/a.wav')]);
    await store.close();
    truncateSync(file, 0);
    const again = openStore(file);
    await again.write([chose('3', 'music/c.wav')]);
    expect(await again.choice('3')).toBe('music/c.wav');
    await again.close();
  });

  test('of a newer Holdcast is left alone', async () => {
    const file = newFile();
    const store = openStore(file);
    await store.write([chose('1', 'music/a.wav')]);
    await store.close();
    const database = new Database(file);
    database.exec('PRAGMA user_version = 99');
    database.close();
    const older = openStore(file);
    await expect(older.choice('1')).rejects.toMatchObject({ code: 'HC_STORE_REFUSED' });
    await older.close();
    expect(countsOf(file).choices).toBe(1);
  });

  test('that another holds locked: writes are away in time, choices are answered meanwhile, then all is well', async () => {
    const file = newFile();
    const store = openStore(file, { lockedMs: 300 });
    await store.write([chose('1', 'music/a.wav')]);
    const other = new Database(file);
    other.exec('BEGIN IMMEDIATE');
    const write = store.write([chose('2', 'music/b.wav')]);
    const refused = expect(write).rejects.toMatchObject({ code: 'HC_STORE_AWAY' });
    expect(await Promise.race([store.choice('1'), write.catch(() => 'the write ended first')])).toBe(
      'music/a.wav',
    );
    await refused;
    other.exec('ROLLBACK');
    other.close();
    await store.write([chose('2', 'music/b.wav')]);
    expect(await store.choice('2')).toBe('music/b.wav');
    await store.close();
  });

  test('in a folder that cannot be made is away, and says what to do', async () => {
    writeFileSync(join(folder, 'a-file'), '');
    const store = openStore(join(folder, 'a-file', 'store.db'));
    await expect(store.choice('1')).rejects.toMatchObject({ code: 'HC_STORE_AWAY', hint: /disk|folder/ });
    await store.close();
  });
});

describe('the thread of the embedded store', () => {
  test('that hangs is told in time, is not piled up on, and does not keep what closes it', async () => {
    const hanging = join(folder, 'hanging.cjs');
    writeFileSync(hanging, "require('node:worker_threads').parentPort.on('message', () => { for (;;); })");
    const clock = new ManualClock(T0);
    const store = openStore(newFile(), { worker: hanging, clock, limitMs: 4000 });
    const choice = expect(store.choice('1')).rejects.toMatchObject({ code: 'HC_STORE_AWAY' });
    while (clock.pending < 1) await new Promise((done) => setImmediate(done));
    clock.advance(4000);
    await choice;
    await expect(store.choice('1')).rejects.toThrow('has not answered');
    await expect(store.write([chose('1', 'music/a.wav')])).rejects.toThrow('has not answered');
    const closed = store.close();
    while (clock.pending < 1) await new Promise((done) => setImmediate(done));
    await new Promise((done) => setImmediate(done));
    clock.advance(4000);
    await closed;
  });

  test('that died answers nothing more, and says why; another store of its file does', async () => {
    const [file, dying] = [newFile(), join(folder, 'dying.cjs')];
    writeFileSync(dying, "throw new Error('no libsql here')");
    const store = openStore(file, { worker: dying });
    for (let i = 0; i < 2; i++)
      await expect(store.choice('1')).rejects.toMatchObject({
        code: 'HC_STORE_AWAY',
        message: expect.stringContaining('no libsql here') as string,
      });
    await store.close();
    const another = openStore(file);
    expect(await another.choice('1')).toBeUndefined();
    await another.close();
  });

  test('keeps what was asked before it is closed', async () => {
    const file = newFile();
    const store = openStore(file);
    const writes = Array.from({ length: 300 }, (_, at) => store.write([chose(`${at}`, 'music/a.wav')]));
    await store.close();
    await Promise.all(writes);
    expect(countsOf(file).choices).toBe(300);
  });
});

describe('what waits for the disk', () => {
  const onSlowDisk = () => {
    const [file, disk] = [newFile(), new SlowDisk()];
    const store = openStore(file, { worker: disk.worker });
    owned({ close: () => store.close() });
    owned({ close: () => disk.letAllOn() });
    return { file, disk, store };
  };

  test('a write is acknowledged when its log is there, not before; no question waits, and the next writes share one wait', async () => {
    const { file, disk, store } = onSlowDisk();
    const acknowledged: string[] = [];
    const write = (phone: string): Promise<void> =>
      store.write([chose(phone, 'music/b.wav')]).then(
        () => void acknowledged.push(phone),
        (error: unknown) => void acknowledged.push(String(error)),
      );
    disk.hold();
    const first = write('1');
    await disk.waiting(1);
    expect(await store.choice('1')).toBe('music/b.wav');
    // Each is committed before the next is asked for.
    const others: Promise<void>[] = [];
    for (const phone of ['2', '3', '4']) {
      others.push(write(phone));
      await until(`that of ${phone}`, () => countsOf(file).choices === Number(phone));
    }
    expect(await store.choice('4')).toBe('music/b.wav');
    expect([acknowledged, disk.waits]).toEqual([[], [`${file}-wal`]]);
    disk.letOn(1);
    await first;
    await disk.waiting(2);
    await store.choice('1');
    // They came behind the wait that is over.
    expect(acknowledged).toEqual(['1']);
    disk.letOn(2);
    await Promise.all(others);
    expect(acknowledged).toEqual(['1', '2', '3', '4']);
    expect(disk.waits).toEqual([`${file}-wal`, `${file}-wal`]);
  });

  test('a log that cannot be written is an error for all that wait for it, and for nobody afterwards', async () => {
    const { disk, store } = onSlowDisk();
    disk.hold();
    disk.fail('broken');
    const refused = ['1', '2', '3'].map((phone) =>
      expect(store.write([chose(phone, 'music/b.wav')])).rejects.toMatchObject({
        code: 'HC_STORE_AWAY',
        message: expect.stringContaining('EIO') as string,
        hint: expect.stringContaining('disk') as string,
      }),
    );
    await disk.waiting(1);
    disk.letAllOn();
    await Promise.all(refused);
    disk.mend('broken');
    await store.write([chose('1', 'music/c.wav')]);
    expect(await store.choice('1')).toBe('music/c.wav');
  });

  test('a log that could not be opened is opened for the next write', async () => {
    const { disk, store } = onSlowDisk();
    disk.fail('shut');
    for (const phone of ['1', '2'])
      await expect(store.write([chose(phone, 'music/b.wav')])).rejects.toMatchObject({
        code: 'HC_STORE_AWAY',
        message: expect.stringContaining('EMFILE') as string,
      });
    disk.mend('shut');
    await store.write([chose('1', 'music/c.wav')]);
    expect(await store.choice('1')).toBe('music/c.wav');
  });

  test('a store that is closed meanwhile acknowledges first what it waits for, and what waits behind that', async () => {
    const { file, disk, store } = onSlowDisk();
    const order: string[] = [];
    const noted = (what: string, task: Promise<void>): Promise<void> =>
      task.then(
        () => void order.push(what),
        (error: unknown) => void order.push(`${what}: ${String(error)}`),
      );
    disk.hold();
    const first = noted('first', store.write([chose('1', 'music/b.wav')]));
    await disk.waiting(1);
    const second = noted('second', store.write([chose('2', 'music/b.wav')]));
    await until('both', () => countsOf(file).choices === 2);
    const closed = noted('closed', store.close());
    await new Promise((done) => setTimeout(done, 50));
    expect(order).toEqual([]);
    disk.letOn(1);
    await first;
    await disk.waiting(2);
    disk.letAllOn();
    await Promise.all([second, closed]);
    expect(order).toEqual(['first', 'second', 'closed']);
    expect(countsOf(file).choices).toBe(2);
  });
});

describe('many processes and one file', () => {
  test('twenty that write at once lose nothing', async () => {
    const file = newFile();
    const writers = Array.from({ length: 20 }, (_, who) =>
      startWriter(settingsOf(file), { prefix: `${who}-`, callers: 1000, together: 4, most: 200 }),
    );
    expect(await Promise.all(writers.map((writer) => writer.ended()))).toEqual(Array(20).fill(0));
    expect(writers.map(({ kept }) => kept.size)).toEqual(Array(20).fill(200));
    expect(countsOf(file).choices).toBe(20 * 200);
  }, 120_000);

  test('fifty that are killed in the middle of writing lose nothing that was acknowledged', async () => {
    const file = newFile();
    const store = openStore(file);
    let acknowledged = 0;
    for (let turn = 0; turn < 50; turn++) {
      const task = { prefix: `${turn}-`, callers: 40, together: 1 + (turn % 8) };
      const writer = startWriter(settingsOf(file), task);
      await writer.acknowledged(20 + turn * 7);
      await writer.kill();
      for (const [phone, at] of writer.kept) {
        const track = (await store.choice(phone)) ?? '';
        const kept = Number(/\d+/.exec(track)?.[0] ?? -1);
        expect(kept).toBeGreaterThanOrEqual(at);
        acknowledged++;
      }
    }
    expect(acknowledged).toBeGreaterThan(1000);
    const database = new Database(file);
    expect(database.prepare('PRAGMA integrity_check').all()).toMatchObject([{ integrity_check: 'ok' }]);
    database.close();
    await store.close();
  }, 300_000);
});
