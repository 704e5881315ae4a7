// The Outbox keeps the latest choice of each caller and a bounded journal; what is on its way may be replaced meanwhile.
// An older choice that wins, or a newer one that goes with an older one's acknowledgement, would be a caller's lost choice.
import { Outbox } from '../../src/store/outbox';
import type { StoreEntry } from '../../src/store/store';

const NOW = Date.UTC(2026, 0, 5, 12);
const chose = (track: string, wallMs: number, phone = '1'): StoreEntry => ({
  ...{ type: 'choice', phone, track, wallMs },
});
const key = (n: number): StoreEntry => ({
  ...{ type: 'key', uniqueid: `17.${n}`, digit: '3', action: 'nextTrack', wallMs: NOW },
});

function outboxOf(most = { choices: 100, journal: 100 }) {
  const dropped: StoreEntry[] = [];
  const outbox = new Outbox({ most, wall: () => NOW, onDropped: (entry) => dropped.push(entry) });
  const add = (...entries: StoreEntry[]): void => entries.forEach((entry) => outbox.add(entry));
  return { outbox, add, dropped };
}

test('a choice that is older than the one that waits changes nothing, one as old or newer replaces it', () => {
  const { outbox, add, dropped } = outboxOf();
  add(chose('b', NOW - 1000), chose('a', NOW - 2000));
  expect([outbox.choice('1'), outbox.size]).toEqual(['b', 1]);
  add(chose('c', NOW - 1000));
  expect([outbox.choice('1'), outbox.size, dropped]).toEqual(['c', 1, []]);
});

test('a choice of a time that is yet to come is older than any', () => {
  const { outbox, add } = outboxOf();
  add(chose('future', NOW + 120_000), chose('now', NOW));
  expect(outbox.choice('1')).toBe('now');
});

test('what is chosen while the one before is written does not go with it', () => {
  const { outbox, add } = outboxOf();
  add(chose('a', NOW - 2));
  const written = outbox.first(10);
  add(chose('b', NOW - 1));
  outbox.settled(written);
  expect([outbox.choice('1'), outbox.size]).toEqual(['b', 1]);
  outbox.toBack(written);
  expect(outbox.choices).toEqual([chose('b', NOW - 1)]);
});

test('of both sorts some are first, the oldest of each; what is put back comes last', () => {
  const { outbox, add } = outboxOf();
  const choices = [1, 2, 3, 4].map((n) => chose('a', NOW, String(n)));
  const keys = [1, 2, 3, 4].map(key);
  add(...choices, ...keys);
  expect(outbox.first(4)).toEqual([...choices.slice(0, 2), ...keys.slice(0, 2)]);
  outbox.toBack(outbox.first(4));
  expect(outbox.first(4)).toEqual([...choices.slice(2), ...keys.slice(2)]);
  expect([outbox.first(7).length, outbox.first(100).length]).toEqual([7, 8]);
});

test('beyond the limits the oldest of its sort is dropped', () => {
  const { outbox, add, dropped } = outboxOf({ choices: 2, journal: 2 });
  const choices = [1, 2, 3].map((n) => chose('a', NOW, String(n)));
  add(...choices, key(1), key(2), key(3));
  expect([dropped, outbox.size]).toEqual([[choices[0], key(1)], 4]);
});
