// The pool against a real server: that it restarts, freezes or dies costs an error, never a hang, and no wrong answer.
// Time limits tick by hand; what is real is the server.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { numbered, Pool } from '../../src/store/pool';
import type { DatabaseSettings } from '../../src/store/settings';
import { ManualClock, systemClock, type Clock } from '../../src/util/clock';
import { silentLogger } from '../../src/util/log';
import { describeWithMariadb, Mariadb } from '../support/mariadb';

describe('names in SQL', () => {
  test('become question marks in their order, as often as they stand there', () => {
    expect(numbered('SELECT :b, :a, :b', { a: 1, b: '2' })).toEqual({
      sql: 'SELECT ?, ?, ?',
      values: ['2', 1, '2'],
    });
  });

  test('are left alone in strings, quoted names and comments, whatever apostrophes stand there', () => {
    const sql =
      "SELECT ':a', \"it's :a\", `:a`, '\\':a', ''':a' -- don't :a\n# isn't :a\n/* :a' */ , @x := :a";
    expect(numbered(sql, { a: 1 })).toEqual({ sql: sql.replace(/:a$/, '?'), values: [1] });
  });

  test('that are not given are refused, inherited ones too', () => {
    expect(() => numbered('SELECT :toString', {})).toThrow(/:toString/);
  });
});

/** Until so many time limits run. */
async function timers(clock: ManualClock, count: number): Promise<void> {
  while (clock.pending < count) await new Promise((done) => setImmediate(done));
}

describeWithMariadb('a pool of connections to MariaDB', () => {
  let server: Mariadb;
  let pool: Pool;
  beforeAll(async () => {
    server = await Mariadb.start();
    server.create('shop');
    server.sql(
      'CREATE TABLE account (phone char(15), number varchar(20), balance decimal(10,2), PRIMARY KEY (number))',
      'shop',
    );
    server.sql("INSERT INTO account VALUES ('0049', '000412', -12.50), ('49', '7', 3)", 'shop');
  });
  afterAll(() => server.remove());
  afterEach(() => pool.close());

  function open(more: Partial<DatabaseSettings> = {}, clock: Clock = systemClock()): Pool {
    return (pool = new Pool(server.database('shop', more), { log: silentLogger, clock }));
  }
  const away = { code: 'HC_STORE_AWAY' };
  /** Until a query is under way on the server. */
  async function until(text: string): Promise<void> {
    while (!server.sql('SHOW PROCESSLIST').includes(text)) await new Promise((done) => setTimeout(done, 20));
  }

  test('what would lose digits comes as strings, as text and as a prepared statement', async () => {
    open();
    const sql =
      "SELECT 1.50 AS d, 12345678901234567890 AS b, 7 AS i, TIMESTAMP '2026-01-05 12:00:00' AS t, 'é😀' AS s, '0049' AS p";
    const row = { d: '1.50', b: '12345678901234567890', i: 7, t: '2026-01-05 12:00:00', s: 'é😀', p: '0049' };
    expect(await pool.query(sql)).toEqual([row]);
    expect(await pool.query(`${sql} WHERE ? = 1`, [1])).toEqual([row]);
  });

  test('parameters are never part of the query', async () => {
    open();
    const bySql = (phone: string) => pool.query('SELECT number FROM account WHERE phone = :phone', { phone });
    expect(await bySql('0049')).toEqual([{ number: '000412' }]);
    expect(await bySql('49')).toEqual([{ number: '7' }]);
    expect(await bySql("x' OR '1'='1")).toEqual([]);
    expect(await bySql("\\' OR 1=1 -- ")).toEqual([]);
  });

  test('a transaction that fails leaves nothing behind; one that is done is there for all', async () => {
    open();
    const add = (number: string) => (on: { run: Pool['run'] }) =>
      on.run('INSERT INTO account VALUES (?, ?, 0)', ['1', number]);
    await expect(
      pool.transaction(async (on) => void (await add('a')(on), await add('a')(on))),
    ).rejects.toMatchObject({
      code: 'HC_STORE_REFUSED',
    });
    await pool.transaction(add('b'));
    expect(await pool.query("SELECT number FROM account WHERE phone = '1'")).toEqual([{ number: 'b' }]);
  });

  test.each([
    ['syntax', 'SELEC 1', [], 'check the query'],
    [
      'a column that is not there',
      'SELECT nothing FROM account',
      [],
      'check the names of columns in the query',
    ],
    ['a table that is not there', 'SELECT 1 FROM nothing', [], 'run `holdcast store migrate`'],
    ['a row that is there already', 'INSERT INTO account VALUES (?, ?, 0)', ['4930', '000412'], undefined],
    [
      'text that is too long',
      'INSERT INTO account VALUES (?, ?, 0)',
      ['4930123456789012345', 'z'],
      undefined,
    ],
  ])('%s is refused, with no value in the message', async (_, sql, values, hint) => {
    open();
    const query = pool.query(sql, values);
    await expect(query).rejects.toMatchObject({ code: 'HC_STORE_REFUSED', hint });
    await expect(query).rejects.not.toThrow(/4930|000412/);
    expect(await pool.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('a wrong password and a database that is not there are refused; a socket that is not there is away', async () => {
    server.sql("CREATE OR REPLACE USER shy@localhost IDENTIFIED BY 'secret'");
    await expect(open({ user: 'shy', password: 'wrong' }).query('SELECT 1')).rejects.toMatchObject({
      code: 'HC_STORE_REFUSED',
    });
    await expect(open({ database: 'nowhere' }).query('SELECT 1')).rejects.toMatchObject({
      code: 'HC_STORE_REFUSED',
    });
    await expect(open({ socket: '/nowhere/s' }).query('SELECT 1')).rejects.toMatchObject(away);
  });

  test('there are never more connections than allowed; those that wait have their turn', async () => {
    open({ connections: 2 });
    const all = await Promise.all(
      Array.from({ length: 20 }, () => pool.query('SELECT CONNECTION_ID() AS id')),
    );
    expect(new Set(all.map(([row]) => row?.['id'])).size).toBe(2);
  });

  test('a query that hangs is cut in time, and its connection is not used again', async () => {
    const clock = new ManualClock();
    open({ connections: 1, queryMs: 3000 }, clock);
    const [first] = await pool.query('SELECT CONNECTION_ID() AS id');
    const hanging = pool.query("SELECT SLEEP(60), 'hangs'");
    await until("SLEEP(60), 'hangs'");
    clock.advance(2999);
    const waiting = pool.query('SELECT CONNECTION_ID() AS id');
    clock.advance(1);
    await expect(hanging).rejects.toMatchObject(away);
    const [next] = await waiting;
    expect(next?.['id']).not.toBe(first?.['id']);
  });

  test('a query that is given up is cut at once', async () => {
    open({ connections: 1 });
    const abort = new AbortController();
    const hanging = pool.query("SELECT SLEEP(60), 'given up'", [], abort.signal);
    await until("SLEEP(60), 'given up'");
    abort.abort();
    await expect(hanging).rejects.toMatchObject(away);
    await expect(pool.query('SELECT 1', [], abort.signal)).rejects.toMatchObject(away);
    expect(await pool.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('an answer that the driver throws at is an error of that query, and the process lives on', async () => {
    open();
    await expect(pool.query('SELECT 1 AS `__proto__`')).rejects.toMatchObject(away);
    expect(await pool.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('closing ends what hangs and what waits, and may be done again', async () => {
    open({ connections: 1 });
    const hanging = pool.query("SELECT SLEEP(60), 'closed'");
    await until("SLEEP(60), 'closed'");
    const ends = [hanging, pool.query('SELECT 2')].map((query) => expect(query).rejects.toMatchObject(away));
    await pool.close();
    await Promise.all(ends);
    await pool.close();
    await expect(pool.query('SELECT 1')).rejects.toMatchObject(away);
  });

  test('a frozen server: each query is cut in time, also while connecting; all is well when it thaws', async () => {
    const clock = new ManualClock();
    open({ connections: 2, connectMs: 2000, queryMs: 3000 }, clock);
    await pool.query('SELECT 1');
    server.freeze();
    try {
      const one = pool.query('SELECT 1');
      const two = pool.query('SELECT 2');
      const ends = [one, two].map((query) => expect(query).rejects.toMatchObject(away));
      await timers(clock, 2);
      clock.advance(3000);
      await Promise.all(ends);
      const three = pool.query('SELECT 3');
      const end = expect(three).rejects.toMatchObject(away);
      await timers(clock, 1);
      clock.advance(2000);
      await end;
    } finally {
      server.thaw();
    }
    expect(await pool.query('SELECT 4 AS four')).toEqual([{ four: 4 }]);
  });

  test('a server that is killed in the middle of a query, then started again, is used again', async () => {
    open();
    const cut = expect(pool.query("SELECT SLEEP(60), 'killed'")).rejects.toMatchObject(away);
    await until("SLEEP(60), 'killed'");
    await server.kill();
    await cut;
    await expect(pool.query('SELECT 1')).rejects.toMatchObject(away);
    await server.resume();
    expect(await pool.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  test('a restart while connections rest costs at most one error', async () => {
    open({ connections: 3 });
    await Promise.all([1, 2, 3].map(() => pool.query('SELECT SLEEP(0.01)')));
    await server.stop();
    await server.resume();
    await pool.query('SELECT 1').catch((error: unknown) => expect(error).toMatchObject(away));
    const all = await Promise.all([1, 2, 3].map(() => pool.query('SELECT 1 AS one')));
    expect(all).toEqual([[{ one: 1 }], [{ one: 1 }], [{ one: 1 }]]);
  });

  test('a server that only reads is away for writes', async () => {
    server.sql(
      'SET GLOBAL read_only = 1; CREATE OR REPLACE USER w@localhost; GRANT ALL ON shop.* TO w@localhost',
    );
    open({ user: 'w' });
    await expect(pool.run("DELETE FROM account WHERE number = 'x'")).rejects.toMatchObject(away);
    server.sql('SET GLOBAL read_only = 0');
    expect(await pool.run("DELETE FROM account WHERE number = 'x'")).toBe(0);
  });

  test('too many connections on the server is away', async () => {
    server.sql(
      'SET GLOBAL max_connections = 10; CREATE OR REPLACE USER w@localhost; GRANT ALL ON shop.* TO w@localhost',
    );
    const hogs = new Pool(server.database('shop', { user: 'w', connections: 12 }), {
      log: silentLogger,
      clock: systemClock(),
    });
    const hogging = Array.from({ length: 12 }, () =>
      hogs.query('SELECT SLEEP(30)').catch((error: unknown) => error),
    );
    const refusal = await Promise.race(hogging);
    expect(refusal).toMatchObject(away);
    await hogs.close();
    server.sql('SET GLOBAL max_connections = 151');
    expect(await open().query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

describe('a pool and something that is no MySQL', () => {
  let server: Server;
  let pool: Pool;
  const sockets = new Set<Socket>();
  afterEach(async () => {
    await pool.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => server.close(done));
  });

  async function against(greeting: Buffer | string, clock: Clock = systemClock()): Promise<Pool> {
    server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.write(greeting);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const settings = {
      host: '127.0.0.1',
      port,
      user: 'x',
      database: 'x',
      connections: 1,
      tls: false,
      connectMs: 2000,
      queryMs: 3000,
    };
    return (pool = new Pool(settings, { log: silentLogger, clock }));
  }

  test.each([
    ['a web server', 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'],
    ['noise', Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * 7919 + 13) % 256))],
    ['a greeting that is cut short', Buffer.from([3, 0, 0, 0, 10, 53, 46])],
    ['an error packet that is empty', Buffer.from([1, 0, 0, 0, 0xff])],
    ['zeros', Buffer.alloc(64)],
  ])('%s: an error in time, and the process lives on', async (_, greeting) => {
    // The driver may complain on stderr; stdout is a caller's ear.
    const said = jest.spyOn(console, 'error').mockImplementation(() => {});
    const [logged, written] = [jest.spyOn(console, 'log'), jest.spyOn(process.stdout, 'write')];
    const clock = new ManualClock();
    await against(greeting, clock);
    const asked = expect(pool.query('SELECT 1')).rejects.toMatchObject({ code: 'HC_STORE_AWAY' });
    while (sockets.size === 0) await new Promise((done) => setImmediate(done));
    await new Promise((done) => setTimeout(done, 50));
    clock.advance(2000);
    await asked;
    for (const [line] of said.mock.calls) expect(line).toMatch('got packets out of order');
    expect([logged.mock.calls, written.mock.calls]).toEqual([[], []]);
    jest.restoreAllMocks();
  });
});
