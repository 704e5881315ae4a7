// Laws of a whole Program under any use: the same bytes from the same seed, never silent, never too loud.
// Would catch: randomness from elsewhere, a state in which the line goes dead, a NaN, a Reader that stays open.
import fc from 'fast-check';
import type { Clip } from '../../src/audio/source';
import type { AnnouncementKind } from '../../src/program/announcement';
import {
  brokenClip,
  longestBelow,
  noise,
  noiseClip,
  OpenCount,
  peak,
  periodicClip,
  sameBytes,
  shortenedClip,
} from '../support/audio';
import { Rig, quietAt, sayAt, skipAt, spoken, type Cue, type ProgramPlan } from '../support/program';

const PERIOD = noise(77, 1, 8000);
const steady = (id: string, level: number, samples: number): Clip =>
  periodicClip(id, PERIOD.map((sample) => sample * level), samples); // prettier-ignore

const music = [
  steady('a', 0.2, 90_001),
  steady('b', 0.2, 70_003),
  steady('c', 0.2, 110_777),
  steady('d', 0.2, 3000),
];
const advices = {
  first: [noiseClip('f', 1, 0.3, 9000)],
  middle: Array.from({ length: 6 }, (_, i) => noiseClip(`m${i}`, i + 10, 0.3, 5000 + 999 * i)),
  last: [noiseClip('l', 2, 0.3, 9000)],
};
const plan: ProgramPlan = {
  music,
  advices,
  settings: { music: { order: 'shuffle' }, advice: { firstAfterMs: 3000, everyMs: 4000, guardMs: 3000 } },
};

const act = fc.oneof(
  fc.record({
    act: fc.constant('say' as const),
    kind: fc.constantFrom<AnnouncementKind>('advice', 'position', 'answer'),
    level: fc.constantFrom(0.05, 0.4, 1, 4),
    samples: fc.constantFrom(1, 40, 3000, 12_000),
    replaces: fc.boolean(),
  }),
  fc.record({ act: fc.constant('skip' as const) }),
  fc.record({ act: fc.constant('quiet' as const), on: fc.boolean() }),
  fc.record({ act: fc.constant('acknowledge' as const) }),
  fc.record({ act: fc.constant('expect' as const), limitMs: fc.constantFrom(0, 500, 3000) }),
  fc.record({ act: fc.constant('play' as const), id: fc.constantFrom('a', 'c', 'nowhere') }),
);
const script = fc.array(fc.tuple(fc.integer({ min: 0, max: 20_000 }), act), { maxLength: 25 });
type Script = typeof script extends fc.Arbitrary<infer T> ? T : never;

const cuesOf = (steps: Script, wrap = (clip: Clip): Clip => clip): Cue[] =>
  steps.map(([atMs, step]) => {
    if (step.act === 'skip') return skipAt(atMs);
    if (step.act === 'quiet') return quietAt(atMs, step.on);
    if (step.act === 'expect') return { atMs, act: (program) => void program.expectVoice(step.limitMs) };
    if (step.act === 'play') return { atMs, act: (program) => void program.play(step.id) };
    if (step.act === 'acknowledge') return { atMs, act: (program) => program.acknowledge() };
    return sayAt(
      atMs,
      spoken(step.kind, wrap(noiseClip('said', atMs, step.level, step.samples)), step.replaces),
    );
  });

const busy: Script = [
  [4000, { act: 'say', kind: 'answer', level: 0.4, samples: 12_000, replaces: false }],
  [9000, { act: 'skip' }],
  [9120, { act: 'skip' }],
  [14_000, { act: 'quiet', on: true }],
  [16_000, { act: 'quiet', on: false }],
];

test('the same seed gives identical bytes and events, another seed another call', () => {
  const render = (seed: number): { bytes: Int16Array; events: string } => {
    const rig = new Rig({ ...plan, seed });
    const bytes = rig.renderS16(60, cuesOf(busy));
    return { bytes, events: JSON.stringify(rig.events) };
  };
  const [one, same, other] = [render(5), render(5), render(6)];
  expect(sameBytes(one.bytes, same.bytes)).toBe(true);
  expect(one.events).toBe(same.events);
  expect(sameBytes(one.bytes, other.bytes)).toBe(false);
});

test('two Programs side by side do not disturb each other', () => {
  const alone = new Rig({ ...plan, seed: 5 }).renderS16(20);
  const [one, other] = [new Rig({ ...plan, seed: 5 }), new Rig({ ...plan, seed: 8 })];
  const parts = Array.from({ length: 20 }, () => {
    other.renderS16(1);
    return one.renderS16(1);
  });
  const together = new Int16Array(alone.length);
  parts.forEach((part, i) => together.set(part, i * part.length));
  expect(sameBytes(together, alone)).toBe(true);
});

test('whatever is said, skipped and hushed when: never above the ceiling, never silent for 100 ms, nothing left open', () => {
  fc.assert(
    fc.property(script, fc.integer(), (steps, seed) => {
      const count = new OpenCount();
      const wrap = (clip: Clip): Clip => count.wrap(clip);
      const rig = new Rig({ ...plan, seed, music: music.map(wrap) });
      const out = rig.renderS16(20, cuesOf(steps, wrap));
      expect(peak(out)).toBeLessThanOrEqual(Math.ceil(32768 * 10 ** (-3 / 20)));
      // Ducked steady noise of 0.2 is at 0.02: 100 ms below a twentieth of that is a dead line.
      expect(longestBelow(out, 32768 * 0.001)).toBeLessThan(800);
      expect(Math.abs(rig.program.duckGainDb)).toBeLessThanOrEqual(20.001);
      rig.program.close();
      expect(count).toMatchObject({ open: 0, closedTwice: 0, readAfterClose: 0 });
    }),
    { numRuns: 60, seed: 13 },
  );
});

test('the same with a library that breaks and changes: never silent, never a thrown error', () => {
  const state = fc.array(fc.constantFrom('good', 'gone', 'broken', 'short'), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(
      fc.array(state, { minLength: 1, maxLength: 6 }),
      script,
      fc.integer(),
      (states, steps, seed) => {
        let now = states[0]!;
        const tracks = (): Clip[] =>
          music.slice(0, 3).flatMap((clip, i) => {
            if (now[i] === 'gone') return [];
            if (now[i] === 'broken') return [brokenClip(clip.id)];
            return now[i] === 'short' ? [shortenedClip(clip, 8000 + 320 * i)] : [clip];
          });
        const rig = new Rig({ ...plan, seed, music: tracks });
        const changes = states.map((next, i): Cue => ({
          atMs: i * 3000,
          act: () => void (now = next),
        }));
        const out = rig.renderS16(20, [...changes, ...cuesOf(steps)]);
        expect(longestBelow(out, 32768 * 0.0003)).toBeLessThan(800);
      },
    ),
    { numRuns: 60, seed: 14 },
  );
});

test('a Program that is never told anything plays on: bounded work, nothing piles up', () => {
  const count = new OpenCount();
  const rig = new Rig({ music: music.slice(0, 3).map((clip) => count.wrap(clip)) });
  const frame = new Int16Array(320);
  for (let i = 0; i < 1200 * 25; i++) rig.program.render(frame);
  expect(rig.program.atSample).toBe(1200 * 8000);
  expect(count.opened).toBeGreaterThan(100);
  expect(count.most).toBeLessThanOrEqual(3);
});
