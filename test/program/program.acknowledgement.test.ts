// The acknowledgement of a key in what the caller hears: it is there in the next Frame, and changes nothing else.
// Would catch: a tone that waits for the voice to end, that ducks the music, or that is lost under either.
import { toneSamples } from '../../src/audio/tone';
import { correlation, longNoise, noiseClip, peak, RATES, sineClip } from '../support/audio';
import { quietAt, Rig, sayAt, spoken, type Cue, type ProgramPlan } from '../support/program';

const music = [longNoise('a', 1, 0.1), longNoise('b', 2, 0.1)];
const strikeAt = (atMs: number): Cue => ({ atMs, act: (program) => program.acknowledge() });

/** What the tone alone adds to a call: the difference to the same call without it. */
function added(plan: ProgramPlan, cues: readonly Cue[], at: readonly number[], seconds = 3) {
  const [rig, without] = [new Rig({ music, ...plan }), new Rig({ music, ...plan })];
  const out = rig.render(seconds, [...cues, ...at.map(strikeAt)]);
  const plain = without.render(seconds, cues);
  return { rig, without, out, difference: out.map((sample, i) => sample - plain[i]!) };
}

/** Where in a recording a tone is found, and how surely: the lag at which it correlates most. */
function found(recording: Float32Array, tone: Float32Array): { at: number; likeness: number } {
  let best = { at: -1, likeness: 0 };
  for (let at = 0; at + tone.length <= recording.length; at++) {
    const likeness = correlation(recording, tone, at, 0, tone.length);
    if (likeness > best.likeness) best = { at, likeness };
  }
  return best;
}

test.each(RATES)('at %i Hz it begins in the Frame after the press, sample by sample', (rate) => {
  const { rig, difference } = added({ settings: { rate } }, [], [1000]);
  const tone = toneSamples(rate, rig.settings.keyTone);
  const at = rig.samples(1000) + rig.latency;
  expect(peak(difference, 0, at)).toBe(0);
  // Each of the two is rounded to 16 bits.
  for (let i = 0; i < tone.length; i++)
    expect(Math.abs(difference[at + i]! - tone[i]!)).toBeLessThan(2 / 32768);
  expect(peak(difference, at + tone.length)).toBe(0);
});

test('a recording shows it without knowing the call: over music, over a voice, at the right sample', () => {
  const voice = spoken('answer', noiseClip('said', 9, 0.3, 16_000));
  for (const cues of [[], [sayAt(200, voice)]]) {
    const rig = new Rig({ music, settings: { keyTone: { levelDb: -12 } } });
    const out = rig.render(2, [...cues, strikeAt(1000)]);
    const { at, likeness } = found(out.subarray(6000, 12_000), toneSamples(8000, rig.settings.keyTone));
    expect(6000 + at).toBe(8000 + rig.latency);
    expect(likeness).toBeGreaterThan(0.4);
  }
});

test('it neither ducks the music nor disturbs what is said, before, in and after it', () => {
  const say = sayAt(800, spoken('answer', sineClip('said', 500, 0.3, 8000)));
  const { rig, without, difference } = added({}, [say], [500, 900, 1000, 1500]);
  expect(JSON.stringify(rig.events)).toBe(JSON.stringify(without.events));
  expect(rig.program.duckGainDb).toBe(without.program.duckGainDb);
  expect(peak(difference)).toBeLessThanOrEqual(2 * 10 ** (-26 / 20));
});

test('it sounds while advices are off and the music is silenced', () => {
  const { difference } = added({ hushed: true }, [quietAt(0, true)], [1000]);
  expect(peak(difference)).toBeCloseTo(10 ** (-26 / 20), 3);
});

test('turned off, there is none', () => {
  const { difference } = added({ settings: { keyTone: { enabled: false } } }, [], [500, 1000]);
  expect(peak(difference)).toBe(0);
});

test('over the loudest music it stays under the ceiling', () => {
  const loud = { settings: { keyTone: { levelDb: -6 } }, music: [longNoise('loud', 1, 1)] };
  const { out } = added(loud, [], [200, 400, 600]);
  expect(peak(out)).toBeLessThanOrEqual(10 ** (-3 / 20) + 1e-4);
});
