// Billing by SQL on a real MariaDB: what its columns come as, and what becomes of a question when it stands still.
// Would catch: a balance that went through a float, a value that became SQL, a caller who waits for a frozen database.
import type { Billing, BillingReply } from '../../src/billing/billing';
import { openBilling } from '../../src/billing/open';
import { defaultBilling, type SqlBilling } from '../../src/billing/settings';
import { openSql } from '../../src/billing/sql';
import { ManualClock, systemClock } from '../../src/util/clock';
import { rejection, usd } from '../support/billingContract';
import { FakePins } from '../support/fakePins';
import { describeWithMariadb, Mariadb } from '../support/mariadb';
import { expectDiscreet, KeptLog, owned } from './fixtures';

const QUERY = 'SELECT number, balance, currency FROM account WHERE phone = :phone';
const QUESTION = { phone: '+442079460018', uniqueid: '1795225281.7', language: 'en' };
const CALL = QUESTION;
const signal = new AbortController().signal;

describeWithMariadb('on a real MariaDB', () => {
  let server: Mariadb;
  beforeAll(async () => {
    server = await Mariadb.start();
    server.create('shop');
    server.sql(
      `CREATE TABLE account (phone VARCHAR(20), pin VARCHAR(9), number VARCHAR(20), serial INT, balance DECIMAL(18,2),
         exact DECIMAL(18,4), rough DOUBLE, currency CHAR(3));
       INSERT INTO account VALUES ('+442079460018', '0042', '000412', 412, 999999999999.99, 12.5000, 12.25, 'EUR');`,
      'shop',
    );
  });
  afterAll(() => server?.remove());

  function opened(settings: Partial<SqlBilling> = {}): Billing {
    const parts = { currency: 'USD', clock: systemClock(), log: new KeptLog().log };
    const billing = openSql({ database: server.database('shop'), query: QUERY, ...settings }, parts);
    return owned(billing);
  }
  const ask = (query: string, more: object = {}): Promise<BillingReply> =>
    opened({ query }).accounts({ ...QUESTION, ...more }, signal);

  test('DECIMAL is exact to the last cent', async () => {
    expect(await ask(QUERY)).toEqual({
      status: 'accounts',
      accounts: [{ number: '000412', balance: { minor: 99_999_999_999_999n, currency: 'EUR' } }],
    });
  });

  test('columns may be named in the query, a currency may be left to the config', async () => {
    expect(
      await ask("SELECT number, exact AS balance FROM account WHERE phone = :phone AND 'it''s :pin' <> ''"),
    ).toEqual({
      status: 'accounts',
      accounts: [usd('000412', 1250n)],
    });
    expect(await ask('SELECT number, rough AS balance FROM account')).toMatchObject({
      accounts: [usd('000412', 1225n)],
    });
  });

  test('an account number that is an INT has lost its zeros and is refused', async () => {
    expect(await rejection(ask('SELECT serial AS number, balance FROM account'))).toMatchObject({
      code: 'HC_BILLING_ANSWER',
      message: 'accounts[0].number is not a string',
    });
  });

  test('with a PIN in the query, nothing found is that it is wrong', async () => {
    const query = `${QUERY} AND pin = :pin`;
    expect(await ask(query, { pin: '0042' })).toMatchObject({ accounts: [{ number: '000412' }] });
    expect(await ask(query, { pin: "' OR 1=1 -- " })).toEqual({ status: 'wrong-pin' });
    expect(await ask(QUERY, { phone: '+15550001' })).toEqual({ status: 'accounts', accounts: [] });
  });

  test.each([
    ['SELECT nothing FROM account', 'nothing'],
    ['SELEC 1', 'refused'],
    [`${QUERY} AND pin = :pim`, ':pim'],
  ])('a query that is wrong fails with what to do and is not asked again: %s', async (query, word) => {
    const error = await rejection(ask(query));
    expect(error).toMatchObject({ code: 'HC_BILLING_FAILED', again: false });
    expect(error.message).toContain(word);
    expect(error.hint).toContain('try the query');
  });

  test('a database that is not there may be asked again, unless that may do harm', async () => {
    const database = { ...server.database('shop'), socket: '/no/such/socket' };
    const failing = (query: string, more: object = {}): Promise<unknown> =>
      rejection(opened({ database, query }).accounts({ ...QUESTION, ...more }, signal));
    expect(await failing(QUERY)).toMatchObject({ code: 'HC_BILLING_FAILED', again: true });
    expect(await failing(QUERY, { pin: '0042' })).toMatchObject({ again: false });
    expect(await failing('CALL balance_of(:phone)')).toMatchObject({ again: false });
  });

  test('what the server says to a query may be its word on the PIN; that it was never sent is no try', async () => {
    server.sql(
      `DELIMITER //
       CREATE FUNCTION checked() RETURNS INT BEGIN SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 1205; RETURN 0; END//`,
      'shop',
    );
    const query = `${QUERY} AND IF(pin = :pin, 1, checked())`;
    expect(await ask(query, { pin: '0042' })).toMatchObject({ accounts: [{ number: '000412' }] });
    expect(await rejection(ask(query, { pin: '0043' }))).toMatchObject({
      code: 'HC_BILLING_FAILED',
      unjudged: false,
    });
    const database = { ...server.database('shop'), socket: '/no/such/socket' };
    const away = opened({ database, query }).accounts({ ...QUESTION, pin: '0043' }, signal);
    expect(await rejection(away)).toMatchObject({ unjudged: true });
  });

  test('one that stands still costs a caller their time limit and no more, and answers when it goes on', async () => {
    const clock = new ManualClock();
    const kept = new KeptLog();
    const source = { sql: { database: server.database('shop', { queryMs: 60_000 }), query: QUERY } };
    const settings = { source, ...defaultBilling, cacheMs: 0, phone: { format: 'e164' } as const };
    const balances = owned(openBilling(settings, { clock, log: kept.log, pins: new FakePins() }));
    expect(await balances.balance(CALL, signal)).toMatchObject({ status: 'accounts' });
    server.freeze();
    try {
      const waiting = balances.balance(CALL, signal);
      await new Promise((done) => setImmediate(done));
      clock.advance(3000);
      expect(await waiting).toEqual({ status: 'unavailable' });
    } finally {
      server.thaw();
    }
    expect(await balances.balance(CALL, signal)).toMatchObject({ status: 'accounts' });
    expect(kept.messages).toEqual(['a balance is not available', 'billing answers again']);
    expectDiscreet(kept, '79460018', '000412', '9999');
  });

  test('one that was killed answers after its restart', async () => {
    const source = { sql: { database: server.database('shop'), query: QUERY } };
    const settings = { source, ...defaultBilling, cacheMs: 0, phone: { format: 'e164' } as const };
    const balances = owned(
      openBilling(settings, { clock: systemClock(), log: new KeptLog().log, pins: new FakePins() }),
    );
    await balances.warm();
    expect(await balances.balance(CALL, signal)).toMatchObject({ status: 'accounts' });
    await server.kill();
    expect(await balances.balance(CALL, signal)).toEqual({ status: 'unavailable' });
    await server.resume();
    expect(await balances.balance(CALL, signal)).toMatchObject({ status: 'accounts' });
  });
});
