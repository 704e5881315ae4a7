// The PIN that billing may ask for before it tells a balance: keyed in over ducked music.
// Would catch: a PIN in a log or a state, a PIN key that skips the track, music that stays down or comes up too soon.
import { toneSamples } from '../../src/audio/tone';
import type { BalanceAnswer } from '../../src/billing/billing';
import { correlation } from '../support/audio';
import { sayBalance } from '../../src/session/actions';
import { Caller, turn, type CallerPlan } from '../support/caller';
import { account, accountsOf, FakeRecords, FakeSpeech } from '../support/fakeRecords';

const ONE = accountsOf(account('0412', -1250n));
const ME = { uniqueid: '1795225281.7', phone: '+442079460018' };
const SAID = 'en-your-balance-is 0412:-1250';
const ask = (wrong = false, digits = 4): BalanceAnswer => ({ status: 'pin', wrong, digits });
/** Billing that knows one PIN. */
const guarded = (right = '4711') =>
  new FakeRecords(({ pin }) => (pin === right ? ONE : ask(pin !== undefined)));

/** A caller who has pressed 2 and is asked for their PIN. */
async function asked(records = guarded(), plan: CallerPlan = {}): Promise<Caller> {
  const call = new Caller({ records, speech: new FakeSpeech(), ...plan });
  call.hear(1);
  call.session.hear({ type: 'key', digit: '2' });
  await turn();
  call.hear(1);
  return call;
}

async function key(call: Caller, digits: string): Promise<void> {
  for (const digit of digits) {
    call.session.hear({ type: 'key', digit });
    call.hear(0.2);
  }
  await turn();
}

const down = (call: Caller): boolean => Math.abs(call.rig.program.duckGainDb + 20) < 1e-6;

describe('keying it in', () => {
  test('the balance is said once all digits are there, without #', async () => {
    const records = guarded();
    const call = await asked(records);
    expect(call.said).toEqual(['enter-pin']);
    await key(call, '4711');
    call.hear(3);
    expect(call.said).toEqual(['enter-pin', SAID]);
    expect(records.asked.map(({ pin }) => pin)).toEqual([undefined, '4711']);
  });

  test('# ends a shorter one; billing decides whether it is right', async () => {
    const records = guarded('47');
    const call = await asked(records);
    await key(call, '47#');
    call.hear(3);
    expect(call.said.at(-1)).toBe(SAID);
  });

  test('* starts anew; without a digit it gives up', async () => {
    const records = guarded();
    const call = await asked(records);
    await key(call, '99*4711');
    call.hear(3);
    expect(call.said.at(-1)).toBe(SAID);
    const other = await asked(guarded());
    await key(other, '9**');
    other.hear(4);
    expect(other.said).toEqual(['enter-pin']);
    expect(other.rig.program.duckGainDb).toBe(0);
  });

  test('# without a digit gives up, too', async () => {
    const records = guarded();
    const call = await asked(records);
    await key(call, '#');
    call.hear(4);
    expect([call.said, records.asked.length, call.clock.pending]).toEqual([['enter-pin'], 1, 0]);
  });

  test('its keys do nothing else: no other track, no place, no hold-off of theirs begins', async () => {
    const call = await asked(guarded('3400'));
    await key(call, '3400');
    call.hear(3);
    expect(call.said).toEqual(['enter-pin', SAID]);
    expect(call.rig.played).toEqual(['a']);
    expect(call.rig.program.quiet).toBe(false);
    call.session.hear({ type: 'key', digit: '3' });
    call.hear(1);
    expect(call.rig.played).toEqual(['a', 'b']);
  });

  test.each(['A', 'D', '', '12', 'x'])('%j is no key of it', async (odd) => {
    const records = guarded();
    const call = await asked(records);
    call.session.hear({ type: 'key', digit: odd });
    await key(call, '4711');
    expect(records.asked.at(-1)!.pin).toBe('4711');
  });

  test('the first key ends the words that ask for it, also before they began', async () => {
    const call = new Caller({ records: guarded(), speech: new FakeSpeech() });
    call.hear(1);
    call.session.hear({ type: 'key', digit: '2' });
    await turn();
    call.hear(0.12);
    await key(call, '4711');
    call.hear(3);
    expect(call.said).toEqual([SAID]);
    const later = await asked(guarded(), { speech: new FakeSpeech() });
    expect(later.said).toEqual(['enter-pin']);
    const over = new Caller({ records: guarded() });
    over.hear(1);
    over.session.hear({ type: 'key', digit: '2' });
    await turn();
    over.hear(0.5); // in the middle of the words
    over.session.hear({ type: 'key', digit: '4' });
    over.hear(0.5);
    expect(over.rig.eventsOf('voice-cut')).toHaveLength(1);
  });

  test('each key is answered by the tone', async () => {
    const call = await asked(guarded(), { settings: { keyTone: { levelDb: -10 } } });
    const tone = toneSamples(8000, { hz: 880, ms: 120, levelDb: -10 });
    call.hear(1);
    for (const digit of '47*') {
      call.session.hear({ type: 'key', digit });
      const out = call.hear(0.4);
      expect(correlation(out, tone, call.rig.latency, 0, tone.length)).toBeGreaterThan(0.8);
    }
  });
});

describe('wrong ones', () => {
  test('they are told, and may key it in again', async () => {
    const records = guarded();
    const call = await asked(records);
    await key(call, '0000');
    call.hear(2);
    expect(call.said).toEqual(['enter-pin', 'wrong-pin']);
    await key(call, '4711');
    call.hear(3);
    expect(call.said).toEqual(['enter-pin', 'wrong-pin', SAID]);
  });

  test('too many: they are told that, and their keys are keys again', async () => {
    const records = new FakeRecords([ask(), ask(true), { status: 'locked' }]);
    const call = await asked(records);
    await key(call, '0000');
    call.hear(2);
    await key(call, '1111');
    call.hear(3);
    expect(call.said).toEqual(['enter-pin', 'wrong-pin', 'pin-locked']);
    call.session.hear({ type: 'key', digit: '3' });
    call.hear(1);
    expect(call.rig.played).toEqual(['a', 'b']);
    expect(call.rig.program.duckGainDb).toBeGreaterThan(-20);
  });

  test('billing goes away meanwhile: not available', async () => {
    const call = await asked(new FakeRecords([ask(), { status: 'unavailable' }]));
    await key(call, '4711');
    call.hear(2);
    expect(call.said.at(-1)).toBe('balance-unavailable');
  });
});

describe('the music', () => {
  test('stays down from the first word until they have their answer', async () => {
    const records = new FakeRecords([ask(), 'later']);
    const call = await asked(records);
    for (const digit of '4711') {
      call.hear(7);
      expect(down(call)).toBe(true);
      call.session.hear({ type: 'key', digit });
    }
    await turn();
    call.hear(0.4);
    expect(down(call)).toBe(true);
  });

  test('comes up again when there was no key for eight seconds after the words; nothing is said', async () => {
    const call = await asked();
    const wordsOverMs = call.rig.ms(call.rig.eventsOf('voice-end')[0]!.atSample);
    call.hear((wordsOverMs + 7960 - call.clock.now()) / 1000);
    expect(down(call)).toBe(true);
    call.hear(3);
    expect(call.rig.program.duckGainDb).toBe(0);
    expect(call.said).toEqual(['enter-pin']);
    call.hear(0.2);
    call.session.hear({ type: 'key', digit: '3' });
    call.hear(1);
    expect(call.rig.played).toEqual(['a', 'b']);
    call.session.close();
    expect(call.clock.pending).toBe(0);
  });

  test('each key gives them eight seconds more', async () => {
    const call = await asked();
    for (const digit of '471') {
      call.hear(7.5);
      call.session.hear({ type: 'key', digit });
    }
    call.hear(7.9);
    expect(down(call)).toBe(true);
    call.hear(4);
    expect(call.rig.program.duckGainDb).toBe(0);
  });

  test('a place that gets better meanwhile is said afterwards, as it is by then', async () => {
    const call = await asked();
    for (const place of [9, 8, 7]) {
      call.moveTo(place);
      call.hear(2);
    }
    expect(call.said).toEqual(['enter-pin']);
    await key(call, '4711');
    call.hear(4);
    expect(call.said).toEqual(['enter-pin', SAID, 'position-7']);
  });
});

describe('whatever happens meanwhile', () => {
  test('they turn out to be somebody else: their PIN goes nowhere', async () => {
    const records = guarded();
    const call = await asked(records);
    call.session.hear({ type: 'key', digit: '4' });
    call.session.hear({ type: 'identity', identity: { uniqueid: '1795225281.7', phone: '+15551234567' } });
    await key(call, '711');
    call.hear(2);
    expect(records.asked).toHaveLength(1);
    expect(call.said.at(-1)).toBe('balance-unavailable');
  });

  test('nobody is known any more: the PIN is taken back at once, and the keys of its rest do nothing', async () => {
    const records = guarded();
    const call = await asked(records);
    await key(call, '47');
    call.session.hear({ type: 'identity', identity: { uniqueid: '1795225281.7' } });
    call.hear(1);
    expect([call.said.at(-1), call.session.takesPin]).toEqual(['balance-unavailable', true]);
    await key(call, '33');
    call.hear(1);
    expect(records.asked).toHaveLength(1);
    expect(call.said).toEqual(['enter-pin', 'balance-unavailable']);
    expect(call.rig.played).toEqual(['a']);
    call.hear(2);
    expect([call.session.takesPin, call.rig.program.duckGainDb]).toEqual([false, 0]);
  });

  test('nobody is known while billing looks at the PIN: its answer is not said, also where it is the same number again', async () => {
    const records = new FakeRecords(({ pin }) => (pin === undefined ? ask() : 'later'));
    const call = await asked(records);
    await key(call, '4711');
    call.session.hear({ type: 'identity', identity: { uniqueid: ME.uniqueid } });
    call.session.hear({ type: 'identity', identity: ME });
    records.answers(ONE);
    await turn();
    call.hear(3);
    expect(call.said.at(-1)).toBe('balance-unavailable');
  });

  test('the call ends: nothing is asked, no timer is left, the music is free', async () => {
    const records = guarded();
    const call = await asked(records);
    await key(call, '471');
    call.session.close();
    call.session.hear({ type: 'key', digit: '1' });
    await turn();
    call.hear(3);
    expect([records.asked.length, call.clock.pending]).toEqual([1, 0]);
    expect(call.rig.program.duckGainDb).toBe(0);
  });

  test('Asterisk starts the program again: the entry is over, and the rest of it goes nowhere', async () => {
    const call = await asked();
    await key(call, '47');
    const records = new FakeRecords();
    let next = call.respawn(160, 100, { records });
    await key(next, '3');
    next = next.respawn(160, 100, { records });
    await key(next, '3');
    next.hear(2.7);
    next.session.hear({ type: 'identity', identity: ME });
    expect([next.rig.played, next.rig.program.quiet, records.kept('key')]).toEqual([['a'], false, []]);
    next.hear(0.2);
    next.session.hear({ type: 'key', digit: '2' });
    next.hear(1);
    expect(records.kept('key')).toEqual(['2 sayBalance']);
  });

  test('two callers key in theirs at once: each PIN goes to its own records', async () => {
    const allRecords = [guarded('1234'), guarded('9876')];
    const calls = [await asked(allRecords[0]), await asked(allRecords[1])];
    for (let i = 0; i < 4; i++) {
      calls[0]!.session.hear({ type: 'key', digit: '1234'[i]! });
      calls[1]!.session.hear({ type: 'key', digit: '9876'[i]! });
    }
    await turn();
    expect(allRecords.map(({ asked }) => asked.at(-1)!.pin)).toEqual(['1234', '9876']);
  });

  test('there is no prompt that asks for it: not available, and no keys are taken', async () => {
    const call = await asked(guarded(), { prompts: ['balance-unavailable'] });
    call.hear(2);
    expect(call.said).toEqual(['balance-unavailable']);
    call.session.hear({ type: 'key', digit: '3' });
    call.hear(1);
    expect(call.rig.played).toEqual(['a', 'b']);
  });
});

describe('digits that come too late for it are no keys', () => {
  test.each(['unavailable', 'locked'] as const)(
    'while it is looked at, to the answer (%s)',
    async (status) => {
      const records = new FakeRecords([ask(), 'later']);
      const call = await asked(records);
      call.session.hear({ type: 'identity', identity: ME });
      await key(call, '4711034');
      expect([call.rig.played, call.rig.program.quiet, records.kept('key')]).toEqual([
        ['a'],
        false,
        ['2 sayBalance'],
      ]);
      records.answers({ status });
      await turn();
      call.hear(2);
      call.session.hear({ type: 'key', digit: '3' });
      call.hear(1);
      expect(call.rig.played).toEqual(['a', 'b']);
    },
  );

  test('for three seconds after they were too slow', async () => {
    const records = guarded();
    const call = await asked(records);
    call.session.hear({ type: 'identity', identity: ME });
    await key(call, '47');
    call.hear(7.84);
    expect(call.session.takesPin).toBe(true);
    call.hear(0.2);
    await key(call, '10');
    expect([call.rig.program.quiet, records.kept('key'), records.asked.length]).toEqual([
      false,
      ['2 sayBalance'],
      1,
    ]);
    expect(JSON.stringify(call.session.stateAt(0))).toContain('"keying":true');
    call.hear(3);
    expect(call.session.takesPin).toBe(false);
    expect(call.session.stateAt(0)).not.toHaveProperty('keying');
    call.session.hear({ type: 'key', digit: '0' });
    expect(call.rig.program.quiet).toBe(true);
  });
});

describe('key 2 itself', () => {
  test.each([
    ['*', 0],
    ['#', 0],
    ['', 11.2],
  ])('is free when the PIN was given up (%j), though the caller heard no balance', async (how, seconds) => {
    const records = guarded();
    const call = await asked(records, { keys: { '2': sayBalance({ holdOffMs: 60_000 }) } });
    await key(call, how);
    call.hear(seconds);
    call.session.hear({ type: 'key', digit: '2' });
    await turn();
    expect(records.asked).toHaveLength(2);
  });

  test('is held off after a balance, and when billing had none', async () => {
    for (const answers of [
      [ask(), ONE],
      [ask(), { status: 'unavailable' } as const],
    ]) {
      const records = new FakeRecords(answers);
      const call = await asked(records);
      await key(call, '4711');
      call.hear(4);
      call.session.hear({ type: 'key', digit: '2' });
      await turn();
      expect(records.asked).toHaveLength(2);
    }
  });

  test.each<[string, FakeRecords, number, boolean]>([
    ['billing was asked', new FakeRecords(), 0.5, true],
    ['they were asked for their PIN', guarded(), 1, true],
    ['the balance had just begun', new FakeRecords([ONE]), 0.6, true],
    ['they had heard the balance', new FakeRecords([ONE]), 2, false],
  ])('when Asterisk starts the program again while %s', async (_, records, seconds, free) => {
    const call = new Caller({ records, speech: new FakeSpeech() });
    call.hear(1);
    call.session.hear({ type: 'key', digit: '2' });
    await turn();
    call.hear(seconds);
    const later = new FakeRecords();
    const next = call.respawn(160, 100, { records: later });
    next.hear(3.04);
    next.session.hear({ type: 'key', digit: '2' });
    await turn();
    expect(later.asked).toHaveLength(free ? 1 : 0);
  });
});

test('its digits are in no log, no state, no journal and no event', async () => {
  const records = guarded('8675309'.slice(0, 4));
  const call = await asked(records);
  const before = records.remembered.length;
  await key(call, '867');
  const seen = (): string => JSON.stringify([call.lines, call.session.stateAt(0), call.rig.events]);
  const midway = seen();
  await key(call, '5');
  call.hear(3);
  call.session.close();
  expect(call.said.at(-1)).toBe(SAID);
  for (const text of [midway, seen()]) expect(text).not.toMatch(/8675|"8"|"6"|"7"/);
  expect(records.remembered.slice(before).filter(({ type }) => type === 'key')).toMatchObject([
    { digit: '2', action: 'sayBalance' },
  ]);
});

describe('digits that come before it is asked for', () => {
  /** A caller of a config with a PIN has pressed 2; what is asked waits. */
  async function waiting(plan: CallerPlan = {}): Promise<Caller & { records: FakeRecords }> {
    const records = new FakeRecords(({ pin }) =>
      pin === undefined ? 'later' : pin === '0347' ? ONE : ask(true),
    );
    const call = new Caller({ records, speech: new FakeSpeech(), asksPin: true, ...plan });
    call.session.hear({ type: 'identity', identity: ME });
    call.hear(1);
    call.session.hear({ type: 'key', digit: '2' });
    await turn();
    return call as Caller & { records: FakeRecords };
  }
  /** No key but the first did anything, and none is kept. */
  function expectNoKeys(call: Caller & { records: FakeRecords }): void {
    expect([call.rig.played, call.rig.program.quiet]).toEqual([['a'], false]);
    expect(call.records.kept('key')).toEqual(['2 sayBalance']);
    expect(JSON.stringify([call.lines, call.records.remembered])).not.toMatch(/0347/);
  }

  test('are digits of it: all of them, and it is asked for with no word', async () => {
    const call = await waiting();
    await key(call, '0347');
    call.records.answers(ask());
    await turn();
    await turn();
    call.hear(3);
    expect(call.said.filter((what) => what !== 'one-moment')).toEqual([SAID]);
    expectNoKeys(call);
  });

  test('some of them: the rest is keyed in as ever; more than it has go nowhere', async () => {
    const call = await waiting();
    await key(call, '03');
    call.records.answers(ask());
    await turn();
    await key(call, '47');
    call.hear(3);
    expect(call.said.filter((what) => what !== 'one-moment')).toEqual([SAID]);
    const other = await waiting();
    await key(other, '03473420#*');
    other.records.answers(ask());
    await turn();
    await turn();
    other.hear(3);
    expect(other.said.at(-1)).toBe(SAID);
    expectNoKeys(other);
  });

  test('* and # mean what they mean in it', async () => {
    const call = await waiting();
    await key(call, '99*0347');
    call.records.answers(ask());
    await turn();
    await turn();
    call.hear(3);
    expect(call.said.filter((what) => what !== 'one-moment')).toEqual([SAID]);
    const up = await waiting();
    await key(up, '#');
    up.records.answers(ask());
    await turn();
    up.hear(3);
    expect([up.said, up.session.takesPin, up.records.asked.length]).toEqual([[], false, 1]);
  });

  test.each(['unavailable', 'locked', 'unknown-caller'] as const)(
    'none is asked for (%s): those before the answer go nowhere, nor do those of the next three seconds',
    async (status) => {
      const call = await waiting();
      await key(call, '03');
      call.records.answers({ status });
      await turn();
      await key(call, '47');
      call.hear(2.7);
      call.session.hear({ type: 'key', digit: '3' });
      call.hear(2.9);
      expectNoKeys(call);
      call.hear(0.2);
      call.session.hear({ type: 'key', digit: '3' });
      call.hear(1);
      expect(call.rig.played).toEqual(['a', 'b']);
    },
  );

  test('nobody is asked, since it is not certain who calls, or the key is in its hold-off: they are no keys either', async () => {
    const unsure = await waiting({ call: { certain: false } });
    await key(unsure, '0347');
    expectNoKeys(unsure);
    const call = await waiting();
    call.records.answers({ status: 'unavailable' });
    await turn();
    call.hear(4);
    await key(call, '20347');
    call.hear(2);
    expectNoKeys(call);
  });

  test('the number changes meanwhile: none of the last caller’s is taken for the next one’s', async () => {
    const call = await waiting();
    await key(call, '03');
    call.session.hear({ type: 'identity', identity: { uniqueid: ME.uniqueid } });
    call.session.hear({ type: 'identity', identity: ME });
    await key(call, '47');
    call.records.answers(ask());
    await turn();
    await key(call, '0347');
    call.hear(2);
    expect([call.said, call.records.asked.length]).toEqual([['balance-unavailable'], 1]);
    expectNoKeys(call);
  });

  test('Asterisk starts the program again meanwhile: the rest of it goes nowhere', async () => {
    const call = await waiting();
    await key(call, '03');
    const records = new FakeRecords();
    const next = call.respawn(160, 100, { records, asksPin: true });
    await key(next, '3420');
    next.session.hear({ type: 'identity', identity: ME });
    expect([next.rig.played, records.kept('key')]).toEqual([['a'], []]);
  });

  test('each is answered by the tone, once', async () => {
    const call = await waiting({ settings: { keyTone: { levelDb: -10 } } });
    const strikes = jest.spyOn(call.rig.program, 'acknowledge');
    await key(call, '034');
    call.records.answers(ask());
    await turn();
    await key(call, '7');
    expect(strikes).toHaveBeenCalledTimes(4);
  });

  test('a config without a PIN: keys are keys while a balance is asked for', async () => {
    const call = await waiting({ asksPin: false });
    await key(call, '3');
    expect(call.records.kept('key')).toEqual(['2 sayBalance', '3 nextTrack']);
  });
});
