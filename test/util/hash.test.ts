// The fast hash that keys compiled configs. Would catch: a change in a file that its hash does not see.
import fc from 'fast-check';
import { hash64 } from '../../src/util/hash';

test('any change of one character, of order or of length changes it', () => {
  const seen = new Map<string, string>();
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      for (const variant of [
        text,
        `${text}\0`,
        ` ${text}`,
        [...text].reverse().join(''),
        text.toUpperCase(),
      ]) {
        const hash = hash64(variant);
        expect(hash).toMatch(/^[0-9a-f]{16}$/);
        expect(seen.get(hash) ?? variant).toBe(variant);
        seen.set(hash, variant);
      }
    }),
    { numRuns: 2000 },
  );
});

test('similar texts do not collide in either half', () => {
  const texts = Array.from({ length: 40_000 }, (_, i) => `leadMs: ${i}`);
  const hashes = texts.map(hash64);
  expect(new Set(hashes).size).toBe(texts.length);
  // Among 40,000 random 32-bit halves about 0.2 pairs collide.
  for (const half of [0, 8])
    expect(new Set(hashes.map((h) => h.slice(half, half + 8))).size).toBeGreaterThan(39_990);
});

test('bytes and the text of the same units hash alike', () => {
  expect(hash64(new TextEncoder().encode('config'))).toBe(hash64('config'));
});
