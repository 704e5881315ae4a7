// From settings to balances: each kind of source, what an operator's function may do, a PIN that is lost.
// Would catch: a config that asks for a PIN and takes any, a function that takes the process or a caller with it.
import { openBilling } from '../../src/billing/open';
import type { BalanceService } from '../../src/billing/balanceService';
import {
  defaultBilling,
  defaultPin,
  type BillingFunction,
  type BillingSettings,
} from '../../src/billing/settings';
import { ManualClock, systemClock } from '../../src/util/clock';
import { usd } from '../support/billingContract';
import { BillingServer, says } from '../support/billingServer';
import { FakePins } from '../support/fakePins';
import { expectDiscreet, KeptLog, owned, turn } from './fixtures';

const CALL = { phone: '+442079460018', uniqueid: '1795225281.7', language: 'en' };
const { signal } = new AbortController();
const ONE = [{ number: '000412', balance: '12.50' }];
const ACCOUNTS = { status: 'accounts', accounts: [usd('000412', 1250n)] };
const UNAVAILABLE = { status: 'unavailable' };
const PIN = defaultPin;

/** What a function may throw though no linter lets it. */
const NO_ERROR = { phone: '+442079460018' } as unknown as Error;
const NO_TEXT = Object.create(null) as Error;

let kept: KeptLog;
let clock: ManualClock;
beforeEach(() => {
  kept = new KeptLog();
  clock = new ManualClock();
});
afterEach(() => expectDiscreet(kept, '79460018', '000412', '12.50', '0042', 'Smith'));

function opened(
  source: BillingSettings['source'],
  more: Partial<BillingSettings> = {},
  time: ManualClock | ReturnType<typeof systemClock> = clock,
): BalanceService {
  const settings = { source, ...defaultBilling, phone: { format: 'e164' } as const, ...more };
  return owned(openBilling(settings, { clock: time, log: kept.log, pins: new FakePins() }));
}

const lastFields = (): unknown => kept.lines.at(-1)?.fields;

// The process of the tests stands for that of the calls: nothing may reach its last resort.
const unhandled: unknown[] = [];
const note = (error: unknown): void => void unhandled.push(error);
beforeAll(() => void process.on('unhandledRejection', note).on('uncaughtException', note));
afterAll(() => void process.off('unhandledRejection', note).off('uncaughtException', note));
afterEach(async () => {
  await turn();
  expect(unhandled.splice(0)).toEqual([]);
});

test('HTTP is asked, also when it was restarted meanwhile', async () => {
  const server = owned(await BillingServer.start(says(ONE)));
  const http = { url: `${server.origin}/{phone}` };
  const balances = opened({ http }, { cacheMs: 0 }, systemClock());
  await balances.warm();
  expect(await balances.balance(CALL, signal)).toEqual(ACCOUNTS);
  await server.close();
  await server.reopen();
  expect(await balances.balance(CALL, signal)).toEqual(ACCOUNTS);
  expect(kept.messages).toEqual([]);
});

describe('the operator’s function', () => {
  test('is given the question and a signal, and may answer at once', async () => {
    const seen: object[] = [];
    const balances = opened((given) => {
      seen.push(given);
      return ONE;
    });
    expect(await balances.balance(CALL, signal)).toEqual(ACCOUNTS);
    expect(seen).toEqual([{ ...CALL, signal: expect.any(AbortSignal) as AbortSignal }]);
  });

  test.each<[string, BillingFunction]>([
    [
      'throws at once',
      () => {
        throw new Error('no account 000412 for +442079460018');
      },
    ],
    ['throws later', () => Promise.reject(new Error('+44 207 946 0018 has 12.50'))],
    ['is given what is no JSON', () => JSON.parse('John Smith') as []],
    ['throws what is no error', () => Promise.reject(NO_ERROR)],
    ['throws what has no text', () => Promise.reject(NO_TEXT)],
  ])('that %s makes nothing available, and the log tells no number', async (_, ask) => {
    const balances = opened(ask);
    expect(await balances.balance(CALL, signal)).toEqual(UNAVAILABLE);
    expect(lastFields()).toMatchObject({
      code: 'HC_BILLING_FAILED',
      error: expect.stringContaining('the function threw') as string,
      hint: expect.stringContaining('config.ts') as string,
    });
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['a text', 'Your balance is 12.50'],
    ['a balance with a comma', [{ number: '000412', balance: '12,50' }]],
    ['itself', () => ONE],
  ])('that answers with %s makes nothing available', async (_, junk) => {
    const balances = opened(() => junk as []);
    expect(await balances.balance(CALL, signal)).toEqual(UNAVAILABLE);
    expect(lastFields()).toMatchObject({ code: 'HC_BILLING_ANSWER' });
  });

  test('that hangs is aborted at the limit, and may fail afterwards as it likes', async () => {
    let fail: (error: Error) => void = () => {};
    let given: AbortSignal | undefined;
    const balances = opened((question) => {
      given = question.signal;
      return new Promise((_, reject) => (fail = reject));
    });
    const waiting = balances.balance(CALL, signal);
    await turn();
    expect(given?.aborted).toBe(false);
    clock.advance(3000);
    expect(await waiting).toEqual(UNAVAILABLE);
    expect(given?.aborted).toBe(true);
    const lines = kept.lines.length;
    fail(new Error('too late for +442079460018'));
    await turn();
    expect(kept.lines.length).toBe(lines);
  });

  test('is never asked a second time for the same', async () => {
    let asked = 0;
    const balances = opened(() => {
      asked++;
      throw Object.assign(new Error('lost'), { code: 'ECONNRESET', again: true });
    });
    const waiting = balances.balance(CALL, signal);
    await turn();
    clock.advance(3000);
    expect(await waiting).toEqual(UNAVAILABLE);
    expect(asked).toBe(1);
  });
});

describe('a PIN', () => {
  const database = {
    host: '127.0.0.1',
    port: 1,
    user: 'x',
    database: 'x',
    connections: 1,
    connectMs: 1,
    queryMs: 1,
    tls: false,
  };

  test.each<[string, BillingSettings['source']]>([
    ['an address', { http: { url: 'http://127.0.0.1:1/{phone}' } }],
    ['a query', { sql: { database, query: 'SELECT 1 FROM t WHERE pinned = :phone' } }],
  ])('that %s does not pass on is checked by nobody, so nobody is answered', async (_, source) => {
    const balances = opened(source, { pin: PIN });
    expect(await balances.balance({ ...CALL, pin: '0042' }, signal)).toEqual(UNAVAILABLE);
    expect(lastFields()).toMatchObject({ error: expect.stringContaining('nothing checks it') as string });
  });

  test('is passed on in a body, and checked there', async () => {
    const server = owned(
      await BillingServer.start((request, response) =>
        says(request.body.includes('"0042"') ? ONE : 'wrong-pin')(request, response),
      ),
    );
    const balances = opened(
      { http: { url: server.origin, body: { of: ['{phone}', '{pin}'] } } },
      { pin: PIN },
    );
    expect(await balances.balance(CALL, signal)).toEqual({ status: 'pin', wrong: false, digits: 4 });
    expect(await balances.balance({ ...CALL, pin: '0043' }, signal)).toMatchObject({
      status: 'pin',
      wrong: true,
    });
    expect(await balances.balance({ ...CALL, pin: '0042' }, signal)).toEqual(ACCOUNTS);
  });
});
