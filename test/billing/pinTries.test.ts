// Tries of a PIN, as the BalanceService counts them in the store: spellings, locks, a scan over many numbers, a store that is away.
// Would catch: a PIN that can be guessed by writing a number in another way, and a lock that never ends.
import type { PinResult } from '../../src/billing/billing';
import { pinCaller, PinTries, type PinTryer } from '../../src/billing/pinTries';
import { defaultPin, type PinRules } from '../../src/billing/settings';
import { ManualClock } from '../../src/util/clock';
import { HoldcastError } from '../../src/util/errors';
import { FakePins } from '../support/fakePins';
import { expectDiscreet, KeptLog, turn } from './fixtures';

const PHONE = '+442079460018';
const away = (): never => {
  throw new HoldcastError('HC_STORE_AWAY', 'the store is away', 'start it');
};

class Stand {
  readonly clock = new ManualClock();
  readonly ledger = new FakePins(this.clock.wall);
  readonly kept = new KeptLog();
  readonly results: PinResult[] = [];
  readonly tries: PinTries;

  constructor(rules: Partial<PinRules> = {}) {
    this.tries = this.open(rules);
  }

  /** As another process has them. */
  open(rules: Partial<PinRules> = {}): PinTries {
    const { ledger, clock, kept } = this;
    const onPin = (result: PinResult): void => void this.results.push(result);
    return new PinTries({ rules: { ...defaultPin, ...rules }, pins: ledger, clock, log: kept.log, onPin });
  }

  who = (phone: string): PinTryer => ({ phone, uniqueid: '1795225281.7' });

  /** @returns whether it was locked by it, or why it could not be tried */
  async try(
    phone: string,
    result: 'right' | 'wrong' | 'unanswered' | 'unjudged' = 'wrong',
    tries = this.tries,
  ): Promise<string> {
    const begun = await tries.begin(this.who(phone));
    if (typeof begun === 'string') return begun;
    return (await tries.end(this.who(phone), begun, result)) ? 'locks' : 'free';
  }

  async all(phones: readonly string[], result?: 'wrong' | 'unanswered'): Promise<string[]> {
    const all: string[] = [];
    for (const phone of phones) all.push(await this.try(phone, result));
    return all;
  }
}

let stand: Stand;
beforeEach(() => {
  stand = new Stand();
});
afterEach(() => {
  expectDiscreet(stand.kept, '79460018', '2079460018');
  stand.tries.close();
  stand.tries.close();
  expect(stand.clock.pending).toBe(0);
});

describe('what spellings of a number have in common', () => {
  const line = (phone: string): string => pinCaller(phone).line;

  test.each([
    [['+442079460018', '442079460018', '00442079460018', '02079460018', '2079460018', '020 7946 0018']],
    [['+4930123456', '004930123456', '030123456', '4930123456']],
    [['+4722123456', '22123456', '004722123456']],
    [['+3545512345', '5512345', '003545512345']],
    [['201', '0201', '00201']],
  ])('%j are one line', (phones) => {
    expect(new Set(phones.map(line)).size).toBe(1);
  });

  test('other numbers are other lines', () => {
    const phones = ['+442079460018', '+442079460019', '+442079461018', '201', '202', '1201', '20'];
    expect(new Set(phones.map(line)).size).toBe(phones.length);
  });
});

test('a number has its tries, in whatever way it is written, and is locked then', async () => {
  expect(await stand.all(['442079460018', '00442079460018', '02079460018', PHONE, '442079460018'])).toEqual([
    'free',
    'free',
    'locks',
    'locked',
    'locked',
  ]);
  expect(await stand.tries.refusal(stand.who('2079460018'))).toBe('locked');
  expect(await stand.tries.refusal(stand.who('2079460019'))).toBeUndefined();
  expect(stand.results).toEqual(['wrong', 'wrong', 'wrong', 'locked', 'locked']);
  expect(stand.kept.lines.map(({ level, message }) => `${level}: ${message}`)).toEqual([
    'info: wrong PIN',
    'info: wrong PIN',
    'warn: too many wrong PINs: this caller’s number is locked',
  ]);
  expect(stand.kept.lines[2]!.fields).toMatchObject({ phone: '…18', lockMs: 3_600_000 });
});

test('until an hour after the last; who tries meanwhile does not lengthen it; then nothing is kept', async () => {
  for (let i = 0; i < 3; i++) {
    stand.clock.advance(60_000);
    await stand.try(PHONE);
  }
  stand.clock.advance(3_599_999);
  expect(await stand.try(PHONE)).toBe('locked');
  stand.clock.advance(1);
  await turn();
  expect(stand.ledger.lines.size).toBe(0);
  expect(await stand.try(PHONE)).toBe('free');
});

test('a restart, and another process, have the same count', async () => {
  await stand.all([PHONE, PHONE]);
  const other = stand.open();
  expect(await stand.try(PHONE, 'wrong', other)).toBe('locks');
  expect(await stand.try(PHONE)).toBe('locked');
  other.close();
});

test('one that was sent and not answered counts; one that nobody judged does not', async () => {
  for (let i = 0; i < 5; i++) expect(await stand.try(PHONE, 'unjudged')).toBe('free');
  expect(await stand.all([PHONE, PHONE, PHONE, PHONE], 'unanswered')).toEqual([
    ...['free', 'free', 'locks', 'locked'],
  ]);
});

test('one whose process dies counts', async () => {
  for (let i = 0; i < 3; i++) await stand.tries.begin(stand.who(PHONE));
  expect(await stand.open().refusal(stand.who(PHONE))).toBe('locked');
});

test('a right one forgives what was told the same, and not what a neighbour in the last digits was', async () => {
  await stand.all([PHONE, PHONE]);
  expect(await stand.try(PHONE, 'right')).toBe('free');
  expect(await stand.all([PHONE, PHONE])).toEqual(['free', 'free']);
  // Whoever has a number that ends the same could else try for ever.
  expect(await stand.try('+339460018', 'right')).toBe('free');
  expect(await stand.all([PHONE, PHONE])).toEqual(['locks', 'locked']);
});

test('at once are as many as there are left', async () => {
  const begun = await Promise.all(Array.from({ length: 6 }, () => stand.tries.begin(stand.who(PHONE))));
  expect(begun.filter((one) => typeof one !== 'string').length).toBe(3);
});

describe('one PIN on many numbers', () => {
  const phones = Array.from({ length: 40 }, (_, at) => `+44207946${1000 + at}`);

  test('is slowed: so many over all numbers, then none for its time; the log says so once', async () => {
    const all = await stand.all(phones);
    expect([all.indexOf('limited'), all.lastIndexOf('free')]).toEqual([30, 29]);
    expect(await stand.tries.refusal(stand.who(PHONE))).toBe('limited');
    expect(stand.kept.lines.filter(({ level }) => level === 'warn')).toMatchObject([
      { message: 'too many wrong PINs over all numbers: no PIN is accepted', fields: { tries: 30 } },
    ]);
    expect(stand.results.filter((result) => result === 'limited').length).toBe(10);
    stand.clock.advance(600_000);
    expect(await stand.try(PHONE)).toBe('free');
  });

  test('flushes no lock', async () => {
    await stand.all([PHONE, PHONE, PHONE]);
    await stand.all(phones);
    expect(await stand.try(PHONE)).toBe('locked');
    expect(await stand.tries.refusal(stand.who(PHONE))).toBe('locked');
  });

  test('right ones do not count', async () => {
    for (const phone of phones) expect(await stand.try(phone, 'right')).toBe('free');
  });

  test('has the same rate where locks are shorter than its time', async () => {
    stand.tries.close();
    const brief = (stand = new Stand({ lockMs: 100_000 }));
    expect((await brief.all(phones)).indexOf('limited')).toBe(5);
    brief.clock.advance(100_000);
    await turn();
    expect(await brief.try(PHONE)).toBe('free');
  });
});

describe('a store that is away', () => {
  test('lets nobody try, and the log says it once, and when it is back', async () => {
    stand.ledger.before = away;
    for (let i = 0; i < 3; i++) {
      await expect(stand.tries.begin(stand.who(PHONE))).rejects.toMatchObject({ code: 'HC_STORE_AWAY' });
      await expect(stand.tries.refusal(stand.who(PHONE))).rejects.toMatchObject({ code: 'HC_STORE_AWAY' });
    }
    stand.ledger.before = () => {};
    expect(await stand.try(PHONE, 'right')).toBe('free');
    expect(stand.kept.messages).toEqual([
      'no PIN is accepted: the store cannot count attempts',
      'PINs are accepted again',
    ]);
    expect(stand.results).toEqual(['uncounted', 'uncounted', 'uncounted', 'right']);
  });

  test('when a right one is noted keeps it counted, and nobody waiting', async () => {
    stand.ledger.before = (method) => (method === 'end' ? away() : undefined);
    expect(await stand.try(PHONE, 'right')).toBe('free');
    stand.ledger.before = (method) => (method === 'end' ? new Promise(() => {}) : undefined);
    const slow = stand.try(PHONE, 'right');
    await turn();
    stand.clock.advance(200);
    expect(await slow).toBe('free');
    stand.ledger.before = () => {};
    expect(await stand.try(PHONE)).toBe('locks');
  });
});

test('a wall clock that is set back locks nobody for longer than a lock', async () => {
  await stand.all([PHONE, PHONE, PHONE]);
  stand.clock.stepWall(-365 * 86_400_000);
  expect(await stand.try(PHONE)).toBe('locked');
  stand.clock.advance(3_600_000);
  expect(await stand.try(PHONE)).toBe('free');
});
