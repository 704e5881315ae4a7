// MySQL as a store, on a real MariaDB: what every store promises, and that an old system's callers lose nothing.
// The old table is made here as the old system made it, engine and character set included.
import { MysqlStore } from '../../src/store/mysqlStore';
import { Pool } from '../../src/store/pool';
import { openStore } from '../../src/store/open';
import { withAdmin } from '../../src/store/admin';
import { defaultStore, type StoreSettings } from '../../src/store/settings';
import type { Store } from '../../src/store/store';
import { ManualClock, systemClock } from '../../src/util/clock';
import { silentLogger } from '../../src/util/log';
import { describeWithMariadb, Mariadb } from '../support/mariadb';
import { chose, describeStore, T0, type StoreBench } from '../support/storeContract';

const parts = { log: silentLogger, clock: systemClock() };
const OLD = `CREATE TABLE queue_music (
  id int(11) NOT NULL AUTO_INCREMENT, src char(15) DEFAULT NULL, music_class smallint(2) DEFAULT NULL,
  PRIMARY KEY (id), UNIQUE KEY src (src)
)`;

describeWithMariadb('MySQL as a store', () => {
  let server: Mariadb;
  beforeAll(async () => {
    server = await Mariadb.start();
  });
  afterAll(() => server.remove());

  function settings(database: string, user = 'root'): StoreSettings {
    const mysql = server.database(database, { user });
    return { ...defaultStore, mysql, file: '/nowhere/store.db', spool: '/nowhere' };
  }
  const rows = (sql: string, database: string): string[] =>
    server.sql(sql, database).split('\n').slice(0, -1);

  describe('with tables of its own', () => {
    const bench: StoreBench = {
      open: () => openStore(settings('own'), parts),
      clear: () => {
        server.sql(
          [
            ...['queue_music', 'holdcast_track', 'holdcast_choice', 'holdcast_heard', 'holdcast_key'],
            ...['holdcast_pin', 'holdcast_secret'],
          ]
            .map((table) => `DELETE FROM ${table};`)
            .join(''),
          'own',
        );
        return Promise.resolve();
      },
      counts: () => {
        const count = (table: string): number => Number(server.sql(`SELECT COUNT(*) FROM ${table}`, 'own'));
        return Promise.resolve({
          choices: count('queue_music'),
          heard: count('holdcast_heard'),
          keys: count('holdcast_key'),
        });
      },
      pinRows: () => Promise.resolve(server.sql('SELECT * FROM holdcast_pin', 'own')),
      agePins: (ms) => {
        server.sql(`UPDATE holdcast_pin SET at_ms = at_ms - ${ms}`, 'own');
        return Promise.resolve();
      },
    };
    beforeAll(async () => {
      server.create('own');
      await withAdmin(settings('own'), parts, (admin) => admin.migrate({ tracks: [] }));
    });
    describeStore(() => bench);
  });

  describe.each([
    ['InnoDB', 'latin1', 'latin1_swedish_ci'],
    ['MyISAM', 'latin1', 'latin1_swedish_ci'],
    ['InnoDB', 'utf8mb3', 'utf8mb3_general_ci'],
    ['InnoDB', 'utf8mb4', 'utf8mb4_bin'],
  ])('beside an old system with %s and %s (%s)', (engine, charset, collation) => {
    const database = `old_${engine}_${collation}`;
    let store: Store;
    const migrate = (more = {}) =>
      withAdmin(settings(database), parts, (admin) =>
        admin.migrate({ tracks: ['music/a.wav', 'music/b.wav'], ...more }),
      );

    beforeEach(async () => {
      server.create(database);
      server.sql(
        `${OLD} ENGINE=${engine} DEFAULT CHARSET=${charset} COLLATE=${collation};
         INSERT INTO queue_music (src, music_class) VALUES
           ('0049301234', 1), ('49301234', 2), ('049301234', 1), ('+49301234', 2), ('anonymous', 1), ('49 30 99', 7), (NULL, 1)`,
        database,
      );
      store = await openStore(settings(database), parts);
    });
    afterEach(() => store.close());

    test('an upgrade changes no row of the old table and not its shape; every caller has their choice', async () => {
      const shape = server.sql('SHOW CREATE TABLE queue_music', database);
      const before = rows('SELECT * FROM queue_music ORDER BY id', database);
      const report = await migrate();
      expect(report).toEqual({
        applied: ['001-choices', '002-calls', '003-pins'],
        choices: 7,
        mapped: [
          { musicClass: 1, track: 'music/a.wav', callers: 4 },
          { musicClass: 2, track: 'music/b.wav', callers: 2 },
        ],
        unmapped: [{ musicClass: 7, callers: 1 }],
        unchanged: [],
      });
      expect(server.sql('SHOW CREATE TABLE queue_music', database)).toBe(shape);
      expect(rows('SELECT * FROM queue_music ORDER BY id', database)).toEqual(before);
      expect(await store.choice('0049301234')).toBe('music/a.wav');
      expect(await store.choice('49301234')).toBe('music/b.wav');
      expect(await store.choice('049301234')).toBe('music/a.wav');
      expect(await store.choice('+49301234')).toBe('music/b.wav');
      expect(await store.choice('301234')).toBeUndefined();
      expect(await store.choice('4930')).toBeUndefined();
    });

    test('a number that nobody knows the meaning of is kept, gives no choice, and no new track gets it', async () => {
      server.sql("INSERT INTO queue_music (src, music_class) VALUES ('4977', 7)", database);
      await migrate();
      expect(await store.choice('4977')).toBeUndefined();
      await store.write([chose('4978', 'music/new.wav')]);
      expect(rows("SELECT music_class FROM queue_music WHERE src = '4978'", database)).toEqual(['8']);
      expect(rows("SELECT music_class FROM queue_music WHERE src = '4977'", database)).toEqual(['7']);
      const again = await migrate({ classes: { 7: 'music/seven.wav' } });
      expect(again).toMatchObject({
        applied: [],
        mapped: [{ musicClass: 7, track: 'music/seven.wav' }],
        unmapped: [],
      });
      expect(await store.choice('4977')).toBe('music/seven.wav');
    });

    test('a dry run tells the same and changes nothing', async () => {
      const tables = server.sql('SHOW TABLES', database);
      const dry = await migrate({ dryRun: true });
      expect(server.sql('SHOW TABLES', database)).toBe(tables);
      expect(await migrate()).toEqual(dry);
    });

    test('a new choice renews the caller’s row, and uses up no number of it', async () => {
      await migrate();
      const at = Date.now();
      for (let turn = 0; turn < 5; turn++)
        await store.write([chose('49301234', `music/${turn % 2 ? 'a' : 'b'}.wav`, at + turn)]);
      expect(await store.choice('49301234')).toBe('music/b.wav');
      expect(rows("SELECT id FROM queue_music WHERE src = '49301234'", database)).toEqual(['2']);
      await store.write([chose('4911', 'music/a.wav', at)]);
      expect(rows("SELECT id FROM queue_music WHERE src = '4911'", database)).toEqual(['8']);
    });

    test('what the old system goes on to write is seen at once', async () => {
      await migrate();
      server.sql("UPDATE queue_music SET music_class = 2 WHERE src = '0049301234'", database);
      server.sql("INSERT INTO queue_music (src, music_class) VALUES ('4912', 2)", database);
      expect(await store.choice('0049301234')).toBe('music/b.wav');
      expect(await store.choice('4912')).toBe('music/b.wav');
      await store.write([chose('4912', 'music/a.wav', T0)]);
      expect(await store.choice('4912')).toBe('music/a.wav');
    });

    test('old choices stay until they were known for the whole time, and go then', async () => {
      const clock = new ManualClock(T0);
      const settled = { ...parts, clock: { ...systemClock(), wall: clock.wall } };
      await withAdmin(settings(database), settled, (admin) => admin.migrate({ tracks: ['music/a.wav'] }));
      const own = new MysqlStore(new Pool(server.database(database), parts), clock);
      expect(await own.purge(T0 - 1)).toBe(0);
      server.sql("INSERT INTO queue_music (src, music_class) VALUES ('4913', 1)", database);
      clock.advance(1000);
      expect(await own.purge(T0 + 500)).toBe(6);
      expect(rows('SELECT src FROM queue_music WHERE src IS NOT NULL', database)).toEqual(['4913']);
      await own.close();
    });

    test('the check names what is wrong, and the numbers that have no meaning', async () => {
      const before = await withAdmin(settings(database), parts, (admin) => admin.check());
      expect(before.at(-1)).toMatchObject({
        result: 'problem',
        name: 'schema',
        todo: 'run `holdcast store migrate`',
      });
      await migrate();
      const after = await withAdmin(settings(database), parts, (admin) => admin.check());
      expect(after.map(({ result, name }) => `${name}: ${result}`)).toEqual([
        'store: ok',
        'schema: ok',
        'rights: ok',
        'rows: ok',
        'disk: ok',
        'choices: warning',
      ]);
      expect(after[3]?.found).toBe('7 choices, 0 things heard, 0 keys');
      expect(after[5]?.found).toBe('no track is known for music class 7 (1 callers)');
    });
  });

  test('without tables a write is refused with what to do; an old table and a mapping are enough for choices', async () => {
    server.create('bare');
    const store = await openStore(settings('bare'), parts);
    await expect(store.choice('49')).rejects.toMatchObject({
      code: 'HC_STORE_REFUSED',
      hint: 'run `holdcast store migrate`',
    });
    server.sql(
      `${OLD}; CREATE TABLE holdcast_track (music_class smallint, track varchar(255));
       INSERT INTO queue_music (src, music_class) VALUES ('0049', 3); INSERT INTO holdcast_track VALUES (3, 'music/c.wav')`,
      'bare',
    );
    expect(await store.choice('0049')).toBe('music/c.wav');
    expect(await store.choice('49')).toBeUndefined();
    await expect(store.write([chose('49', 'music/c.wav')])).rejects.toMatchObject({
      code: 'HC_STORE_REFUSED',
    });
    await store.close();
  });

  test('a migration that was interrupted goes on; many at once do it once', async () => {
    server.create('half');
    server.sql(`${OLD}; INSERT INTO queue_music (src, music_class) VALUES ('0049', 1)`, 'half');
    server.sql(
      'CREATE TABLE holdcast_track (music_class SMALLINT NOT NULL PRIMARY KEY, track VARCHAR(255) NOT NULL UNIQUE)',
      'half',
    );
    const all = await Promise.all(
      Array.from({ length: 5 }, () =>
        withAdmin(settings('half'), parts, (admin) => admin.migrate({ tracks: ['music/a.wav'] })),
      ),
    );
    expect(all.flatMap(({ applied }) => applied)).toEqual(['001-choices', '002-calls', '003-pins']);
    expect(all.flatMap(({ mapped }) => mapped)).toHaveLength(1);
    expect(rows('SELECT version, name FROM holdcast_schema', 'half')).toEqual([
      '1\t001-choices',
      '2\t002-calls',
      '3\t003-pins',
    ]);
  });

  test('tables of a newer Holdcast are left alone', async () => {
    server.create('newer');
    await withAdmin(settings('newer'), parts, (admin) => admin.migrate({ tracks: [] }));
    server.sql("INSERT INTO holdcast_schema VALUES (99, '099-later', 0)", 'newer');
    await expect(
      withAdmin(settings('newer'), parts, (admin) => admin.migrate({ tracks: [] })),
    ).rejects.toMatchObject({
      code: 'HC_STORE_REFUSED',
    });
  });

  test('new tracks get different numbers, however many processes want one at once', async () => {
    server.create('numbers');
    await withAdmin(settings('numbers'), parts, (admin) => admin.migrate({ tracks: [] }));
    const stores = await Promise.all(Array.from({ length: 6 }, () => openStore(settings('numbers'), parts)));
    await Promise.all(
      stores.map((store, who) =>
        store.write(
          Array.from({ length: 8 }, (_, at) =>
            chose(`${who}${at}`, `music/${at < 4 ? 'all' : who}-${at}.wav`),
          ),
        ),
      ),
    );
    expect(
      rows(
        'SELECT COUNT(*), COUNT(DISTINCT music_class), COUNT(DISTINCT track) FROM holdcast_track',
        'numbers',
      ),
    ).toEqual(['28\t28\t28']);
    for (const [who, store] of stores.entries()) {
      expect(await store.choice(`${who}3`)).toBe('music/all-3.wav');
      expect(await store.choice(`${who}7`)).toBe(`music/${who}-7.wav`);
      await store.close();
    }
  });

  test('after the last number the free ones below are used, then it is refused', async () => {
    server.create('full');
    await withAdmin(settings('full'), parts, (admin) => admin.migrate({ tracks: [] }));
    server.sql("INSERT INTO holdcast_track VALUES (32767, 'music/last.wav'), (1, 'music/first.wav')", 'full');
    const store = await openStore(settings('full'), parts);
    await store.write([chose('1', 'music/next.wav')]);
    expect(rows("SELECT music_class FROM holdcast_track WHERE track = 'music/next.wav'", 'full')).toEqual([
      '2',
    ]);
    server.sql(
      "INSERT IGNORE INTO holdcast_track SELECT seq, CONCAT('music/', seq) FROM seq_1_to_32767",
      'full',
    );
    await expect(store.write([chose('1', 'music/too-many.wav')])).rejects.toMatchObject({
      code: 'HC_STORE_REFUSED',
    });
    expect(await store.choice('1')).toBe('music/next.wav');
    await store.close();
  });

  test('all tracks of the old system keep their numbers, also those that nobody has chosen yet', async () => {
    server.create('five');
    server.sql(`${OLD}; INSERT INTO queue_music (src, music_class) VALUES ('1', 1), ('3', 3)`, 'five');
    const tracks = ['a', 'b', 'c', 'd', 'e'].map((name) => `music/${name}.wav`);
    await withAdmin(settings('five'), parts, (admin) => admin.migrate({ tracks }));
    const store = await openStore(settings('five'), parts);
    await store.write([chose('49', 'music/e.wav'), chose('50', 'music/new.wav')]);
    expect(rows('SELECT src, music_class FROM queue_music ORDER BY src', 'five')).toEqual([
      '1\t1',
      '3\t3',
      '49\t5',
      '50\t6',
    ]);
    server.sql("INSERT INTO queue_music (src, music_class) VALUES ('51', 4)", 'five');
    expect(await store.choice('51')).toBe('music/d.wav');
    await store.close();
  });

  test('the operator corrects what numbers mean: exchanged, moved, or as it was', async () => {
    server.create('corrected');
    server.sql(
      `${OLD}; INSERT INTO queue_music (src, music_class) VALUES ('1', 1), ('2', 2), ('3', 3)`,
      'corrected',
    );
    const tracks = ['a', 'b', 'c', 'd'].map((name) => `music/${name}.wav`);
    const migrate = (classes: Record<number, string>, dryRun = false) =>
      withAdmin(settings('corrected'), parts, (admin) => admin.migrate({ tracks, classes, dryRun }));
    await migrate({});
    const store = await openStore(settings('corrected'), parts);
    const all = () => Promise.all(['1', '2', '3'].map((phone) => store.choice(phone)));
    const exchange = { 1: 'music/b.wav', 2: 'music/a.wav', 3: 'music/c.wav' };
    const dry = await migrate(exchange, true);
    expect(await all()).toEqual(['music/a.wav', 'music/b.wav', 'music/c.wav']);
    const report = await migrate(exchange);
    expect(report).toEqual(dry);
    expect(report.mapped).toEqual([
      { musicClass: 1, track: 'music/b.wav', callers: 1, before: 'music/a.wav' },
      { musicClass: 2, track: 'music/a.wav', callers: 1, before: 'music/b.wav' },
    ]);
    expect(report.unchanged).toEqual([3]);
    expect(await all()).toEqual(['music/b.wav', 'music/a.wav', 'music/c.wav']);
    await store.write([chose('4', 'music/d.wav')]);
    await migrate({ 3: 'music/d.wav' });
    expect(await all()).toEqual(['music/b.wav', 'music/a.wav', 'music/d.wav']);
    expect(await store.choice('4')).toBe('music/d.wav');
    expect(rows("SELECT music_class FROM queue_music WHERE src = '4'", 'corrected')).toEqual(['3']);
    await store.close();
  });

  test('two numbers of the old system may mean one track', async () => {
    server.create('twice');
    server.sql(`${OLD}; INSERT INTO queue_music (src, music_class) VALUES ('1', 1), ('2', 2)`, 'twice');
    await withAdmin(settings('twice'), parts, (admin) =>
      admin.migrate({ tracks: [], classes: { 1: 'music/a.wav', 2: 'music/a.wav' } }),
    );
    const store = await openStore(settings('twice'), parts);
    expect([await store.choice('1'), await store.choice('2')]).toEqual(['music/a.wav', 'music/a.wav']);
    await store.close();
  });

  test('a user without rights is told which, and nothing of a caller', async () => {
    server.create('rights');
    await withAdmin(settings('rights'), parts, (admin) => admin.migrate({ tracks: [] }));
    server.sql('CREATE USER IF NOT EXISTS reader@localhost; GRANT SELECT ON rights.* TO reader@localhost');
    const findings = await withAdmin(settings('rights', 'reader'), parts, (admin) => admin.check());
    expect(findings.at(-1)).toMatchObject({ result: 'problem', name: 'store' });
    const store = await openStore(settings('rights', 'reader'), parts);
    expect(await store.choice('49301234')).toBeUndefined();
    const write = store.write([chose('49301234', 'music/a.wav')]);
    await expect(write).rejects.toMatchObject({
      code: 'HC_STORE_REFUSED',
      hint: 'give this user the rights that docs/store.md lists, and check name and password',
    });
    await expect(write).rejects.not.toThrow(/49301234/);
    await store.close();
  });
});
