// One call put together from an operator's rules and a library, and its log lines.
// Would catch: a language, a clock or a rule that does not reach the part that needs it.
import type { Clip } from '../../src/audio/source';
import type { ProgramEvent } from '../../src/program/program';
import type { DayPart, Shelf } from '../../src/program/shelves';
import { nextTrack, sayPosition } from '../../src/session/actions';
import { assembleCall, type CallSetup } from '../../src/session/assemble';
import { programLog } from '../../src/session/eventLog';
import { ManualClock } from '../../src/util/clock';
import { createLogger, silentLogger } from '../../src/util/log';
import { seededRandom } from '../../src/util/random';
import { brokenClip, longNoise, noiseClip } from '../support/audio';
import { settingsWith } from '../support/program';

const TEN_O_CLOCK = Date.UTC(2026, 0, 5, 10);

function callOf(change: Partial<CallSetup> = {}, language = 'en') {
  const clock = new ManualClock(TEN_O_CLOCK - 50_000);
  const events: ProgramEvent[] = [];
  const music = ['a', 'b'].map((id, i) => longNoise(id, i, 0.2));
  const asked: string[] = [];
  const setup: CallSetup = {
    call: { language },
    rules: {
      program: settingsWith(),
      keys: { '3': nextTrack(), '4': sayPosition() },
      dayPart: (wallMs): DayPart => (wallMs < TEN_O_CLOCK ? 'firstMorning' : 'firstDay'),
      allowed: (id) => !id.includes('forbidden'),
    },
    media: {
      music: () => music,
      advices: (shelf: Shelf, asFor: string): Clip[] =>
        ['1', '2', 'forbidden'].map((name) => noiseClip(`${asFor}/${shelf}/${name}`, 1, 0.2, 800)),
      prompt: (name, asFor) => {
        asked.push(`${asFor}/${name}`);
        return noiseClip(`${asFor}/${name}`, 1, 0.2, 800);
      },
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
  const { hear, spoken } = callOf({}, 'ru');
  hear(45); // two of `first`
  hear(40); // past 10:00: the morning's advices are not due any more
  expect(spoken()).toEqual(['ru/first/1', 'ru/first/2', 'ru/firstDay/1', 'ru/firstDay/2']);
});

test('keys and positions reach the Program, in the language of the call', () => {
  const { hear, session, spoken, events, asked } = callOf({}, 'ru');
  hear(1);
  session.moveTo(3);
  session.press('3');
  hear(2);
  expect(asked).toEqual(['ru/position-3']);
  expect(spoken()).toEqual(['ru/position-3']);
  expect(events.filter(({ type }) => type === 'track')).toHaveLength(2);
});

test('a call that was interrupted goes on: the same track, what was heard is not heard again', () => {
  const heard = ['en/first/1', 'en/first/2'];
  const { hear, spoken, events } = callOf({
    resume: { trackId: 'b', sample: 12_345 },
    heardSamples: 8000 * 50,
    heard,
  });
  hear(21);
  expect(events[0]).toMatchObject({ type: 'track', track: { id: 'b' }, fromSample: 12_345 });
  expect(spoken()).toEqual(['en/firstMorning/1']);
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
