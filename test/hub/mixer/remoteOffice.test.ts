// The BackOffice of a call in a mixing thread: it promises what every office does, with a main thread that may be slow.
// Would catch: a caller who waits for ever, a question that is answered for a call that is over, pending ones that pile up.
import type { BackOffice } from '../../../src/asterisk/backOffice';
import type { BalanceAnswer } from '../../../src/billing/billing';
import { LocalOffice } from '../../../src/session/localOffice';
import { ManualClock } from '../../../src/util/clock';
import { turn } from '../../support/caller';
import { HubLink, type LinkPlan } from '../../support/hubLink';
import { FakeOffice } from '../../support/office';
import {
  accounts,
  ME,
  officeContract,
  ScriptedCheck,
  ScriptedDesk,
  ScriptedKeeper,
} from '../../support/officeContract';

officeContract('an office in a mixing thread', ({ billing }) => {
  const [keeper, desk, clock] = [new ScriptedKeeper(), new ScriptedDesk(), new ManualClock()];
  const check = new ScriptedCheck();
  const offices = new Map<string, BackOffice>();
  const ended = new Set<string>();
  const link = new HubLink({ offices, clock });
  return {
    keeper,
    desk,
    check,
    open: (call) => {
      const parts = {
        keeper,
        check,
        clock,
        call: () => (ended.has(call.uniqueid) ? { ...call, ended: true } : call),
        ...(billing && { billing: desk }),
      };
      offices.set(call.uniqueid, new LocalOffice(parts));
      return Promise.resolve(link.outside.office(call.uniqueid, () => call));
    },
    end: (uniqueid) => {
      ended.add(uniqueid);
      return Promise.resolve();
    },
    close: () => {},
  };
});

const { uniqueid } = ME;
const never = (): AbortSignal => new AbortController().signal;
const UNAVAILABLE: BalanceAnswer = { status: 'unavailable' };

function opened(plan: LinkPlan & { behind?: BackOffice } = {}) {
  const clock = new ManualClock();
  const { behind = new FakeOffice() } = plan;
  const link = new HubLink({ clock, offices: new Map([[uniqueid, behind]]), ...plan });
  return { clock, link, office: link.outside.office(uniqueid, () => ME) };
}

test('a main thread that does not answer makes a balance unavailable, a second after billing’s own limit', async () => {
  const { clock, link, office } = opened({ answers: () => false });
  link.outside.configure({ balanceMs: 4000 });
  let answer: BalanceAnswer | undefined;
  void office.balance('en', undefined, never()).then((came) => (answer = came));
  clock.advance(4999);
  await turn();
  expect(answer).toBeUndefined();
  clock.advance(1);
  await turn();
  expect(answer).toEqual(UNAVAILABLE);
  expect([link.outside.pending, clock.pending, link.typesToMain()]).toEqual([0, 0, ['ask', 'cancel']]);
});

test('a choice that is not known in two seconds is none', async () => {
  const { clock, office, link } = opened({ answers: () => false });
  const choice = office.choice();
  clock.advance(2000);
  expect(await choice).toBeUndefined();
  expect(link.outside.pending).toBe(0);
});

test('an answer after its time is nobody’s, nor is one to another question', async () => {
  const { link, office } = opened({ answers: () => false });
  const abort = new AbortController();
  const balance = office.balance('en', undefined, abort.signal);
  abort.abort();
  expect(await balance).toEqual(UNAVAILABLE);
  link.outside.hear({ type: 'answer', id: 1, answer: { about: 'balance', answer: accounts('1') } });
  const choice = office.choice();
  link.outside.hear({ type: 'answer', id: 2, answer: { about: 'balance', answer: accounts('1') } });
  expect(await choice).toBeUndefined();
});

test('an abort goes through to billing', async () => {
  const behind = new FakeOffice(['later']);
  const { link, office } = opened({ behind });
  const abort = new AbortController();
  const balance = office.balance('en', '1234', abort.signal);
  await turn();
  expect(behind.asked[0]).toMatchObject({ language: 'en', pin: '1234' });
  abort.abort();
  await balance;
  await turn();
  expect(behind.asked[0]!.signal.aborted).toBe(true);
  expect(link.asked.pending).toBe(0);
});

test('when it is closed nothing waits any more, and what is remembered then is handed on all the same', async () => {
  const behind = new FakeOffice(['later'], 'later');
  const { clock, link, office } = opened({ behind });
  const asked = [office.choice(), office.balance('en', undefined, never())];
  await turn();
  await office.close();
  expect(await Promise.all(asked)).toEqual([undefined, UNAVAILABLE]);
  await turn();
  expect([link.outside.pending, link.asked.pending, clock.pending]).toEqual([0, 0, 0]);
  expect([await office.choice(), await office.balance('en', undefined, never())]).toEqual([
    undefined,
    UNAVAILABLE,
  ]);
  expect(behind.choicesAsked).toBe(1);
  office.remember({ type: 'key', digit: '3', action: 'nextTrack' });
  await turn();
  expect(behind.remembered).toHaveLength(1);
});

test('nothing is asked for a call that is over', async () => {
  const { link } = opened();
  const office = link.outside.office(uniqueid, () => ({ ...ME, ended: true }));
  expect(await office.choice()).toBeUndefined();
  expect(await office.balance('en', undefined, never())).toEqual(UNAVAILABLE);
  expect(link.toMain).toEqual([]);
});

test('a call that asks without end has no more than twenty questions waiting, and another call has its own', async () => {
  const { link, office } = opened({ answers: () => false });
  const answers = Array.from({ length: 1000 }, () => office.choice());
  expect(link.outside.pending).toBe(20);
  expect(await Promise.race(answers)).toBeUndefined();
  void link.outside.office('1795225281.8', () => undefined).choice();
  expect(link.outside.pending).toBe(21);
});

test('what is remembered has the time at which it happened', async () => {
  const behind = new FakeOffice();
  const { clock, office } = opened({ behind });
  const happened = clock.wall();
  office.remember({ type: 'choice', track: 'music/a.wav' });
  clock.advance(5000);
  await turn();
  expect(behind.times).toEqual([happened]);
});
