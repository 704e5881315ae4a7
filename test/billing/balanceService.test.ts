// BalanceService as a call knows it: one answer in time, whatever billing does, and never somebody else's.
// Would catch: a look-up for a withheld number, a PIN that can be guessed, a log that tells a balance.
import type {
  BalanceAnswer,
  Billing,
  BillingQuestion,
  BillingReply,
  PinResult,
} from '../../src/billing/billing';
import { BalanceService, type BalanceCall } from '../../src/billing/balanceService';
import { BillingFailure, strangeAnswer } from '../../src/billing/failure';
import { requestFailure, statusFailure } from '../../src/billing/httpFailure';
import { defaultBilling, defaultPin, type BillingSettings } from '../../src/billing/settings';
import { ManualClock } from '../../src/util/clock';
import { HoldcastError } from '../../src/util/errors';
import { FakePins } from '../support/fakePins';
import { expectDiscreet, KeptLog, turn } from './fixtures';

const PHONE = '+442079460018';
const ACCOUNTS: BillingReply = {
  status: 'accounts',
  accounts: [{ number: '000412', balance: { minor: 98_765n, currency: 'USD' } }],
};
const NONE: BillingReply = { status: 'accounts', accounts: [] };
const UNAVAILABLE = { status: 'unavailable' };
const URL_OF_BILLING = 'https://billing.example/balance';
const lost = (): Promise<never> => Promise.reject(new BillingFailure('lost', 'wait', { again: true }));
const refused = (): Promise<never> => Promise.reject(new BillingFailure('status 500', 'see its log'));
const senseless = (): Promise<never> =>
  Promise.reject(strangeAnswer('the answer', 'is not JSON', 'ask it with curl', false));
const strange = (): Promise<never> =>
  Promise.reject(strangeAnswer('accounts[0].balance', 'is not an amount'));
const never = (): Promise<never> => new Promise(() => {});

type Answering = (question: BillingQuestion, signal: AbortSignal) => Promise<BillingReply> | BillingReply;

class Stand {
  readonly clock = new ManualClock();
  readonly kept = new KeptLog();
  readonly pins = new FakePins(this.clock.wall);
  readonly results: PinResult[] = [];
  readonly questions: BillingQuestion[] = [];
  answering: Answering = () => ACCOUNTS;
  opened = 0;
  closed = 0;
  opening: () => Promise<void> = () => Promise.resolve();
  readonly balances: BalanceService;

  constructor(settings: Partial<BillingSettings> = {}) {
    const billing: Billing = {
      accounts: async (question, signal) => {
        this.questions.push(question);
        return this.answering(question, signal);
      },
      close: () => void this.closed++,
    };
    this.balances = new BalanceService({
      settings: { ...defaultBilling, phone: { format: 'e164' }, ...settings },
      open: async () => {
        this.opened++;
        await this.opening();
        return billing;
      },
      pins: this.pins,
      onPin: (result) => this.results.push(result),
      clock: this.clock,
      log: this.kept.log,
    });
  }

  ask(more: Partial<BalanceCall> = {}, signal = new AbortController().signal): Promise<BalanceAnswer> {
    return this.balances.balance({ phone: PHONE, uniqueid: '1795225281.7', language: 'en', ...more }, signal);
  }

  /** Asks, lets `ms` pass, and takes the answer that must be there then. */
  async askFor(ms: number, more: Partial<BalanceCall> = {}): Promise<BalanceAnswer | 'none yet'> {
    let answer: BalanceAnswer | 'none yet' = 'none yet';
    void this.ask(more).then((given) => (answer = given));
    for (let left = ms; left > 0; left -= 50) {
      await turn();
      this.clock.advance(Math.min(50, left));
    }
    await turn();
    return answer;
  }

  async failTimes(times: number): Promise<void> {
    for (let i = 0; i < times; i++) expect(await this.ask()).toEqual(UNAVAILABLE);
  }
}

let stand: Stand;
afterEach(async () => {
  expectDiscreet(stand.kept, '79460018', '000412', '98765', '987.65', '4711', '4712');
  await stand.balances.close();
  await stand.balances.close();
  expect(stand.clock.pending).toBe(0);
});

describe('an answer', () => {
  test('comes from billing, is good for a while in any language, and is asked for anew then', async () => {
    stand = new Stand();
    expect(await stand.ask()).toEqual(ACCOUNTS);
    expect(await stand.ask({ language: 'ru', uniqueid: '1.2' })).toEqual(ACCOUNTS);
    expect(stand.questions).toEqual([{ phone: PHONE, uniqueid: '1795225281.7', language: 'en' }]);
    stand.clock.advance(30_000);
    await stand.ask();
    expect(stand.questions.length).toBe(2);
    expect(stand.kept.messages).toEqual([]);
  });

  test('that a number is not registered is one, too', async () => {
    stand = new Stand();
    stand.answering = () => NONE;
    expect([await stand.ask(), await stand.ask()]).toEqual([NONE, NONE]);
    expect(stand.questions.length).toBe(1);
  });

  test('is shared by who asks the same at once, and by nobody else', async () => {
    stand = new Stand();
    let answer: (reply: BillingReply) => void = () => {};
    stand.answering = ({ phone }) => (phone === PHONE ? new Promise((resolve) => (answer = resolve)) : NONE);
    const leaving = new AbortController();
    const all = [stand.ask({}, leaving.signal), stand.ask(), stand.ask(), stand.ask({ phone: '555' })];
    await turn();
    leaving.abort();
    answer(ACCOUNTS);
    expect(await Promise.all(all)).toEqual([UNAVAILABLE, ACCOUNTS, ACCOUNTS, NONE]);
    expect(stand.questions.length).toBe(2);
  });
});

test.each([undefined, '', 'anonymous', 'unknown', 's', '+', '0000'])(
  'nobody is asked about a caller whose number is %j',
  async (phone) => {
    stand = new Stand();
    expect(await stand.ask({ phone })).toEqual({ status: 'unknown-caller' });
    expect([stand.questions, stand.opened]).toEqual([[], 0]);
  },
);

test('billing is asked about the number as the config wants it', async () => {
  stand = new Stand({ phone: { country: 'GB', format: 'national' } });
  await stand.ask({ phone: '+442079460018' });
  await stand.ask({ phone: '00442079460018' });
  expect(stand.questions.map(({ phone }) => phone)).toEqual(['02079460018']);
});

test('a country that is none is said once, and callers hear that it is not available', async () => {
  stand = new Stand({ phone: { country: 'XX', format: 'e164' } });
  await stand.failTimes(3);
  expect(stand.kept.lines.filter(({ level }) => level === 'error')).toMatchObject([
    { fields: { code: 'HC_CONFIG_INVALID', hint: expect.stringContaining('billing.country') as string } },
  ]);
});

describe('when billing', () => {
  test('never answers, there is an answer at the limit, and what is asked is aborted', async () => {
    stand = new Stand();
    let signal: AbortSignal | undefined;
    stand.answering = (_, given) => {
      signal = given;
      return never();
    };
    expect(await stand.askFor(2950)).toBe('none yet');
    stand.clock.advance(50);
    await turn();
    expect(signal?.aborted).toBe(true);
    expect(stand.kept.lines.at(-1)).toMatchObject({
      level: 'error',
      fields: { code: 'HC_BILLING_FAILED', uniqueid: '1795225281.7', hint: expect.any(String) as string },
    });
  });

  test('is lost once, it is asked once more within the same limit', async () => {
    stand = new Stand();
    stand.answering = () => (stand.questions.length === 1 ? lost() : ACCOUNTS);
    expect(await stand.askFor(100)).toEqual(ACCOUNTS);
    expect(stand.kept.messages).toEqual([]);
    stand.clock.advance(30_000);
    stand.answering = () => (stand.questions.length === 3 ? lost() : never());
    expect(await stand.askFor(3000)).toEqual(UNAVAILABLE);
    expect(stand.questions.length).toBe(4);
  });

  test('is lost twice, or where asking again may do harm, there is no further try', async () => {
    stand = new Stand();
    stand.answering = lost;
    expect(await stand.askFor(3000)).toEqual(UNAVAILABLE);
    expect(stand.questions.length).toBe(2);
    stand.answering = refused;
    expect(await stand.askFor(3000)).toEqual(UNAVAILABLE);
    expect(stand.questions.length).toBe(3);
  });

  test('is lost and the caller hangs up, it is not asked again', async () => {
    stand = new Stand();
    stand.answering = lost;
    const leaving = new AbortController();
    const answer = stand.ask({}, leaving.signal);
    await turn();
    leaving.abort();
    expect(await answer).toEqual(UNAVAILABLE);
    stand.clock.advance(3000);
    await turn();
    expect(stand.questions.length).toBe(1);
  });

  test('fails, the answer is not kept', async () => {
    stand = new Stand();
    stand.answering = refused;
    await stand.failTimes(1);
    stand.answering = () => ACCOUNTS;
    expect(await stand.ask()).toEqual(ACCOUNTS);
    expect(stand.kept.messages).toEqual(['a balance is not available', 'billing answers again']);
  });

  test('fails again and again, it is left alone, then tried once; the log tells beginning and end', async () => {
    stand = new Stand();
    stand.answering = refused;
    await stand.failTimes(8);
    expect(stand.questions.length).toBe(5);
    stand.clock.advance(30_000);
    stand.answering = never;
    const trial = stand.ask();
    await turn();
    await stand.failTimes(0);
    expect(await stand.ask({ phone: '555' })).toEqual(UNAVAILABLE);
    stand.clock.advance(3000);
    expect(await trial).toEqual(UNAVAILABLE);
    stand.clock.advance(30_000);
    stand.answering = () => ACCOUNTS;
    expect(await stand.ask()).toEqual(ACCOUNTS);
    expect(stand.questions.length).toBe(7);
    expect(stand.kept.messages).toEqual([
      'a balance is not available',
      'billing is paused',
      'a balance is not available',
      'billing answers again',
    ]);
  });

  test('answers without sense or too late that counts as failing; that nobody is registered does not', async () => {
    stand = new Stand({ failures: 3 });
    stand.answering = senseless;
    await stand.failTimes(1);
    stand.answering = never;
    expect(await stand.askFor(3000)).toEqual(UNAVAILABLE);
    stand.answering = () => NONE;
    expect(await stand.ask()).toEqual(NONE);
    stand.clock.advance(30_000);
    stand.answering = refused;
    await stand.failTimes(3);
    expect(await stand.ask()).toEqual(UNAVAILABLE);
    expect(stand.questions.length).toBe(6);
  });

  test('answers strangely about one caller, however often they ask, others are answered', async () => {
    stand = new Stand({ failures: 2 });
    stand.answering = ({ phone }) => (phone === PHONE ? strange() : ACCOUNTS);
    await stand.failTimes(5);
    expect(await stand.ask({ phone: '555' })).toEqual(ACCOUNTS);
    await stand.failTimes(5);
    expect(await stand.ask({ phone: '556' })).toEqual(ACCOUNTS);
    expect(stand.questions.length).toBe(12);
    expect(stand.kept.messages).toEqual(['a balance is not available']);
  });

  test('rests and its trial is strange about one caller, the next question is a trial, too', async () => {
    stand = new Stand({ failures: 1 });
    stand.answering = refused;
    await stand.failTimes(1);
    stand.clock.advance(30_000);
    stand.answering = strange;
    await stand.failTimes(1);
    stand.answering = () => ACCOUNTS;
    expect(await stand.ask()).toEqual(ACCOUNTS);
  });

  test('fails in two ways by turns, each is told once', async () => {
    stand = new Stand({ failures: 100 });
    stand.answering = () => (stand.questions.length % 2 === 0 ? senseless() : refused());
    await stand.failTimes(10);
    expect(stand.kept.messages).toEqual(['a balance is not available', 'a balance is not available']);
    stand.answering = () => ACCOUNTS;
    await stand.ask();
    stand.answering = refused;
    expect(await stand.ask({ phone: '555' })).toEqual(UNAVAILABLE);
    expect(stand.kept.messages.slice(2)).toEqual(['billing answers again', 'a balance is not available']);
  });

  test('rests, who asked a moment ago is still answered', async () => {
    stand = new Stand({ failures: 1 });
    await stand.ask();
    stand.answering = refused;
    expect(await stand.ask({ phone: '555' })).toEqual(UNAVAILABLE);
    expect(await stand.ask()).toEqual(ACCOUNTS);
  });

  test('is slow and the caller hangs up, that is nobody’s failure', async () => {
    stand = new Stand({ failures: 1 });
    stand.answering = never;
    const leaving = new AbortController();
    const answer = stand.ask({}, leaving.signal);
    await turn();
    leaving.abort();
    expect(await answer).toEqual(UNAVAILABLE);
    await turn();
    stand.answering = () => ACCOUNTS;
    expect(await stand.ask()).toEqual(ACCOUNTS);
    expect(stand.kept.lines).toEqual([]);
  });

  test('cannot be opened, that is a failure, and the next question opens it again', async () => {
    stand = new Stand();
    stand.opening = () => Promise.reject(new BillingFailure('no such file', 'name it'));
    await stand.balances.warm();
    await stand.failTimes(2);
    stand.opening = () => Promise.resolve();
    expect(await stand.ask()).toEqual(ACCOUNTS);
    await stand.ask({ phone: '555' });
    expect(stand.opened).toBe(4);
    expect(stand.kept.messages).toEqual(['a balance is not available', 'billing answers again']);
  });

  test('says that a PIN is wrong which nobody asked for, that is a strange answer', async () => {
    stand = new Stand();
    stand.answering = () => ({ status: 'wrong-pin' });
    expect(await stand.ask({ pin: '4711' })).toEqual(UNAVAILABLE);
    expect(stand.questions[0]).not.toHaveProperty('pin');
    expect(stand.kept.lines.at(-1)?.fields).toMatchObject({ code: 'HC_BILLING_ANSWER' });
  });
});

describe('with a PIN', () => {
  const pin = defaultPin;
  const checking: Answering = (question) => (question.pin === '4711' ? ACCOUNTS : { status: 'wrong-pin' });
  beforeEach(() => {
    stand = new Stand({ pin });
    stand.answering = checking;
  });

  test.each([undefined, '', '471', '47111', '47*1', '٤٧١١'])(
    'nobody is asked before it is keyed in: %j',
    async (keyed) => {
      for (let i = 0; i < 5; i++)
        expect(await stand.ask({ pin: keyed })).toEqual({ status: 'pin', wrong: false, digits: 4 });
      expect(stand.questions).toEqual([]);
    },
  );

  test('the right one is answered, each time by billing', async () => {
    expect([await stand.ask({ pin: '4711' }), await stand.ask({ pin: '4711' })]).toEqual([
      ACCOUNTS,
      ACCOUNTS,
    ]);
    expect(stand.questions.length).toBe(2);
    expect(await stand.ask()).toEqual({ status: 'pin', wrong: false, digits: 4 });
  });

  test('wrong ones over several calls lock the number for its time, the right one too', async () => {
    const wrong = { status: 'pin', wrong: true, digits: 4 };
    expect(await stand.ask({ pin: '4712', uniqueid: '1.1' })).toEqual(wrong);
    expect(await stand.ask({ pin: '4712', uniqueid: '1.2' })).toEqual(wrong);
    expect(await stand.ask({ pin: '4712', uniqueid: '1.3' })).toEqual({ status: 'locked' });
    expect(await stand.ask({ pin: '4711', uniqueid: '1.4' })).toEqual({ status: 'locked' });
    expect(await stand.ask({ uniqueid: '1.5' })).toEqual({ status: 'locked' });
    expect(await stand.ask({ pin: '4711', phone: '555' })).toEqual(ACCOUNTS);
    expect(stand.questions.length).toBe(4);
    stand.clock.advance(pin.lockMs);
    expect(await stand.ask({ pin: '4711' })).toEqual(ACCOUNTS);
    expect(stand.kept.messages).toEqual([
      'wrong PIN',
      'wrong PIN',
      'too many wrong PINs: this caller’s number is locked',
    ]);
  });

  test('a number written in another way has the same tries', async () => {
    for (const country of ['GB', undefined]) {
      stand = new Stand({ pin, phone: { ...(country !== undefined && { country }), format: 'e164' } });
      stand.answering = checking;
      for (const phone of ['02079460018', '442079460018', '00442079460018'])
        await stand.ask({ phone, pin: '4712' });
      expect(await stand.ask({ pin: '4711' })).toEqual({ status: 'locked' });
      await stand.balances.close();
    }
  });

  test('many calls at once have no more tries than one', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => stand.ask({ pin: String(1000 + i), uniqueid: `1.${i}` })),
    );
    expect(stand.questions.length).toBe(3);
    expect(answers.filter(({ status }) => status === 'accounts')).toEqual([]);
    expect(await stand.ask({ pin: '4711' })).toEqual({ status: 'locked' });
  });

  test('a system that knows nobody by a wrong PIN cannot be guessed at, either', async () => {
    stand.answering = ({ pin }) => (pin === '4711' ? ACCOUNTS : NONE);
    for (let i = 0; i < 3; i++) expect(await stand.ask({ pin: '4712' })).toEqual(NONE);
    expect(await stand.ask({ pin: '4711' })).toEqual({ status: 'locked' });
  });

  test('a billing system that cannot be reached has no wrong try', async () => {
    stand.answering = () => Promise.reject(requestFailure({ code: 'ECONNREFUSED' }, URL_OF_BILLING, false));
    for (let i = 0; i < 4; i++) expect(await stand.ask({ pin: '4711' })).toEqual(UNAVAILABLE);
    stand.answering = checking;
    expect(await stand.ask({ pin: '4711' })).toEqual(ACCOUNTS);
  });

  test.each<[string, Answering]>([
    [
      'is lost on the way',
      () => Promise.reject(requestFailure({ code: 'ECONNRESET' }, URL_OF_BILLING, false)),
    ],
    ...[302, 303, 429, 500, 502, 503].map((status): [string, Answering] => [
      `is status ${status}`,
      () => Promise.reject(statusFailure(status, URL_OF_BILLING)),
    ]),
    ['makes no sense', senseless],
    ['does not come in time', never],
  ])('a try whose answer %s counts: the PIN was sent', async (_, answering) => {
    stand.answering = answering;
    for (let i = 0; i < 3; i++) expect(await stand.askFor(3000, { pin: '4711' })).toEqual(UNAVAILABLE);
    stand.answering = checking;
    expect(await stand.ask({ pin: '4711' })).toEqual({ status: 'locked' });
    expect(stand.results).toEqual(['unanswered', 'unanswered', 'unanswered', 'locked']);
  });

  test('who hangs up while their PIN is looked at has used a try', async () => {
    stand.answering = never;
    for (let i = 0; i < 3; i++) {
      const leaving = new AbortController();
      const answer = stand.ask({ pin: '4712' }, leaving.signal);
      await turn();
      leaving.abort();
      expect(await answer).toEqual(UNAVAILABLE);
    }
    stand.answering = checking;
    expect(await stand.ask({ pin: '4711' })).toEqual({ status: 'locked' });
  });

  test('where the store is away no PIN is asked for, and none is sent', async () => {
    stand.pins.before = () => {
      throw new HoldcastError('HC_STORE_AWAY', 'the store is away', 'start it');
    };
    expect([await stand.ask(), await stand.ask({ pin: '4711' })]).toEqual([UNAVAILABLE, UNAVAILABLE]);
    expect(stand.questions).toEqual([]);
    stand.pins.before = () => {};
    expect(await stand.ask()).toEqual({ status: 'pin', wrong: false, digits: 4 });
    expect(await stand.ask({ pin: '4711' })).toEqual(ACCOUNTS);
  });

  test('callers who hang up, or whose BalanceService closes, before their PIN is sent has used no try', async () => {
    for (const leave of [(leaving: AbortController) => leaving.abort(), () => stand.balances.close()]) {
      let go = (): void => {};
      stand.pins.before = (method) => (method === 'begin' ? new Promise<void>((on) => (go = on)) : undefined);
      const leaving = new AbortController();
      const answer = stand.ask({ pin: '4711' }, leaving.signal);
      await turn();
      void leave(leaving);
      go();
      expect(await answer).toEqual(UNAVAILABLE);
      await turn();
    }
    expect([stand.questions, stand.pins.lines.size]).toEqual([[], 0]);
  });

  test('one PIN on many numbers is slowed, and a number that is locked stays so', async () => {
    for (let i = 0; i < 3; i++) await stand.ask({ pin: '4712' });
    for (let at = 0; at < 100; at++) await stand.ask({ pin: '4712', phone: `+44207946${1000 + at}` });
    expect(stand.questions.length).toBe(30);
    expect(await stand.ask({ phone: '+442079462000' })).toEqual(UNAVAILABLE);
    expect(await stand.ask({ pin: '4711' })).toEqual({ status: 'locked' });
  });

  test('a system that refuses a wrong PIN in a way of its own cannot be guessed at, and does not rest for others', async () => {
    const status400 = new BillingFailure('status 400', 'ask as it expects', { ofOne: true });
    stand.answering = ({ pin }) => (pin === '4711' ? ACCOUNTS : Promise.reject(status400));
    for (let i = 0; i < 3; i++) expect(await stand.ask({ pin: '4712' })).toEqual(UNAVAILABLE);
    expect(await stand.ask({ pin: '4711' })).toEqual({ status: 'locked' });
    for (let i = 0; i < 3; i++) await stand.ask({ pin: '4712', phone: '555' });
    expect(await stand.ask({ pin: '4711', phone: '556' })).toEqual(ACCOUNTS);
  });

  test('none is asked for while billing rests, which would say that it is not available in any case', async () => {
    stand.answering = () => Promise.reject(statusFailure(500, URL_OF_BILLING));
    for (let i = 0; i < 5; i++) await stand.ask({ pin: '4711', phone: `+4420794600${i}` });
    expect(await stand.ask()).toEqual(UNAVAILABLE);
    expect(await stand.ask({ pin: '47' })).toEqual(UNAVAILABLE);
    expect(stand.questions.length).toBe(5);
    stand.clock.advance(30_000);
    expect(await stand.ask()).toEqual({ status: 'pin', wrong: false, digits: 4 });
  });

  test('a system that answers a wrong PIN with a failure of its own cannot be guessed at, whoever else it answers', async () => {
    stand.answering = ({ phone, pin }) =>
      pin === '4711' || phone === '+15550000' ? ACCOUNTS : Promise.reject(statusFailure(500, URL_OF_BILLING));
    for (let pin = 4700; pin < 4711; pin++) {
      await stand.ask({ pin: String(pin) });
      await stand.ask({ pin: '0000', phone: '+15550000' });
    }
    expect(await stand.ask({ pin: '4711' })).toEqual({ status: 'locked' });
    expect(stand.questions.filter(({ phone }) => phone !== '+15550000').length).toBe(3);
  });

  test('in an outage few tries are made, so that the limit over all numbers is not reached by it', async () => {
    stand.answering = () => Promise.reject(statusFailure(503, URL_OF_BILLING));
    for (let second = 0; second < 600; second += 5) {
      // Ten callers, who key in a PIN only where one is asked for.
      const who = { phone: `+4420794${60_000 + (second % 50)}` };
      if ((await stand.ask(who)).status === 'pin') await stand.ask({ ...who, pin: '4711' });
      stand.clock.advance(5000);
    }
    expect(stand.questions.length).toBeLessThan(30);
    stand.answering = checking;
    stand.clock.advance(30_000);
    expect(await stand.ask({ pin: '4711' })).toEqual(ACCOUNTS);
  });

  test('two calls with the same PIN are two tries, and a caller who hangs up ends only their own', async () => {
    let answer: (reply: BillingReply) => void = () => {};
    stand.answering = ({ uniqueid }) =>
      uniqueid === '1.1' ? never() : new Promise((resolve) => (answer = resolve));
    const leaving = new AbortController();
    const first = stand.ask({ pin: '4711', uniqueid: '1.1' }, leaving.signal);
    const second = stand.ask({ pin: '4711', uniqueid: '1.2' });
    await turn();
    leaving.abort();
    answer(ACCOUNTS);
    expect(await Promise.all([first, second])).toEqual([UNAVAILABLE, ACCOUNTS]);
  });
});

test('callers who wait when the BalanceService closes hear that it is not available, and nothing is asked afterwards', async () => {
  stand = new Stand();
  stand.answering = never;
  const waiting = stand.ask();
  await turn();
  await stand.balances.close();
  expect(await waiting).toEqual(UNAVAILABLE);
  expect(await stand.ask()).toEqual(UNAVAILABLE);
  expect([stand.questions.length, stand.closed]).toEqual([1, 1]);
});

test('warming opens it once, and asks nothing', async () => {
  stand = new Stand();
  await stand.balances.warm();
  await stand.ask();
  expect([stand.opened, stand.questions.length]).toEqual([1, 1]);
});
