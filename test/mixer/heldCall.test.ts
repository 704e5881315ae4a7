// One call of a mixing thread, its pipe the kernel's, its reader coming, keeping time, standing still and going.
// Would catch: a sample lost or twice there, a caller who does not go on where they were, a key that comes late, a lead that
// grows after a stall, a call that nobody hears and that is mixed for all the same.
import { writeSync } from 'node:fs';
import { memoryClip } from '../../src/audio/source';
import { largestStep, noise } from '../support/audio';
import { CallPipe } from '../../src/mixer/callPipe';
import { FakeMedia, MixerRig, type MixerPlan } from '../support/mixer';

const ID = '1795225281.7';
const FRAME = 320;

let rig: MixerRig;
function call(plan: MixerPlan = {}): MixerRig {
  rig = new MixerRig(plan);
  rig.begin([ID]);
  return rig;
}
afterEach(() => {
  jest.restoreAllMocks();
  rig.close();
});

/** Frames of `heard` are those of `expected`, to the last bit. */
function expectSame(heard: Int16Array, expected: Int16Array): void {
  expect(heard.length).toBeLessThanOrEqual(expected.length);
  const differs = heard.findIndex((sample, i) => sample !== expected[i]);
  expect({ differsAt: differs }).toEqual({ differsAt: -1 });
}

describe('a reader', () => {
  test('has the lead and a Frame as soon as it is announced, and gets what the same Program renders offline, to the last bit', () => {
    call();
    rig.pass(200);
    expect(rig.status(ID)).toMatchObject({ status: 'waiting', heardMs: 0 });
    const reader = rig.read(ID);
    expect(reader.drain().length).toBe(3 * 640);
    rig.pass(30_000);
    expect(rig.of('reader')).toEqual([{ type: 'reader', token: ID, status: 'reading' }]);
    expect(reader.heard.length).toBeGreaterThan(745 * FRAME);
    expectSame(reader.heard, rig.offline(ID, 770));
    expect(rig.figures.underruns).toBe(0);
  });

  test.each([16_000, 48_000] as const)('the same at %i Hz, where a write holds fewer Frames', (rate) => {
    call({ config: { sound: { rate } } });
    const reader = rig.read(ID);
    rig.pass(8000);
    expect(reader.heard.length).toBe(8 * rate);
    expectSame(reader.heard, rig.offline(ID, 210));
  });

  test.each([0, 40, 520, 1500, 1540, 1580, 9980])(
    'who comes after %i ms: from then on what is unread stays within the lead and a Frame',
    (ms) => {
      call();
      rig.pass(ms);
      const reader = rig.read(ID);
      rig.pass(120);
      const depths: number[] = [];
      for (let i = 0; i < 100; i++) {
        rig.pass(40);
        depths.push(rig.status(ID)!.aheadMs);
      }
      expect(Math.min(...depths)).toBeGreaterThanOrEqual(80);
      expect(Math.max(...depths)).toBeLessThanOrEqual(120);
      const frames = 100 + 3;
      expect(reader.heard.length).toBe(frames * FRAME);
      // What is in the pipe is what the clock says, but for the time in which nobody looked.
      const unread = reader.drain().length / 640;
      expect(Math.abs(unread * 40 - depths.at(-1)!)).toBeLessThanOrEqual(80);
      expect(unread).toBeGreaterThanOrEqual(1);
    },
  );

  test.each([0, 40, 80, 120])(
    'killed %i ms into the turn, the next goes on where the caller was, within one batch',
    (ms) => {
      call();
      const first = rig.read(ID);
      rig.pass(5000 + ms);
      const heardMs = first.heard.length / 8;
      rig.kill(ID);
      rig.pass(400);
      expect(rig.of('reader').map(({ status }) => status)).toEqual(['reading', 'away']);
      const state = rig.state(ID)!;
      // Asterisk has had 30 ms more in its hands, and the moment is known to two Frames.
      expect(state.heardSamples / 8).toBeGreaterThan(heardMs - 30 - 80);
      expect(state.heardSamples / 8).toBeLessThan(heardMs + 80);
      const second = rig.read(ID);
      rig.pass(3000);
      expect(rig.of('reader').map(({ status }) => status)).toEqual(['reading', 'away', 'reading']);
      expectSame(second.heard, rig.offline(ID, 90, undefined, state));
    },
  );

  test('who does not come is not mixed for after 30 s, and finds their music when they are announced again', () => {
    call();
    const first = rig.read(ID);
    rig.pass(5000);
    rig.kill(ID);
    rig.pass(35_000);
    const state = rig.state(ID)!;
    const told = rig.of('states').length;
    rig.pass(60_000);
    expect(rig.of('states').length).toBe(told);
    expect(rig.clock.pending).toBe(1);
    rig.beginAgain(ID);
    const second = rig.read(ID);
    rig.pass(2000);
    expect(second.heard.length).toBe(2000 * 8);
    expectSame(second.heard, rig.offline(ID, 60, undefined, state));
    expect(first.heard.length).toBe(5000 * 8);
  });

  test('whose cat has a piece of fallback music in hand: nothing is played before it has come, and then from the beginning', () => {
    call();
    const reader = rig.readToo(ID, true);
    const piece = Buffer.alloc(5 * 640, 7);
    writeSync(reader.writing, piece);
    rig.pass(80);
    expect(rig.status(ID)).toMatchObject({ status: 'playing', heardMs: 0, aheadMs: 0 });
    writeSync(reader.writing, piece);
    reader.playsFallback = false;
    rig.pass(2000);
    const fallback = 10 * FRAME;
    expect(reader.heard.subarray(0, fallback).every((sample) => sample === 0x0707)).toBe(true);
    expectSame(reader.heard.subarray(fallback), rig.offline(ID, 60));
    expect(reader.heard.length).toBe((2080 / 40) * FRAME);
    expect(rig.figures.underruns).toBe(0);
  });

  test('a second one while the first is still read: the last one is played to, and when it goes the first again', () => {
    call();
    const first = rig.read(ID);
    rig.pass(1000);
    const second = rig.readToo(ID);
    rig.pass(1000);
    expect(second.heard.length).toBe(1000 * 8);
    expect(first.drain().length / 640).toBeLessThanOrEqual(5);
    rig.kill(ID);
    rig.pass(160);
    first.drain();
    rig.pass(160);
    expect(first.drain().length).toBeGreaterThan(0);
    expect(rig.of('reader').map(({ status }) => status)).toEqual([
      ...['reading', 'away', 'reading', 'away', 'reading'],
    ]);
  });

  test('announced twice, as one that was found and announces itself behind that: it is one', () => {
    call();
    rig.read(ID);
    const [reader] = rig.readers(ID);
    rig.mixer.handle({ type: 'reader', token: ID, reader: reader! });
    rig.pass(200);
    expect(rig.of('reader')).toHaveLength(1);
  });

  test('that has ended before its pipe could be opened is let go, and the next one heard', () => {
    call();
    rig.mixer.handle({ type: 'reader', token: ID, reader: { pid: 5_999_999, started: '0' } });
    expect(rig.status(ID)).toMatchObject({ status: 'waiting' });
    const reader = rig.read(ID);
    rig.pass(1000);
    expectSame(reader.heard, rig.offline(ID, 40));
  });

  test('whose call was never heard by anybody begins at its beginning, however late', () => {
    call();
    rig.pass(40_000);
    rig.beginAgain(ID);
    const reader = rig.read(ID);
    rig.pass(1000);
    // The shuffle goes on; the first track of a call in order is the first.
    expectSame(reader.heard, rig.offline(ID, 40));
  });

  test('who is announced while they read, or is awaited, notices nothing; pages that come with it are taken', () => {
    call();
    rig.read(ID);
    rig.pass(3000);
    const state = rig.state(ID)!;
    rig.mixer.handle({ type: 'end', token: ID });
    rig.kill(ID);
    rig.posted.length = 0;
    rig.beginAgain(ID);
    const page = (key: number) => ({ key, index: 1, samples: undefined });
    rig.pass(400);
    rig.beginAgain(ID, state, [page(1)]);
    rig.pass(400);
    const reader = rig.read(ID);
    rig.pass(1000);
    rig.beginAgain(ID, state, [page(2)]);
    rig.pass(1000);
    expectSame(reader.heard, rig.offline(ID, 60));
    expect(rig.of('reader').map(({ status }) => status)).toEqual(['reading']);
    expect(rig.media.pages).toEqual([page(1), page(2)]);
  });
});

describe('trouble', () => {
  test('a thread that stands still for a second: one underrun, then the lead is there again, and no more than that', () => {
    call();
    const reader = rig.read(ID);
    rig.pass(2000);
    rig.clock.stall(1000);
    reader.drain();
    rig.pass(2000);
    expect(rig.figures).toMatchObject({ underruns: 1 });
    expect(rig.figures.framesLate).toBeGreaterThan(15);
    expect(rig.figures.framesLate).toBeLessThan(25);
    expect(rig.status(ID)!.aheadMs).toBeLessThanOrEqual(200);
    expect(reader.drain().length / 640).toBeLessThanOrEqual(5);
    expectSame(reader.heard, rig.offline(ID, 130));
  });

  test('a reader who stands still for seven seconds loses nothing, and is not that much behind for ever', () => {
    call();
    const reader = rig.read(ID);
    rig.pass(1000);
    rig.stop(ID);
    rig.pass(7000);
    for (let i = 0; i < 300; i++) {
      rig.pass(40);
      reader.read(640);
    }
    expect(rig.of('reader')).toHaveLength(1);
    expect(reader.drain().length / 640).toBeLessThanOrEqual(6);
    expectSame(reader.heard, rig.offline(ID, 500));
  });

  test('one who takes nothing for longer than that is given up; it is said once, and who comes next hears music', () => {
    call({ config: { stream: { undrainedMs: 2000 } } });
    const stuck = rig.read(ID);
    rig.pass(1000);
    rig.stop(ID);
    rig.pass(7000);
    expect(
      rig
        .of('reader')
        .map(({ status }) => status)
        .slice(0, 2),
    ).toEqual(['reading', 'away']);
    expect(rig.lines.filter(({ text }) => text.includes('its reader is ended'))).toHaveLength(1);
    stuck.close();
    rig.pass(200);
    const next = rig.read(ID);
    rig.pass(2000);
    expect(next.heard.length).toBe(2000 * 8);
    expect(next.heard.some((sample) => sample !== 0)).toBe(true);
  });
});

describe('a call that cannot be played to', () => {
  const away = { type: 'reader', token: ID, status: 'away' };

  test('since it cannot be opened: that is told and logged once, and tried again each second', () => {
    let fails = true;
    rig = new MixerRig({
      bindings: () => {
        if (fails) throw new Error('no bindings');
        return undefined;
      },
    });
    rig.beginAgain(ID);
    rig.pass(5000);
    expect(rig.of('reader')).toEqual([away]);
    expect(rig.lines).toHaveLength(1);
    const reader = rig.read(ID);
    rig.pass(400);
    fails = false;
    rig.pass(1000);
    reader.drain();
    rig.pass(1000);
    expectSame(reader.heard, rig.offline(ID, 80));
    expect(rig.of('reader').at(-1)).toMatchObject({ status: 'reading' });
    // Another trouble is told anew.
    fails = true;
    rig.kill(ID);
    rig.pass(3000);
    expect(rig.lines.filter(({ level }) => level === 'error')).toHaveLength(2);
  });

  test('is tried no more often than that, and no more when it is over', () => {
    let tried = 0;
    rig = new MixerRig({
      bindings: () => {
        tried++;
        throw new Error('no bindings');
      },
    });
    rig.begin([ID]);
    rig.pass(9_920);
    expect(tried).toBe(10);
    rig.identify(ID);
    rig.tell(ID, { type: 'ended' });
    rig.pass(3000);
    expect(tried).toBe(10);
    expect(rig.lines).toHaveLength(1);
  });

  test('since something threw once as it was opened: it plays a second later', () => {
    let left = 1;
    const bindings = (): undefined => {
      if (left-- > 0) throw new Error('once');
    };
    call({ bindings });
    expect(rig.of('reader')).toEqual([away]);
    rig.pass(1040);
    const reader = rig.read(ID);
    rig.pass(1000);
    expectSame(reader.heard, rig.offline(ID, 40));
    expect(reader.heard.length).toBe(1000 * 8);
  });

  test('since its tick threw once: that is told, it goes on where it was, and a beginning wakes it however late', () => {
    call();
    const first = rig.read(ID);
    rig.pass(5000);
    jest.spyOn(CallPipe.prototype, 'play').mockImplementationOnce(() => {
      throw new Error('once');
    });
    for (let i = 0; i < 2 && rig.of('reader').length < 2; i++) rig.clock.advance(40);
    // Whose reader is there hears it again at once.
    expect(rig.of('reader').map(({ status }) => status)).toEqual(['reading', 'away', 'reading']);
    const left = rig.state(ID)!;
    rig.kill(ID);
    rig.posted.length = 0;
    rig.pass(80);
    expect(rig.state(ID)!.music).toEqual(left.music);
    // What they may not have heard is at most half a second.
    expect(left.heardSamples).toBeGreaterThanOrEqual(first.heard.length - 4000);
    expect(left.heardSamples).toBeLessThanOrEqual(first.heard.length);
    rig.pass(31_000);
    rig.beginAgain(ID);
    rig.pass(200);
    const second = rig.read(ID);
    rig.pass(2000);
    expect(second.heard.length).toBe(2000 * 8);
    expect(rig.of('reader').map(({ status }) => status)).toEqual(['away', 'reading']);
    expectSame(second.heard, rig.offline(ID, 60, undefined, left));
  });

  test('since each of its ticks throws: a try a second', () => {
    call();
    const play = jest.spyOn(CallPipe.prototype, 'play').mockImplementation(() => {
      throw new Error('always');
    });
    const reader = rig.read(ID);
    rig.pass(10_000);
    expect(play.mock.calls.length).toBeLessThanOrEqual(12);
    play.mockRestore();
    rig.pass(1200);
    reader.drain();
    rig.pass(1000);
    expectSame(reader.heard, rig.offline(ID, 80));
  });
});

describe('what is told', () => {
  test('a key is audible within the lead and two turns, and is in the next state', () => {
    call();
    rig.read(ID);
    rig.pass(3000);
    const waits: number[] = [];
    for (let i = 0; i < 10; i++) {
      rig.clock.advance(8 * i);
      rig.press(ID, '3');
      rig.pass(4000);
      waits.push(...rig.of('figures').flatMap(({ figures }) => figures.keys.map((key) => key.audibleMs)));
      rig.posted.length = 0;
    }
    expect(waits).toHaveLength(10);
    expect(Math.max(...waits)).toBeLessThanOrEqual(200);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(60);
    rig.press(ID, '3');
    rig.pass(1200);
    expect(rig.of('figures').at(-1)!.figures.keys).toEqual([
      { action: 'nextTrack', audibleMs: expect.any(Number) as number },
    ]);
    expect(rig.state(ID)!.pressed['3']).toBeGreaterThan(0);
  });

  test('the track that a key brings is in a state as soon as it was heard, long before the next is due', () => {
    call({ config: { calls: { everyMs: 60_000 } } });
    rig.read(ID);
    rig.pass(3000);
    rig.posted.length = 0;
    rig.press(ID, '3');
    rig.pass(600);
    expect(rig.state(ID)).toMatchObject({ music: { trackId: 'b' } });
  });

  test('keys of a call that nobody hears do nothing', () => {
    call();
    rig.press(ID, '3');
    rig.pass(1000);
    const reader = rig.read(ID);
    rig.pass(1000);
    expectSame(reader.heard, rig.offline(ID, 40));
  });

  test('a place is said, and not again to the next reader', () => {
    call();
    rig.identify(ID);
    rig.tell(ID, { type: 'place', place: { queue: 'support', position: 3 } });
    rig.read(ID);
    rig.pass(500);
    expect(rig.status(ID)).toMatchObject({
      queue: 'support',
      position: 3,
      says: { kind: 'position' },
      track: 'a',
    });
    rig.pass(4000);
    rig.kill(ID);
    rig.pass(400);
    rig.read(ID);
    const said: unknown[] = [];
    for (let i = 0; i < 100; i++) {
      rig.pass(40);
      said.push(rig.status(ID)!.says);
    }
    expect(said.every((says) => says === undefined)).toBe(true);
    expect(rig.state(ID)!.told).toMatchObject({ position: 3 });
  });

  test('a call that Asterisk does not know goes on with fallback music, and that is logged once', () => {
    call();
    const reader = rig.read(ID);
    rig.tell(ID, { type: 'ended' });
    rig.tell(ID, { type: 'ended' });
    rig.pass(1000);
    expectSame(reader.heard, rig.offline(ID, 40));
    expect(rig.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    expect(rig.state(ID)).toBeDefined();
  });

  test('after the hang-up whoever reads on has music, nothing of the call is kept, and nobody is awaited', () => {
    call({ config: { calls: { everyMs: 200 } } });
    rig.identify(ID);
    const reader = rig.read(ID);
    rig.pass(1000);
    rig.tell(ID, { type: 'ended' });
    rig.pass(200);
    rig.posted.length = 0;
    rig.press(ID, '3');
    rig.pass(1000);
    expectSame(reader.heard, rig.offline(ID, 70));
    rig.kill(ID);
    rig.pass(1000);
    expect(rig.of('states')).toEqual([]);
    expect(rig.of('reader').map(({ status }) => status)).toEqual(['away']);
    expect(() => rig.read(ID).drain()).not.toThrow();
    rig.pass(1000);
    expect(rig.of('reader')).toHaveLength(1);
  });
});

describe('another config', () => {
  const advices = (): FakeMedia => {
    const media = new FakeMedia();
    media.spoken = [memoryClip('advice', noise(5, 0.2, 16_000))];
    return media;
  };

  test('with the same sound: the caller hears no difference at all', () => {
    call();
    const reader = rig.read(ID);
    rig.pass(5000);
    rig.configure(rig.config);
    rig.pass(5000);
    const expected = rig.offline(ID, 260);
    const differences = reader.heard.map((sample, i) => Math.abs(sample - expected[i]!));
    // 10 ms of the Program that begins are its beginning, at next to no gain.
    const from = differences.findIndex((difference) => difference > 1);
    const to = differences.findLastIndex((difference) => difference > 1);
    expect(to - from).toBeLessThanOrEqual(80);
    expect(Math.max(...differences)).toBeLessThan(200);
  });

  test('with softer music: no step is larger than the music has by itself', () => {
    call();
    const reader = rig.read(ID);
    const expected = Float32Array.from(rig.offline(ID, 260));
    rig.pass(5000);
    rig.configure({
      ...rig.config,
      program: { ...rig.config.program, music: { ...rig.config.program.music, gainDb: -9 } },
    });
    rig.pass(5000);
    const floats = Float32Array.from(reader.heard);
    expect(largestStep(floats)).toBeLessThanOrEqual(largestStep(expected) + 2);
    const level = (x: Float32Array): number => Math.sqrt(x.reduce((sum, s) => sum + s * s, 0) / x.length);
    const softer = level(floats.subarray(60_000)) / level(expected.subarray(60_000, floats.length));
    expect(20 * Math.log10(softer)).toBeCloseTo(-9, 0);
  });

  test('waits until what is being said is said, and the music is up again', () => {
    call({ media: advices(), config: { advice: { firstAfterMs: 1000, everyMs: 60_000 } } });
    const reader = rig.read(ID);
    rig.pass(1600);
    expect(rig.status(ID)!.says).toEqual({ kind: 'advice', title: 'advice' });
    const before = rig.config;
    rig.configure({ ...before, keys: {} });
    rig.pass(4000);
    rig.config = before;
    const expected = rig.offline(ID, 160);
    const advice = reader.heard.subarray(0, 3.2 * 8000);
    expectSame(advice, expected);
    rig.press(ID, '3');
    rig.pass(1500);
    expect(rig.figures.keys).toEqual([]);
  });

  test('of a call that waits: its pipe is filled by the new one', () => {
    call();
    rig.pass(400);
    rig.configure({
      ...rig.config,
      program: { ...rig.config.program, music: { ...rig.config.program.music, gainDb: -6 } },
    });
    rig.pass(80);
    const reader = rig.read(ID);
    rig.pass(2000);
    expectSame(reader.heard, rig.offline(ID, 60));
  });
});
