// A voice that is expected: the music goes down before there is a word, so that the first one is not later for it.
// Would catch: music that stays down for ever, a step in it, an advice that begins in the silence before an answer.
import fc from 'fast-check';
import { memoryClip } from '../../src/audio/source';
import type { Program } from '../../src/program/program';
import { constant, db, largestStep, longSine, noiseClip, RATES, rms } from '../support/audio';
import { Rig, sayAt, spoken, type Cue, type ProgramPlan } from '../support/program';

const music = [longSine('m', 1000, 0.5, 8_000_000)];
const hush = (ms: number) => memoryClip('hush', constant(0, ms * 8));
const answer = (ms = 1000) => spoken('answer', hush(ms));

/** Expects a voice at one time and, if it is said so, no more at another. */
function expectAt(atMs: number, limitMs: number, calledOffMs?: number): Cue[] {
  let callOff = (): void => {};
  const expected = { atMs, act: (program: Program) => void (callOff = program.expectVoice(limitMs)) };
  return calledOffMs === undefined ? [expected] : [expected, { atMs: calledOffMs, act: () => callOff() }];
}

/** Gain of the music in dB, 5 ms by 5 ms; the voices of these plans are silent. */
function gains(rig: Rig, seconds: number, cues: readonly Cue[]): number[] {
  const out = rig.render(seconds, cues).subarray(rig.latency);
  return Array.from({ length: Math.floor(out.length / 40) }, (_, i) =>
    db(rms(out, i * 40, (i + 1) * 40) / (0.5 / Math.SQRT2)),
  );
}

/** The steepest that the gain may be from one window of 5 ms to the next, dB: a raised cosine over 300 ms. */
const STEEPEST = ((20 * Math.PI) / 2 / 60) * 1.05;
const within = (curve: readonly number[], fromMs: number, toMs: number, level: number): boolean =>
  curve.slice(fromMs / 5, toMs / 5).every((gain) => Math.abs(gain - level) < 0.1);

describe.each(RATES)('at %i Hz', (rate) => {
  test.each([0, 40, 80, 160, 240])(
    'an answer %i ms later has its first word 300 ms after the expectation',
    (ms) => {
      const rig = new Rig({ music: [longSine('m', 300, 0.2, rate * 1000, rate)], settings: { rate } });
      const said = spoken('answer', memoryClip('v', constant(0.1, rate)));
      rig.render(3, [...expectAt(1000, 2000), sayAt(1000 + ms, said)]);
      expect(rig.ms(rig.eventsOf('voice-start')[0]!.atSample)).toBe(1300);
    },
  );

  test('one after the music is down begins in the very next sample', () => {
    const rig = new Rig({ music: [longSine('m', 300, 0.2, rate * 1000, rate)], settings: { rate } });
    rig.render(3, [
      ...expectAt(1000, 2000),
      sayAt(1800, spoken('answer', memoryClip('v', constant(0, rate)))),
    ]);
    expect(rig.eventsOf('voice-start')[0]!.atSample - rig.samples(1800)).toBe(1);
  });
});

describe('the music', () => {
  test('goes down as under a voice, stays for the limit, is held and comes up', () => {
    const curve = gains(new Rig({ music }), 5, expectAt(1000, 1200));
    expect(within(curve, 20, 1000, 0)).toBe(true);
    expect(curve[230]).toBeCloseTo(-10, 0);
    expect(within(curve, 1300, 2990, -20)).toBe(true);
    expect(within(curve, 4050, 4990, 0)).toBe(true);
    expect(largestStep(Float32Array.from(curve.slice(1)))).toBeLessThan(STEEPEST);
  });

  test('called off on its way down it comes back from where it is', () => {
    const curve = gains(new Rig({ music }), 3, expectAt(1000, 5000, 1160));
    expect(Math.min(...curve)).toBeGreaterThan(-12);
    expect(within(curve, 1800, 2990, 0)).toBe(true);
    expect(largestStep(Float32Array.from(curve.slice(1)))).toBeLessThan(STEEPEST);
  });

  test('with a voice within the limit it comes up after that voice, once', () => {
    const curve = gains(new Rig({ music }), 6, [...expectAt(1000, 2000, 1400), sayAt(1400, answer(1500))]);
    expect(within(curve, 1300, 3690, -20)).toBe(true);
    expect(within(curve, 4750, 5990, 0)).toBe(true);
  });

  test('stays down between two voices further apart than the hold when one is expected', () => {
    const curve = gains(new Rig({ music }), 8, [
      ...expectAt(1000, Infinity, 6000),
      sayAt(1000, answer(500)),
      sayAt(5000, answer(500)),
    ]);
    expect(within(curve, 1300, 6700, -20)).toBe(true);
  });

  test('two expectations: the music waits for both', () => {
    const curve = gains(new Rig({ music }), 6, [
      ...expectAt(1000, 9000, 1500),
      ...expectAt(1200, 9000, 3000),
    ]);
    expect(within(curve, 1300, 3750, -20)).toBe(true);
    expect(within(curve, 4900, 5990, 0)).toBe(true);
  });

  test('what was to be said is taken back after the expectation ended: it does not stay down', () => {
    const said = answer();
    const rig = new Rig({ music });
    const curve = gains(rig, 4, [
      ...expectAt(1000, 9000, 1400),
      { atMs: 1399, act: (program) => program.say(said) },
      { atMs: 1400, act: (program) => program.cancel(said) },
    ]);
    expect(rig.spoken).toEqual([]);
    expect(within(curve, 3300, 3990, 0)).toBe(true);
  });

  test('whatever comes when: never louder than before, never a step, and up again in the end', () => {
    const expectation = fc.tuple(fc.nat(4000), fc.nat(3000), fc.option(fc.nat(3000), { nil: undefined }));
    const voice = fc.tuple(
      fc.nat(5000),
      fc.constantFrom('advice', 'position', 'answer'),
      fc.nat(900),
      fc.boolean(),
    );
    fc.assert(
      fc.property(
        fc.array(expectation, { maxLength: 4 }),
        fc.array(voice, { maxLength: 4 }),
        (all, voices) => {
          const rig = new Rig({ music });
          const cues = [
            ...all.flatMap(([at, limit, off]) => expectAt(at, limit, off === undefined ? off : at + off)),
            ...voices.map(([at, kind, ms, replaces]) => sayAt(at, spoken(kind, hush(ms + 1), replaces))),
          ];
          const curve = gains(rig, 14, cues);
          expect(Math.max(...curve.slice(1))).toBeLessThan(0.1);
          expect(Math.min(...curve)).toBeGreaterThan(-20.1);
          expect(largestStep(Float32Array.from(curve.slice(1)))).toBeLessThan(STEEPEST);
          expect(rig.program.duckGainDb).toBe(0);
          expect(rig.eventsOf('voice-start').length).toBeLessThanOrEqual(voices.length);
        },
      ),
      { numRuns: 60, seed: 12 },
    );
  });
});

describe('what else would be said', () => {
  const advised: ProgramPlan = { music, advices: { first: [noiseClip('advice', 1, 0.2, 8000)] } };

  test('an advice that is due waits until nothing is expected', () => {
    const rig = new Rig(advised);
    rig.render(30, expectAt(19_000, 3000));
    expect(rig.spoken).toEqual(['advice']);
    expect(rig.ms(rig.eventsOf('voice-start')[0]!.atSample)).toBeGreaterThanOrEqual(22_000);
  });

  test('an advice for which the music is going down is withdrawn, and comes later', () => {
    const rig = new Rig(advised);
    rig.render(30, [...expectAt(19_880, 2000, 20_500), sayAt(20_120, answer())]);
    expect(rig.spoken).toEqual(['hush']);
    expect(rig.ms(rig.eventsOf('voice-start')[0]!.atSample)).toBe(20_120.125);
    rig.render(15);
    expect(rig.spoken).toEqual(['hush', 'advice']);
  });

  test('an advice that is being said goes on until the answer takes over', () => {
    const rig = new Rig({ ...advised, advices: { first: [noiseClip('advice', 1, 0.2, 80_000)] } });
    rig.render(24, [...expectAt(21_000, 2000), sayAt(22_000, answer())]);
    expect(rig.spoken).toEqual(['advice', 'hush']);
    const [cut] = rig.eventsOf('voice-cut');
    expect(rig.ms(cut!.atSample)).toBeGreaterThanOrEqual(22_000);
  });

  test('a place waits, keeps its turn, and is said when nothing is expected any more', () => {
    const rig = new Rig({ music });
    const place = spoken('position', noiseClip('place', 1, 0.2, 4000));
    rig.render(6, [sayAt(1000, place), ...expectAt(1160, 9000, 3000)]);
    expect(rig.spoken).toEqual(['place']);
    expect(rig.ms(rig.eventsOf('voice-start')[0]!.atSample)).toBeGreaterThanOrEqual(3000);
    expect(rig.ms(rig.eventsOf('voice-start')[0]!.atSample)).toBeLessThan(3041);
  });
});

test('what the next process of the call goes on from does not know of it', () => {
  const [plain, expecting] = [new Rig({ music }), new Rig({ music })];
  plain.render(3);
  expecting.render(3, expectAt(1000, Infinity));
  expect(expecting.program.stateAt(0)).toEqual(plain.program.stateAt(0));
});
