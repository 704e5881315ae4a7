// MusicBed: the joins between tracks, measured from the samples it renders.
// Would catch: a click, a gap or a dip where one track follows another, a skip that cuts, a resume that is off by one.
import fc from 'fast-check';
import { memoryClip, type Clip } from '../../src/audio/source';
import { MusicBed, type BedSettings } from '../../src/program/bed';
import { Playlist } from '../../src/program/playlist';
import { seededRandom } from '../../src/util/random';
import {
  brokenClip,
  constant,
  correlation,
  db,
  joined,
  largestStep,
  longestBelow,
  noise,
  noiseClip,
  OpenCount,
  peak,
  rms,
  RATES,
  sameBytes,
  sineClip,
  windowLevels,
} from '../support/audio';

interface Bed {
  bed: MusicBed;
  started: { id: string; at: number; from: number }[];
  failed: string[];
  render: (samples: number) => Float32Array;
}

const FALLBACK = memoryClip('fallback', constant(0, 1));

function bedOf(
  tracks: readonly Clip[],
  change: Partial<BedSettings> = {},
  order: 'order' | 'loop' | 'shuffle' = 'order',
): Bed {
  const settings = {
    crossfade: 24_000,
    skip: 2000,
    edge: 40,
    hush: 4000,
    retry: 16_000,
    rest: 240_000,
    gain: 1,
    ...change,
  };
  const playlist = new Playlist(() => tracks, order, seededRandom(1));
  const started: Bed['started'] = [];
  const failed: string[] = [];
  let at = 0;
  const listener = {
    trackStarted: (track: Clip, from: number) => void started.push({ id: track.id, at, from }),
    trackFailed: (track: Clip) => void failed.push(track.id),
  };
  const bed = new MusicBed(playlist, FALLBACK, settings, listener, 320);
  return {
    bed,
    started,
    failed,
    render: (samples) => {
      const out = new Float32Array(samples);
      const end = at + samples;
      for (let i = 0; i < samples; i += 320, at += 320)
        bed.render(out.subarray(i, Math.min(samples, i + 320)));
      at = end;
      return out;
    },
  };
}

/** Own step of a sine; two at once under an equal-power crossfade have at most √2 of the steeper one's. */
const ownStep = (hz: number, amplitude: number, rate = 8000): number =>
  2 * amplitude * Math.sin((Math.PI * hz) / rate);

describe.each(RATES)('at %i Hz', (rate) => {
  const s = (ms: number): number => (ms * rate) / 1000;
  const settings = { crossfade: s(1500), skip: s(250), edge: s(5) };

  test('crossfaded noise keeps its power within 1 dB, through every join', () => {
    const tracks = [1, 2, 3].map((seed) => noiseClip(`n${seed}`, seed, 0.3, s(4000) + seed));
    const { render, started } = bedOf(tracks, settings);
    const out = render(s(10_000));
    expect(started.map(({ id }) => id)).toEqual(['n1', 'n2', 'n3', 'n1']);
    const usual = rms(noise(1, 0.3, 50_000));
    const window = s(200);
    for (let at = s(10); at + window < out.length; at += s(20)) {
      const change = db(rms(out, at, at + window) / usual);
      if (Math.abs(change) >= 1) expect({ atMs: (at / rate) * 1000, change }).toBeUndefined();
    }
    expect(peak(out)).toBeLessThan(0.3 * Math.SQRT2);
  });

  test('crossfaded sines never step more than the material, nor fall silent', () => {
    const tracks = [190, 230, 310].map((hz) => sineClip(`${hz}`, hz, 0.5, s(3000) + 17, rate));
    const out = bedOf(tracks, settings).render(s(12_000));
    expect(largestStep(out)).toBeLessThan(ownStep(310, 0.5, rate) * Math.SQRT2);
    expect(longestBelow(out.subarray(s(20)), 0.01)).toBeLessThan(s(20));
  });

  test('without a crossfade one track follows another without click or gap', () => {
    const tracks = [190, 230, 310].map((hz) => sineClip(`${hz}`, hz, 0.5, s(1000) + 13, rate));
    const { render, started } = bedOf(tracks, { ...settings, crossfade: 0 });
    const out = render(s(6000));
    expect(started.length).toBeGreaterThanOrEqual(6);
    // 5 ms of edge at most: the curve's own slope comes on top of the sine's.
    const curve = (Math.PI / 2 / s(5)) * 0.5 * Math.SQRT2;
    expect(largestStep(out)).toBeLessThan(ownStep(310, 0.5, rate) * Math.SQRT2 + curve);
    expect(longestBelow(out.subarray(s(20)), 0.02)).toBeLessThan(s(5));
  });
});

test('a crossfade is as long as configured, and the power is shared evenly in its middle', () => {
  const [a, b] = [noise(1, 0.3, 80_000), noise(2, 0.3, 80_000)];
  const out = bedOf([memoryClip('a', a), memoryClip('b', b)]).render(100_000);
  expect(correlation(out, a, 50_000, 50_000, 5900)).toBeCloseTo(1, 3);
  expect(correlation(out, b, 80_100, 24_100, 5000)).toBeCloseTo(1, 3);
  const middle = 56_000 + 12_000;
  expect(correlation(out, a, middle - 400, middle - 400, 800)).toBeCloseTo(Math.SQRT1_2, 1);
  expect(correlation(out, b, middle - 400, 12_000 - 400, 800)).toBeCloseTo(Math.SQRT1_2, 1);
});

test('one track in a loop, or alone, goes round without an end', () => {
  for (const order of ['loop', 'order', 'shuffle'] as const) {
    const { render, started } = bedOf([sineClip('one', 200, 0.5, 40_000)], {}, order);
    const out = render(160_000);
    expect(new Set(started.map(({ id }) => id))).toEqual(new Set(['one']));
    expect(started.length).toBeGreaterThan(4);
    expect(largestStep(out)).toBeLessThan(ownStep(200, 0.5) * 1.42);
  }
  const two = bedOf([noiseClip('a', 1, 0.3, 40_000), noiseClip('b', 2, 0.3, 40_000)], {}, 'loop');
  two.render(160_000);
  expect(new Set(two.started.map(({ id }) => id))).toEqual(new Set(['a']));
});

test('tracks shorter than the crossfade are all heard, without click or gap', () => {
  const tracks = [200, 250, 300].map((hz, i) => sineClip(`${hz}`, hz, 0.5, [700, 9000, 16_001][i]!));
  const { render, started, failed } = bedOf([...tracks, sineClip('long', 220, 0.5, 60_000)]);
  const out = render(200_000);
  expect(started.slice(0, 4).map(({ id }) => id)).toEqual(['200', '250', '300', 'long']);
  expect(failed).toEqual([]);
  const curve = (Math.PI / 2 / 350) * 0.5 * 2;
  expect(largestStep(out)).toBeLessThan(ownStep(300, 0.5) * 1.6 + curve);
  expect(longestBelow(out.subarray(200), 0.01)).toBeLessThan(200);
});

test('a skip crossfades to another track at once', () => {
  const [a, b] = [noise(1, 0.3, 400_000), noise(2, 0.3, 400_000)];
  const { bed, render } = bedOf([memoryClip('a', a), memoryClip('b', b)]);
  render(32_000);
  bed.skip();
  const out = render(16_000);
  expect(correlation(out, b, 2080, 2080, 4000)).toBeCloseTo(1, 3);
  expect(db(rms(out, 0, 2000) / rms(a))).toBeGreaterThan(-1);
});

test('with no other track a skip changes nothing', () => {
  const material = noise(1, 0.3, 100_000);
  const { bed, render, started } = bedOf([memoryClip('a', material)]);
  render(3200);
  bed.skip();
  expect(render(3200)).toEqual(material.subarray(3200, 6400));
  expect(started).toHaveLength(1);
});

test('a skip in the middle of a crossfade, and ten in one second: no click, no silence, nothing left open', () => {
  const count = new OpenCount();
  const tracks = [190, 210, 230, 250].map((hz) => count.wrap(sineClip(`${hz}`, hz, 0.5, 80_000)));
  const { bed, render, started } = bedOf(tracks);
  const parts = [render(68_000)]; // in the middle of the first crossfade
  bed.skip();
  parts.push(render(32_000));
  for (let i = 0; i < 10; i++) {
    bed.skip();
    parts.push(render(800));
  }
  parts.push(render(8000));
  const out = joined(parts);
  expect(started.length).toBeGreaterThanOrEqual(13);
  const curve = (Math.PI / 2 / 2000) * 0.5 * 4;
  expect(largestStep(out)).toBeLessThan(ownStep(250, 0.5) * 1.5 + curve);
  expect(longestBelow(out.subarray(200), 0.01)).toBeLessThan(800);
  expect(count.open).toBe(1);
  expect(count.most).toBeLessThan(7);
  bed.close();
  expect(count).toMatchObject({ open: 0, closedTwice: 0, readAfterClose: 0 });
});

test('skips at any moments: never a click, never 100 ms of silence, every Reader closed once', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 15 }), (waits) => {
      const count = new OpenCount();
      const tracks = [190, 210, 230].map((hz) => count.wrap(sineClip(`${hz}`, hz, 0.5, 30_000 + hz)));
      const { bed, render } = bedOf(tracks, { crossfade: 8000 });
      const parts = [...waits, 20].map((frames) => {
        const part = render(frames * 320);
        bed.skip();
        return part;
      });
      bed.close();
      const out = joined(parts);
      expect(largestStep(out)).toBeLessThan(ownStep(230, 0.5) * 1.6 + 0.003);
      expect(longestBelow(out.subarray(160), 0.01)).toBeLessThan(800);
      expect(count).toMatchObject({ open: 0, closedTwice: 0, readAfterClose: 0 });
    }),
    { numRuns: 15, seed: 8 },
  );
});

test('resumed at any sample it goes on bit by bit after the edge fade', () => {
  const material = noise(5, 0.5, 200_000);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 150_000 }), (sample) => {
      const { bed, render, started } = bedOf([noiseClip('a', 1, 0.3, 90_000), memoryClip('b', material)]);
      bed.resume({ trackId: 'b', sample });
      const out = render(6400);
      expect(started[0]).toMatchObject({ id: 'b', from: sample });
      expect(Math.abs(out[0]!)).toBeLessThan(0.03);
      expect(sameBytes(out.subarray(41), material.subarray(sample + 41, sample + 6400))).toBe(true);
    }),
    { numRuns: 50, seed: 9 },
  );
});

test('the position that it tells is the one to resume from', () => {
  const material = noise(5, 0.5, 200_000);
  const { bed, render } = bedOf([memoryClip('a', material)]);
  expect(bed.position).toBeUndefined();
  render(9600);
  expect(bed.position).toEqual({ trackId: 'a', sample: 9600 });
});

/** RMS of the quietest 40 ms. */
const lowest = (x: Float32Array): number => 10 ** (Math.min(...windowLevels(x, 320)) / 20);

test.each([
  { trackId: 'gone', sample: 5 },
  { trackId: 'a', sample: 80_000 },
  { trackId: 'a', sample: 1e9 },
  { trackId: 'a', sample: NaN },
])(
  'resumed in a track that has gone or become shorter ($trackId, $sample), music plays',
  ({ trackId, sample }) => {
    const { bed, render } = bedOf([noiseClip('a', 1, 0.3, 80_000), noiseClip('b', 2, 0.3, 80_000)]);
    bed.resume({ trackId, sample });
    const out = render(48_000);
    expect(db(lowest(out.subarray(400)) / rms(noise(1, 0.3, 5000)))).toBeGreaterThan(-1.5);
  },
);

test.each([60_000, 70_000, 79_000, 79_990])(
  'resumed at sample %i, within the last crossfade of a track: no dip',
  (sample) => {
    const { bed, render } = bedOf([noiseClip('a', 1, 0.3, 80_000), noiseClip('b', 2, 0.3, 80_000)]);
    bed.resume({ trackId: 'a', sample });
    const out = render(48_000);
    expect(db(lowest(out.subarray(400)) / rms(noise(1, 0.3, 5000)))).toBeGreaterThan(-1.5);
  },
);

test('a skip just before the end of a track, spliced without a crossfade: no dip', () => {
  const { bed, render } = bedOf([noiseClip('a', 1, 0.3, 16_000), noiseClip('b', 2, 0.3, 80_000)], {
    crossfade: 0,
  });
  render(15_680);
  bed.skip();
  expect(db(lowest(render(4800)) / rms(noise(1, 0.3, 5000)))).toBeGreaterThan(-1.5);
});

test('closed in the middle of a crossfade, all Readers are closed, once', () => {
  const count = new OpenCount();
  const { bed, render } = bedOf([1, 2].map((seed) => count.wrap(noiseClip(`${seed}`, seed, 0.3, 80_000))));
  render(60_000);
  expect(count.open).toBe(2);
  bed.close();
  bed.close();
  expect(count).toMatchObject({ opened: 2, closed: 2, closedTwice: 0 });
});

describe('a certain track', () => {
  const tracks = ['a', 'b', 'c', 'd'].map((id, i) => noiseClip(id, i + 1, 0.3, 80_000));

  test('is crossfaded to as if the one that plays had ended; the power stays', () => {
    const { bed, render, started } = bedOf(tracks);
    const before = render(16_000);
    expect(bed.play('c')).toBe(true);
    const out = joined([before, render(40_000)]);
    expect(started.map(({ id, at }) => [id, at])).toEqual([['a', 0], ['c', 16_000]]); // prettier-ignore
    const usual = rms(noise(1, 0.3, 50_000));
    for (let at = 400; at + 1600 < out.length; at += 400)
      expect(Math.abs(db(rms(out, at, at + 1600) / usual))).toBeLessThan(1.2);
    const from = (index: number, first: number): Float32Array => {
      const samples = new Float32Array(8000);
      tracks[index]!.open(first).read(samples, 0, 8000);
      return samples;
    };
    // In the middle of the crossfade both are there, after it the new one alone.
    expect(correlation(out, from(0, 24_000), 24_000, 0, 8000)).toBeGreaterThan(0.6);
    expect(correlation(out, from(2, 8000), 24_000, 0, 8000)).toBeGreaterThan(0.6);
    expect(correlation(out, from(2, 24_100), 40_100, 0, 8000)).toBeGreaterThan(0.999);
  });

  test('what follows it is what would follow it by itself', () => {
    const { bed, render, started } = bedOf(tracks);
    render(8000);
    bed.play('c');
    render(80_000);
    expect(started.map(({ id }) => id)).toEqual(['a', 'c', 'd']);
  });

  test('the one that plays plays on; before the first sample it is the first', () => {
    const { bed, render, started } = bedOf(tracks);
    expect(bed.play('b')).toBe(true);
    render(8000);
    expect(bed.play('b')).toBe(true);
    render(8000);
    expect(started.map(({ id }) => id)).toEqual(['b']);
  });

  test('one that is not there, or cannot be opened, changes nothing', () => {
    const { bed, render, started, failed } = bedOf([tracks[0]!, brokenClip('broken')]);
    const whole = bedOf([tracks[0]!, brokenClip('broken')]).render(24_000);
    const before = render(8000);
    expect([bed.play('nowhere'), bed.play('broken'), bed.play('broken')]).toEqual([false, false, false]);
    expect(sameBytes(joined([before, render(16_000)]), whole)).toBe(true);
    expect([started.length, failed]).toEqual([1, ['broken']]);
  });

  test('in the middle of a crossfade it only adds a track, and every Reader is closed in the end', () => {
    const count = new OpenCount();
    const { bed, render } = bedOf(tracks.map((track) => count.wrap(track)));
    render(8000);
    bed.play('c');
    render(1000);
    bed.play('a');
    bed.skip();
    render(60_000);
    bed.close();
    expect([count.open, count.closedTwice, count.readAfterClose]).toEqual([0, 0, 0]);
  });
});
