// The caller's track from the first sample: what the hub writes before a stream begins, and what it leaves alone.
// A look-up holds up a caller, and a wrong state would give them another caller's music, or cost them their advices.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { mintToken } from '../../src/asterisk/token';
import { memoryClip, type Clip } from '../../src/audio/source';
import { assembleCall } from '../../src/session/assemble';
import { parseCallState, type CallState } from '../../src/session/state';
import { InitialTrack, type Caller, type InitialTrackParts } from '../../src/hub/initialTrack';
import { defaultProgramSettings } from '../../src/program/settings';
import { StateFile } from '../../src/store/stateFile';
import { ManualClock } from '../../src/util/clock';
import { silentLogger } from '../../src/util/log';
import { seededRandom } from '../../src/util/random';
import { settled } from '../support/fakeAmi';
import { keptLog, tempFolder } from './fixtures';

const ID = '1795225281.7';
const TOKEN = mintToken();
const STATE = {
  version: 1,
  rate: 8000,
  music: { trackId: 'music/a.wav', sample: 80_000 },
  heardSamples: 90_000,
  heard: [],
  bag: ['music/b.wav'],
  quiet: false,
  hushed: false,
  pressed: {},
};
const TRACK = 'music/first-light.wav';

class TestWelcome {
  readonly clock = new ManualClock();
  readonly kept = keptLog();
  readonly folder = tempFolder();
  readonly states = new StateFile(this.folder);
  readonly asked: string[] = [];
  readonly looked: string[] = [];
  caller: ReturnType<InitialTrackParts['find']> = { uniqueid: ID, phone: '442079460018' };
  choice: () => Promise<string | undefined> = () => Promise.resolve(TRACK);
  warm: () => Promise<void> = () => Promise.resolve();
  readonly welcome: InitialTrack;

  constructor(rate: InitialTrackParts['rate'] = 8000, states?: InitialTrackParts['states']) {
    const { clock, kept } = this;
    this.welcome = new InitialTrack({
      find: (uniqueid) => {
        this.looked.push(uniqueid);
        return this.caller;
      },
      keeper: {
        choice: (phone) => {
          this.asked.push(phone);
          return this.choice();
        },
        warm: () => this.warm(),
      },
      states: states ?? this.states,
      rate,
      clock,
      log: kept.log,
    });
  }

  get state(): CallState | undefined {
    return parseCallState(this.states.read(TOKEN));
  }
}

test.each([8000, 16_000, 48_000] as const)(
  'at %d Hz the call begins with it, at its beginning',
  async (rate) => {
    const test = new TestWelcome(rate);
    await test.welcome.prepare(ID, TOKEN);
    expect(test.state).toMatchObject({ rate, music: { trackId: TRACK, sample: 0 }, heardSamples: 0 });
    expect([test.asked, test.clock.pending]).toEqual([['442079460018'], 0]);
    expect(JSON.stringify(test.kept.lines)).not.toContain('0018');
  },
);

test('in all but its first track it is a call like any other', async () => {
  const test = new TestWelcome();
  await test.welcome.prepare(ID, TOKEN);
  const { rate } = defaultProgramSettings;
  const clip = (id: string): Clip => memoryClip(id, new Int16Array(60 * rate));
  const tracks = [TRACK, 'music/a.wav', 'music/z.wav'].map(clip);
  const heardOf = (resume?: CallState): unknown[] => {
    const events: unknown[] = [];
    // As in a stream: the first track is there at once, the whole library a moment later.
    let scanned = false;
    const { program } = assembleCall({
      call: { language: 'en' },
      rules: {
        language: 'en',
        program: defaultProgramSettings,
        keys: {},
        position: { announce: false, gapMs: 0, everyMs: 0, wait: false },
        asksPin: false,
        dayPart: () => undefined,
        allowed: () => true,
      },
      media: {
        music: () => (scanned ? tracks : tracks.slice(0, 1)),
        advices: (shelf) => (shelf === 'first' ? [clip('advices/first/a.wav')] : []),
        prompt: () => undefined,
        find: () => undefined,
      },
      clock: test.clock,
      random: seededRandom(1),
      log: silentLogger,
      ...(resume && { resume }),
      onEvent: ({ type, atSample }) => events.push([type, atSample]),
    });
    const frame = new Int16Array(320);
    for (let i = 0; i < 25 * 200; i++) {
      program.render(frame);
      scanned = true;
    }
    const { heard, bag } = program.stateAt(0);
    program.close();
    return [events, heard, bag.length];
  };
  expect(heardOf(test.state)).toEqual(heardOf());
});

describe('nothing is waited for', () => {
  test.each([
    ['a call that goes on', (test: TestWelcome) => test.states.write(ID, { version: 1, any: 'state' })],
    ['a caller who is not known', (test: TestWelcome) => void (test.caller = undefined)],
    ['one who withholds their number', (test: TestWelcome) => void (test.caller = { uniqueid: ID })],
    [
      'a number that is never kept',
      (test: TestWelcome) => void (test.caller = { uniqueid: ID, phone: '1'.repeat(16) }),
    ],
  ])('for %s, nor is anything asked or written', (_, set) => {
    const test = new TestWelcome();
    set(test);
    const before = test.states.read(ID);
    expect(test.welcome.prepare(ID, TOKEN)).toBeUndefined();
    expect([test.asked, test.states.read(ID), test.clock.pending]).toEqual([[], before, 0]);
  });

  test('when two hundred wait already', async () => {
    const test = new TestWelcome();
    test.choice = () => new Promise(() => {});
    const waiting = Array.from({ length: 200 }, (_, i) => test.welcome.prepare(`1.${i}`, TOKEN));
    expect(test.welcome.prepare(ID, TOKEN)).toBeUndefined();
    test.clock.advance(80);
    for (const prepared of waiting) await prepared;
    expect(test.welcome.prepare(ID, TOKEN)).toBeDefined();
    test.clock.advance(80);
  });
});

test('after 80 ms it is too late: the stream has begun, and its state is its own', async () => {
  const test = new TestWelcome();
  let answer: (track: string) => void = () => {};
  test.choice = () => new Promise((resolve) => (answer = resolve));
  const prepared = test.welcome.prepare(ID, TOKEN)!;
  await settled();
  test.clock.advance(80);
  await prepared;
  answer(TRACK);
  await settled();
  expect(test.state).toBeUndefined();
});

test('the log says that it was too late: operators wonder why the caller’s music did not begin', async () => {
  const test = new TestWelcome();
  test.choice = () => new Promise(() => {});
  const first = test.welcome.firstState(ID)!;
  test.clock.advance(80);
  expect(await first).toBeUndefined();
  expect(test.kept.lines).toMatchObject([{ level: 'debug', fields: { uniqueid: ID } }]);
});

describe('a hub that was held up itself', () => {
  /** The processor goes elsewhere for `ms`; then what waits in this process has its turn. */
  const heldUp = async (test: TestWelcome, ms: number): Promise<void> => {
    jest.spyOn(test.clock, 'now').mockReturnValue(test.clock.now() + ms);
    test.clock.advance(80);
    await settled();
  };

  test('looks once more whether the answer has come meanwhile', async () => {
    const test = new TestWelcome();
    let answer: (track: string) => void = () => {};
    test.choice = () => new Promise((resolve) => (answer = resolve));
    const first = test.welcome.firstState(ID)!;
    await heldUp(test, 100);
    answer(TRACK);
    expect((await first)?.music?.trackId).toBe(TRACK);
    expect(test.clock.pending).toBe(0);
  });

  test('waits 20 ms for that and no longer', async () => {
    const test = new TestWelcome();
    test.choice = () => new Promise(() => {});
    const first = test.welcome.firstState(ID)!;
    await heldUp(test, 100);
    test.clock.advance(20);
    expect(await first).toBeUndefined();
  });

  test('does not, where it was late by less', async () => {
    const test = new TestWelcome();
    test.choice = () => new Promise(() => {});
    const first = test.welcome.firstState(ID)!;
    await heldUp(test, 99);
    expect([await first, test.clock.pending]).toEqual([undefined, 0]);
  });
});

test('who plays it themselves is given the beginning, and nothing is written', async () => {
  const test = new TestWelcome();
  expect(await test.welcome.firstState(ID)).toMatchObject({ music: { trackId: TRACK, sample: 0 } });
  expect(test.state).toBeUndefined();
});

describe('before the first caller', () => {
  test('Asterisk and the store are asked once, for nobody', async () => {
    const test = new TestWelcome();
    const warm = jest.spyOn(test, 'warm');
    await test.welcome.warm();
    expect([warm.mock.calls.length, test.looked, test.asked]).toEqual([1, ['0.0'], []]);
    expect(test.kept.lines.map(({ message }) => message)).toEqual(['look-ups are fast again']);
  });

  test('callers wait no longer while that takes its time', async () => {
    const test = new TestWelcome();
    test.warm = () => new Promise(() => {});
    void test.welcome.warm();
    expect((await test.welcome.firstState(ID))?.music?.trackId).toBe(TRACK);
    expect(test.kept.lines).toEqual([]);
  });
});

test('the time that Asterisk takes to say who calls counts', async () => {
  const test = new TestWelcome();
  let tell: (caller: Caller) => void = () => {};
  test.caller = new Promise((resolve) => (tell = resolve));
  const prepared = test.welcome.prepare(ID, TOKEN)!;
  test.clock.advance(79);
  tell({ uniqueid: ID, phone: '442079460018' });
  await prepared;
  expect(test.state?.music?.trackId).toBe(TRACK);
  expect(test.clock.pending).toBe(0);
});

test('a class that is looked up more than once: all are given the same, and only the first waits', async () => {
  const test = new TestWelcome();
  test.choice = () => new Promise(() => {});
  const prepared = test.welcome.prepare(ID, TOKEN);
  test.clock.advance(80);
  await prepared;
  await test.welcome.prepare(ID, TOKEN);
  expect([test.asked.length, test.state]).toEqual([1, undefined]);
  expect(test.welcome.prepare('7.7', TOKEN)).toBeDefined();
  test.clock.advance(80);
});

test('whoever looks a class up before its own call does takes no choice from it', async () => {
  const test = new TestWelcome();
  await test.welcome.prepare(ID, 'somebodys');
  await test.welcome.prepare(ID, TOKEN);
  expect(test.state?.music?.trackId).toBe(TRACK);
  expect([test.asked.length, test.looked.length]).toEqual([1, 1]);
});

test.each([
  ['that goes on', (test: TestWelcome) => test.states.write(ID, parseCallState(STATE))],
  ['whose caller is known', () => {}],
])('a call %s and is asked for again and again does not fill the disk', async (_, set) => {
  const test = new TestWelcome();
  set(test);
  for (let i = 0; i < 200; i++) await test.welcome.prepare(ID, `t${i}`);
  await test.welcome.prepare(ID, TOKEN);
  expect(test.state?.music).toBeDefined();
  expect(readdirSync(test.folder).length).toBeLessThanOrEqual(17);
});

test('a call that goes on: the look-up has its music, and nothing else of it', () => {
  const test = new TestWelcome();
  const kept = { ...parseCallState(STATE)!, hushed: true, told: { queue: 'q', position: 2, wallMs: 1 } };
  test.states.write(ID, kept);
  expect(test.welcome.prepare(ID, TOKEN)).toBeUndefined();
  expect(test.state).toEqual(STATE);
  expect(test.asked).toEqual([]);
});

test('a look-up before there is such a call takes nothing from it: its own begins with what was chosen', async () => {
  const test = new TestWelcome();
  const { caller } = test;
  test.caller = Promise.resolve(undefined);
  await test.welcome.prepare(ID, TOKEN);
  expect(test.state).toBeUndefined();
  test.caller = caller;
  await test.welcome.prepare(ID, TOKEN);
  expect(test.state?.music?.trackId).toBe(TRACK);
});

test.each([
  ['no choice', () => Promise.resolve(undefined)],
  ['a choice that is no track', () => Promise.resolve('x'.repeat(600))],
  ['a keeper that fails', () => Promise.reject(new Error('out of cheese'))],
])('%s: the call begins as any other', async (_, choice) => {
  const test = new TestWelcome();
  test.choice = choice;
  await test.welcome.prepare(ID, TOKEN);
  expect(existsSync(join(test.folder, `${TOKEN}.json`))).toBe(false);
});

test('a folder that cannot be written is said once in a while', async () => {
  const test = new TestWelcome(8000, {
    read: () => undefined,
    write: () => {
      throw new Error('read-only');
    },
    forget: () => {},
  });
  for (let i = 0; i < 3; i++) await test.welcome.prepare(ID, TOKEN);
  expect(test.kept.lines.map(({ level }) => level)).toEqual(['warn']);
});
