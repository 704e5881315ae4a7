// Advice rota: the order of advices in a call, whatever changes while the call lasts.
// Would catch: an advice heard twice or never, a wrong shelf, one that a campaign forbids.
import fc from 'fast-check';
import { memoryClip, type Clip } from '../../src/audio/source';
import { AdviceRota, type RotaSources, type RotaState } from '../../src/program/rota';
import { ADVICE_SLOTS, type DayPart, type AdviceSlot } from '../../src/program/adviceSlots';
import { seededRandom } from '../../src/util/random';

const clip = (id: string): Clip => memoryClip(id, new Float32Array(100));
const shelf = (name: string, ...names: string[]): Clip[] => names.map((file) => clip(`${name}/${file}`));

const full: Record<AdviceSlot, Clip[]> = {
  first: shelf('first', 'a', 'b'),
  firstMorning: shelf('firstMorning', 'a', 'b'),
  firstDay: shelf('firstDay', 'a', 'b'),
  firstEvening: shelf('firstEvening', 'a'),
  middle: shelf('middle', 'a', 'b', 'c', 'd', 'e'),
  last: shelf('last', 'a', 'b'),
};

function rotaOf(change: Partial<RotaSources> = {}, seed = 1, before: Partial<RotaState> = {}): AdviceRota {
  const sources = {
    advices: (name: AdviceSlot) => full[name],
    dayPart: (): DayPart | undefined => 'firstDay',
    allowed: () => true,
    random: seededRandom(seed),
    ...change,
  };
  return new AdviceRota(sources, before);
}

/** Ids of the next `most` advices. */
function take(rota: AdviceRota, most = 100): string[] {
  const ids: string[] = [];
  while (ids.length < most) {
    const next = rota.next();
    if (!next) break;
    ids.push(next.advice.id);
  }
  return ids;
}

test('first by name, the part of the day by name, all of the middle in any order, last by name; then nothing', () => {
  for (let seed = 0; seed < 50; seed++) {
    const rota = rotaOf({}, seed);
    const ids = take(rota);
    expect(ids.slice(0, 4)).toEqual(['first/a', 'first/b', 'firstDay/a', 'firstDay/b']);
    expect(ids.slice(4, 9).sort()).toEqual(full.middle.map(({ id }) => id));
    expect(ids.slice(9)).toEqual(['last/a', 'last/b']);
    expect(rota.next()).toBeUndefined();
  }
});

test('it tells from which shelf', () => {
  const rota = rotaOf();
  const shelves = Array.from({ length: 11 }, () => rota.next()!);
  expect(shelves.every((next) => next.advice.id.startsWith(`${next.shelf}/`))).toBe(true);
});

test('the middle is random: every advice comes first sometimes, orders differ, a seed decides', () => {
  const middle = (seed: number): string[] => take(rotaOf({}, seed)).slice(4, 9);
  const orders = Array.from({ length: 100 }, (_, seed) => middle(seed));
  const firsts = full.middle.map(({ id }) => orders.filter((order) => order[0] === id).length);
  expect(Math.min(...firsts)).toBeGreaterThan(5);
  expect(new Set(orders.map((order) => order.join())).size).toBeGreaterThan(40);
  expect(middle(3)).toEqual(middle(3));
});

test.each([
  ['firstMorning', ['firstMorning/a', 'firstMorning/b']],
  ['firstEvening', ['firstEvening/a']],
  [undefined, []],
] as const)('part of the day %s', (part, expected) => {
  const ids = take(rotaOf({ dayPart: () => part }));
  expect(ids.filter((id) => /^first[A-Z]/.test(id))).toEqual(expected);
});

test('the part of the day changes in mid-call: what was left of the old one is not heard any more', () => {
  let part: DayPart = 'firstMorning';
  const rota = rotaOf({ dayPart: () => part });
  const ids = take(rota, 3);
  expect(ids).toEqual(['first/a', 'first/b', 'firstMorning/a']);
  part = 'firstDay';
  expect(take(rota, 2)).toEqual(['firstDay/a', 'firstDay/b']);
  expect(rota.next()!.shelf).toBe('middle');
  part = 'firstEvening';
  expect(take(rota, 1)).toEqual(['firstEvening/a']);
});

test('a library that changes in mid-call: what is added comes in its turn, what is removed does not', () => {
  let first = shelf('first', 'b', 'c');
  const rota = rotaOf({ advices: (name) => (name === 'first' ? first : name === 'last' ? full.last : []) });
  expect(take(rota, 1)).toEqual(['first/b']);
  first = shelf('first', 'a', 'b', 'd');
  expect(take(rota)).toEqual(['first/a', 'first/d', 'last/a', 'last/b']);
  first = shelf('first', 'a', 'b', 'e');
  expect(take(rota)).toEqual(['first/e']);
});

test('a file replaced under its name is still the same advice', () => {
  let first = shelf('first', 'a');
  const rota = rotaOf({ advices: (name) => (name === 'first' ? first : []) });
  take(rota, 1);
  first = shelf('first', 'a');
  expect(rota.next()).toBeUndefined();
});

test('campaigns: what is not allowed now is passed over and comes when it is', () => {
  let allowed = false;
  const rota = rotaOf({ allowed: ({ id }) => allowed || !/^(first\/a|middle)/.test(id) });
  expect(take(rota, 5)).toEqual(['first/b', 'firstDay/a', 'firstDay/b', 'last/a', 'last/b']);
  expect(rota.next()).toBeUndefined();
  allowed = true;
  const rest = take(rota);
  expect(rest[0]).toBe('first/a');
  expect(rest).toHaveLength(6);
});

test('given back: it is the next again, once', () => {
  const rota = rotaOf();
  const { advice } = rota.next()!;
  rota.giveBack(advice);
  expect(rota.heard).toEqual([]);
  expect(rota.next()!.advice.id).toBe(advice.id);
  expect(rota.next()!.advice.id).not.toBe(advice.id);
});

test('cut off: it comes once more, and when that is cut off too, not again', () => {
  const rota = rotaOf({ advices: (name) => (name === 'first' ? full.first : []) });
  for (const expected of ['first/a', 'first/a', 'first/b', 'first/b']) {
    const { advice } = rota.next()!;
    expect(advice.id).toBe(expected);
    rota.cutOff(advice);
  }
  expect(rota.next()).toBeUndefined();
});

test('taken back before it began, it has not been cut off', () => {
  const rota = rotaOf();
  for (let i = 0; i < 5; i++) rota.giveBack(rota.next()!.advice);
  rota.cutOff(rota.next()!.advice);
  expect(rota.next()!.advice.id).toBe('first/a');
});

test('the process is ended in the middle of an advice: that counts as cut off, once and for all processes', () => {
  const first = rotaOf();
  const { id } = first.next()!.advice;
  expect(first.stateWhere(new Map([[id, false]]))).toEqual({ heard: [], cut: [] });
  const once = first.stateWhere(new Map([[id, true]]));
  expect(once).toEqual({ heard: [], cut: [id] });
  const second = rotaOf({}, 1, once);
  expect(second.next()!.advice.id).toBe(id);
  expect(second.stateWhere(new Map([[id, false]]))).toEqual({ heard: [], cut: [id] });
  expect(second.stateWhere(new Map([[id, true]]))).toEqual({ heard: [id], cut: [id] });
});

test('what the call has heard in another process is not heard again', () => {
  const before = rotaOf();
  const heard = take(before, 6);
  const after = rotaOf({}, 9, { heard: before.heard });
  const rest = take(after);
  expect([...heard, ...rest].sort()).toEqual(
    ADVICE_SLOTS.filter((name) => name !== 'firstMorning' && name !== 'firstEvening')
      .flatMap((name) => full[name].map(({ id }) => id))
      .sort(),
  );
});

test('whatever changes when: nothing is heard twice, unless it was given back', () => {
  const parts = fc.constantFrom<DayPart | undefined>('firstMorning', 'firstDay', 'firstEvening', undefined);
  const step = fc.record({ part: parts, hidden: fc.integer({ min: 0, max: 6 }), giveBack: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.integer(), (steps, seed) => {
      let now = steps[0];
      const rota = rotaOf(
        {
          dayPart: () => now?.part,
          advices: (name) => full[name].filter((_, i) => i !== now?.hidden),
        },
        seed,
      );
      const heard = new Set<string>();
      for (now of steps) {
        const next = rota.next();
        if (!next) continue;
        expect(heard.has(next.advice.id)).toBe(false);
        if (now.giveBack) rota.giveBack(next.advice);
        else heard.add(next.advice.id);
      }
      expect([...rota.heard].sort()).toEqual([...heard].sort());
    }),
    { numRuns: 100, seed: 12 },
  );
});
