// The judge of recordings, judged: recordings made on purpose, whose every sample is known.
// A judge that finds nothing wrong in a recording with a hole would let every fault of the product pass.
import { melody, tracks, voices, KEY_TONE_HZ, MUSIC_DB } from '../lab/media';
import { audibleFrom, clickDb, jumps, levelDb, toneDb, without } from './change';
import { find, locate } from './correlate';
import { drift, ExactIndex } from './exact';
import { behindTheOthers } from './pace';

const music = tracks(3, 20);
const [one, two, three] = Object.values(music) as [Int16Array, Int16Array, Int16Array];
const index = new ExactIndex(music);

function joined(...parts: Int16Array[]): Int16Array {
  const all = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const scaled = (samples: Int16Array, gain: number): Int16Array => samples.map((x) => Math.round(x * gain));
const sum = (a: Int16Array, b: Int16Array): Int16Array => a.map((x, i) => x + (b[i] ?? 0));

describe('exact runs', () => {
  it('finds the track and the place to the sample, wherever the recording begins', () => {
    const heard = two.subarray(12_345, 60_001);
    expect(index.runs(heard)).toEqual([{ source: 'music/track-2.wav', from: 0, to: 47_656, at: 12_345 }]);
  });

  it('tells a change of track from the fade between', () => {
    const heard = joined(
      one.subarray(0, 8000),
      scaled(one.subarray(8000, 8400), 0.5),
      three.subarray(100, 9000),
    );
    expect(index.runs(heard)).toEqual([
      { source: 'music/track-1.wav', from: 0, to: 8000, at: 0 },
      { source: 'music/track-3.wav', from: 8400, to: 17_300, at: 100 },
    ]);
  });

  it.each([1, 160, 320])('sees %i lost samples', (lost) => {
    const runs = index.runs(joined(one.subarray(0, 9999), one.subarray(9999 + lost, 40_000)));
    expect(jumps(runs)).toEqual([{ at: 9999, samples: lost }]);
  });

  it('sees samples that came twice', () => {
    const runs = index.runs(joined(one.subarray(0, 10_000), one.subarray(9680, 40_000)));
    expect(jumps(runs)[0]?.samples).toBe(-320);
  });

  it('sees no jump where the music only was quieter for a while', () => {
    const heard = joined(
      one.subarray(0, 8000),
      scaled(one.subarray(8000, 12_000), 0.1),
      one.subarray(12_000, 20_000),
    );
    const runs = index.runs(heard);
    expect(runs).toHaveLength(2);
    expect(drift(runs[0]!, runs[1]!)).toBe(0);
  });

  it('takes neither silence, nor noise of its own, nor swapped bytes for music', () => {
    const strange = melody(99, 16_000, MUSIC_DB);
    expect(index.runs(new Int16Array(16_000))).toEqual([]);
    expect(index.runs(strange)).toEqual([]);
    expect(index.runs(one.subarray(0, 16_000).map((x) => (x << 8) | ((x >> 8) & 0xff)))).toEqual([]);
    expect(index.runs(new Int16Array(5))).toEqual([]);
  });
});

describe('correlation', () => {
  const prompts = voices(['prompts/en/balance-1.wav', 'prompts/en/balance-2.wav']);
  const [first, second] = Object.values(prompts) as [Int16Array, Int16Array];

  it('finds a voice over ducked music to the sample, and not the other voice', () => {
    const heard = scaled(one.subarray(0, 24_000), 0.1);
    heard.set(sum(heard.subarray(7000, 7000 + first.length), first), 7000);
    expect(find(heard, first)).toEqual([{ at: 7000, score: expect.closeTo(1, 1) as number }]);
    expect(find(heard, second)).toEqual([]);
  });

  it('counts a voice that was said twice', () => {
    const pause = scaled(one.subarray(0, 4000), 0.1);
    expect(find(joined(pause, first, pause, first), first).map(({ at }) => at)).toEqual([4000, 14_400]);
  });

  it('knows a track under a duck and after a telephone’s quantisation', () => {
    const coarse = scaled(two.subarray(50_000, 54_000), 0.1).map((x) => Math.round(x / 16) * 16);
    expect(locate(coarse, music)).toMatchObject({ source: 'music/track-2.wav', at: 50_000 });
    expect(locate(melody(99, 4000, MUSIC_DB), music)).toBeUndefined();
  });
});

describe('what a key changes', () => {
  const tone = (samples: number, db: number): Int16Array =>
    Int16Array.from(
      { length: samples },
      (_, i) => 32768 * 10 ** (db / 20) * Math.sin((2 * Math.PI * KEY_TONE_HZ * i) / 8000),
    );

  it('finds the tone over the music where it begins, and its level', () => {
    const heard = one.slice(0, 16_000);
    heard.set(sum(heard.subarray(9000, 9960), tone(960, -26)), 9000);
    const run = index.runs(heard)[0]!;
    const at = audibleFrom(heard, run, music)!;
    expect(at - 9000).toBeGreaterThanOrEqual(30);
    expect(at - 9000).toBeLessThanOrEqual(45);
    expect(toneDb(without(heard, run, music, 9000, 9960), KEY_TONE_HZ)).toBeCloseTo(-29, 0);
  });

  it('hears no tone in music without one', () => {
    expect(toneDb(one, KEY_TONE_HZ, 8000, 8960)).toBeLessThan(-55);
  });

  it('finds nothing where the music just goes on', () => {
    const heard = one.subarray(0, 16_000);
    expect(audibleFrom(heard, index.runs(heard)[0]!, music)).toBeUndefined();
  });

  it('sees a click, and knows a level', () => {
    const cracked = joined(one.subarray(0, 8000), new Int16Array([20_000]), one.subarray(8000, 16_000));
    const missing = joined(one.subarray(0, 8000), one.subarray(8160, 16_000));
    expect(clickDb(cracked)).toBeGreaterThan(-55);
    expect(clickDb(missing)).toBeGreaterThan(-75);
    expect(clickDb(one)).toBeLessThan(-90);
    expect(levelDb(one)).toBeCloseTo(MUSIC_DB, 1);
  });
});

describe('pace', () => {
  it('blames nobody for what all lack, and one for what they alone lacks, also if they make it up', () => {
    const all = [0, 0, 20, 20, 20];
    expect(behindTheOthers([all, all, [0, 0, 20, 60, 20], all])).toEqual([0, 0, 40, 0]);
  });
});
