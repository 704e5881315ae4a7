// Playlist: which track comes next, while the library changes under it.
// Would catch: a track that is never heard, one heard twice in a round or twice running, a removed one that plays on.
import fc from 'fast-check';
import { memoryClip, type Clip } from '../../src/audio/source';
import { Playlist } from '../../src/program/playlist';
import { seededRandom } from '../../src/util/random';

const clip = (id: string, samples = 1000): Clip => memoryClip(id, new Float32Array(samples));
const library = (count: number): Clip[] => Array.from({ length: count }, (_, i) => clip(`t${i}`));

/** Ids of the next `count` tracks, each after the one before it has played out. */
function draw(playlist: Playlist, count: number, from?: Clip): string[] {
  const ids: string[] = [];
  for (let current = from, i = 0; i < count; i++) {
    current = playlist.next(current);
    ids.push(current!.id);
  }
  return ids;
}

test('in order: by name, round and round', () => {
  const tracks = library(3);
  expect(draw(new Playlist(() => tracks, 'order', seededRandom(1)), 7).join()).toBe('t0,t1,t2,t0,t1,t2,t0');
});

test('loop: one track only; another when the caller asks, which is then the one', () => {
  const tracks = library(3);
  const playlist = new Playlist(() => tracks, 'loop', seededRandom(1));
  expect(draw(playlist, 3)).toEqual(['t0', 't0', 't0']);
  const other = playlist.other(tracks[0]);
  expect(other!.id).toBe('t1');
  expect(draw(playlist, 3, other)).toEqual(['t1', 't1', 't1']);
});

test('shuffle: every track once in each round, never the same twice running', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 9 }), fc.integer(), (count, seed) => {
      const tracks = library(count);
      const ids = draw(new Playlist(() => tracks, 'shuffle', seededRandom(seed)), count * 5);
      for (let round = 0; round < 5; round++)
        expect(new Set(ids.slice(round * count, (round + 1) * count)).size).toBe(count);
      expect(ids.every((id, i) => i === 0 || id !== ids[i - 1])).toBe(true);
    }),
    { numRuns: 200, seed: 10 },
  );
});

test('shuffle: rounds differ, seeds differ, the same seed is the same order', () => {
  const tracks = library(8);
  const ids = (seed: number): string =>
    draw(new Playlist(() => tracks, 'shuffle', seededRandom(seed)), 24).join();
  expect(ids(1)).toBe(ids(1));
  expect(ids(1)).not.toBe(ids(2));
  const rounds = ids(3).split(',');
  expect(rounds.slice(0, 8)).not.toEqual(rounds.slice(8, 16));
  const firsts = new Set(Array.from({ length: 60 }, (_, seed) => ids(seed).split(',')[0]));
  expect(firsts.size).toBe(8);
});

test('other never gives the current track where there is another', () => {
  const tracks = library(3);
  for (const order of ['order', 'loop', 'shuffle'] as const) {
    const playlist = new Playlist(() => tracks, order, seededRandom(1));
    for (let i = 0; i < 30; i++)
      for (const current of tracks) expect(playlist.other(current)!.id).not.toBe(current.id);
  }
});

test.each(['order', 'loop', 'shuffle'] as const)(
  '%s: an empty library gives nothing, one track itself',
  (order) => {
    const none = new Playlist(() => [], order, seededRandom(1));
    expect([none.empty, none.next(), none.other(), none.find('x')]).toEqual([
      true,
      undefined,
      undefined,
      undefined,
    ]);
    expect(none.next(clip('gone'))).toBeUndefined();
    const [only] = library(1);
    const one = new Playlist(() => [only!], order, seededRandom(1));
    expect(draw(one, 3)).toEqual(['t0', 't0', 't0']);
  },
);

test.each(['order', 'loop', 'shuffle'] as const)(
  '%s: what is removed is not given, what is added comes',
  (order) => {
    let tracks = library(4);
    const playlist = new Playlist(() => tracks, order, seededRandom(2));
    let current = playlist.next();
    tracks = [...library(4).slice(2), clip('new')];
    const seen = new Set<string>();
    for (let i = 0; i < 12; i++) {
      current = order === 'loop' ? playlist.other(current) : playlist.next(current);
      seen.add(current!.id);
    }
    expect([...seen].sort()).toEqual(['new', 't2', 't3']);
  },
);

test.each(['order', 'loop', 'shuffle'] as const)('%s: a replaced track is given in its new form', (order) => {
  let tracks = library(2);
  const playlist = new Playlist(() => tracks, order, seededRandom(3));
  const current = playlist.next();
  tracks = [clip('t0', 77), clip('t1', 77)];
  expect(playlist.next(current)!.samples).toBe(77);
  expect(playlist.find('t1')!.samples).toBe(77);
});
