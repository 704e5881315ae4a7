// Music when things go wrong: no tracks, broken ones, ones that end early, a library that changes under the caller.
// Would catch: silence or a click on the line where a file fails, a Reader left open, a fallback that never ends.
import type { Clip } from '../../src/audio/source';
import {
  brokenClip,
  db,
  joined,
  largestStep,
  longestBelow,
  noise,
  noiseClip,
  OpenCount,
  rms,
  shortenedClip,
  sineClip,
} from '../support/audio';
import { Rig, skipAt } from '../support/program';

const USUAL = rms(noise(1, 0.3, 20_000));
const SINE_STEP = 2 * 0.5 * Math.sin((Math.PI * 200) / 8000);
/** What a 5 ms edge fade may add to the step of a signal of this amplitude. */
const EDGE_STEP = (Math.PI / 2 / 40) * 0.5 * 1.1;

test('with an empty library the fallback chord is heard, quiet and pleasant: no click, no gap', () => {
  const rig = new Rig({});
  const out = rig.render(12);
  expect(db(rms(out, 800))).toBeGreaterThan(-32);
  expect(db(rms(out, 800))).toBeLessThan(-22);
  expect(longestBelow(out.subarray(200), 0.0005)).toBeLessThan(800);
  expect(largestStep(out)).toBeLessThan(0.08);
  expect(rig.program.position).toBeUndefined();
});

test('from the fallback to music soon after there is some, without a click', () => {
  let tracks: Clip[] = [];
  const rig = new Rig({ music: () => tracks });
  const before = rig.render(5);
  tracks = [sineClip('a', 200, 0.5, 80_000)];
  const out = rig.render(5);
  expect(rig.played.at(-1)).toBe('a');
  const { atSample } = rig.eventsOf('track').at(-1)!;
  expect(rig.ms(atSample)).toBeLessThan(5000 + 2100);
  expect(largestStep(joined([before, out]))).toBeLessThan(SINE_STEP + 0.08);
  expect(rms(out, 24_000)).toBeCloseTo(0.5 / Math.SQRT2, 2);
});

test('when the last track is removed it plays out, then the fallback', () => {
  let tracks: Clip[] = [noiseClip('a', 1, 0.3, 80_000)];
  const rig = new Rig({ music: () => tracks });
  rig.render(2);
  tracks = [];
  const out = rig.render(20);
  expect(rig.played).toEqual(['a', 'fallback']);
  expect(longestBelow(out, 0.0005)).toBeLessThan(800);
});

test('removed and replaced tracks while playing', () => {
  let tracks: Clip[] = ['a', 'b', 'c'].map((id, i) => noiseClip(id, i, 0.3, 60_000));
  const rig = new Rig({ music: () => tracks });
  rig.render(1);
  tracks = [tracks[0]!, noiseClip('c', 9, 0.3, 50_000)];
  const out = rig.render(20);
  expect(rig.played.slice(0, 4)).toEqual(['a', 'c', 'a', 'c']);
  expect(rig.eventsOf('track')[1]!.track.samples).toBe(50_000);
  expect(db(rms(out) / USUAL)).toBeGreaterThan(-1);
});

test('a track that cannot be opened is reported and passed over without a gap', () => {
  const music = [noiseClip('a', 1, 0.3, 60_000), brokenClip('b'), noiseClip('c', 3, 0.3, 60_000)];
  const rig = new Rig({ music });
  const out = rig.render(25);
  expect(rig.played.slice(0, 3)).toEqual(['a', 'c', 'a']);
  expect(rig.eventsOf('track-failed')[0]).toMatchObject({
    track: { id: 'b' },
    error: new Error('b is gone'),
  });
  for (let at = 320; at + 1600 < out.length; at += 400)
    expect(rms(out, at, at + 1600) / USUAL).toBeGreaterThan(0.85);
});

test('all tracks broken: the fallback; mended: music', () => {
  let tracks: Clip[] = ['a', 'b'].map((id) => brokenClip(id));
  const rig = new Rig({ music: () => tracks });
  const out = rig.render(10);
  expect(longestBelow(out.subarray(200), 0.0005)).toBeLessThan(800);
  expect(new Set(rig.eventsOf('track-failed').map(({ track }) => track.id))).toEqual(new Set(['a', 'b']));
  expect(rig.eventsOf('track-failed').length).toBeLessThan(200);
  tracks = [noiseClip('a', 1, 0.3, 60_000)];
  expect(db(rms(rig.render(5), 24_000) / USUAL)).toBeCloseTo(0, 0);
});

test.each(['order', 'shuffle', 'loop'] as const)(
  '%s: good music is found behind any number of broken files',
  (order) => {
    const broken = Array.from({ length: 20 }, (_, i) => brokenClip(`b${String(i).padStart(2, '0')}`));
    const rig = new Rig({
      music: [...broken, noiseClip('z', 1, 0.3, 800_000)],
      settings: { music: { order } },
    });
    rig.render(20);
    expect(rig.played).toContain('z');
  },
);

test('tracks of one sample: alone they are no music, among others they do no harm', () => {
  const tiny = noiseClip('tiny', 1, 0.3, 1);
  const alone = new Rig({ music: [tiny] });
  expect(longestBelow(alone.render(5).subarray(200), 0.0005)).toBeLessThan(800);
  const among = new Rig({
    music: [tiny, sineClip('a', 200, 0.5, 40_000), tiny, sineClip('b', 210, 0.5, 40_000)],
  });
  const out = among.render(20);
  expect(among.played.filter((id) => id !== 'tiny').length).toBeGreaterThan(6);
  expect(largestStep(out)).toBeLessThan(SINE_STEP * 1.05 * Math.SQRT2);
  expect(longestBelow(out.subarray(200), 0.01)).toBeLessThan(400);
});

/** A track of a sine that claims 10 s but ends early, then noise-free sine music goes on. */
function cutAt(samples: number): { out: Float32Array; rig: Rig } {
  const music = [shortenedClip(sineClip('cut', 197, 0.5, 80_000), samples), sineClip('b', 197, 0.5, 80_000)];
  const rig = new Rig({ music });
  return { rig, out: rig.render(14) };
}

// In the middle of a block, at its end, one before it, near it, and within the crossfade to the next track.
test.each([12_730, 12_800, 12_799, 12_790, 12_801, 60_010, 70_400, 79_000])(
  'a track that ends early at sample %i: reported, no click, no gap of more than a Frame',
  (samples) => {
    const { out, rig } = cutAt(samples);
    expect(rig.eventsOf('track-failed')[0]?.track.id).toBe('cut');
    expect(rig.played).toContain('b');
    expect(largestStep(out)).toBeLessThan(SINE_STEP * Math.SQRT2 + EDGE_STEP);
    expect(longestBelow(out.subarray(200), 0.005)).toBeLessThan(400);
  },
);

test('a track that ends early while a skip fades another out under it', () => {
  const music = [sineClip('a', 197, 0.5, 80_000), shortenedClip(sineClip('cut', 197, 0.5, 80_000), 900)];
  const rig = new Rig({ music });
  const out = rig.render(2.36, [skipAt(2000)]);
  expect(rig.eventsOf('track-failed')).toHaveLength(1);
  expect(largestStep(out)).toBeLessThan(SINE_STEP * Math.SQRT2 + EDGE_STEP);
  expect(longestBelow(out.subarray(200), 0.005)).toBeLessThan(400);
});

test('one track only, whose Readers have nothing to give: never silent', () => {
  const rig = new Rig({ music: [shortenedClip(noiseClip('empty', 1, 0.3, 80_000), 0)] });
  expect(longestBelow(rig.render(10).subarray(200), 0.0005)).toBeLessThan(800);
});

test('a skip to a broken track with no other stays where it is', () => {
  const rig = new Rig({ music: [noiseClip('a', 1, 0.3, 400_000), brokenClip('b')] });
  rig.render(4, [skipAt(2000)]);
  expect(rig.program.position).toEqual({ trackId: 'a', sample: 32_000 });
});

test('whatever went wrong, every Reader is closed once', () => {
  const count = new OpenCount();
  const music = [
    noiseClip('a', 1, 0.3, 30_000),
    shortenedClip(noiseClip('b', 2, 0.3, 30_000), 9000),
    brokenClip('c'),
    noiseClip('d', 3, 0.3, 500),
    shortenedClip(noiseClip('e', 4, 0.3, 30_000), 29_500),
  ].map((clip) => count.wrap(clip));
  const rig = new Rig({ music });
  rig.render(
    60,
    [3, 3.2, 8, 20, 20.04, 20.08, 33].map((s) => skipAt(s * 1000)),
  );
  expect(count.open).toBeLessThan(4);
  rig.program.close();
  expect(count.opened).toBeGreaterThan(20);
  expect(count).toMatchObject({ open: 0, closedTwice: 0, readAfterClose: 0 });
});
