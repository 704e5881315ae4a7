// An hour of hold with 200 announcements, judged sample by sample: the figure that the product promises.
// Would catch: anything that happens once in an hour: a clipped sample, a click at a join, an advice heard twice.
import type { Clip } from '../../src/audio/source';
import { db, largestStep, longSine, peak, toneLevel } from '../support/audio';
import { Rig, sayAt, spoken } from '../support/program';

const RATE = 8000;
const SECONDS = 3600;
const MUSIC_LEVEL = 0.2;
const VOICE_LEVEL = 0.4;
const VOICE_HZ = 610;
const own = (hz: number, level: number): number => 2 * level * Math.sin((Math.PI * hz) / RATE);

/** 14 tracks of 3 to 5 minutes, each one its own tone of whole Hz. */
const tracks = Array.from({ length: 14 }, (_, i) =>
  longSine(`${201 + 7 * i}`, 201 + 7 * i, MUSIC_LEVEL, RATE * (180 + 9 * i) + i),
);
/** 158 advices and 42 answers of 1 to 4 s. */
const voice = (id: string, i: number): Clip =>
  longSine(id, VOICE_HZ, VOICE_LEVEL, 8000 + ((i * 7919) % 24_000));
const advices = Array.from({ length: 158 }, (_, i) => voice(`advice${i}`, i));
const answers = Array.from({ length: 42 }, (_, i) => voice(`answer${i}`, i + 500));

const rig = new Rig({
  music: tracks,
  advices: { first: advices.slice(0, 5), middle: advices.slice(5, 150), last: advices.slice(150) },
  settings: { music: { order: 'shuffle' }, advice: { everyMs: 15_000 } },
});
let out: Float32Array;

interface Span {
  id: string;
  from: number;
  to: number;
}
const voices: Span[] = [];
/** Each track from its beginning to the beginning of the next. */
let music: Span[];

beforeAll(() => {
  const cues = answers.map((clip, i) =>
    sayAt(31_000 + i * 83_520 + ((i * 7919) % 9000), spoken('answer', clip)),
  );
  out = rig.render(SECONDS, cues);
  for (const event of rig.eventsOf('voice-start', 'voice-end', 'voice-cut')) {
    const at = event.atSample + rig.latency;
    if (event.type === 'voice-start')
      voices.push({ id: event.announcement.clips[0]!.id, from: at, to: Infinity });
    else voices.at(-1)!.to = at;
  }
  music = rig.eventsOf('track').map(({ track, atSample }, i, all) => ({
    id: track.id,
    from: atSample,
    to: all[i + 1]?.atSample ?? out.length,
  }));
});

test('200 announcements, every advice heard to its end once', () => {
  const cut = new Set(rig.eventsOf('voice-cut').map(({ atSample }) => atSample + rig.latency));
  const whole = voices.filter(({ to }) => !cut.has(to)).map(({ id }) => id);
  expect(cut.size).toBeGreaterThan(2);
  expect(whole.length).toBe(200);
  expect(new Set(whole).size).toBe(200);
  expect(rig.eventsOf('track-failed', 'voice-failed')).toEqual([]);
});

test('no clipped sample: never above the ceiling, never near it', () => {
  expect(peak(out)).toBeLessThan(VOICE_LEVEL + 0.1 * MUSIC_LEVEL * Math.SQRT2 + 0.001);
});

test('no step larger than the material has: under each voice, and in the music between', () => {
  const musicStep = own(201 + 7 * 13, MUSIC_LEVEL) * Math.SQRT2 + 2 / 32768;
  const voiceStep = own(VOICE_HZ, VOICE_LEVEL) * 1.02 + 0.1 * musicStep;
  const tooSteep: string[] = [];
  let at = 1;
  for (const { id, from, to } of [...voices, { id: 'end', from: out.length, to: out.length }]) {
    if (largestStep(out, at, from) > musicStep) tooSteep.push(`music before ${id}`);
    if (largestStep(out, from, Math.min(to, out.length)) > voiceStep) tooSteep.push(id);
    at = to;
  }
  expect(tooSteep).toEqual([]);
});

test('music under every voice is 20 dB ± 1 dB below its usual level', () => {
  const off: [string, number][] = [];
  let measured = 0;
  for (const { id, from, to } of voices) {
    const track = music.find((span) => span.from + 24_000 < from && to < span.to);
    if (!track || to - from < 3200) continue;
    const depth = db(toneLevel(out, Number(track.id), RATE, from, to - ((to - from) % 800)) / MUSIC_LEVEL);
    measured++;
    if (Math.abs(depth + 20) > 1) off.push([id, depth]);
  }
  expect(off).toEqual([]);
  expect(measured).toBeGreaterThan(180);
});

test('music between voices is at its usual level, each track every round', () => {
  const quiet = voices.slice(1).map(({ from }, i) => [voices[i]!.to + 16_000, from - 3200] as const);
  const bare = quiet.filter(([from, to]) => to - from > 8000);
  expect(bare.length).toBeGreaterThan(150);
  for (const [from, to] of bare) {
    const track = music.find((span) => span.from + 24_000 < from && to < span.to);
    if (track && Math.abs(db(toneLevel(out, Number(track.id), RATE, from, from + 8000) / MUSIC_LEVEL)) > 0.1)
      throw new Error(`music of ${track.id} at sample ${from} is not at its level`);
  }
  expect(new Set(rig.played.slice(0, 14)).size).toBe(14);
});
