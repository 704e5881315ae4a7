// The music that a caller chose: remembered when they have listened to it, and played to them when they call again.
// Would catch: every track that they skipped taken for their choice, music changed under a caller who has long been there.
import type { CallIdentity } from '../../src/asterisk/callNews';
import { nextTrack, run } from '../../src/session/actions';
import type { CallerPlan } from '../support/caller';
import { Caller, turn } from '../support/caller';
import { db, longNoise, rms } from '../support/audio';
import { FakeRecords } from '../support/fakeRecords';

const ME: CallIdentity = { uniqueid: '1795225281.7', phone: '+442079460018' };

/** A caller who is told who they are after half a second. */
async function known(records: FakeRecords, plan: CallerPlan = {}, identity = ME): Promise<Caller> {
  const call = new Caller({ records, ...plan });
  call.hear(0.52);
  call.session.hear({ type: 'identity', identity });
  await turn();
  return call;
}

describe('at the beginning of a call', () => {
  test('what they chose earlier is crossfaded to, without a dip in the music', async () => {
    const records = new FakeRecords([], 'd');
    const call = await known(records);
    const out = call.hear(5);
    expect(call.rig.played).toEqual(['a', 'd']);
    expect(call.rig.program.position!.trackId).toBe('d');
    const usual = rms(out, 32_000);
    for (let at = 0; at + 800 < out.length; at += 400)
      expect(Math.abs(db(rms(out, at, at + 800) / usual))).toBeLessThan(2);
  });

  test('it is asked for once, and plays on without a step where it plays already', async () => {
    const records = new FakeRecords([], 'a');
    const call = await known(records);
    call.session.hear({ type: 'identity', identity: ME });
    call.session.opened();
    await turn();
    call.hear(2);
    expect([records.choicesAsked, call.rig.played]).toEqual([1, ['a']]);
  });

  test.each<[string, CallerPlan, CallIdentity]>([
    ['whose identity is not certain', { call: { certain: false } }, ME],
    ['whose number is withheld', { call: { phone: undefined } }, { uniqueid: ME.uniqueid }],
    ['of another call', { call: { phone: undefined } }, { ...ME, uniqueid: '1.1' }],
  ])('not of a caller %s', async (_, plan, identity) => {
    const records = new FakeRecords([], 'd');
    const call = await known(records, plan, identity);
    call.hear(2);
    expect([records.choicesAsked, call.rig.played]).toEqual([0, ['a']]);
  });

  test('not when the call goes on from an earlier process', async () => {
    const records = new FakeRecords([], 'd');
    const first = new Caller({ records: new FakeRecords() });
    first.hear(2);
    const call = first.respawn(160, 100, { records });
    call.session.hear({ type: 'identity', identity: ME });
    await turn();
    call.hear(2);
    expect(records.choicesAsked).toBe(0);
  });

  test('not when they are known late, or the answer comes late', async () => {
    const records = new FakeRecords([], 'd');
    const call = new Caller({ records });
    call.hear(11);
    call.session.hear({ type: 'identity', identity: ME });
    await turn();
    const slow = new FakeRecords([], 'later');
    const other = await known(slow);
    other.hear(11);
    slow.chooses('d');
    await turn();
    for (const { rig } of [call, other]) rig.render(1);
    expect([records.choicesAsked, call.rig.played, other.rig.played]).toEqual([0, ['a'], ['a']]);
  });

  test('records that are opened after the caller is known are asked then', async () => {
    const call = new Caller();
    call.hear(0.5);
    call.session.hear({ type: 'identity', identity: ME });
    call.records = new FakeRecords([], 'c');
    call.hear(1);
    call.session.opened();
    await turn();
    call.hear(1);
    expect(call.rig.played).toEqual(['a', 'c']);
  });

  test('they have pressed 3 before, or while it is asked for: their key counts', async () => {
    const records = new FakeRecords([], 'later');
    const call = await known(records);
    call.session.hear({ type: 'key', digit: '3' });
    records.chooses('d');
    await turn();
    call.hear(1);
    expect(call.rig.played).toEqual(['a', 'b']);
    const other = new Caller({ records: new FakeRecords([], 'd') });
    other.hear(0.2);
    other.session.hear({ type: 'key', digit: '3' });
    other.session.hear({ type: 'identity', identity: ME });
    await turn();
    other.hear(1);
    expect([other.records!.choicesAsked, other.rig.played]).toEqual([0, ['a', 'b']]);
  });

  test('they turn out to be another while it is asked for', async () => {
    const records = new FakeRecords([], 'later');
    const call = await known(records);
    call.session.hear({ type: 'identity', identity: { ...ME, phone: '+15551234567' } });
    records.chooses('d');
    await turn();
    call.hear(1);
    expect(call.rig.played).toEqual(['a']);
  });

  test.each([
    ['is there no more', 'gone'],
    ['is no name', ''],
    ['is none', undefined],
  ])('a track that %s: the music goes on', async (_, track) => {
    const call = await known(new FakeRecords([], track));
    call.hear(2);
    expect(call.rig.played).toEqual(['a']);
  });

  test('the call ends while it is asked for', async () => {
    const records = new FakeRecords([], 'later');
    const call = await known(records);
    call.session.close();
    records.chooses('d');
    await turn();
    call.hear(1);
    expect(call.rig.played).toEqual(['a']);
  });
});

describe('what key 3 brings is remembered', () => {
  const keys = { '3': nextTrack({ holdOffMs: 0 }), '7': run((session) => session.nextTrack()) };

  test('when they have listened to it for a second and a half, and not before', async () => {
    const records = new FakeRecords();
    const call = await known(records, { keys });
    call.session.hear({ type: 'key', digit: '3' });
    call.hear(1.4);
    expect(records.kept('choice')).toEqual([]);
    call.hear(0.2);
    expect(records.kept('choice')).toEqual(['b']);
    call.hear(60);
    expect(records.kept('choice')).toEqual(['b']);
  });

  test('pressed several times: only the last', async () => {
    const records = new FakeRecords();
    const call = await known(records, { keys });
    for (let i = 0; i < 3; i++) {
      call.session.hear({ type: 'key', digit: '3' });
      call.hear(1);
    }
    call.hear(2);
    expect(call.rig.played).toEqual(['a', 'b', 'c', 'd']);
    expect(records.kept('choice')).toEqual(['d']);
  });

  test('there is only one track: it is no choice', async () => {
    const records = new FakeRecords();
    const call = await known(records, { keys, music: [longNoise('only', 1, 0.1)] });
    call.session.hear({ type: 'key', digit: '3' });
    call.hear(3);
    expect(records.kept('choice')).toEqual([]);
  });

  test('what an operator’s function brings is none, nor what follows a track that came to its end', async () => {
    const records = new FakeRecords();
    const call = await known(records, { keys });
    call.session.hear({ type: 'key', digit: '7' });
    await turn();
    call.hear(3);
    expect(call.rig.played).toEqual(['a', 'b']);
    expect(records.kept('choice')).toEqual([]);
  });

  test('… nor one that such a function takes away again', async () => {
    const records = new FakeRecords();
    const call = await known(records, { keys });
    call.session.hear({ type: 'key', digit: '3' });
    call.hear(0.6);
    call.session.hear({ type: 'key', digit: '7' });
    await turn();
    call.hear(3);
    expect(call.rig.played).toEqual(['a', 'b', 'c']);
    expect(records.kept('choice')).toEqual([]);
  });

  test('Asterisk starts the program again before that: it is, when they listen to it there', async () => {
    const call = await known(new FakeRecords(), { keys });
    call.session.hear({ type: 'key', digit: '3' });
    call.hear(1);
    const allRecords = [new FakeRecords(), new FakeRecords()];
    const middle = call.respawn(160, 100, { records: allRecords[0]! });
    middle.hear(0.6);
    const last = middle.respawn(160, 100, { records: allRecords[1]! });
    last.session.hear({ type: 'identity', identity: ME });
    last.hear(1.6);
    expect(allRecords.map((records) => records.kept('choice'))).toEqual([[], ['b']]);
    last.hear(60);
    expect(last.session.stateAt(0)).not.toHaveProperty('choosing');
    expect(allRecords[1]!.kept('choice')).toEqual(['b']);
  });

  test('… and it is not when they had heard nothing of it yet', async () => {
    const call = await known(new FakeRecords(), { keys });
    call.session.hear({ type: 'key', digit: '3' });
    call.hear(0.08);
    const records = new FakeRecords();
    const next = call.respawn(160, 100, { records });
    next.session.hear({ type: 'identity', identity: ME });
    next.hear(3);
    expect([next.rig.played, records.kept('choice')]).toEqual([['a'], []]);
  });

  test('another caller’s number comes before that: it is neither’s; what that one chooses is theirs', async () => {
    const records = new FakeRecords();
    const call = await known(records, { keys });
    call.session.hear({ type: 'key', digit: '3' });
    call.hear(0.5);
    call.session.hear({ type: 'identity', identity: { ...ME, phone: '+15551234567' } });
    call.hear(3);
    expect([records.kept('choice'), call.clock.pending]).toEqual([[], 0]);
    call.session.hear({ type: 'key', digit: '3' });
    call.hear(3);
    expect(records.kept('choice')).toEqual(['c']);
  });

  test('the call ends before that: it is not; no timer is left', async () => {
    const records = new FakeRecords();
    const call = await known(records, { keys });
    call.session.hear({ type: 'key', digit: '3' });
    call.hear(1);
    call.session.close();
    call.hear(3);
    expect([records.kept('choice'), call.clock.pending]).toEqual([[], 0]);
  });
});
