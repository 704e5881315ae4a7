// Balances on a real Asterisk, asked of a real HTTP server and of a real MariaDB, and said by the shipped voices.
// What each caller heard is transcribed back to the clips of the voice, and is to be the expected sentence exactly.
import { BillingServer, says, type Answering } from '../support/billingServer';
import { lengthOf } from './judge/exact';
import { answered, askBalance, followed } from './lab/answers';
import type { Caller, CallerOptions } from './lab/caller';
import { configText } from './lab/config';
import { describeWithMariadb, startDatabase, type Mariadb } from './lab/database';
import { Lab } from './lab/lab';
import { RATE, tracks } from './lab/media';
import { describeOnNewest } from './lab/newest';
import { balanceText, listener, promptsOf, told, type ToldAccount } from './lab/speech';
import { sleep, until } from './lab/wait';

const NOT_AVAILABLE = 'balance-unavailable';
const MOMENT = 'one-moment';
const listeners = { en: listener('en'), ru: listener('ru') };

const account = (number: string, balance: string, currency = 'USD'): ToldAccount => ({
  number,
  balance,
  currency,
});

/** Accounts by callers' numbers: no number is a part of another, so that the log can be searched for them. */
const ONE = '74951230801';
const THREE = '74951230802';
const NONE = '74951230803';
const RUSSIAN = '74951230804';
const SLOW = '74951230805';
const SLOWEST = '74951230806';
const JUNK = '74951230807';
const COMMAS = '74951230808';
const CUSTOMERS: Readonly<Record<string, readonly ToldAccount[]>> = {
  [ONE]: [account('00041277', '12.50')],
  [THREE]: [account('0412', '-13.30', 'EUR'), account('70', '0.00'), account('B-5', '1315.01', 'GBP')],
  [NONE]: [],
  [RUSSIAN]: [account('412', '-1021.02', 'RUB'), account('30', '512.11', 'RUB')],
  [SLOW]: [account('00041280', '30.13')],
  [SLOWEST]: [account('00041281', '40.14')],
};

let lab: Lab;
let server: BillingServer;
/** Besides what the server says to `phone`. */
const odd: Record<string, Answering> = {
  [SLOW]: later(2000),
  [SLOWEST]: later(10_000),
  [JUNK]: (_, response) => void response.end('<html>InitialTrack to our billing system!</html>'),
  [COMMAS]: says([{ number: '00041282', balance: '1,234.50' }]),
};

function later(ms: number): Answering {
  return (request, response) => void sleep(ms).then(() => byPhone(request, response));
}

const byPhone: Answering = (request, response) =>
  says(CUSTOMERS[request.query.get('phone') ?? ''] ?? [])(request, response);

const answering: Answering = (request, response) =>
  (odd[request.query.get('phone') ?? ''] ?? byPhone)(request, response);

beforeAll(async () => {
  server = await BillingServer.start(answering);
  const media = { ...tracks(6, 60), ...promptsOf('en'), ...promptsOf('ru') };
  lab = await Lab.open({ media, config: (one) => configText(one, { billing: overHttp() }) });
  await lab.startHub();
});
afterAll(async () => {
  await lab?.close();
  await server?.close();
});

/** Callers come one after the other so fast that a rest for a billing system in trouble would silence the next. */
function overHttp(): string {
  return `{ http: { url: '${server.origin}/balance?phone={phone}' }, cacheMs: 0, failures: 100 }`;
}

async function begin(billing: string): Promise<void> {
  await lab.stopHub('SIGTERM');
  await lab.configure(configText(lab, { billing }));
  await lab.startHub();
}

/** A caller who has heard music for a while, so that their stream knows who they are. */
async function waiting(phone: string, more: Partial<CallerOptions> = {}): Promise<Caller> {
  const caller = await lab.call({ queue: 'keys', phone, ...more });
  await caller.ear.hear(2000);
  await followed(lab, caller);
  return caller;
}

const toldIn = (caller: Caller, language: 'en' | 'ru' = 'en'): string[] =>
  told(lab, caller, listeners[language]);

/** What they heard at last is one track, every sample of it. */
function expectMusic(caller: Caller): void {
  const last = lab.index.runs(caller.ear.samples).at(-1)!;
  expect(lengthOf(last)).toBeGreaterThan(0.5 * RATE);
  expect(last.to).toBeGreaterThan(caller.ear.heard - 0.1 * RATE);
}

/** The log of everything is written at level debug here; the numbers and amounts of callers are in none of it. */
function expectNothingPersonalLogged(...more: string[]): void {
  const accounts = Object.values(CUSTOMERS).flat();
  const secrets = [
    ...Object.keys(CUSTOMERS),
    ...Object.keys(odd),
    ...accounts.map(({ number }) => number).filter((number) => number.length > 4),
    ...accounts.map(({ balance }) => balance).filter((balance) => balance.length > 5),
    ...more,
  ];
  const { logText } = lab;
  expect(logText).toContain('voice-end');
  expect(secrets.filter((secret) => logText.includes(secret))).toEqual([]);
}

describe('over HTTP', () => {
  const cases = [
    { phone: ONE, answers: 1, expected: ['your-balance-is twelve dollars and fifty cents'] },
    { phone: THREE, answers: 1, expected: [balanceText('en', CUSTOMERS[THREE]!)] },
    { phone: NONE, answers: 1, expected: ['number-not-registered'] },
    { phone: SLOW, answers: 2, expected: [MOMENT, balanceText('en', CUSTOMERS[SLOW]!)] },
    { phone: SLOWEST, answers: 2, expected: [MOMENT, NOT_AVAILABLE] },
    { phone: JUNK, answers: 1, expected: [NOT_AVAILABLE] },
    { phone: COMMAS, answers: 1, expected: [NOT_AVAILABLE] },
  ];

  it('each of nine callers who press 2 in the same instant hears their own: balances, or why there is none', async () => {
    const [callers, russian, withheld] = await Promise.all([
      Promise.all(cases.map(({ phone }) => waiting(phone))),
      waiting(RUSSIAN, { language: 'ru' }),
      waiting('anonymous', { withheld: true, queue: 'quiet' }),
    ]);
    const all = [...callers, russian, withheld];
    await Promise.all(all.map((caller, i) => askBalance(lab, caller, cases[i]?.answers)));
    for (const caller of all) expectMusic(caller);
    await Promise.all(all.map((caller) => caller.hangUp()));
    expect(callers.map((caller) => [caller.phone, toldIn(caller)])).toEqual(
      cases.map(({ phone, expected }) => [phone, expected]),
    );
    expect(toldIn(russian, 'ru')).toEqual([balanceText('ru', CUSTOMERS[RUSSIAN]!)]);
    expect(toldIn(russian, 'ru')[0]).toContain(
      'минус одна тысяча двадцать один рубль две копейки , на-счете-номер три ноль , пятьсот двенадцать рублей одиннадцать копеек',
    );
    expect(toldIn(withheld)).toEqual(['balance-unknown-caller']);
    const asked = server.requests.map(({ query }) => query.get('phone'));
    expect([...new Set(asked)].sort()).toEqual([...cases.map(({ phone }) => phone), RUSSIAN].sort());
    expectNothingPersonalLogged();
  });

  it('a number that changes while its caller waits: nobody hears the last one’s balance, not even to its end', async () => {
    const set = (caller: Caller, Variable: string, Value: string): Promise<unknown> =>
      lab.manager.request({ Action: 'Setvar', Channel: caller.channel, Variable, Value });
    const callers = await Promise.all([SLOW, THREE, ONE, RUSSIAN].map((phone) => waiting(phone)));
    const [inFlight, speaking, withheld, freepbx] = callers as [Caller, Caller, Caller, Caller];
    const said = (caller: Caller, msg: string) => (): boolean =>
      lab.log.some((line) => line['uniqueid'] === caller.uniqueid && line['msg'] === msg);
    // No event tells of these two.
    await set(withheld, 'CALLERID(num-pres)', 'prohib_passed_screen');
    await set(freepbx, 'CALLINGNUMPRES_SV', 'prohib_passed_screen');
    const answers = [askBalance(lab, inFlight, 2), askBalance(lab, withheld), askBalance(lab, freepbx)];
    speaking.press('2');
    await until(() => 'the balance is said', said(speaking, 'voice'));
    await speaking.ear.hear(1000);
    await set(inFlight, 'CALLERID(num)', ONE);
    await speaking.ear.hear(1500); // whole words are told by then
    await set(speaking, 'CALLERID(num)', ONE);
    await until(() => 'the balance is said no further', said(speaking, 'voice-cut'), 2000);
    await Promise.all([...answers, speaking.ear.hear(3500)]);
    for (const caller of callers) expectMusic(caller);
    await Promise.all([askBalance(lab, inFlight), askBalance(lab, speaking)]);
    await Promise.all(callers.map((caller) => caller.hangUp()));
    const own = balanceText('en', CUSTOMERS[ONE]!);
    expect(toldIn(inFlight)).toEqual([MOMENT, NOT_AVAILABLE, own]);
    expect(toldIn(withheld)).toEqual(['balance-unknown-caller']);
    expect(toldIn(freepbx)).toEqual(['balance-unknown-caller']);
    const [cut, after] = toldIn(speaking) as [string, string];
    const whole = balanceText('en', CUSTOMERS[THREE]!);
    expect([whole.length - cut.length > 20, after]).toEqual([true, own]);
    expect(whole).toContain(cut.split(' ').slice(0, -1).join(' '));
  });

  it('while the billing system is down it is said to be, and the balance once it is back', async () => {
    const caller = await waiting(ONE);
    await server.close();
    await askBalance(lab, caller);
    expectMusic(caller);
    await server.reopen();
    await askBalance(lab, caller);
    await caller.hangUp();
    expect(toldIn(caller)).toEqual([NOT_AVAILABLE, balanceText('en', CUSTOMERS[ONE]!)]);
  });
});

describeOnNewest('with a PIN', describe, () => {
  const PIN = '471108';
  const WRONG = '902100';
  const OWN = balanceText('en', CUSTOMERS[ONE]!);
  const pinning: Answering = (request, response) => {
    const { phone, pin } = JSON.parse(request.body) as { phone: string; pin: string };
    says(pin === PIN ? CUSTOMERS[phone] : 'wrong-pin')(request, response);
  };

  beforeAll(async () => {
    server.answering = pinning;
    await begin(
      `{ pin: { digits: 6, tries: 3 },
         http: { url: '${server.origin}/balance', body: { phone: '{phone}', pin: '{pin}' } } }`,
    );
  });
  afterAll(() => void (server.answering = answering));

  async function key(caller: Caller, pin: string): Promise<void> {
    for (const digit of pin) {
      await caller.ear.hear(200);
      caller.press(digit);
    }
  }

  /** Presses 2, keys in one after the other as they are asked, and hears the last answer. */
  async function keyIn(phone: string, ...pins: string[]): Promise<Caller> {
    const caller = await waiting(phone);
    caller.press('2');
    await answered(lab, caller, 1, 500);
    for (const [i, pin] of pins.entries()) {
      await key(caller, pin);
      await answered(lab, caller, i + 2, 500);
    }
    await caller.ear.hear(2500);
    expectMusic(caller);
    return caller;
  }

  it('the balance is said after the right one, asked for again after a wrong one, and locked after three', async () => {
    const [right, wrongThenRight, locked] = await Promise.all([
      keyIn(ONE, PIN),
      keyIn(SLOW, WRONG, PIN),
      keyIn(THREE, WRONG, WRONG, WRONG),
    ]);
    await askBalance(lab, locked);
    await Promise.all([right, wrongThenRight, locked].map((caller) => caller.hangUp()));
    expect(toldIn(right)).toEqual(['enter-pin', OWN]);
    expect(toldIn(wrongThenRight)).toEqual(['enter-pin', 'wrong-pin', balanceText('en', CUSTOMERS[SLOW]!)]);
    expect(toldIn(locked)).toEqual(['enter-pin', 'wrong-pin', 'wrong-pin', 'pin-locked', 'pin-locked']);
    expectNothingPersonalLogged(PIN, WRONG);
  });

  it('a number that is locked stays so when the hub was killed, and when it is told in another way', async () => {
    await lab.stopHub('SIGKILL');
    await lab.startHub();
    const spelled = await waiting(`00${THREE}`);
    await askBalance(lab, spelled);
    await spelled.hangUp();
    expect(toldIn(spelled)).toEqual(['pin-locked']);
    expectNothingPersonalLogged();
  });

  it('the number changes while a PIN is keyed in: it goes nowhere, and its last digits are no keys', async () => {
    const asked = server.requests.length;
    const caller = await waiting(ONE);
    caller.press('2');
    await answered(lab, caller, 1, 500);
    await key(caller, PIN.slice(0, 3));
    const { channel } = caller;
    await lab.manager.request({ Action: 'Setvar', Channel: channel, Variable: 'CALLERID(num)', Value: SLOW });
    await key(caller, PIN.slice(3));
    await answered(lab, caller, 2);
    expectMusic(caller);
    await caller.hangUp();
    expect(toldIn(caller)).toEqual(['enter-pin', NOT_AVAILABLE]);
    expect(server.requests).toHaveLength(asked);
    expect(new Set(lab.index.runs(caller.ear.samples).map(({ source }) => source)).size).toBe(1);
  });
});

describeOnNewest('out of MariaDB', describeWithMariadb, () => {
  let database: Mariadb;

  beforeAll(async () => {
    const { server: started, settings } = await startDatabase('billing');
    database = started;
    const rows = Object.entries(CUSTOMERS).flatMap(([phone, accounts]) =>
      accounts.map(({ number, balance, currency }) => `('${phone}', '${number}', ${balance}, '${currency}')`),
    );
    database.sql(
      `CREATE TABLE account (phone VARCHAR(20), number VARCHAR(20), balance DECIMAL(12, 2), currency CHAR(3));
       INSERT INTO account VALUES ${rows.join()}`,
      'billing',
    );
    await begin(`{ sql: { database: ${settings},
        query: 'SELECT number, balance, currency FROM account WHERE phone = :phone ORDER BY number' }, cacheMs: 0 }`);
  });
  afterAll(() => database?.remove());

  it('the accounts are said, not while it is frozen (then the music goes on), and again when it thaws', async () => {
    const [caller, russian] = await Promise.all([waiting(ONE), waiting(RUSSIAN, { language: 'ru' })]);
    // What they have to hear takes longer than all that the other does.
    const russianHeard = askBalance(lab, russian);
    await askBalance(lab, caller);
    database.freeze();
    try {
      await askBalance(lab, caller, 2);
      expectMusic(caller);
    } finally {
      database.thaw();
    }
    await Promise.all([askBalance(lab, caller), russianHeard]);
    await Promise.all([caller.hangUp(), russian.hangUp()]);
    const own = balanceText('en', CUSTOMERS[ONE]!);
    expect(toldIn(caller)).toEqual([own, MOMENT, NOT_AVAILABLE, own]);
    // In the order of the query.
    expect(toldIn(russian, 'ru')).toEqual([balanceText('ru', CUSTOMERS[RUSSIAN]!.toReversed())]);
    expectNothingPersonalLogged();
  });
});

test('nothing is left when all have hung up', async () => {
  await until(
    () => JSON.stringify([lab.strays, lab.states, lab.pipes]),
    () => lab.strays.length + lab.states.length + lab.pipes.length === 0,
  );
});
