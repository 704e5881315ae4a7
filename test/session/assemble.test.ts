// One call put together from an operator's rules and a library, and its log lines.
// Would catch: a language, a clock or a rule that does not reach the part that needs it.
import type { Clip } from '../../src/audio/source';
import type { ProgramEvent } from '../../src/program/program';
import type { DayPart, AdviceSlot } from '../../src/program/adviceSlots';
import { nextTrack, sayPosition } from '../../src/session/actions';
import { assembleCall, type CallSetup } from '../../src/session/assemble';
import { programLog } from '../../src/session/eventLog';
import { defaultPositionRules } from '../../src/session/positionWords';
import { parseCallState, type CallState } from '../../src/session/state';
import { ManualClock } from '../../src/util/clock';
import { createLogger, silentLogger } from '../../src/util/log';
import { seededRandom } from '../../src/util/random';
import { brokenClip, longNoise, noiseClip } from '../support/audio';
import { FakeRecords, FakeSpeech, spoken } from '../support/fakeRecords';
import { settingsWith, type SettingsChange } from '../support/program';

const TEN_O_CLOCK = Date.UTC(2026, 0, 5, 10);

interface Operator {
  language?: string;
  music?: Clip[];
  settings?: SettingsChange;
}

function callOf(change: Partial<CallSetup> = {}, operator: Operator = {}) {
  const { language = 'en', settings } = operator;
  const clock = new ManualClock(TEN_O_CLOCK - 50_000);
  const events: ProgramEvent[] = [];
  const music = operator.music ?? ['a', 'b'].map((id, i) => longNoise(id, i, 0.2));
  const asked: string[] = [];
  const setup: CallSetup = {
    call: { language },
    rules: {
      language: 'en',
      program: settingsWith(settings),
      keys: { '3': nextTrack(), '4': sayPosition() },
      asksPin: false,
      dayPart: (wallMs): DayPart => (wallMs < TEN_O_CLOCK ? 'firstMorning' : 'firstDay'),
      allowed: (id) => !id.includes('forbidden'),
      position: { ...defaultPositionRules, gapMs: 0 },
    },
    media: {
      music: () => music,
      advices: (shelf: AdviceSlot, asFor: string): Clip[] =>
        ['1', '2', 'forbidden'].map((name) => noiseClip(`${asFor}/${shelf}/${name}`, 1, 0.2, 800)),
      prompt: (name, asFor) => {
        asked.push(`${asFor}/${name}`);
        return noiseClip(`${asFor}/${name}`, 1, 0.2, 800);
      },
      find: () => undefined,
    },
    clock,
    random: seededRandom(1),
    log: silentLogger,
    onEvent: (event) => events.push(event),
    ...change,
  };
  const assembled = assembleCall(setup);
  const frame = new Int16Array(320);
  const hear = (seconds: number): void => {
    for (let i = 0; i < seconds * 25; i++) {
      assembled.program.render(frame);
      clock.advance(40);
    }
  };
  const spoken = (): string[] =>
    events.flatMap((event) => (event.type === 'voice-start' ? [event.announcement.clips[0]!.id] : []));
  return { ...assembled, hear, events, spoken, asked };
}

test('language, part of the day by the wall clock, and campaigns decide what is heard', () => {
  const { hear, spoken } = callOf({}, { language: 'ru' });
  hear(45); // two of `first`
  hear(40); // past 10:00: the morning's advices are not due any more
  expect(spoken()).toEqual(['ru/first/1', 'ru/first/2', 'ru/firstDay/1', 'ru/firstDay/2']);
});

test('keys and positions reach the Program, in the language of the call', () => {
  const { hear, session, spoken, events, asked } = callOf({}, { language: 'ru' });
  hear(1);
  session.hear({ type: 'place', place: { queue: 'support', position: 3 } });
  session.hear({ type: 'key', digit: '3' });
  hear(2);
  expect(new Set(asked)).toEqual(new Set(['ru/position-3']));
  expect(spoken()).toEqual(['ru/position-3']);
  expect(events.filter(({ type }) => type === 'track')).toHaveLength(2);
});

test('the caller turns out to speak another language: advices and prompts are in it from then on', () => {
  const { hear, session, spoken } = callOf({ call: { uniqueid: '1.1', language: 'en' } });
  hear(21);
  session.hear({ type: 'identity', identity: { uniqueid: '1.1', language: 'ru' } });
  session.hear({ type: 'place', place: { queue: 'support', position: 3 } });
  hear(22);
  expect(spoken()).toEqual(['en/first/1', 'ru/position-3', 'ru/first/1']);
});

describe('services and speech', () => {
  const certain = { uniqueid: '1.1', language: 'de', phone: '+442079460018', certain: true };

  test('are asked for anew each time, and reach the Session and the journal', async () => {
    const opened: { records?: FakeRecords } = {};
    const made = callOf(
      { call: certain, services: () => spoken(opened.records), speech: () => new FakeSpeech() },
      {},
    );
    made.hear(1);
    const records = (opened.records = new FakeRecords([], 'b'));
    made.session.hear({ type: 'identity', identity: { uniqueid: '1.1', phone: '+442079460018' } });
    await new Promise(setImmediate);
    made.hear(1);
    expect(records.kept('heard')).toEqual(['track a', 'track b']);
  });

  test('nothing is kept of a call that is not certain', () => {
    const records = new FakeRecords([], 'b');
    const made = callOf({ call: { ...certain, certain: false }, services: () => spoken(records) });
    made.session.hear({ type: 'identity', identity: { uniqueid: '1.1', phone: '+442079460018' } });
    made.session.hear({ type: 'key', digit: '3' });
    made.hear(3);
    made.session.close();
    expect([records.remembered, records.choicesAsked]).toEqual([[], 0]);
  });

  test('where the media do not speak their language, a voice says their place', async () => {
    const media = {
      music: () => [longNoise('a', 1, 0.2)],
      advices: () => [],
      prompt: (name: string) => noiseClip(`en/${name}`, 1, 0.2, 800),
      find: () => undefined,
    };
    for (const [speaks, said] of [
      [() => false, 'de-your-place-is'],
      [() => true, 'en/position-3'],
    ] as const) {
      const made = callOf({ call: certain, media: { ...media, speaks }, speech: () => new FakeSpeech() });
      made.session.hear({ type: 'place', place: { queue: 'support', position: 3 } });
      await new Promise(setImmediate);
      made.hear(2);
      expect(made.spoken()).toEqual([said]);
    }
  });
});

describe('a call that was interrupted goes on', () => {
  const state: CallState = {
    version: 1,
    rate: 8000,
    heardSamples: 8000 * 50,
    music: { trackId: 'b', sample: 12_345 },
    heard: ['en/first/1', 'en/first/2'],
    bag: [],
    quiet: false,
    hushed: false,
    told: { queue: 'support', position: 3, wallMs: TEN_O_CLOCK - 60_000 },
    pressed: { '3': TEN_O_CLOCK - 51_000 },
  };

  test('the same track, what was heard and said is not heard again, keys are held off', () => {
    const { hear, session, spoken, events } = callOf({ resume: state });
    session.hear({ type: 'place', place: { queue: 'support', position: 3 } });
    session.hear({ type: 'key', digit: '3' });
    hear(21);
    const tracks = events.filter(({ type }) => type === 'track');
    expect(tracks).toHaveLength(1);
    expect(tracks[0]).toMatchObject({ track: { id: 'b' }, fromSample: 12_345 });
    expect(spoken()).toEqual(['en/firstMorning/1']);
  });

  test('quiet and silent as it was', () => {
    const { program } = callOf({ resume: { ...state, quiet: true, hushed: true } });
    expect([program.quiet, program.hushed]).toEqual([true, true]);
  });

  test('the round of the shuffle, too', () => {
    for (const bag of [['a'], ['c']]) {
      const music = ['a', 'b', 'c', 'd', 'e', 'f'].map((id, i) => longNoise(id, i, 0.2));
      const { hear, session, events } = callOf(
        { resume: { ...state, bag, pressed: {} } },
        { music, settings: { music: { order: 'shuffle' } } },
      );
      session.hear({ type: 'key', digit: '3' });
      hear(1);
      expect(events.at(-1)).toMatchObject({ type: 'track', track: { id: bag[0] } });
    }
  });

  test('at another rate, since the config has changed, at the same moment', () => {
    const { events } = callOf({ resume: { ...state, rate: 16_000 } });
    expect(events[0]).toMatchObject({ fromSample: 6173, atSample: 8000 * 25 });
  });

  test('and can be interrupted again', () => {
    const { hear, session } = callOf({ resume: state });
    hear(2);
    const later = session.stateAt(0);
    expect(later).toMatchObject({
      ...state,
      heardSamples: 8000 * 52,
      music: { sample: 28_305 },
    });
    expect(parseCallState(JSON.parse(JSON.stringify(later)))).toEqual(later);
  });
});

test('the log tells what the caller heard and what could not be played, each failure once', () => {
  const lines: { level: string; fields: Readonly<Record<string, unknown>>; text: string }[] = [];
  const log = createLogger((level, fields, text) => void lines.push({ level, fields, text }), () => 0, 'info'); // prettier-ignore
  const listen = programLog(log, 8000);
  const track = noiseClip('music/a.wav', 1, 0.2, 8000);
  const advice = noiseClip('first/1.wav', 1, 0.2, 8000);
  const announcement = { kind: 'advice', title: 'One', clips: [advice] } as const;
  listen({ type: 'track', atSample: 16_000, track, fromSample: 0, overlap: 0 });
  for (let i = 0; i < 3; i++)
    listen({ type: 'track-failed', atSample: i, track: brokenClip('music/x.wav'), error: new Error('gone') });
  listen({ type: 'voice-failed', atSample: 3, announcement, clip: advice, error: 'odd' });
  listen({ type: 'voice-start', atSample: 160_000, announcement, shelf: 'first' });
  listen({ type: 'voice-end', atSample: 170_000, announcement });
  expect(lines.map(({ level }) => level)).toEqual(['info', 'error', 'error', 'info']);
  expect(lines[0]!.fields).toMatchObject({ atMs: 2000, track: 'music/a.wav' });
  expect(lines[1]!.fields).toMatchObject({ file: 'music/x.wav', error: 'gone' });
  expect(lines[3]!.fields).toMatchObject({ atMs: 20_000, clips: ['first/1.wav'] });
});
