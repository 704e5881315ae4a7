// A Program killed in the middle of a call, and another that goes on from what the caller has heard of the first.
// Would catch: music that jumps by what lay in the pipe, an advice heard twice or never, advices that starve.
import fc from 'fast-check';
import type { AdviceSlot } from '../../src/program/adviceSlots';
import { longNoise, noise, noiseClip, periodicClip, RATES, sameBytes, sineClip } from '../support/audio';
import { planAfter, quietAt, Rig, sayAt, skipAt, spoken, type ProgramPlan } from '../support/program';

const music = ['a', 'b', 'c'].map((id, i) => longNoise(id, i + 1, 0.2));
const advice = (id: string, seconds = 2) => sineClip(id, 500, 0.3, seconds * 8000);
const shelf = (count: number, seconds = 2): Partial<Record<AdviceSlot, ReturnType<typeof advice>[]>> => ({
  first: Array.from({ length: count }, (_, i) => advice(`first/${i}`, seconds)),
});

/** The call goes on in another Program after the last `lost` samples of this one were not heard. */
function next(rig: Rig, plan: ProgramPlan, lost = 0): Rig {
  return new Rig({ ...plan, ...planAfter(rig.program.stateAt(lost)) });
}

describe('the music', () => {
  test.each(RATES)('at %i Hz it goes on with the very sample that the ear was to hear next', (rate) => {
    const material = noise(7, 0.2, rate * 3);
    const plan = { music: [periodicClip('a', material, 100_000_000)], settings: { rate } };
    const most = rate * 0.2;
    fc.assert(
      fc.property(fc.integer({ min: 8, max: 60 }), fc.integer({ min: 0, max: most }), (frames, lost) => {
        const rig = new Rig(plan);
        rig.renderS16(frames * 0.04);
        const heard = (frames * rate) / 25 - lost;
        const whole = new Rig(plan).renderS16(frames * 0.04 + 1);
        const after = next(rig, plan, lost).renderS16(0.6);
        const edge = rig.samples(5);
        const from = rig.latency + edge + 1;
        expect(
          sameBytes(after.slice(from), whole.slice(heard + edge + 1, heard - rig.latency + after.length)),
        ).toBe(true);
      }),
      { numRuns: 25, seed: 3 },
    );
  });

  test('a track that began in what was not heard has not begun; one that was heard goes on', () => {
    const rig = new Rig({ music });
    rig.render(2, [skipAt(1880)]); // three Frames before the end
    expect(rig.program.stateAt(1600).music).toEqual({ trackId: 'a', sample: 16_000 - 1600 - rig.latency });
    expect(rig.program.stateAt(0).music).toEqual({ trackId: 'b', sample: 960 - rig.latency });
  });

  test('one that follows another within a Frame is told apart to the sample', () => {
    const rig = new Rig({
      music: [noiseClip('short', 5, 0.2, 8100), music[1]!],
      settings: { music: { crossfadeMs: 0 } },
    });
    rig.render(1.04);
    const joint = 8100 - 40; // the edges overlap
    const placeAt = (sample: number) => rig.program.stateAt(8320 - sample - rig.latency).music;
    expect(placeAt(joint - 1)).toEqual({ trackId: 'short', sample: joint - 1 });
    expect(placeAt(joint + 1)).toEqual({ trackId: 'b', sample: 1 });
  });

  test('whatever is asked, the place lies in a track that was played, and never ahead of what was rendered', () => {
    const act = fc.tuple(fc.integer({ min: 0, max: 3000 }), fc.boolean());
    fc.assert(
      fc.property(fc.array(act, { maxLength: 8 }), fc.nat(20_000), (acts, lost) => {
        const rig = new Rig({ music: music.map((clip) => ({ ...clip, samples: 30_000 })) });
        rig.render(
          3,
          acts.map(([atMs, skip]) =>
            skip ? skipAt(atMs) : { atMs, act: (program) => void (program.hushed = !program.hushed) },
          ),
        );
        const { music: place, heardSamples } = rig.program.stateAt(lost);
        expect(heardSamples).toBe(Math.max(0, 24_000 - lost));
        if (!place) return;
        expect(rig.played).toContain(place.trackId);
        expect(Number.isInteger(place.sample) && place.sample >= 0 && place.sample <= 24_000).toBe(true);
      }),
      { numRuns: 60, seed: 6 },
    );
  });

  test('killed again before anything was heard, it is where it was', () => {
    const plan = { music, resume: { trackId: 'b', sample: 5000 }, heardSamples: 40_000 };
    const rig = new Rig(plan);
    expect(rig.program.stateAt(0)).toMatchObject({ music: plan.resume, heardSamples: 40_000 });
    rig.render(0.12);
    expect(rig.program.stateAt(960)).toMatchObject({ music: plan.resume, heardSamples: 40_000 });
  });

  test('no music at all: no place, and none is made up', () => {
    const rig = new Rig({ music: [] });
    rig.render(1);
    expect(rig.program.stateAt(800)).not.toHaveProperty('music');
  });

  test('every track is heard once in a round, however often the Program is killed', () => {
    const tracks = Array.from({ length: 8 }, (_, i) => noiseClip(`t${i}`, i, 0.2, 60_000));
    const plan: ProgramPlan = { music: tracks, settings: { music: { order: 'shuffle', crossfadeMs: 0 } } };
    let rig = new Rig(plan);
    const heard = new Set<string>();
    for (let i = 0; i < 30; i++) {
      rig.render(2);
      heard.add(rig.program.position!.trackId);
      rig = next(rig, plan, 800);
    }
    expect(heard.size).toBe(8);
  });
});

describe('an advice', () => {
  const plan = { music, advices: shelf(3) };
  /** The advice speaks from 20 s to 22 s; the program is killed at `ms` of what the caller has heard. */
  const killedAt = (ms: number, lostMs = 160): Rig => {
    const rig = new Rig(plan);
    rig.render((ms + lostMs) / 1000);
    return next(rig, plan, lostMs * 8);
  };

  test.each([19_760, 19_960, 20_040, 20_920])('heard for less than half at %i ms comes again', (ms) => {
    const after = killedAt(ms);
    expect(after.rota.heard).toEqual([]);
    after.render(30);
    expect(after.spoken[0]).toBe('first/0');
  });

  test.each([21_080, 21_960, 22_200, 30_000])('heard for the most part at %i ms does not', (ms) => {
    const after = killedAt(ms);
    expect(after.rota.heard).toEqual(['first/0']);
    after.render(30);
    expect(after.spoken[0]).toBe('first/1');
  });

  test('killed in its middle each time, it comes twice in the call, not more', () => {
    let rig = killedAt(20_400);
    rig.render(21);
    while (rig.spoken.length === 0) rig.render(1);
    rig.render(0.4);
    rig = next(rig, plan, 1280);
    rig.render(40);
    expect(rig.spoken[0]).toBe('first/1');
  });

  test('one that an answer cut off comes again, in the next Program too', () => {
    const rig = new Rig(plan);
    rig.render(22.5, [sayAt(21_500, spoken('answer', sineClip('said', 700, 0.3, 4000)))]);
    expect(next(rig, plan, 0).rota.heard).toEqual([]);
  });

  test('one that cannot be opened is not tried again in each Program', () => {
    const broken = { ...advice('first/broken'), open: () => { throw new Error('gone'); } }; // prettier-ignore
    const rig = new Rig({ music, advices: { first: [broken] } });
    rig.render(21);
    expect(rig.program.stateAt(1600).heard).toEqual(['first/broken']);
  });

  test('the first comes at its time in the call, whatever was cut off before', () => {
    const rig = new Rig(plan);
    rig.render(12.04);
    const after = next(rig, plan, 320);
    after.render(12);
    const [start] = after.eventsOf('voice-start');
    expect(Math.abs(after.ms(start!.atSample) - 20_000)).toBeLessThan(60);
  });

  test('keeps its distance from the last voice of the Program before', () => {
    const rig = new Rig(plan);
    rig.render(45, [sayAt(43_000, spoken('answer', sineClip('said', 700, 0.3, 8000)))]);
    const [end] = rig.eventsOf('voice-end').slice(-1);
    const after = next(rig, plan, 800);
    after.render(30);
    const [start] = after.eventsOf('voice-start');
    expect(after.ms(start!.atSample - end!.atSample)).toBeGreaterThan(19_900);
    expect(after.ms(start!.atSample - end!.atSample)).toBeLessThan(20_200);
  });

  test('never comes within the guard time of the interruption: somebody else has just spoken', () => {
    const rig = new Rig(plan);
    rig.render(41.04);
    const after = next(rig, plan);
    after.render(10);
    const [start] = after.eventsOf('voice-start');
    expect(after.ms(start!.atSample) - 41_040).toBeGreaterThanOrEqual(2999);
  });

  test('a queue that interrupts every 15 s: each advice once, and they do come', () => {
    const many = { music, advices: shelf(6) };
    let rig = new Rig(many);
    const heard: string[] = [];
    for (let i = 0; i < 16; i++) {
      rig.render(15);
      heard.push(...rig.eventsOf('voice-end').map(({ announcement }) => announcement.clips[0]!.id));
      rig = next(rig, many, 1280);
    }
    expect(heard).toEqual(Array.from({ length: 6 }, (_, i) => `first/${i}`));
  });
});

test('quiet stays', () => {
  const plan = { music, advices: shelf(2) };
  const rig = new Rig(plan);
  rig.render(5, [quietAt(1000, true)]);
  const after = next(rig, plan);
  expect(after.program.quiet).toBe(true);
  after.render(40);
  expect(after.spoken).toEqual([]);
});
