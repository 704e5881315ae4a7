// Ducking as the caller hears it: the level of the music under a voice, measured from a Program's output.
// Would catch: a first syllable over loud music, music that pumps in pauses, a depth that is not what was configured.
import { memoryClip } from '../../src/audio/source';
import {
  constant,
  db,
  largestStep,
  longSine,
  noise,
  peak,
  RATES,
  rms,
  sineClip,
  toneLevel,
} from '../support/audio';
import { Rig, sayAt, spoken } from '../support/program';

/** Digital silence as a voice: what remains in the output is the music alone. */
const hush = (samples: number) => memoryClip('hush', constant(0, samples));

describe.each(RATES)('at %i Hz', (rate) => {
  const s = (ms: number): number => (ms * rate) / 1000;

  /** Gain of the music in dB, 5 ms by 5 ms, for a call in which these pauses lie between the voices. */
  function gains(seconds: number, voices: readonly (readonly [atMs: number, lengthMs: number])[]): number[] {
    const rig = new Rig({ music: [longSine('m', 1000, 0.5, rate * 1000, rate)], settings: { rate } });
    const cues = voices.map(([atMs, lengthMs]) => sayAt(atMs, spoken('answer', hush(s(lengthMs)))));
    const out = rig.render(seconds, cues).subarray(rig.latency);
    const window = s(5);
    return Array.from({ length: Math.floor(out.length / window) }, (_, i) =>
      db(rms(out, i * window, (i + 1) * window) / (0.5 / Math.SQRT2)),
    );
  }

  test('music under speech is 20 dB below its usual level; the voice is at its own', () => {
    const rig = new Rig({ music: [longSine('m', 300, 0.2, rate * 1000, rate)], settings: { rate } });
    const out = rig.render(8, [sayAt(2000, spoken('answer', sineClip('v', 700, 0.3, s(3000), rate)))]);
    const { atSample } = rig.eventsOf('voice-start')[0]!;
    const before = toneLevel(out, 300, rate, s(1000), s(2000));
    const under = toneLevel(out, 300, rate, atSample + s(100), atSample + s(2900));
    expect(before).toBeCloseTo(0.2, 3);
    expect(Math.abs(db(before / under) - 20)).toBeLessThan(0.2);
    expect(toneLevel(out, 700, rate, atSample + s(100), atSample + s(2900))).toBeCloseTo(0.3, 3);
    const after = toneLevel(out, 300, rate, s(7500), s(8000));
    expect(after).toBeCloseTo(0.2, 3);
    // Music above its usual place, voice and edge fades make no step of their own.
    const own = 2 * 0.3 * Math.sin((Math.PI * 700) / rate) + 2 * 0.02 * Math.sin((Math.PI * 300) / rate);
    expect(largestStep(out)).toBeLessThan(own * 1.1);
  });

  test('down before the first syllable: 300 ms of a smooth way, complete when the voice begins', () => {
    const curve = gains(4, [[1000, 2000]]);
    expect(curve.slice(5, 200).every((gain) => Math.abs(gain) < 0.1)).toBe(true);
    expect(curve[202]).toBeLessThan(0);
    expect(curve[230]).toBeCloseTo(-10, 0);
    expect(curve[260]).toBeCloseTo(-20, 1);
    expect(curve.slice(260, 660).every((gain) => Math.abs(gain + 20) < 0.1)).toBe(true);
    expect(curve.slice(200, 260).every((gain, i, all) => i === 0 || gain <= all[i - 1]! + 0.01)).toBe(true);
  });

  test('after the voice: held 0.8 s, then up over about a second', () => {
    const curve = gains(6, [[1000, 1000]]); // voice from 1.3 to 2.3 s
    expect(curve.slice(260, 620).every((gain) => Math.abs(gain + 20) < 0.1)).toBe(true);
    // The hold ends within a Frame of its time.
    expect(curve[720]).toBeGreaterThan(-10.3);
    expect(curve[720]).toBeLessThan(-8.4);
    expect(curve.slice(822).every((gain) => Math.abs(gain) < 0.05)).toBe(true);
  });

  test('gaps under 0.8 s between announcements do not let the music up', () => {
    const curve = gains(7, [[1000, 1000], [3040, 1000], [4000, 500]]); // prettier-ignore
    expect(curve.slice(260, 900).every((gain) => Math.abs(gain + 20) < 0.1)).toBe(true);
  });
});

test('a gap inside an announcement does not let the music up', () => {
  const rig = new Rig({ music: [longSine('m', 300, 0.2, 800_000)] });
  const clips = [sineClip('a', 700, 0.3, 8000), hush(6200), sineClip('b', 700, 0.3, 8000)];
  const out = rig.render(6, [sayAt(1000, spoken('answer', clips))]);
  for (let at = 11_000; at < 32_000; at += 800)
    expect(toneLevel(out, 300, 8000, at, at + 800)).toBeCloseTo(0.02, 3);
});

test('spoken to again in mid-release: down again from where the music is, in proportion', () => {
  const rig = new Rig({ music: [longSine('m', 1000, 0.5, 800_000)] });
  const silent = (): ReturnType<typeof spoken> => spoken('answer', hush(8000));
  const out = rig.render(8, [sayAt(1000, silent()), sayAt(3600, silent())]).subarray(rig.latency);
  const [, second] = rig.eventsOf('voice-start');
  const wait = rig.ms(second!.atSample) - 3600;
  expect(wait).toBeGreaterThan(100);
  expect(wait).toBeLessThan(200);
  expect(db(rms(out, second!.atSample, second!.atSample + 800) / (0.5 / Math.SQRT2))).toBeCloseTo(-20, 1);
  const levels = Array.from({ length: 200 }, (_, i) => db(rms(out, 24_000 + i * 80, 24_000 + (i + 1) * 80)));
  expect(Math.max(...levels.slice(1).map((level, i) => Math.abs(level - levels[i]!)))).toBeLessThan(1.6);
});

test.each([6, 12, 30])('%i dB when configured so, with other times', (depthDb) => {
  const duck = { depthDb, attackMs: 600, holdMs: 200, releaseMs: 400 };
  const rig = new Rig({ music: [longSine('m', 1000, 0.5, 800_000)], settings: { duck } });
  const out = rig.render(4, [sayAt(1000, spoken('answer', hush(8000)))]).subarray(rig.latency);
  expect(rig.ms(rig.eventsOf('voice-start')[0]!.atSample)).toBeCloseTo(1600, 0);
  const level = (fromMs: number, toMs: number): number =>
    db(rms(out, fromMs * 8, toMs * 8) / (0.5 / Math.SQRT2));
  expect(level(1600, 2780)).toBeCloseTo(-depthDb, 1);
  expect(level(3210, 4000 - 5)).toBeCloseTo(0, 1);
  expect(rig.program.duckGainDb).toBe(0);
});

test('gains of music and voice are those configured', () => {
  const settings = { music: { gainDb: -6 }, voice: { gainDb: 3 } };
  const rig = new Rig({ music: [longSine('m', 300, 0.2, 800_000)], settings });
  const out = rig.render(4, [sayAt(1000, spoken('answer', sineClip('v', 700, 0.2, 16_000)))]);
  expect(db(toneLevel(out, 300, 8000, 800, 8000) / 0.2)).toBeCloseTo(-6, 1);
  expect(db(toneLevel(out, 700, 8000, 12_000, 24_000) / 0.2)).toBeCloseTo(3, 1);
});

test('a loud voice over loud music never leaves above the ceiling', () => {
  const rig = new Rig({ music: [memoryClip('m', noise(1, 1, 80_000))] });
  const voice = spoken('answer', memoryClip('v', noise(2, 1, 40_000)));
  const out = rig.render(9, [sayAt(1000, voice)]);
  expect(db(peak(out))).toBeLessThanOrEqual(-3 + 0.001);
});

test('one file is the music and the voice at once, many times: each has its own Reader', () => {
  const clip = longSine('x', 300, 0.2, 24_000);
  const rig = new Rig({ music: [clip] });
  rig.render(20, [sayAt(1000, spoken('answer', [clip, clip])), sayAt(9000, spoken('answer', clip))]);
  const bounds = rig.eventsOf('voice-start', 'voice-end').map(({ atSample }) => atSample);
  expect(bounds[1]! - bounds[0]!).toBe(48_000);
  expect(bounds[3]! - bounds[2]!).toBe(24_000);
});
