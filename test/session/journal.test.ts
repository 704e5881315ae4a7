// What is kept of a call for reports: what was heard, and which keys did something.
// Would catch: an advice that was cut off counted as heard, a balance told to the store, a journal that grows for ever.
import { noiseClip } from '../support/audio';
import { Caller, turn, type CallerPlan } from '../support/caller';
import { account, accountsOf, FakeRecords, FakeSpeech } from '../support/fakeRecords';

const ME = { uniqueid: '1795225281.7', phone: '+442079460018' };

function known(plan: CallerPlan = {}): { call: Caller; records: FakeRecords } {
  const records = new FakeRecords([accountsOf(account('0412', -1250n))]);
  const call = new Caller({ records, speech: new FakeSpeech(), ...plan });
  call.session.hear({ type: 'identity', identity: ME });
  return { call, records };
}

test('tracks when they begin, voices when they are over, keys that did something', async () => {
  const { call, records } = known({ advices: { first: [noiseClip('first/welcome', 1, 0.2, 8000)] } });
  call.hear(1);
  call.session.hear({ type: 'key', digit: '3' });
  call.session.hear({ type: 'key', digit: '3' }); // held off
  call.session.hear({ type: 'key', digit: '9' }); // not bound
  call.moveTo(5);
  call.hear(30);
  call.session.hear({ type: 'key', digit: '4' });
  call.hear(2);
  call.session.hear({ type: 'key', digit: '2' });
  await turn();
  call.hear(4);
  expect(records.remembered).toEqual([
    { type: 'heard', kind: 'track', id: 'a' },
    { type: 'key', digit: '3', action: 'nextTrack' },
    { type: 'heard', kind: 'track', id: 'b' },
    { type: 'heard', kind: 'position', id: 'position-5' },
    { type: 'choice', track: 'b' },
    { type: 'heard', kind: 'advice', id: 'first/welcome' },
    { type: 'key', digit: '4', action: 'sayPosition' },
    { type: 'heard', kind: 'answer', id: 'position-5' },
    { type: 'key', digit: '2', action: 'sayBalance' },
    { type: 'heard', kind: 'answer' },
  ]);
});

test('an advice of which less than half was heard is not there', () => {
  for (const [seconds, heard] of [
    [3, ['advice first/long']],
    [1.5, []],
  ] as const) {
    const { call, records } = known({ advices: { first: [noiseClip('first/long', 1, 0.2, 32_000)] } });
    call.hear(20 + seconds);
    call.session.hear({ type: 'key', digit: '4' });
    call.hear(1);
    expect(records.kept('heard').filter((line) => line.startsWith('advice'))).toEqual(heard);
  }
});

test('the call ends in the middle of a voice: it is there if half of it was heard', () => {
  for (const [seconds, heard] of [
    [3, 1],
    [1, 0],
  ] as const) {
    const { call, records } = known({ advices: { first: [noiseClip('first/long', 1, 0.2, 32_000)] } });
    call.hear(20 + seconds);
    call.session.close();
    call.session.close();
    expect(records.kept('heard').filter((line) => line.startsWith('advice'))).toHaveLength(heard);
  }
});

test('a track that goes on in another process is not heard twice; the fallback is nothing that is heard', () => {
  const { call } = known();
  call.hear(3);
  const next = call.respawn(160, 100, { records: new FakeRecords() });
  next.session.hear({ type: 'identity', identity: ME });
  next.hear(1);
  expect(next.records!.remembered).toEqual([]);
  const { call: bare, records } = known({ music: [] });
  bare.hear(3);
  expect(records.remembered).toEqual([]);
});

describe('before there are records, and before it is known who calls', () => {
  test('entries wait, with the time of when they happened', () => {
    const call = new Caller();
    const beganMs = call.clock.wall();
    call.hear(1);
    call.session.hear({ type: 'key', digit: '3' });
    call.hear(0.04);
    call.records = new FakeRecords();
    call.session.opened();
    expect(call.records.remembered).toEqual([]);
    call.hear(5);
    call.session.hear({ type: 'identity', identity: ME });
    expect(call.records.kept('heard')).toEqual(['track a', 'track b']);
    expect(call.records.times[0]! - beganMs).toBe(0);
    expect(call.records.times[1]! - beganMs).toBe(1000);
  });

  test('no more than two hundred wait; the newest are kept, and the others counted', () => {
    const call = new Caller({ keys: { '3': { action: 'quiet', holdOffMs: 0 } } });
    for (let i = 0; i < 10_000; i++) call.session.hear({ type: 'key', digit: '3' });
    call.session.hear({ type: 'key', digit: '3' });
    call.records = new FakeRecords();
    call.session.hear({ type: 'identity', identity: ME });
    expect(call.records.remembered[0]).toEqual({ type: 'dropped', of: 'key', count: 9801 });
    expect(call.records.remembered).toHaveLength(201);
    call.session.hear({ type: 'key', digit: '3' });
    expect(call.records.remembered).toHaveLength(202);
  });

  test('a call that ends before it was known who it is leaves what it has: the records know whose it is, or drop it', () => {
    const call = new Caller({ records: new FakeRecords() });
    call.hear(1);
    call.session.close();
    expect(call.records!.kept('heard')).toEqual(['track a']);
  });
});
