// Seeded randomness: the same seed gives the same call, another seed another one, and no order is favoured.
// Renders are compared bit by bit, so a change of the generator is a change of every golden recording.
import { seededRandom, seedOf, shuffled } from '../../src/util/random';

const first = (seed: number, count: number): number[] => {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => random());
};

test('the same seed gives the same numbers, another seed others', () => {
  expect(first(1, 50)).toEqual(first(1, 50));
  expect(first(1, 50)).not.toEqual(first(2, 50));
});

test('numbers are at least 0, less than 1, and spread evenly', () => {
  const numbers = first(7, 20_000);
  const bins = new Array<number>(10).fill(0);
  for (const number of numbers) bins[Math.floor(number * 10)]!++;
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...numbers)).toBeLessThan(1);
  for (const count of bins) expect(Math.abs(count - 2000)).toBeLessThan(250);
});

test('neighbouring seeds, as neighbouring calls have them, do not begin alike', () => {
  const starts = Array.from({ length: 100 }, (_, seed) => first(seed, 1)[0]!);
  expect(new Set(starts).size).toBe(100);
  const firstOfThree = starts.map((number) => Math.floor(number * 3));
  for (const choice of [0, 1, 2])
    expect(firstOfThree.filter((index) => index === choice).length).toBeGreaterThan(15);
});

describe('a seed from a text', () => {
  test('is a 32-bit whole number, the same for the same text', () => {
    for (const text of ['', '1795225281.1', 'длинный', 'x'.repeat(1000)]) {
      expect(seedOf(text)).toBe(seedOf(text));
      expect(Number.isInteger(seedOf(text))).toBe(true);
      expect(seedOf(text)).toBeGreaterThanOrEqual(0);
      expect(seedOf(text)).toBeLessThan(2 ** 32);
    }
  });

  test('differs for calls that follow each other', () => {
    const seeds = Array.from({ length: 1000 }, (_, i) => seedOf(`1795225281.${i}`));
    expect(new Set(seeds).size).toBe(1000);
  });
});

describe('shuffled', () => {
  test('is a rearranged copy', () => {
    const items = Array.from({ length: 20 }, (_, i) => i);
    const result = shuffled(items, seededRandom(3));
    expect(items).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(result).not.toEqual(items);
    expect([...result].sort((a, b) => a - b)).toEqual(items);
  });

  test('none and one are legal', () => {
    expect(shuffled([], seededRandom(1))).toEqual([]);
    expect(shuffled(['a'], seededRandom(1))).toEqual(['a']);
  });

  test('every order of three comes about equally often', () => {
    const random = seededRandom(11);
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = shuffled(['a', 'b', 'c'], random).join('');
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});
