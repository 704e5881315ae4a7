// Places for which there is no recording, said by a voice that may take its time.
// Would catch: an old number said late, a voice that is asked for each Frame, half German and half English.
import { sayPosition } from '../../src/session/actions';
import type { PositionRules } from '../../src/session/positionWords';
import { SpokenPlaces } from '../../src/session/spokenPlaces';
import { ManualClock } from '../../src/util/clock';
import { Caller, turn, type CallerPlan } from '../support/caller';
import { FakeSpeech } from '../support/fakeRecords';

const GERMAN: CallerPlan = { call: { language: 'de' } };
const spoken = (place: number, language = 'en'): string => `${language}-your-place-is spoken-${place}`;

function caller(speech: FakeSpeech, plan: CallerPlan = {}, position: Partial<PositionRules> = {}): Caller {
  return new Caller({ speech, position, keys: { '4': sayPosition({ holdOffMs: 0 }) }, ...plan });
}

describe('by itself', () => {
  test('a place beyond the prompts, and each better one, not only every two minutes', async () => {
    const call = caller(new FakeSpeech());
    call.moveTo(80);
    await call.live(25);
    call.moveTo(53);
    await call.live(2);
    expect(call.said).toEqual([spoken(80), spoken(53)]);
    expect(call.rig.eventsOf('voice-start')[1]!.announcement).toMatchObject({
      kind: 'position',
      title: 'Position 53',
    });
  });

  test('a prompt comes first where there is one in their language', async () => {
    const speech = new FakeSpeech();
    const call = caller(speech);
    call.moveTo(50);
    await call.live(2);
    expect([call.said, speech.positions]).toEqual([['position-50'], []]);
  });

  test('in a language without prompts a voice says all of them, and is asked in it', async () => {
    const speech = new FakeSpeech();
    const call = caller(speech, GERMAN);
    call.moveTo(3);
    await call.live(2);
    expect(call.said).toEqual([spoken(3, 'de')]);
    expect(speech.positions).toMatchObject([{ place: 3, language: 'de' }]);
  });

  test('the place has changed while a voice looked for words: only the new one is said', async () => {
    const speech = new FakeSpeech('later');
    const call = caller(speech);
    call.moveTo(80);
    await call.live(0.4);
    call.moveTo(79);
    await call.live(0.4);
    expect(speech.positions[0]!.signal.aborted).toBe(true);
    speech.speaks(); // of the old place, late
    await call.live(0.4);
    expect(speech.positions).toHaveLength(2);
    expect(speech.positions[1]!.signal.aborted).toBe(false);
    speech.speaks();
    await call.live(2);
    expect(call.said).toEqual([spoken(79)]);
  });

  test('the language turns out to be another one meanwhile', async () => {
    const speech = new FakeSpeech('later');
    const call = caller(speech);
    call.moveTo(80);
    await call.live(0.2);
    call.session.hear({ type: 'identity', identity: { uniqueid: '1795225281.7', language: 'de' } });
    speech.speaks();
    speech.speaks();
    await call.live(2);
    expect(call.said).toEqual([spoken(80, 'de')]);
  });

  test('one that waits to be said gives way to a place for which a voice must look for words', async () => {
    const speech = new FakeSpeech('later');
    const call = caller(speech, { settings: { duck: { attackMs: 1000 } } }, { gapMs: 0 });
    call.moveTo(50);
    call.hear(0.2);
    call.moveTo(80);
    await call.live(0.2);
    expect(speech.positions).toHaveLength(1);
    await call.live(2);
    expect(call.said).toEqual([]);
    call.moveTo(50);
    await call.live(3);
    expect(call.said).toEqual(['position-50']);
  });

  test('a place asked for once is not asked for again', async () => {
    const speech = new FakeSpeech();
    const call = caller(speech, GERMAN, { gapMs: 0, everyMs: 10_000 });
    call.moveTo(3);
    await call.live(45);
    expect(call.said.length).toBeGreaterThanOrEqual(4);
    expect(speech.positions).toHaveLength(1);
  });

  test('speech that is opened late is asked then', async () => {
    const call = new Caller();
    call.moveTo(80);
    call.hear(2);
    call.speech = new FakeSpeech();
    call.session.opened();
    await call.live(2);
    expect(call.said).toEqual([spoken(80)]);
  });
});

describe('no voice can say it', () => {
  test.each(['mute', new Error('odd')] as const)(
    '%s: what the prompts have, and not asked each Frame',
    async (mode) => {
      const speech = new FakeSpeech(mode);
      const call = caller(speech);
      call.moveTo(80);
      await call.live(125);
      expect(call.said).toEqual(['position-many']);
      expect(speech.positions.length).toBeLessThanOrEqual(3);
    },
  );

  test('in a language without prompts: the prompts of the one that stands in', async () => {
    const call = caller(new FakeSpeech('mute'), GERMAN);
    call.moveTo(3);
    await call.live(2);
    expect(call.said).toEqual(['position-3']);
  });

  test('one that never answers is aborted after twenty-five seconds', async () => {
    const speech = new FakeSpeech('later');
    const call = caller(speech, GERMAN);
    call.moveTo(3);
    await call.live(27);
    expect(call.said).toEqual(['position-3']);
    expect(speech.positions[0]!.signal.aborted).toBe(true);
  });
});

describe('when they ask', () => {
  test('the music goes down at once, and the words come when they are there', async () => {
    const speech = new FakeSpeech('later');
    const call = caller(speech, {}, { announce: false });
    call.hear(1);
    call.moveTo(80);
    call.session.hear({ type: 'key', digit: '4' });
    await call.live(0.48);
    expect(call.rig.program.duckGainDb).toBeCloseTo(-20, 5);
    speech.speaks();
    await call.live(2);
    expect(call.said).toEqual([spoken(80)]);
    expect(call.saidAt[0]).toBeLessThanOrEqual(1540);
    await call.live(2);
    expect(call.rig.program.duckGainDb).toBe(0);
  });

  test('longer than a second: they are asked for a moment', async () => {
    const speech = new FakeSpeech('later');
    const call = caller(speech, {}, { announce: false });
    call.moveTo(80);
    call.session.hear({ type: 'key', digit: '4' });
    await call.live(3);
    speech.speaks();
    await call.live(3);
    expect(call.said).toEqual(['one-moment', spoken(80)]);
  });

  test('the place has changed meanwhile: they hear the new one', async () => {
    const speech = new FakeSpeech('later');
    const call = caller(speech, {}, { announce: false });
    call.moveTo(80);
    call.session.hear({ type: 'key', digit: '4' });
    await call.live(0.2);
    call.moveTo(50);
    await call.live(2);
    expect(call.said).toEqual(['position-50']);
    speech.speaks();
    await call.live(2);
    expect(call.said).toHaveLength(1);
  });

  test('it had found its words, and the place changes before they begin: a voice looks again', async () => {
    const speech = new FakeSpeech('later');
    const call = caller(speech, {}, { announce: false });
    call.moveTo(80);
    call.session.hear({ type: 'key', digit: '4' });
    await turn();
    speech.speaks();
    await turn();
    call.hear(0.12);
    call.moveTo(79);
    await call.live(0.6);
    expect(call.said).toEqual([]);
    expect(call.rig.program.duckGainDb).toBeCloseTo(-20, 5);
    speech.speaks();
    await call.live(2);
    expect(call.said).toEqual([spoken(79)]);
  });

  test('no voice says it: that they are further back, once', async () => {
    const call = caller(new FakeSpeech('mute'), {}, { announce: false });
    call.moveTo(80);
    call.session.hear({ type: 'key', digit: '4' });
    await call.live(3);
    expect(call.said).toEqual(['position-many']);
    expect(call.rig.program.duckGainDb).toBe(0);
  });

  test('pressed again meanwhile: one answer', async () => {
    const speech = new FakeSpeech('later');
    const call = caller(speech, {}, { announce: false });
    call.moveTo(80);
    for (let i = 0; i < 5; i++) call.session.hear({ type: 'key', digit: '4' });
    await turn();
    expect(speech.positions).toHaveLength(1);
    speech.speaks();
    await call.live(3);
    expect(call.said).toEqual([spoken(80)]);
  });

  test('the call ends meanwhile: aborted, nothing said, no timer left', async () => {
    const speech = new FakeSpeech('later');
    const call = caller(speech);
    call.moveTo(80);
    call.session.hear({ type: 'key', digit: '4' });
    call.session.close();
    speech.speaks();
    await turn();
    call.hear(3);
    expect([call.said, call.clock.pending, speech.positions[0]!.signal.aborted]).toEqual([[], 0, true]);
    expect(call.session.busy).toBe(false);
    expect(call.rig.program.duckGainDb).toBe(0);
  });
});

describe('the wait', () => {
  test('is told after the number of a voice where there are prompts in their language, else not', async () => {
    for (const [plan, said] of [
      [{}, `${spoken(80)} wait-20-30`],
      [GERMAN, spoken(80, 'de')],
    ] as const) {
      const call = caller(new FakeSpeech(), plan, { wait: true });
      call.moveTo(80, [20, 25]);
      await call.live(2);
      expect(call.said).toEqual([said]);
    }
  });
});

test('a place counts as told when half of its sentence was heard, not half of its first word', async () => {
  const call = caller(new FakeSpeech(), GERMAN);
  call.moveTo(3);
  await turn();
  await call.live(0.46); // 0.16 s of half a second
  const early = call.respawn(0, 100);
  early.moveTo(3);
  await early.live(2);
  expect(early.said).toEqual([spoken(3, 'de')]);
  const late = caller(new FakeSpeech(), GERMAN);
  late.moveTo(3);
  await late.live(0.7);
  const next = late.respawn(0, 100);
  next.moveTo(3);
  await next.live(2);
  expect(next.said).toEqual([]);
});

test('one sentence is remembered: another place, or language, is asked for', async () => {
  const speech = new FakeSpeech();
  const places = new SpokenPlaces({ speech: () => speech, clock: new ManualClock(), onAnswer: () => {} });
  for (const [place, language] of [
    [51, 'en'],
    [52, 'en'],
    [52, 'de'],
  ] as const) {
    expect(places.of(place, language)).toBe('asked');
    await turn();
    expect(places.of(place, language)).toHaveLength(2);
  }
  expect(places.of(51, 'en')).toBe('asked');
});
