// Rendering a scripted call: what the script says happens when it says, and the same script gives the same samples.
// The demo, the documentation's examples and every test of a whole call stand on this.
import { createHash } from 'node:crypto';
import { resolveConfig } from '../../src/config/defaults';
import type { Config } from '../../src/config/types';
import { renderCall } from '../../src/render/render';
import { parseScript } from '../../src/render/script';
import type { TimelineEvent } from '../../src/render/timeline';
import { run } from '../../src/session/actions';
import type { Speech } from '../../src/session/speech';
import { HoldcastError } from '../../src/util/errors';
import { silentLogger } from '../../src/util/log';
import { rms, sine } from '../support/audio';
import { Home } from '../support/home';
import { FakeSpeech } from '../support/fakeRecords';

const tone = (hz: number, seconds: number, peak = 6000): Int16Array =>
  Int16Array.from(sine(hz, peak, seconds * 8000, 8000), Math.round);

/** Three pieces of music and one advice of each kind, 2 s each; prompts for places 1 and 2. */
const MEDIA = {
  'music/a.wav': tone(300, 40),
  'music/b.wav': tone(400, 40),
  'music/c.wav': tone(500, 40),
  'advices/firstMorning/morning.wav': tone(700, 2),
  'advices/firstDay/day.wav': tone(800, 2),
  'advices/middle/m1.wav': tone(900, 2),
  'advices/middle/m2.wav': tone(950, 2),
  'advices/middle/m3.wav': tone(970, 2),
  'prompts/en/position-1.wav': tone(1000, 1),
  'prompts/en/position-2.wav': tone(1100, 1),
  'prompts/en/balance-unavailable.wav': tone(1200, 1),
  'prompts/en/number-not-registered.wav': tone(1300, 1),
  'prompts/en/enter-pin.wav': tone(1400, 1),
  'prompts/en/wrong-pin.wav': tone(1500, 1),
  'prompts/en/pin-locked.wav': tone(1600, 1),
  'prompts/en/one-moment.wav': tone(1700, 1),
};

function home(): Home {
  const made = new Home();
  made.ship(MEDIA);
  return made;
}

interface Rendered {
  events: TimelineEvent[];
  samples: Int16Array;
  hash: string;
}

async function render(
  made: Home,
  script: object,
  config: Config = {},
  speech: Speech = new FakeSpeech(),
): Promise<Rendered> {
  const frames: Int16Array[] = [];
  const recorder = await renderCall({
    config: resolveConfig(
      { ...config, media: { folder: made.media, cache: made.cache } },
      { configDir: made.path, env: {} },
    ),
    script: parseScript(JSON.stringify(script), 'test'),
    log: silentLogger,
    speech,
    write: (frame) => frames.push(frame.slice()),
  });
  const samples = new Int16Array(frames.length * 320);
  frames.forEach((frame, i) => samples.set(frame, i * 320));
  const hash = createHash('sha256').update(new Uint8Array(samples.buffer)).digest('hex');
  return { events: [...recorder.events], samples, hash };
}

const noon = { start: '2026-01-05T12:00:00Z' };
const utc = { timeZone: 'UTC' };
const of = ({ events }: Rendered, ...kinds: string[]): TimelineEvent[] =>
  events.filter(({ kind }) => kinds.includes(kind));

describe('the same again', () => {
  test('a script with the same seed gives the same samples, with another seed others', async () => {
    const made = home();
    const hashes: string[] = [];
    for (const seed of [1, 1, 2, 3, 4])
      hashes.push((await render(made, { ...noon, seed, seconds: 90 }, utc)).hash);
    expect(hashes[0]).toBe(hashes[1]);
    expect(new Set(hashes).size).toBeGreaterThanOrEqual(3);
  });

  test('the time at which it is rendered does not matter, the time in the script does', async () => {
    const made = home();
    const first = await render(made, { ...noon, seconds: 30 }, utc);
    jest.useFakeTimers({
      now: Date.UTC(2031, 5, 1, 3),
      doNotFake: ['setImmediate', 'nextTick', 'performance'],
    });
    const second = await render(made, { ...noon, seconds: 30 }, utc).finally(() => jest.useRealTimers());
    expect(second.hash).toBe(first.hash);
    const morning = await render(made, { start: '2026-01-05T06:00:00Z', seconds: 30 }, utc);
    expect(morning.hash).not.toBe(first.hash);
  });
});

test.each([1, 12.34, 90])('%d seconds are as many, to the Frame', async (seconds) => {
  const { samples } = await render(home(), { ...noon, seconds }, utc);
  expect(Math.abs(samples.length - seconds * 8000)).toBeLessThan(320);
  expect(samples.length % 320).toBe(0);
});

describe('what happens is in the timeline', () => {
  test('music from the beginning, and each track until the next', async () => {
    const rendered = await render(home(), { ...noon, seconds: 120 }, { ...utc, music: { order: 'order' } });
    const music = of(rendered, 'music');
    expect(music.map(({ title }) => title.toLowerCase())).toEqual(['a', 'b', 'c', 'a']);
    expect(music[0]!.atMs).toBe(0);
    for (let i = 0; i + 1 < music.length; i++)
      expect(music[i]!.untilMs! - music[i + 1]!.atMs).toBeGreaterThanOrEqual(0);
    expect(music.at(-1)!.untilMs).toBe(120_000);
  });

  test('the first advice at 20 s, the next 20 s after its end, each once', async () => {
    const advices = of(await render(home(), { ...noon, seconds: 90 }, utc), 'advice');
    expect(advices.map(({ detail }) => detail)).toEqual(['firstDay', 'middle', 'middle', 'middle']);
    expect(new Set(advices.map(({ title }) => title)).size).toBe(4);
    expect(Math.abs(advices[0]!.atMs - 20_000)).toBeLessThan(50);
    for (let i = 1; i < advices.length; i++)
      expect(Math.abs(advices[i]!.atMs - advices[i - 1]!.untilMs! - 20_000)).toBeLessThan(50);
    for (const { atMs, untilMs } of advices) expect(Math.abs(untilMs! - atMs - 2000)).toBeLessThan(50);
  });

  test('keys: what each did, and that the music changed', async () => {
    const events = [
      { at: 5, key: '3' },
      { at: '00:10', key: '9' },
    ];
    const rendered = await render(home(), { ...noon, seconds: 15, events }, utc);
    expect(of(rendered, 'key')).toEqual([
      { atMs: 5000, kind: 'key', title: '3', detail: 'next track' },
      { atMs: 10_000, kind: 'key', title: '9', detail: 'not bound' },
    ]);
    const music = of(rendered, 'music');
    expect(music).toHaveLength(2);
    expect(Math.abs(music[1]!.atMs - 5000)).toBeLessThan(300);
  });

  test('the operator’s own function of a key has its turns, though the clock outruns the machine', async () => {
    const keys = {
      '7': run(async function hours(session) {
        await session.say('position-2');
        await session.play('prompts/en/position-1.wav');
        session.nextTrack();
      }),
    };
    const rendered = await render(
      home(),
      { ...noon, seconds: 15, events: [{ at: 2, key: '7' }] },
      { ...utc, keys },
    );
    expect(of(rendered, 'key')[0]!.detail).toBe('hours');
    expect(of(rendered, 'announcement').map(({ title }) => title)).toEqual(['Position 2', 'Position 1']);
    expect(of(rendered, 'music')).toHaveLength(2);
  });

  test('positions are noted, and said when they improve', async () => {
    const events = [
      { at: 2, position: 2 },
      { at: 6, position: 1 },
      { at: 10, position: 2 },
    ];
    const rendered = await render(
      home(),
      { ...noon, seconds: 15, events },
      { ...utc, position: { gapMs: 0 } },
    );
    expect(of(rendered, 'position').map(({ atMs, title }) => [atMs, title])).toEqual([
      [2000, '2'],
      [6000, '1'],
      [10_000, '2'],
    ]);
    const said = of(rendered, 'announcement');
    expect(said.map(({ title }) => title)).toEqual(['Position 2', 'Position 1']);
    expect(Math.abs(said[1]!.atMs - 6000)).toBeLessThan(600);
  });

  test.each([undefined, 'fr'])(
    'a caller whose language (%s) has no prompts hears the house’s',
    async (language) => {
      const script = { ...noon, seconds: 6, events: [{ at: 2, position: 2 }], ...(language && { language }) };
      const rendered = await render(home(), script, utc, new FakeSpeech('mute'));
      expect(of(rendered, 'announcement').map(({ title }) => title)).toEqual(['Position 2']);
    },
  );

  const scripted = { ...noon, seconds: 110, events: [{ at: 4, advice: 'advices/middle/m2.wav' }] };

  test('an advice of the script is said when the script says', async () => {
    const advices = of(await render(home(), { ...scripted, seconds: 10 }, utc), 'advice');
    expect(advices).toHaveLength(1);
    expect(advices[0]!.title).toBe('M2');
    expect(Math.abs(advices[0]!.atMs - 4000)).toBeLessThan(600);
  });

  test('an advice that the script had said is not said again: each at most once in a call', async () => {
    const advices = of(await render(home(), scripted, utc), 'advice');
    expect(advices.length).toBeGreaterThanOrEqual(4);
    expect(advices.filter(({ title }) => title === 'M2')).toHaveLength(1);
  });

  test('the music is down under a voice', async () => {
    const events = [{ at: 4, position: 1 }];
    const { samples } = await render(
      home(),
      { ...noon, seconds: 10, events },
      { ...utc, voice: { gainDb: -40 } },
    );
    const before = rms(samples, 8000, 24_000);
    const under = rms(samples, 4.8 * 8000, 5.2 * 8000);
    expect(20 * Math.log10(before / under)).toBeGreaterThan(17);
  });

  test('events in any order are done in the order of time', async () => {
    const events = [
      { at: 9, key: '9' },
      { at: 3, key: '8' },
    ];
    const rendered = await render(home(), { ...noon, seconds: 10, events }, utc);
    expect(of(rendered, 'key').map(({ title }) => title)).toEqual(['8', '9']);
  });

  test('an advice that is not there is named, with what to look at', async () => {
    const events = [{ at: 1, advice: 'advices/middle/nowhere.wav' }];
    const error: unknown = await render(home(), { ...noon, seconds: 10, events }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(HoldcastError);
    expect(error).toMatchObject({ code: 'HC_SCRIPT_INVALID' });
    expect((error as HoldcastError).message).toContain('advices/middle/nowhere.wav');
    expect((error as HoldcastError).hint).toContain('holdcast media list');
  });
});

describe('the part of the day', () => {
  const script = { start: '2026-01-05T09:58:00+03:00', seconds: 150 };
  const advice = { dayParts: { firstMorning: ['00:00', '10:00'], firstDay: ['10:00', '21:00'] } } as const;

  test('a call that begins at 09:58 in Moscow hears morning, then day', async () => {
    const rendered = await render(home(), script, { timeZone: 'Europe/Moscow', advice });
    const advices = of(rendered, 'advice').map(({ atMs, detail }) => ({ atMs, detail }));
    expect(advices[0]!.detail).toBe('firstMorning');
    const day = advices.find(({ detail }) => detail === 'firstDay');
    expect(day!.atMs).toBeGreaterThanOrEqual(120_000);
    expect(day!.atMs).toBeLessThan(120_000 + 23_000);
    expect(advices.filter(({ detail }) => detail === 'firstDay')).toHaveLength(1);
  });

  test('the same moment in another time zone is another part', async () => {
    const rendered = await render(home(), script, { timeZone: 'Asia/Tokyo', advice });
    const shelves = of(rendered, 'advice').map(({ detail }) => detail);
    expect(shelves).toContain('firstDay');
    expect(shelves).not.toContain('firstMorning');
  });
});

describe('what billing says of the caller stands in the script', () => {
  const said = async (script: object, speech?: Speech): Promise<string[]> => {
    const rendered = await render(home(), { ...noon, seconds: 18, ...script }, utc, speech);
    return of(rendered, 'announcement').map(({ title }) => title);
  };
  const press2 = [{ at: 2, key: '2' }];
  const accounts = [{ number: '0412', balance: '-12.50', currency: 'EUR' }];
  const keyed = (from: number, digits: string): object[] =>
    [...digits].map((key, i) => ({ at: from + i / 4, key }));

  test('accounts are said by the speech, in whole minor units', async () => {
    const speech = new FakeSpeech();
    expect(await said({ accounts, events: press2 }, speech)).toEqual(['Balance']);
    expect(speech.balances).toMatchObject([
      { accounts: [{ number: '0412', balance: { minor: -1250n, currency: 'EUR' } }], language: 'en' },
    ]);
  });

  test('the first word comes 300 ms after the key with billing at 50 ms', async () => {
    const rendered = await render(home(), { ...noon, seconds: 5, accounts, events: press2 }, utc);
    expect(of(rendered, 'announcement')[0]!.atMs - 2000).toBeLessThanOrEqual(301);
  });

  test.each<[string, object, string[]]>([
    ['nothing is said of it', {}, ['Balance Unavailable']],
    ['none', { accounts: [] }, ['Number Not Registered']],
    ['billing is away', { balance: 'unavailable' }, ['Balance Unavailable']],
    ['locked', { balance: 'locked' }, ['Pin Locked']],
    ['slow', { accounts, billingMs: 2500 }, ['One Moment', 'Balance']],
  ])('%s', async (_, script, titles) => {
    const heard = await said({ ...script, events: press2 });
    expect(heard.map((title) => title.toLowerCase())).toEqual(titles.map((title) => title.toLowerCase()));
  });

  test('a PIN: its keys are keyed in, and stand in no line of the timeline', async () => {
    const script = { ...noon, seconds: 14, accounts, pin: '4711' };
    const events = [...press2, ...keyed(5, '0000'), ...keyed(8, '4711')];
    const rendered = await render(home(), { ...script, events }, utc);
    const heard = of(rendered, 'announcement').map(({ title }) => title.toLowerCase());
    expect(heard).toEqual(['enter pin', 'wrong pin', 'balance']);
    expect(of(rendered, 'key').map(({ title }) => title)).toEqual(['2', ...Array<string>(8).fill('·')]);
  });

  test('three wrong PINs: locked', async () => {
    const events = [...press2, ...keyed(5, '0000'), ...keyed(8, '0000'), ...keyed(11, '0000')];
    const heard = await said({ accounts, pin: '4711', events });
    expect(heard.at(-1)!.toLowerCase()).toBe('pin locked');
  });

  test('how long a voice takes in real time is not heard: the same samples', async () => {
    const made = home();
    const script = { ...noon, seconds: 8, accounts, events: [...press2, { at: 5, position: 77 }] };
    const slow = new FakeSpeech();
    const late: Speech = {
      balance: async (...asked) => (await pause(), slow.balance(...asked)),
      position: async (...asked) => (await pause(), slow.position(...asked)),
    };
    const rendered = await render(made, script, utc, late);
    expect(rendered.hash).toBe((await render(made, script, utc)).hash);
    expect(of(rendered, 'announcement').map(({ title }) => title)).toEqual(['Balance', 'Position 77']);
  });

  test('the shipped voices say it when no speech is given', async () => {
    const made = home();
    const recorder = await renderCall({
      config: resolveConfig({ ...utc, media: { cache: made.cache } }, { configDir: made.path, env: {} }),
      script: parseScript(JSON.stringify({ ...noon, seconds: 8, accounts, events: press2 }), 'test'),
      log: silentLogger,
      write: () => {},
    });
    const spoken = recorder.events.filter(({ kind }) => kind === 'announcement');
    expect(spoken.map(({ title }) => title)).toEqual(['Balance']);
    expect(spoken[0]!.untilMs! - spoken[0]!.atMs).toBeGreaterThan(2000);
  });

  test('an amount that is none of its currency is named', async () => {
    const script = { accounts: [...accounts, { number: '1', balance: '1.234', currency: 'EUR' }] };
    const error: unknown = await said(script).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'HC_SCRIPT_INVALID' });
    expect((error as HoldcastError).message).toContain('accounts.1');
  });
});

/** Several turns of the event loop. */
async function pause(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
}
