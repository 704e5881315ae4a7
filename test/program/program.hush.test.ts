// Music silenced by the caller, and back again: how it goes, what is heard meanwhile, where it goes on.
// Would catch: a click, music that leaks, voices silenced with it, a track that ran on unheard.
import {
  correlation,
  largestStep,
  longNoise,
  longSine,
  noise,
  OpenCount,
  peak,
  sineClip,
  toneLevel,
} from '../support/audio';
import { Rig, sayAt, skipAt, spoken, type Cue } from '../support/program';

const hushAt = (atMs: number, hushed: boolean): Cue => ({
  atMs,
  act: (program) => void (program.hushed = hushed),
});

test('it fades, is silent, comes back, and no step is larger than the music has of its own', () => {
  const rig = new Rig({ music: [longSine('a', 200, 0.3, 800_000)] });
  const out = rig.render(6, [hushAt(1000, true), hushAt(4000, false)]);
  expect(peak(out, 12_000 + rig.latency, 32_000)).toBe(0);
  expect(peak(out, 9000, 10_000)).toBeGreaterThan(0.05);
  expect(peak(out, 40_000)).toBeCloseTo(0.3, 2);
  expect(largestStep(out, 100)).toBeLessThan(2 * 0.3 * Math.sin((Math.PI * 200) / 8000) * 1.02);
});

test('it goes on where it was, not where it would have been', () => {
  const material = noise(4, 0.3, 8000);
  const rig = new Rig({ music: [longNoise('a', 4, 0.3)] });
  rig.render(1.2);
  rig.program.hushed = true;
  rig.render(0.56);
  const { sample } = rig.program.position!;
  rig.render(20);
  expect(rig.program.position).toEqual({ trackId: 'a', sample });
  rig.program.hushed = false;
  const out = rig.render(2);
  const from = (sample + 8000) % 8000;
  expect(correlation(out, material, 8000 + rig.latency, from, 8000 - from)).toBeGreaterThan(0.999);
});

test('voices are heard all the same', () => {
  const rig = new Rig({ music: [longSine('a', 200, 0.3, 800_000)] });
  const said = spoken('answer', sineClip('said', 700, 0.3, 8000));
  const out = rig.render(5, [hushAt(0, true), sayAt(2000, said)]);
  expect(toneLevel(out, 700, 8000, 19_000, 26_000)).toBeCloseTo(0.3, 2);
  expect(toneLevel(out, 200, 8000, 19_000, 26_000)).toBeLessThan(0.001);
});

test('a Program that goes on with silenced music is silent from its first sample, and has its track when asked', () => {
  const rig = new Rig({
    music: [longSine('a', 200, 0.3, 80_000), longSine('b', 300, 0.3, 80_000)],
    hushed: true,
    resume: { trackId: 'b', sample: 5000 },
  });
  const out = rig.render(5, [hushAt(3000, false)]);
  expect(peak(out, 0, 24_000)).toBe(0);
  expect(toneLevel(out, 300, 8000, 32_000, 40_000)).toBeCloseTo(0.3, 2);
  expect(rig.program.position).toEqual({ trackId: 'b', sample: 5000 + 16_000 });
});

test('switched to and fro, and skipped in between: no click, no Reader left open', () => {
  const count = new OpenCount();
  const music = [190, 210, 230].map((hz) => count.wrap(longSine(`${hz}`, hz, 0.3, 80_000)));
  const rig = new Rig({ music });
  const cues = Array.from({ length: 20 }, (_, i) => [
    hushAt(500 + i * 200, i % 2 === 0),
    skipAt(560 + i * 200),
  ]);
  const out = rig.render(8, cues.flat());
  expect(largestStep(out, 100)).toBeLessThan(2 * 0.3 * Math.sin((Math.PI * 230) / 8000) * 1.8);
  rig.program.close();
  expect(count).toMatchObject({ open: 0, closedTwice: 0, readAfterClose: 0 });
});
