// From one store to the other and back: what an operator moves must arrive whole, whichever way they move it.
// On a real MariaDB and a real file.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type StoreRecord, exportStore, importStore, withAdmin } from '../../src/store/admin';
import { openStore } from '../../src/store/open';
import { defaultStore, type StoreSettings } from '../../src/store/settings';
import type { StoreEntry } from '../../src/store/store';
import { systemClock } from '../../src/util/clock';
import { silentLogger } from '../../src/util/log';
import { describeWithMariadb, Mariadb } from '../support/mariadb';
import { chose, T0 } from '../support/storeContract';
import { storeWorker } from '../support/storeWorker';

const folder = mkdtempSync(join(tmpdir(), 'hc-admin-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const parts = { log: silentLogger, clock: systemClock(), worker: storeWorker() };
let serial = 0;
const embedded = (): StoreSettings => ({
  ...defaultStore,
  file: join(folder, `${++serial}`, 'store.db'),
  spool: folder,
});

/** More than a page of each kind, and all that is odd. */
const entries: StoreEntry[] = [
  ...Array.from({ length: 2300 }, (_, at) => chose(`49${at}`, `music/${at % 11} 😀.wav`, T0 + at)),
  ...Array.from({ length: 2100 }, (_, at): StoreEntry => {
    const uniqueid = `1767614400.${at % 7}`;
    return {
      type: 'heard',
      uniqueid,
      kind: at % 2 ? 'track' : 'advice',
      id: `music/${at}.wav`,
      wallMs: T0 + (at % 5),
    };
  }),
  { type: 'heard', uniqueid: '1.1', phone: '0049', queue: 'sales', kind: 'answer', wallMs: T0 },
  { type: 'key', uniqueid: '1.1', phone: '0049', queue: 'sales', digit: '#', action: 'next', wallMs: T0 },
  { type: 'key', uniqueid: '1.1', digit: '*', action: 'previous', wallMs: T0 },
];

async function all(settings: StoreSettings): Promise<string[]> {
  const lines: string[] = [];
  for await (const record of exportStore(settings, parts)) lines.push(JSON.stringify(record));
  return lines.sort();
}

const lines = (records: readonly StoreRecord[]): string[] => records.map((one) => JSON.stringify(one)).sort();

test('the embedded store gives back what it was given, as often as it is given', async () => {
  const [from, to] = [embedded(), embedded()];
  const store = await openStore(from, parts);
  await store.write(entries);
  await store.close();
  const whole = await all(from);
  expect(whole).toHaveLength(entries.length);
  const counts = { choices: 2300, heard: 2101, keys: 2 };
  expect(await importStore(to, exportStore(from, parts), parts)).toEqual(counts);
  expect(await importStore(to, exportStore(from, parts), parts)).toEqual(counts);
  expect(await all(to)).toEqual(whole);
});

test('a bad record stops an import with an error, and may be mended and imported again', async () => {
  const to = embedded();
  const records = [chose('1', 'music/a.wav'), { type: 'choice', phone: '2' } as StoreEntry];
  await expect(importStore(to, records, parts)).rejects.toMatchObject({ code: 'HC_STORE_REFUSED' });
  expect(await importStore(to, [chose('1', 'music/a.wav'), chose('2', 'music/b.wav')], parts)).toEqual({
    ...{ choices: 2, heard: 0, keys: 0 },
  });
});

test('a dry run and a check of an embedded store that is not there make nothing', async () => {
  const settings = embedded();
  expect(
    await withAdmin(settings, parts, (admin) => admin.migrate({ tracks: [], dryRun: true })),
  ).toMatchObject({
    applied: ['001-choices', '002-calls', '003-pins'],
  });
  expect(await withAdmin(settings, parts, (admin) => admin.check())).toEqual([
    { result: 'ok', name: 'store', found: `${settings.file} is made with the first call` },
  ]);
  expect(readdirSync(folder)).not.toContain(String(serial));
  await withAdmin(settings, parts, (admin) => admin.migrate({ tracks: [] }));
  const found = await withAdmin(settings, parts, (admin) => admin.check());
  expect(found.map(({ result, name }) => `${name}: ${result}`)).toEqual(
    ['store', 'schema', 'rights', 'rows', 'disk'].map((name) => `${name}: ok`),
  );
});

describeWithMariadb('between MariaDB and the embedded store', () => {
  let server: Mariadb;
  beforeAll(async () => {
    server = await Mariadb.start();
  });
  afterAll(() => server.remove());
  const mysql = (database: string): StoreSettings => ({ ...embedded(), mysql: server.database(database) });

  test('a round trip loses nothing, either way', async () => {
    for (const database of ['there', 'back']) {
      server.create(database);
      await withAdmin(mysql(database), parts, (admin) => admin.migrate({ tracks: [] }));
    }
    const [first, second] = [embedded(), embedded()];
    const store = await openStore(first, parts);
    await store.write(entries);
    await store.close();
    await importStore(mysql('there'), exportStore(first, parts), parts);
    expect(await all(mysql('there'))).toEqual(lines(entries));
    await importStore(second, exportStore(mysql('there'), parts), parts);
    expect(await all(second)).toEqual(lines(entries));
    await importStore(mysql('back'), exportStore(second, parts), parts);
    expect(await all(mysql('back'))).toEqual(lines(entries));
  });

  test('callers of an old system go along, those whose number nobody knows the meaning of too', async () => {
    server.create('old');
    server.sql(
      `CREATE TABLE queue_music (id int AUTO_INCREMENT PRIMARY KEY, src char(15), music_class smallint(2), UNIQUE (src));
       INSERT INTO queue_music (src, music_class) VALUES ('0049', 1), ('49', 2), ('49 30', 2), ('anonymous', 9)`,
      'old',
    );
    await withAdmin(mysql('old'), parts, (admin) =>
      admin.migrate({ tracks: ['music/a.wav', 'music/b.wav'] }),
    );
    const between = embedded();
    await importStore(between, exportStore(mysql('old'), parts), parts);
    server.create('new');
    await withAdmin(mysql('new'), parts, (admin) => admin.migrate({ tracks: [] }));
    await importStore(mysql('new'), exportStore(between, parts), parts);
    expect(server.sql("SELECT src, music_class FROM queue_music WHERE src = 'anonymous'", 'new')).toBe(
      'anonymous\t9\n',
    );
    expect(await all(mysql('new'))).toEqual(await all(mysql('old')));
    const report = await withAdmin(between, parts, (admin) =>
      admin.migrate({ tracks: [], classes: { 9: 'music/nine.wav' } }),
    );
    expect(report).toEqual({
      ...{ applied: [], choices: 4, unmapped: [], unchanged: [] },
      mapped: [{ musicClass: 9, track: 'music/nine.wav', callers: 1 }],
    });
    const store = await openStore(between, parts);
    expect(await store.choice('anonymous')).toBe('music/nine.wav');
    expect(await store.choice('49')).toBe('music/b.wav');
    const corrected = await withAdmin(between, parts, (admin) =>
      admin.migrate({ tracks: [], classes: { 9: 'music/ten.wav', 8: 'music/nobody.wav' } }),
    );
    expect(corrected).toMatchObject({
      mapped: [{ musicClass: 9, track: 'music/ten.wav', callers: 1, before: 'music/nine.wav' }],
      unchanged: [8],
    });
    expect(await store.choice('anonymous')).toBe('music/ten.wav');
    await store.close();
  });

  test('a number that means something else where it is imported is refused', async () => {
    server.create('other');
    await withAdmin(mysql('other'), parts, (admin) => admin.migrate({ tracks: [] }));
    await importStore(mysql('other'), [chose('1', 'music/a.wav')], parts);
    const numbered: StoreRecord = { type: 'choice', phone: '2', musicClass: 1, wallMs: T0 };
    await expect(importStore(mysql('other'), [numbered], parts)).rejects.toMatchObject({
      code: 'HC_STORE_REFUSED',
    });
    expect(await all(mysql('other'))).toEqual(lines([chose('1', 'music/a.wav')]));
  });
});
