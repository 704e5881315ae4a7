// What one stream may ask and leave at the hub: bounded, only once it is known who calls, and nothing for the dead.
// A mad stream must not bring billing down, and a killed one must not leave a question behind.
import type { BackOffice, Remembered } from '../../src/asterisk/backOffice';
import type { OfficeReply, OfficeRequest } from '../../src/asterisk/officeWire';
import type { BalanceAnswer } from '../../src/billing/billing';
import { OfficeDesk } from '../../src/hub/officeDesk';
import { ManualClock } from '../../src/util/clock';
import { settled } from '../support/fakeAmi';
import { keptLog } from './fixtures';

class TestDesk implements BackOffice {
  readonly clock = new ManualClock();
  readonly kept = keptLog();
  readonly replies: OfficeReply[] = [];
  readonly asked: { signal: AbortSignal; answer: (answer: BalanceAnswer) => void }[] = [];
  readonly remembered: (readonly [what: Remembered, wallMs: number | undefined])[] = [];
  closed = 0;
  readonly desk: OfficeDesk;

  constructor() {
    const { clock, kept } = this;
    const send = (reply: OfficeReply): void => void this.replies.push(reply);
    this.desk = new OfficeDesk({ office: this, send, clock, log: kept.log });
  }

  choice = (): Promise<string | undefined> => Promise.resolve('music/a.wav');

  balance(_language: string, _pin: string | undefined, signal: AbortSignal): Promise<BalanceAnswer> {
    return new Promise((answer) => this.asked.push({ signal, answer }));
  }

  remember(what: Remembered, wallMs?: number): void {
    this.remembered.push([what, wallMs]);
  }

  close(): void {
    this.closed++;
  }

  async take(...requests: OfficeRequest[]): Promise<this> {
    for (const request of requests) this.desk.take(request);
    await settled();
    return this;
  }
}

const ask = (id: number): OfficeRequest => ({ type: 'balance', id, language: 'en' });
const what = { type: 'key', digit: '3', action: 'nextTrack' } as const;
const left = (seq: number, wallMs = 0): OfficeRequest => ({ type: 'remember', seq, wallMs, what });
const refused = (id: number): OfficeReply => ({ type: 'balance', id, answer: { status: 'unavailable' } });

test('who calls is waited for, but not for long', async () => {
  const test = await new TestDesk().take(ask(1));
  expect(test.asked).toHaveLength(0);
  test.desk.identified();
  await settled();
  expect(test.asked).toHaveLength(1);
  const slow = await new TestDesk().take(ask(1), { type: 'choice', id: 2 });
  slow.clock.advance(499);
  await settled();
  expect([slow.asked.length, slow.replies]).toEqual([0, []]);
  slow.clock.advance(1);
  await settled();
  expect([slow.asked.length, slow.replies]).toEqual([1, [{ type: 'choice', id: 2, track: 'music/a.wav' }]]);
});

test('a third question at once cannot be had; one that is called off counts until billing is done with it', async () => {
  const test = new TestDesk();
  test.desk.identified();
  await test.take(ask(1), ask(2), ask(3));
  expect([test.asked.length, test.replies]).toEqual([2, [refused(3)]]);
  await test.take({ type: 'cancel', id: 1 }, ask(4));
  expect([test.asked.length, test.asked[0]!.signal.aborted, test.replies.at(-1)]).toEqual([
    2,
    true,
    refused(4),
  ]);
  test.asked[0]!.answer({ status: 'locked' });
  await settled();
  await test.take(ask(5));
  expect([test.asked.length, test.replies.at(-1)]).toEqual([3, refused(1)]);
});

test('what is left is held until it is known who calls, then acknowledged', async () => {
  const test = await new TestDesk().take(left(1, 10), left(2, 20));
  expect([test.remembered, test.replies]).toEqual([[], []]);
  test.desk.identified();
  await settled();
  expect(test.remembered.map(([, wallMs]) => wallMs)).toEqual([10, 20]);
  expect(test.replies).toEqual([{ type: 'kept', seq: 2 }]);
});

test.each([
  ['the stream is gone', (test: TestDesk) => test.desk.close()],
  ['the call has ended', (test: TestDesk) => test.desk.over()],
  ['Asterisk has not told for half a minute', (test: TestDesk) => test.clock.advance(30_000)],
])('what is held is kept when %s', async (_, happens) => {
  const test = await new TestDesk().take(left(1));
  happens(test);
  expect(test.remembered).toHaveLength(1);
});

test('more than a stream ever has to leave: it is let go, but what a long outage has kept is taken', async () => {
  const test = new TestDesk();
  test.desk.identified();
  for (let i = 1; i <= 600; i++) test.desk.take(left(i));
  expect(() => test.desk.take(left(601))).toThrow('too much');
  test.clock.advance(1000);
  for (let i = 0; i < 19; i++) test.desk.take(left(700 + i));
  expect(() => test.desk.take(left(800))).toThrow('too much');
  await settled();
});

test('a time that is yet to come does not make a choice the newest for ever', async () => {
  const test = new TestDesk();
  test.desk.identified();
  const choice = { type: 'choice', track: 'music/a.wav' } as const;
  const wallMs = Number.MAX_SAFE_INTEGER;
  await test.take({ type: 'remember', seq: 1, wallMs, what: choice }, left(2, wallMs));
  const times = test.remembered.map(([, at]) => at! - test.clock.wall());
  expect(times).toEqual([60_000, 86_400_000]);
});

test('the same number twice is a stream that is mad', async () => {
  const test = new TestDesk();
  await test.take(ask(1));
  expect(() => test.desk.take(ask(1))).toThrow('twice');
});

test('a stream that is gone: its question is ended, nothing is answered, nothing waits', async () => {
  const test = new TestDesk();
  test.desk.identified();
  await test.take(ask(1));
  test.desk.close();
  test.desk.close();
  expect(test.asked[0]!.signal.aborted).toBe(true);
  test.asked[0]!.answer({ status: 'locked' });
  await settled();
  expect([test.replies, test.closed, test.clock.pending]).toEqual([[], 1, 0]);
  const waiting = await new TestDesk().take(ask(1));
  waiting.desk.close();
  await settled();
  expect([waiting.asked, waiting.replies, waiting.clock.pending]).toEqual([[], [], 0]);
});

test('a call that has ended: its question is ended and has no answer, and another is not asked', async () => {
  const test = new TestDesk();
  test.desk.identified();
  await test.take(ask(1));
  test.desk.over();
  test.asked[0]!.answer({ status: 'locked' });
  await settled();
  await test.take(ask(2), { type: 'choice', id: 3 });
  expect(test.replies).toEqual([refused(1), refused(2), { type: 'choice', id: 3, track: undefined }]);
  expect(test.asked).toHaveLength(1);
});

test('an office that fails is one that has no answer', async () => {
  const test = new TestDesk();
  test.choice = () => Promise.reject(new Error('out of cheese'));
  test.remember = () => {
    throw new Error('out of crackers');
  };
  test.desk.identified();
  await test.take({ type: 'choice', id: 1 }, left(1));
  expect(test.replies).toEqual([
    { type: 'kept', seq: 1 },
    { type: 'choice', id: 1, track: undefined },
  ]);
  expect(test.kept.lines).toHaveLength(2);
});
