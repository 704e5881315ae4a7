// The state of a call as it is read back from a file: sound and whole, or not at all.
// Would catch: junk that reaches the Program, a state that grows without bound, one of another version half understood.
import fc from 'fast-check';
import { atRate, keptIds, parseCallState, type CallState } from '../../src/session/state';
import { Caller } from '../support/caller';

const FULL: CallState = {
  version: 1,
  rate: 8000,
  heardSamples: 400_000,
  music: { trackId: 'music/a.wav', sample: 123_456 },
  sinceVoice: 8000,
  heard: ['advices/first/10-welcome.en.wav'],
  bag: ['music/b.wav', 'music/c.wav'],
  quiet: true,
  hushed: false,
  told: { queue: 'support', position: 3, wallMs: 1_767_614_400_000, rung: 4 },
  pressed: { '3': 1_767_614_400_000, '*': 1_767_614_400_001 },
  choosing: 'music/a.wav',
  keying: true,
};
const copy = (change: object = {}): Record<string, unknown> =>
  JSON.parse(JSON.stringify({ ...FULL, ...change })) as Record<string, unknown>;

test('what was written is read back, with and without what may be absent', () => {
  expect(parseCallState(copy())).toEqual(FULL);
  const absent = { music: undefined, sinceVoice: undefined, told: undefined };
  const least = copy({ ...absent, choosing: undefined, keying: undefined });
  expect(least).not.toHaveProperty('music');
  expect(parseCallState(least)).toEqual(least);
});

test('names that an earlier version wrote as the disk has them are those that the library has', () => {
  const named = (id: string): object => ({
    music: { trackId: id, sample: 5 },
    heard: [id],
    bag: [id],
    choosing: id,
  });
  expect(parseCallState(copy(named('music/e\u0301.wav')))).toEqual(copy(named('music/\u00e9.wav')));
});

test('what a Session writes is read back', () => {
  const call = new Caller();
  call.moveTo(5, [3, 5]);
  call.session.hear({ type: 'key', digit: '3' });
  call.hear(30);
  const state = call.session.stateAt(1280);
  expect(parseCallState(JSON.parse(JSON.stringify(state)))).toEqual(state);
});

test('what is not known is left out', () => {
  expect(parseCallState(copy({ extra: { deep: true }, uniqueid: 'x' }))).toEqual(FULL);
});

const long = 'x'.repeat(513);
test.each<[string, unknown]>([
  ['nothing', undefined],
  ['null', null],
  ['a text', 'state'],
  ['a list', [FULL]],
  ['an empty object', {}],
  ['another version', copy({ version: 2 })],
  ['a rate that is none', copy({ rate: 44_100 })],
  ['samples below zero', copy({ heardSamples: -1 })],
  ['half a sample', copy({ heardSamples: 0.5 })],
  ['samples beyond all calls', copy({ heardSamples: 1e300 })],
  ['samples as text', copy({ heardSamples: '5' })],
  ['a track without a sample', copy({ music: { trackId: 'a' } })],
  ['a track without a name', copy({ music: { trackId: '', sample: 5 } })],
  ['a track as text', copy({ music: 'a' })],
  ['null for the music', copy({ music: null })],
  ['a name that is too long', copy({ music: { trackId: long, sample: 5 } })],
  ['advices that are no list', copy({ heard: { 0: 'a' } })],
  ['an advice that is no text', copy({ heard: [5] })],
  ['advices cut off that are no list', copy({ cut: 'a' as never })],
  ['too many advices', copy({ heard: Array.from({ length: 2001 }, (_, i) => `${i}`) })],
  ['advices of too many characters', copy({ heard: Array.from({ length: 60 }, () => 'y'.repeat(400)) })],
  ['a bag that is none', copy({ bag: null })],
  ['quiet as a number', copy({ quiet: 1 })],
  ['a silence before the call', copy({ sinceVoice: -8000 })],
  ['a place without a queue', copy({ told: { position: 3, wallMs: 5 } })],
  ['place 0', copy({ told: { queue: 'q', position: 0, wallMs: 5 } })],
  ['a place at no time', copy({ told: { queue: 'q', position: 3, wallMs: null } })],
  ['a rung off the ladder', copy({ told: { queue: 'q', position: 3, wallMs: 5, rung: 11 } })],
  ['a key that is none', copy({ pressed: { x: 5 } })],
  ['a press at no time', copy({ pressed: { '3': 'yesterday' } })],
  ['presses that are a list', copy({ pressed: [5] })],
  ['a choice that is no name', copy({ choosing: 7 })],
  ['a choice of too many characters', copy({ choosing: long })],
  ['a PIN', copy({ keying: '47' })],
])('%s is not a state', (_, value) => {
  expect(parseCallState(value)).toBeUndefined();
});

test('no value at all makes it throw, and what it lets through makes no Session throw', () => {
  const field = fc.constantFrom(...Object.keys(FULL));
  fc.assert(
    fc.property(fc.anything(), fc.dictionary(field, fc.jsonValue()), (value, change) => {
      expect(parseCallState(value)).toBeUndefined();
      const state = parseCallState(copy(change));
      if (!state) return;
      const call = new Caller({ state });
      call.moveTo(3);
      call.session.hear({ type: 'key', digit: '4' });
      call.hear(0.2);
      expect(parseCallState(copy(call.session.stateAt(800)))).toBeDefined();
    }),
    { numRuns: 300, seed: 4 },
  );
});

test('ids are kept from the beginning, as many as are allowed', () => {
  expect(keptIds(['a', '', long, 'b'])).toEqual(['a', 'b']);
  expect(keptIds(Array.from({ length: 5000 }, (_, i) => `${i}`))).toHaveLength(2000);
  expect(keptIds(Array.from({ length: 100 }, () => 'y'.repeat(400)))).toHaveLength(50);
});

test('the largest state that is written is smaller than a file of states may be', () => {
  const ids = keptIds(Array.from({ length: 5000 }, (_, i) => `advices/middle/${i}.wav`));
  const state = copy({ heard: ids, bag: ids });
  expect(parseCallState(state)).toBeDefined();
  expect(JSON.stringify(state).length).toBeLessThan(60_000);
});

test('at another rate it is the same moment', () => {
  expect(atRate(FULL, 16_000)).toMatchObject({
    rate: 16_000,
    heardSamples: 800_000,
    music: { trackId: 'music/a.wav', sample: 246_912 },
    sinceVoice: 16_000,
  });
  expect(atRate(FULL, 8000)).toEqual(FULL);
});
