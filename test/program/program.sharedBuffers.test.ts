// Buffers that all Programs of a thread share, and records that are written over Frame by Frame.
// Would catch: one caller's sound in another's, also after a Program broke off in its middle; a state that changes later.
import fc from 'fast-check';
import type { Clip } from '../../src/audio/source';
import { PlayoutHistory, type Moment } from '../../src/program/playoutHistory';
import { fallbackClip } from '../../src/program/fallback';
import { longNoise, noiseClip, RATES, sameBytes } from '../support/audio';
import { Rig, sayAt, skipAt, spoken, type Cue, type ProgramPlan } from '../support/program';

const music = ['a', 'b', 'c'].map((id, i) => longNoise(id, i + 1, 0.2));

/** Gives loud sound up to `samples`, then fills what it is given and throws. */
function throwingClip(samples: number): Clip {
  return {
    id: 'throws',
    title: 'throws',
    samples: 1_000_000,
    open() {
      let at = 0;
      return {
        read(out, offset, length) {
          out.fill(0.9, offset, offset + length);
          if ((at += length) > samples) throw new Error('broken off');
          return length;
        },
        close() {},
      };
    },
  };
}

const cues: Cue[] = [
  skipAt(500),
  sayAt(1000, spoken('answer', noiseClip('said', 9, 0.4, 9000))),
  { atMs: 1200, act: (program) => program.acknowledge() },
  { atMs: 4000, act: (program) => void (program.hushed = true) },
  { atMs: 4200, act: (program) => void (program.hushed = false) },
];

test.each(RATES)(
  'at %i Hz a Program that throws in the middle of a Frame is not heard in another',
  (rate) => {
    const plan: ProgramPlan = { music, settings: { rate } };
    const alone = new Rig(plan).renderS16(8, cues);
    const samples = [0, 5000, 30_000];
    const broken = [
      ...samples.map((after) => new Rig({ music: [throwingClip(after)], settings: { rate } })),
      ...samples.map((after) => {
        const rig = new Rig(plan);
        rig.program.say(spoken('answer', throwingClip(after)));
        return rig;
      }),
    ];
    const rig = new Rig({ ...plan });
    const beside: Cue[] = Array.from({ length: 200 }, (_, i) => ({
      atMs: i * 40,
      act: () => {
        for (const other of broken) {
          try {
            other.renderS16(0.04);
          } catch {
            // As a host does: the others go on.
          }
        }
      },
    }));
    expect(sameBytes(rig.renderS16(8, [...beside, ...cues]), alone)).toBe(true);
  },
);

test('hindsight says what a plain list of all moments says, and what it has said stays', () => {
  const step = fc.record({
    samples: fc.constantFrom(1, 320),
    trackId: fc.constantFrom('a', 'b', undefined),
    sinceVoice: fc.constantFrom(0, 320, Infinity),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }), (steps) => {
      const beginning: Moment = { at: 1000, music: undefined, sinceVoice: Infinity };
      const hindsight = new PlayoutHistory(beginning);
      const all = [beginning];
      const said: [was: Moment, text: string][] = [];
      for (const { samples, trackId, sinceVoice } of steps) {
        const at = all.at(-1)!.at + samples;
        hindsight.moved(at, trackId, at * 2, sinceVoice);
        all.push({ at, music: trackId && { trackId, sample: at * 2 }, sinceVoice });
        for (const moment of all.slice(-17)) {
          expect(hindsight.momentAt(moment.at)).toEqual(moment);
          said.push([hindsight.momentAt(moment.at), JSON.stringify(moment)]);
        }
        expect(hindsight.momentAt(0)).toEqual(all.slice(-17)[0]);
      }
      for (const [was, text] of said) expect(JSON.stringify(was)).toBe(text);
    }),
    { numRuns: 30, seed: 8 },
  );
});

test.each(RATES)('at %i Hz the chord is the same in any blocks, ten hours on as at its beginning', (rate) => {
  const hours = 10 * 3600 * rate;
  for (const from of [0, hours]) {
    const whole = new Float32Array(4000);
    fallbackClip(rate).open(from).read(whole, 0, whole.length);
    const [pieces, reader] = [new Float32Array(4000), fallbackClip(rate).open(from)];
    for (let at = 0; at < 4000; at += 250) reader.read(pieces, at, 250);
    expect(whole.every((sample, i) => Math.abs(sample - pieces[i]!) < 1e-6)).toBe(true);
    const t = (from + 1234) / rate;
    const partials: [number, number, number][] = [[330, 1, 0.11], [440, 0.9, 0.13], [554.375, 0.6, 0.17], [659.25, 0.45, 0.19]]; // prettier-ignore
    const norm = (10 ** (-27 / 20) * Math.SQRT2) / Math.hypot(...partials.map(([, level]) => level));
    const turn = 2 * Math.PI * t;
    const sum = partials.reduce(
      (all, [hz, level, swell]) => all + level * (0.75 + 0.25 * Math.sin(swell * turn)) * Math.sin(hz * turn),
      0,
    );
    expect(whole[1234]).toBeCloseTo(sum * norm, 6);
  }
});
