// The CallerRecords of a process that has the store and billing itself.
// It must not ask for a caller who is not certain, nor let what is behind it fail a call.
import { LocalRecords, type RecordedCall } from '../../src/session/callerRecords';
import { ManualClock } from '../../src/util/clock';
import { settled } from '../support/fakeAmi';
import {
  accounts,
  ME,
  officeContract,
  ScriptedCheck,
  ScriptedBalances,
  ScriptedKeeper,
} from '../support/callerRecordsContract';

officeContract('LocalRecords', ({ billing }) => {
  const [keeper, balances, clock] = [new ScriptedKeeper(), new ScriptedBalances(), new ManualClock()];
  const check = new ScriptedCheck();
  const calls = new Map<string, RecordedCall>();
  return {
    keeper,
    balances,
    check,
    open: (call) => {
      calls.set(call.uniqueid, call);
      const parts = {
        keeper,
        check,
        clock,
        call: () => calls.get(call.uniqueid),
        ...(billing && { billing: balances }),
      };
      return Promise.resolve(new LocalRecords(parts));
    },
    end: (uniqueid) => {
      calls.set(uniqueid, { ...calls.get(uniqueid)!, ended: true });
      return Promise.resolve();
    },
    close: () => {},
  };
});

const never = new AbortController().signal;

test('as long as it is not known who calls, nothing is asked or kept', async () => {
  const [keeper, billing] = [new ScriptedKeeper(), new ScriptedBalances()];
  const records = new LocalRecords({ keeper, billing, call: () => undefined, clock: new ManualClock() });
  records.remember({ type: 'key', digit: '3', action: 'nextTrack' });
  expect(await records.choice()).toBeUndefined();
  expect(await records.balance('en', undefined, never)).toEqual({ status: 'unknown-caller' });
  expect([keeper.asked, keeper.entries, billing.questions]).toEqual([[], [], []]);
});

test('a channel that becomes another caller’s while billing is asked is not told of the first', async () => {
  const billing = new ScriptedBalances();
  let call: RecordedCall = ME;
  const records = new LocalRecords({ billing, call: () => call, clock: new ManualClock() });
  const answer = records.balance('en', undefined, never);
  call = { ...ME, phone: '442079460019' };
  billing.questions[0]!.answer(accounts('000412'));
  expect(await answer).toEqual({ status: 'unavailable' });
});

test('Asterisk that does not say who calls within a second makes a balance unavailable', async () => {
  const [billing, clock] = [new ScriptedBalances(), new ManualClock()];
  const check = { caller: () => new Promise<boolean>(() => {}), place: () => Promise.resolve(true) };
  const records = new LocalRecords({ billing, call: () => ME, check, clock });
  const answer = records.balance('en', undefined, never);
  clock.advance(1000);
  expect(await answer).toEqual({ status: 'unavailable' });
  expect(billing.questions).toEqual([]);
});

test('a number that is withheld by now is not asked about, and where that comes later the balance is not told', async () => {
  const billing = new ScriptedBalances();
  let call: RecordedCall = ME;
  let withheld = false;
  // As the Switchboard does it: what is new is told before the answer.
  const caller = (): Promise<boolean> => {
    if (withheld) call = { uniqueid: ME.uniqueid };
    return Promise.resolve(true);
  };
  const check = { caller, place: () => Promise.resolve(true) };
  const records = new LocalRecords({ billing, call: () => call, check, clock: new ManualClock() });
  const answer = records.balance('en', undefined, never);
  await settled();
  withheld = true;
  billing.questions[0]!.answer(accounts('000412'));
  expect(await answer).toEqual({ status: 'unavailable' });
  expect(await records.balance('en', undefined, never)).toEqual({ status: 'unknown-caller' });
  expect(billing.questions).toHaveLength(1);
});

test('without a keeper there is no choice, and nothing fails', async () => {
  const records = new LocalRecords({ call: () => ME, clock: new ManualClock() });
  records.remember({ type: 'choice', track: 'music/a.wav' });
  expect(await records.choice()).toBeUndefined();
});

test('what a call had no room for is counted, whoever calls', () => {
  const keeper = new ScriptedKeeper();
  const records = new LocalRecords({ keeper, call: () => undefined, clock: new ManualClock() });
  records.remember({ type: 'dropped', of: 'heard', count: 7 });
  expect([keeper.lost, keeper.entries]).toEqual([[['heard', 7]], []]);
});

test('what comes after it was closed is still given to the keeper', () => {
  const keeper = new ScriptedKeeper();
  const records = new LocalRecords({ keeper, call: () => ME, clock: new ManualClock() });
  records.close();
  records.remember({ type: 'choice', track: 'music/a.wav' }, 1000);
  expect(keeper.entries).toEqual([{ type: 'choice', track: 'music/a.wav', phone: ME.phone, wallMs: 1000 }]);
});
