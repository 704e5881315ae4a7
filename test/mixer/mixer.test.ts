// Many calls under one tick: what one of them does, throws or does not read costs the others nothing.
// Would catch: a call that is starved or heard by another one, an exception that ends the tick, work that comes in bursts.
import { memoryClip, type Clip } from '../../src/audio/source';
import { HeldCall } from '../../src/mixer/heldCall';
import { noise, rms } from '../support/audio';
import { FakeRecords } from '../support/fakeRecords';
import { FakeMedia, MixerRig } from '../support/mixer';

let rig: MixerRig;
afterEach(() => {
  jest.restoreAllMocks();
  rig.close();
});

const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => `1795225281.${i}`);

function expectSame(heard: Int16Array, expected: Int16Array): void {
  expect({ differsAt: heard.findIndex((sample, i) => sample !== expected[i]) }).toEqual({ differsAt: -1 });
}

/** A track that breaks while it plays; `position` and all else go on. */
function explosive(id: string, afterSamples: number): Clip {
  const clip = memoryClip(id, noise(3, 0.2, 400_000));
  return {
    ...clip,
    open(from = 0) {
      const reader = clip.open(from);
      let at = from;
      return {
        ...reader,
        read(out, offset, length) {
          if (at > afterSamples) throw new Error('the disk is on fire');
          at += length;
          return reader.read(out, offset, length);
        },
      };
    },
  };
}

test('a thousand calls: each gets its own music to the last bit', () => {
  rig = new MixerRig({ config: { music: { order: 'shuffle' }, calls: { everyMs: 60_000 } } });
  const calls = ids(1000);
  rig.begin(calls);
  rig.pass(2600);
  const readers = calls.map((id) => rig.read(id));
  rig.pass(400);
  const perTick: number[] = [];
  let before = 0;
  for (let i = 0; i < 50; i++) {
    rig.pass(40);
    const frames = rig.of('figures').at(-1)!.figures.frames;
    if (frames !== before) perTick.push(frames - before);
    before = frames;
  }
  expect(rig.figures).toMatchObject({ playing: 1000, waiting: 0, underruns: 0, framesLate: 0, rescued: 0 });
  // A second is 25 Frames of each.
  expect(perTick.slice(1).every((frames) => Math.abs(frames - 25_000) <= 1000)).toBe(true);
  for (const [i, reader] of readers.entries()) {
    // As many as they have asked for; the first Frame came before or after they did so first.
    expect([59, 60]).toContain(reader.heard.length / 320);
    if (i % 50 === 0) expectSame(reader.heard, rig.offline(calls[i]!, 70));
  }
}, 60_000);

test('without calls it ticks once a second; the next call gets its music as if it had ticked all the time', () => {
  rig = new MixerRig();
  rig.pass(1000);
  const timers = jest.spyOn(rig.clock, 'after');
  const told = rig.of('figures').length;
  rig.pass(10_000);
  expect([timers.mock.calls.length, rig.of('figures').length - told]).toEqual([10, 10]);
  rig.pass(470);
  rig.begin(['1.1']);
  const reader = rig.read('1.1');
  rig.pass(3000);
  expect(rig.figures).toMatchObject({ playing: 1, underruns: 0, framesLate: 0 });
  expect(reader.heard.length / 320).toBeGreaterThanOrEqual(73);
  expectSame(reader.heard, rig.offline('1.1', reader.heard.length / 320));
  expect(rig.lines.filter(({ level }) => level !== 'info')).toEqual([]);
  rig.mixer.handle({ type: 'end', token: '1.1' });
  rig.pass(1000);
  timers.mockClear();
  rig.pass(5000);
  expect(timers.mock.calls.length).toBe(5);
});

test('time of day that steps by hours, either way, changes nothing that is heard', () => {
  rig = new MixerRig();
  rig.begin(['1.1']);
  rig.pass(1000);
  const reader = rig.read('1.1');
  for (const stepMs of [-3_600_000, 7_200_000, -86_400_000]) {
    rig.pass(1000);
    rig.clock.stepWall(stepMs);
  }
  rig.pass(1000);
  expect(rig.figures).toMatchObject({ playing: 1, underruns: 0, framesLate: 0 });
  expectSame(reader.heard, rig.offline('1.1', reader.heard.length / 320));
});

test('calls are even over all turns, whoever comes and goes', () => {
  rig = new MixerRig();
  const calls = ids(40);
  rig.begin(calls);
  for (const [i, uniqueid] of calls.entries())
    if (i % 2 === 0) rig.mixer.handle({ type: 'end', token: uniqueid });
  const more = ids(60).slice(40);
  rig.begin(more);
  const readers = [...calls.filter((_, i) => i % 2 === 1), ...more].map((uniqueid) => rig.read(uniqueid));
  rig.pass(2000);
  const ahead = (): number[] => {
    return rig.mixer.status().map(({ aheadMs }) => aheadMs);
  };
  const turns: number[] = [];
  for (let i = 0; i < 16; i++) {
    if (i % 4 === 0) for (const reader of readers) reader.read(640);
    const before = ahead();
    rig.clock.advance(10);
    turns.push(ahead().filter((ms, at) => ms > before[at]!).length);
  }
  expect(turns).toEqual(turns.map(() => 5));
});

describe('in the middle of a tick', () => {
  test('a caller who arrives is served, and calls that end let nobody miss their turn', () => {
    let meanwhile = (): void => {};
    rig = new MixerRig({ hearMeanwhile: () => meanwhile() });
    const calls = ids(400);
    rig.begin(calls);
    rig.pass(2000);
    const readers = calls.map((id) => rig.read(id));
    rig.pass(1000);
    const ahead = (): Map<string, number> => {
      return new Map(rig.mixer.status().map(({ uniqueid, aheadMs }) => [uniqueid!, aheadMs]));
    };
    let looks = 0;
    meanwhile = () => {
      if (looks === 0) rig.beginAgain('9.9');
      if (looks++ < 4)
        for (const uniqueid of calls.slice(20 * looks, 20 * looks + 20))
          rig.mixer.handle({ type: 'end', token: uniqueid });
    };
    for (const reader of readers) reader.read(640);
    const before = ahead();
    rig.clock.advance(10);
    meanwhile = () => {};
    const after = ahead();
    expect(looks).toBeGreaterThan(3);
    expect(rig.read('9.9').drain().length).toBe(3 * 640);
    // Whose turn it was: each eighth of those that are left.
    const served = calls.filter((id) => (after.get(id) ?? 0) > before.get(id)!);
    const turn = calls.indexOf(served[0]!) % 8;
    expect(served).toEqual(calls.filter((id, i) => i % 8 === turn && after.has(id)));
  });
});

test('a reader that takes nothing, one that is killed and one that throws cost the others nothing', () => {
  const media = new FakeMedia();
  rig = new MixerRig({ media, config: { calls: { everyMs: 60_000 } } });
  const calls = ids(30);
  rig.begin(calls);
  rig.pass(200);
  const readers = calls.map((id) => rig.read(id));
  rig.pass(1000);
  rig.stop(calls[3]!);
  rig.kill(calls[4]!);
  media.tracks = [media.tracks[0]!, explosive('b', 8000), media.tracks[2]!];
  rig.press(calls[5]!, '3');
  rig.pass(7000);
  expect(rig.figures).toMatchObject({ rescued: 1, underruns: 0 });
  media.tracks = new FakeMedia().tracks;
  for (const [i, reader] of readers.entries())
    if (i < 3 || i > 5) expectSame(reader.heard, rig.offline(calls[i]!, 220));
});

describe('a call that throws', () => {
  const ID = '1795225281.7';

  test('in its Program: music goes on without a gap, deaf to keys, and that is said once', () => {
    const media = new FakeMedia();
    const [whole] = media.tracks;
    const broken = explosive('a', 24_000);
    let opened = 0;
    media.tracks = [{ ...whole!, open: (from) => (opened++ === 0 ? broken : whole!).open(from) }];
    rig = new MixerRig({ media });
    rig.begin([ID]);
    const reader = rig.read(ID);
    rig.pass(6000);
    rig.press(ID, '3');
    rig.pass(1000);
    expect(rig.figures).toMatchObject({ rescued: 1, plain: 1, underruns: 0, keys: [] });
    expect(rig.status(ID)).toMatchObject({ status: 'plain', track: 'a' });
    expect(rig.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    expect(rig.lines.at(-1)!.fields).toMatchObject({ uniqueid: ID });
    // Where it failed, it goes on: the samples before and after are those of the track.
    const floats = Float32Array.from(reader.heard);
    expect(floats.length).toBe(7 * 8000);
    for (let at = 0; at < floats.length; at += 320) expect(rms(floats, at, at + 320)).toBeGreaterThan(500);
    expect(rig.state(ID)!.heardSamples).toBeGreaterThan(6 * 8000);
    expect(rig.state(ID)!.music!.sample).toBeGreaterThan(5.5 * 8000);
    // The next reader has all of it again, and what happened stays counted.
    rig.kill(ID);
    rig.pass(400);
    rig.read(ID);
    rig.pass(1000);
    expect(rig.figures).toMatchObject({ rescued: 1, plain: 0, playing: 1 });
  });

  test('in its Program, and in fallback music too: a soft chord, as long as it lasts', () => {
    const media = new FakeMedia();
    media.tracks = [explosive('a', 24_000)];
    rig = new MixerRig({ media });
    rig.begin([ID]);
    const reader = rig.read(ID);
    rig.pass(8000);
    const floats = Float32Array.from(reader.heard);
    expect(floats.length).toBe(8 * 8000);
    for (let at = 0; at < floats.length; at += 320) expect(rms(floats, at, at + 320)).toBeGreaterThan(100);
    expect(rig.figures).toMatchObject({ rescued: 1 });
  });

  test.each(['its records', 'a prompt'] as const)('in its Session, over %s: fallback music', (what) => {
    class Broken extends FakeRecords {
      override choice(): never {
        throw new Error('no records');
      }
    }
    rig = new MixerRig(what === 'its records' ? { records: new Broken() } : {});
    if (what === 'a prompt') {
      const { media } = rig;
      media.prompt = () => {
        throw new Error('no prompts');
      };
    }
    rig.begin([ID]);
    const reader = rig.read(ID);
    rig.pass(400);
    rig.identify(ID);
    rig.tell(ID, { type: 'place', place: { queue: 'support', position: 3 } });
    rig.pass(3000);
    expect(rig.figures).toMatchObject({ rescued: 1, underruns: 0 });
    expect(rig.status(ID)).toMatchObject({ status: 'plain', track: 'a' });
    expectSame(reader.heard.subarray(0, 2560), rig.offline(ID, 8));
    expect(rms(Float32Array.from(reader.heard), 16_000)).toBeGreaterThan(500);
  });

  test('while nothing at all can be listed: a soft chord from the first sample', () => {
    const media = new FakeMedia();
    media.music = () => {
      throw new Error('no catalog');
    };
    rig = new MixerRig({ media });
    rig.begin([ID]);
    const reader = rig.read(ID);
    rig.pass(1000);
    expect(rms(Float32Array.from(reader.heard), 1000)).toBeGreaterThan(100);
  });
});

describe('what throws outside of any call', () => {
  test('costs one tick at most, and is logged', () => {
    rig = new MixerRig();
    const calls = ids(3);
    rig.begin(calls);
    const readers = calls.map((id) => rig.read(id));
    const { media } = rig;
    let left = 1;
    media.sweep = () => {
      if (left-- > 0) throw new Error('once');
    };
    rig.pass(3000);
    for (const [i, reader] of readers.entries()) {
      expect(reader.heard.length).toBe(3000 * 8);
      expectSame(reader.heard, rig.offline(calls[i]!, 80));
    }
    expect(rig.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    expect(rig.figures).toMatchObject({ playing: 3, underruns: 0 });
  });

  test('over one of three calls that change over to another config: the others change, it begins again', () => {
    const calls = ids(3);
    const broken = new Set<string>();
    const changed: string[] = [];
    rig = new MixerRig({
      bindings: (uniqueid) => {
        if (broken.delete(uniqueid)) throw new Error('once');
        changed.push(uniqueid);
        return undefined;
      },
    });
    rig.begin(calls);
    for (const id of calls) rig.read(id);
    rig.pass(1000);
    changed.length = 0;
    broken.add(calls[0]!);
    rig.configure(rig.config);
    rig.clock.advance(10);
    expect(changed).toEqual([calls[1], calls[2]]);
    expect(rig.of('reader').filter(({ status }) => status === 'away')).toMatchObject([{ token: calls[0] }]);
    rig.pass(40);
    rig.read(calls[0]!);
    rig.pass(2000);
    expect(new Set(changed)).toEqual(new Set(calls));
    expect(rig.figures).toMatchObject({ playing: 3 });
    expect(rig.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  test.each(['while it plays', 'as the thread ends'])(
    'a state that cannot be sent, %s: the others are',
    (when) => {
      rig = new MixerRig({ config: { calls: { everyMs: when === 'while it plays' ? 2000 : 600_000 } } });
      const calls = ids(40);
      rig.begin(calls);
      for (const id of calls) rig.read(id);
      rig.pass(1000);
      rig.posted.length = 0;
      rig.refuses = (message) =>
        message.type === 'states' && message.states.some(([uniqueid]) => uniqueid === calls[7]);
      if (when === 'while it plays') rig.pass(4000);
      else rig.mixer.drain();
      const told = new Set(rig.of('states').flatMap(({ states }) => states.map(([uniqueid]) => uniqueid)));
      expect(told).toEqual(new Set(calls.filter((id) => id !== calls[7])));
      expect(rig.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
      if (when === 'while it plays') expect(rig.figures).toMatchObject({ playing: 40, underruns: 0 });
      else expect(rig.mixer.status()).toEqual([]);
    },
  );

  test('a message that cannot be sent: the call that it is about plays on', () => {
    rig = new MixerRig();
    const [id] = ids(1);
    rig.refuses = ({ type }) => type === 'reader';
    rig.begin([id!]);
    const reader = rig.read(id!);
    rig.pass(1000);
    expect(reader.heard.length).toBe(1000 * 8);
    expectSame(reader.heard, rig.offline(id!, 40));
    rig.kill(id!);
    rig.pass(400);
    const next = rig.read(id!);
    rig.pass(1000);
    expect(next.heard.length).toBe(1000 * 8);
    const errors = rig.lines.filter(({ level }) => level === 'error');
    expect(errors.map(({ fields }) => fields['what'])).toEqual(['reader']);
  });

  test('over one of three calls that are opened: the others are heard at once, it is a second later', () => {
    rig = new MixerRig();
    const calls = ids(3);
    jest.spyOn(HeldCall.prototype, 'open').mockImplementationOnce(() => {
      throw new Error('once');
    });
    rig.begin(calls);
    for (const id of calls) rig.read(id);
    const status = (): unknown[] => calls.map((id) => rig.status(id)!.track);
    expect(status()).toEqual([undefined, 'a', 'a']);
    rig.pass(1040);
    expect(status()).toEqual(['a', 'a', 'a']);
    const ofFirst = rig.of('reader').filter(({ token }) => token === calls[0]);
    expect(ofFirst.map(({ status }) => status)).toEqual(['away', 'reading']);
  });
});

test('pages that nobody reads are given back: what holds them is swept once a second', () => {
  rig = new MixerRig();
  rig.pass(5000);
  expect(rig.media.sweeps).toEqual([1000, 2000, 3000, 4000, 5000]);
});

describe('how busy the thread was is told once a second', () => {
  const busy = (): number[] => rig.of('figures').map(({ figures }) => figures.busyMs);
  /** Each look at the media takes so long by the clock. */
  const slowly = (ms: number): FakeMedia => {
    const media = new FakeMedia();
    media.sweep = () => rig.clock.stall(ms);
    return media;
  };

  test('as its processor time since it was told last, whatever the clock says', () => {
    const read = [40, 47, 47, 346.5];
    rig = new MixerRig({ media: slowly(8), cpuMs: () => read.shift() });
    for (let second = 1; second <= 4; second++) rig.pass(1000);
    expect(busy()).toEqual([40, 7, 0, 299.5]);
  });

  test.each([
    ['is not known', () => undefined],
    ['is not asked for', undefined],
  ])('as the time of its ticks where that %s', (_, cpuMs) => {
    rig = new MixerRig({ media: slowly(8), ...(cpuMs && { cpuMs }) });
    for (let second = 1; second <= 4; second++) rig.pass(1000);
    // What it takes to tell is the next second's.
    expect(busy()).toEqual([0, 8, 8, 8]);
  });
});

describe('in one tick', () => {
  test('no more calls are opened than there is time for; all are within seconds', () => {
    let opened = 0;
    rig = new MixerRig({ bindings: () => void opened++ });
    rig.begin(ids(100));
    const counts = [opened];
    while (counts.at(-1)! < 100 && counts.length < 20) {
      rig.clock.advance(10);
      counts.push(opened);
    }
    expect(counts).toEqual([12, 24, 36, 48, 60, 72, 84, 96, 100]);
  });

  test('states are told evenly, four times a second: each call once in its time', () => {
    rig = new MixerRig({ config: { calls: { everyMs: 2000 }, advice: { firstAfterMs: 3_000_000 } } });
    const calls = ids(50);
    rig.begin(calls);
    rig.pass(1000);
    for (const uniqueid of calls) rig.read(uniqueid);
    rig.pass(4000);
    rig.posted.length = 0;
    rig.pass(4000);
    const told = rig.of('states').map(({ states }) => states.map(([uniqueid]) => uniqueid));
    expect(told.length).toBeLessThanOrEqual(16);
    expect(Math.max(...told.map((some) => some.length))).toBeLessThanOrEqual(9);
    const times = new Map<string, number>();
    for (const uniqueid of told.flat()) times.set(uniqueid, (times.get(uniqueid) ?? 0) + 1);
    expect([...times.values()].every((count) => count === 2)).toBe(true);
    expect(times.size).toBe(50);
  });

  test('up to 120 ms are kept ahead; after a tick that was late the whole lead, for ten seconds', () => {
    rig = new MixerRig({});
    const [id] = ids(1);
    rig.begin([id!]);
    const reader = rig.read(id!);
    const most = (ms: number): number => {
      let aheadMs = 0;
      for (let i = 0; i < ms / 10; i++) {
        if (i % 4 === 0) reader.read(640);
        rig.clock.advance(10);
        aheadMs = Math.max(aheadMs, rig.mixer.status()[0]!.aheadMs);
      }
      return aheadMs;
    };
    expect(most(2000)).toBe(120);
    rig.clock.stall(30);
    expect(most(9000)).toBe(200);
    most(2000);
    expect(most(2000)).toBe(120);
  });

  test('a few calls change over to another config; none is left out', () => {
    const opened: string[] = [];
    const bindings = (uniqueid: string): undefined => void opened.push(uniqueid);
    rig = new MixerRig({ bindings });
    const calls = ids(45);
    rig.begin(calls);
    rig.pass(400);
    for (const uniqueid of calls) rig.read(uniqueid);
    rig.pass(1000);
    opened.length = 0;
    rig.configure(rig.config);
    const counts: number[] = [];
    for (let i = 0; i < 16; i++) {
      rig.clock.advance(10);
      counts.push(opened.length);
    }
    expect(counts).toEqual(counts.map((_, i) => Math.min(45, 3 * (i + 1))));
    expect(new Set(opened).size).toBe(45);
  });
});

test('another rate is refused: calls go on as they are', () => {
  rig = new MixerRig();
  const [id] = ids(1);
  rig.begin([id!]);
  const reader = rig.read(id!);
  const before = rig.config;
  rig.pass(1000);
  rig.configure({ ...before, program: { ...before.program, rate: 16_000 } });
  rig.config = before;
  rig.pass(1000);
  expectSame(reader.heard, rig.offline(id!, 60));
  expect(rig.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
});

test('the thread ends: all states are told, and each goes on behind what is in its pipe', () => {
  rig = new MixerRig({ config: { calls: { everyMs: 60_000 } } });
  const calls = ids(100);
  rig.begin(calls);
  const [first] = calls;
  rig.pass(400);
  const reader = rig.read(first!);
  for (const uniqueid of calls.slice(1, 90)) rig.read(uniqueid);
  rig.pass(2000);
  rig.posted.length = 0;
  rig.mixer.drain();
  // Ten have heard nothing yet.
  expect(rig.of('states')[0]!.states).toHaveLength(90);
  reader.drain();
  expect(rig.state(first!)!.heardSamples).toBe(reader.heard.length);
  rig.beginAgain(first!);
  rig.pass(1000);
  expect(rig.clock.pending).toBe(0);
  expect(rig.mixer.status()).toEqual([]);
});

test('a call that is over is forgotten whole: its pipe, its timers, its records', () => {
  const records = new FakeRecords();
  rig = new MixerRig({ records });
  const [id] = ids(1);
  rig.begin([id!]);
  const reader = rig.read(id!);
  rig.identify(id!);
  rig.pass(1000);
  rig.press(id!, '3');
  rig.mixer.handle({ type: 'end', token: id! });
  rig.mixer.handle({ type: 'end', token: id! });
  rig.press(id!, '3');
  rig.posted.length = 0;
  rig.pass(1000);
  expect(records.closed).toBe(1);
  expect(rig.clock.pending).toBe(1);
  expect(rig.figures).toMatchObject({ playing: 0, waiting: 0 });
  reader.drain();
  expect(reader.drain().length).toBe(0);
  expect(rig.status(id!)).toBeUndefined();
});
