// When advices come in a call, by the events and the samples of a whole Program.
// Would catch: an advice too early, too late, over another voice, twice, or lost after it was cut off.
import type { AnnouncementKind } from '../../src/program/announcement';
import type { AdviceSlot } from '../../src/program/adviceSlots';
import { longSine, peak, RATES, sineClip, toneLevel } from '../support/audio';
import { quietAt, Rig, sayAt, spoken, type Cue, type ProgramPlan } from '../support/program';

const MUSIC = [longSine('music', 200, 0.1, 8_000_000)];
const advice = (id: string, seconds = 2) => sineClip(id, 500, 0.3, seconds * 8000);
const shelves = (count: number): Partial<Record<AdviceSlot, ReturnType<typeof advice>[]>> => ({
  first: Array.from({ length: count }, (_, i) => advice(`first/${String(i).padStart(2, '0')}`)),
});
const answer = (id: string, seconds = 1, kind: AnnouncementKind = 'answer') =>
  spoken(kind, sineClip(id, 700, 0.3, seconds * 8000));

interface Voice {
  id: string;
  startMs: number;
  endMs: number;
  kind: AnnouncementKind;
}

/** The voices of a call in order. */
function voicesOf(rig: Rig): Voice[] {
  const voices: Voice[] = [];
  for (const event of rig.eventsOf('voice-start', 'voice-end', 'voice-cut')) {
    const { kind, clips } = event.announcement;
    if (event.type === 'voice-start')
      voices.push({ id: clips[0]!.id, kind, startMs: rig.ms(event.atSample), endMs: Infinity });
    else voices.at(-1)!.endMs = rig.ms(event.atSample);
  }
  return voices;
}

function call(
  seconds: number,
  plan: ProgramPlan,
  cues: readonly Cue[] = [],
): { rig: Rig; voices: Voice[]; out: Float32Array } {
  const rig = new Rig({ music: MUSIC, ...plan });
  const out = rig.render(seconds, cues);
  return { rig, voices: voicesOf(rig), out };
}

const within = (ms: number, expected: number, tolerance = 40): void =>
  expect(Math.abs(ms - expected)).toBeLessThanOrEqual(tolerance);

test.each(RATES)('at %i Hz: the first voice at 20 s, the next 20 s after the one before ended', (rate) => {
  const music = [longSine('music', 200, 0.1, rate * 1000, rate)];
  const first = ['a', 'b', 'c'].map((id) => sineClip(id, 500, 0.3, 2 * rate, rate));
  const { voices, out, rig } = call(70, { music, advices: { first }, settings: { rate } });
  expect(voices.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  within(voices[0]!.startMs, 20_000);
  within(voices[1]!.startMs - voices[0]!.endMs, 20_000);
  within(voices[2]!.startMs - voices[1]!.endMs, 20_000);
  const at = rig.samples(voices[0]!.startMs) + rig.latency;
  expect(toneLevel(out, 500, rate, at - rig.samples(200), at)).toBeLessThan(0.002);
  expect(toneLevel(out, 500, rate, at + rig.samples(10), at + rig.samples(210))).toBeCloseTo(0.3, 2);
});

test('both times are configurable', () => {
  const { voices } = call(20, {
    advices: shelves(9),
    settings: { advice: { firstAfterMs: 5000, everyMs: 4000 } },
  });
  within(voices[0]!.startMs, 5000);
  within(voices[1]!.startMs - voices[0]!.endMs, 4000);
  const soon = call(2, { advices: shelves(1), settings: { advice: { firstAfterMs: 0 } } });
  expect(soon.voices[0]!.startMs).toBeLessThanOrEqual(340);
});

test('the 20 s count from the end of any voice, not only of an advice', () => {
  const { voices } = call(60, { advices: shelves(3) }, [sayAt(30_000, answer('said'))]);
  expect(voices.map(({ id }) => id)).toEqual(['first/00', 'said', 'first/01']);
  within(voices[2]!.startMs - voices[1]!.endMs, 20_000);
});

test('the first advice keeps the guard time after another voice', () => {
  const { voices } = call(30, { advices: shelves(1) }, [sayAt(18_000, answer('said', 1.5))]);
  expect(voices.map(({ id }) => id)).toEqual(['said', 'first/00']);
  within(voices[1]!.startMs - voices[0]!.endMs, 3000);
});

test.each([0, 300, 700, 1000, 1500, 2000, 2500, 3000, 6000])(
  'guard time of %i ms, everyMs shorter: never nearer',
  (guardMs) => {
    const settings = { advice: { firstAfterMs: 1000, everyMs: 0, guardMs } };
    const { voices } = call(30, { advices: shelves(8), settings }, [sayAt(12_000, answer('said'))]);
    expect(voices.length).toBeGreaterThan(3);
    const gaps = voices
      .slice(1)
      .map(({ startMs, kind }, i) => (kind === 'advice' ? startMs - voices[i]!.endMs : Infinity));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(guardMs - 1);
  },
);

// The advice is due at 20 s, so the music goes down from 19.7 s on; the answer comes in before, in and after that.
test.each([19_000, 19_640, 19_720, 19_800, 19_960])(
  'an answer at %i ms, as an advice comes: the advice keeps its distance, and is heard later, once, whole',
  (atMs) => {
    const { voices } = call(60, { advices: shelves(1) }, [sayAt(atMs, answer('said', 1.5))]);
    const advices = voices.filter(({ kind }) => kind === 'advice');
    const [said] = voices.filter(({ id }) => id === 'said');
    expect(advices).toHaveLength(1);
    within(advices[0]!.endMs - advices[0]!.startMs, 2000, 1);
    expect(advices[0]!.startMs - said!.endMs).toBeGreaterThanOrEqual(3000 - 40);
  },
);

test('an advice that an answer cuts off comes again later, from its beginning, before the others', () => {
  const { voices } = call(80, { advices: shelves(2) }, [sayAt(21_000, answer('said'))]);
  expect(voices.map(({ id }) => id)).toEqual(['first/00', 'said', 'first/00', 'first/01']);
  expect(voices[0]!.endMs - 21_000).toBeLessThanOrEqual(120);
  within(voices[2]!.startMs - voices[1]!.endMs, 20_000);
  within(voices[2]!.endMs - voices[2]!.startMs, 2000, 1);
});

test('an advice that is cut off each time comes twice in a call, then the others do', () => {
  // Answers of half a second, each a second into the advice that comes 20 s after the one before.
  const cues = [0, 1, 2, 3].map((nth) => sayAt(21_000 + nth * 21_700, answer(`said ${nth}`, 0.5)));
  const { voices } = call(110, { advices: shelves(3) }, cues);
  const advices = voices.filter(({ kind }) => kind === 'advice').map(({ id }) => id);
  expect(advices).toEqual(['first/00', 'first/00', 'first/01', 'first/01', 'first/02']);
});

test('quiet keeps advices back and ends the one being said; answers are said; then advices go on', () => {
  const cues = [quietAt(21_000, true), sayAt(50_000, answer('said')), quietAt(90_000, false)];
  const { voices, out } = call(150, { advices: shelves(3) }, cues);
  expect(voices.map(({ id }) => id)).toEqual(['first/00', 'said', 'first/00', 'first/01', 'first/02']);
  expect(voices[0]!.endMs).toBeLessThan(21_130);
  expect(voices[2]!.startMs).toBeGreaterThanOrEqual(90_000);
  expect(peak(out, 22_500 * 8, 49_000 * 8)).toBeLessThan(0.101);
});

test('quiet switched on as an advice is about to begin, then off: the advice is not lost', () => {
  const { voices } = call(60, { advices: shelves(1) }, [quietAt(19_840, true), quietAt(25_000, false)]);
  const heard = voices.filter(({ id, startMs, endMs }) => id === 'first/00' && endMs - startMs > 1990);
  expect(heard).toHaveLength(1);
});

test('an advice that cannot be opened is passed over; the rest come', () => {
  const broken = { ...advice('first/broken'), open: () => { throw new Error('gone'); } }; // prettier-ignore
  const { voices, rig } = call(90, { advices: { first: [broken, advice('first/good')] } });
  expect(rig.eventsOf('voice-failed')).toHaveLength(1);
  expect(voices.map(({ id }) => id)).toEqual(['first/good']);
});

test('no advice at all: music only; one that arrives later in the call is heard', () => {
  const first: ReturnType<typeof advice>[] = [];
  const rig = new Rig({ music: MUSIC, advices: { first } });
  rig.render(60);
  expect(rig.spoken).toEqual([]);
  first.push(advice('first/new'));
  rig.render(5);
  expect(rig.spoken).toEqual(['first/new']);
});

test('a call that goes on in another process: the time of the first advice is that of the call', () => {
  const fresh = call(30, { advices: shelves(2), heardSamples: 15 * 8000 });
  within(fresh.voices[0]!.startMs, 20_000);
  const later = call(50, { advices: shelves(2), heardSamples: 60 * 8000, heard: ['first/00'] });
  expect(later.voices[0]!.id).toBe('first/01');
  expect(later.voices[0]!.startMs - 60_000).toBeGreaterThanOrEqual(3000);
  expect(later.voices[0]!.startMs - 60_000).toBeLessThanOrEqual(20_040);
});

test('shelves are told with their advices', () => {
  const advices = { first: [advice('f')], firstDay: [advice('d')], last: [advice('l')] };
  const { rig } = call(70, { advices, dayPart: () => 'firstDay' });
  expect(rig.eventsOf('voice-start').map(({ shelf }) => shelf)).toEqual(['first', 'firstDay', 'last']);
});
