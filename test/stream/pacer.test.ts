// The Pacer against a pipe with a caller at its other end: the same laws on a model and on a real pipe.
// What counts is how much lies unread: less than the lead and the caller hears gaps, more and their keys come late.
import { readdirSync } from 'node:fs';
import type { SampleRate } from '../../src/audio/frame';
import { Line, ModelPipe, RealPipe, type LinePlan, type TestPipe } from '../support/pipes';

const kinds: [string, () => TestPipe][] = [
  ['a model of a pipe', () => new ModelPipe()],
  ['a real pipe', () => new RealPipe()],
];
const RATES: SampleRate[] = [8000, 16_000, 48_000];
const LEADS = [80, 160, 200];
/** Nothing may lie in the pipe longer than this, whatever happened. */
const mostMs = (leadMs: number): number => leadMs + 40;

describe.each(kinds)('on %s', (_, open) => {
  let line: Line;
  const start = (plan: LinePlan = {}): Line => {
    line = new Line(open(), plan);
    line.pacer.start();
    return line;
  };
  afterEach(() => {
    expect(line.mostTimers).toBeLessThanOrEqual(1);
    line.close();
    expect(line.clock.pending).toBe(0);
  });

  describe.each(RATES)('at %d Hz', (rate) => {
    test.each(LEADS)('the lead of %d ms is written at once, in whole Frames', (leadMs) => {
      start({ rate, leadMs });
      expect(Math.abs(line.depthMs - leadMs)).toBeLessThanOrEqual(40);
      expect(line.depthMs % 40).toBe(0);
    });

    test.each(LEADS)('a lead of %d ms is kept ± 40 ms for a minute, and nobody waits', (leadMs) => {
      start({ rate, leadMs });
      const { least, most } = line.pass(60_000);
      expect(least).toBeGreaterThanOrEqual(leadMs - 40);
      expect(most).toBeLessThanOrEqual(leadMs + 40);
      expect(line.underruns).toBe(0);
      expect(line.pacer.resyncs).toBe(0);
    });
  });

  test.each([1, 13, 27, 39, 83, 170, 520, 1333])('a caller who begins to read after %d ms', (firstReadMs) => {
    start({ firstReadMs });
    expect(line.pass(firstReadMs + 500).most).toBeLessThanOrEqual(mostMs(160));
    const { least, most } = line.pass(10_000);
    expect(least).toBeGreaterThanOrEqual(120);
    expect(most).toBeLessThanOrEqual(200);
    expect(line.underruns).toBe(0);
  });

  test.each([39.96, 40.04])('a caller whose clock makes 40 ms of %d ms, for ten minutes', (readEveryMs) => {
    start({ readEveryMs });
    const { least, most } = line.pass(600_000);
    expect(least).toBeGreaterThanOrEqual(40);
    expect(most).toBeLessThanOrEqual(mostMs(160));
    expect(line.underruns).toBe(0);
  });

  describe.each([150, 300, 1000, 10_000])('when for %d ms', (ms) => {
    const settled = (): void => {
      expect(line.pass(400).most).toBeLessThanOrEqual(mostMs(160));
      const before = line.underruns;
      const { least, most } = line.pass(5000);
      expect(least).toBeGreaterThanOrEqual(120);
      expect(most).toBeLessThanOrEqual(200);
      expect(line.underruns).toBe(before);
      expect(line.ends).toEqual([]);
    };

    test('the writer stood still: the lead is there again at once, without a flood', () => {
      start({ undrainedMs: 20_000 }).pass(1000);
      line.pass(ms, { writer: false });
      expect(line.pass(45).least).toBeGreaterThanOrEqual(0);
      expect(line.depthMs).toBeGreaterThanOrEqual(120);
      settled();
    });

    test('the caller did not read: the pipe does not fill, and the lead comes back', () => {
      start({ undrainedMs: 20_000 }).pass(1000);
      expect(line.pass(ms, { reader: false }).most).toBeLessThanOrEqual(mostMs(160));
      settled();
    });

    test('the machine stood still: what was unread is still there, and it goes on', () => {
      start({ undrainedMs: 20_000 }).pass(1000);
      line.pass(ms, { writer: false, reader: false });
      settled();
      expect(line.underruns).toBe(0);
    });
  });

  test.each([0, 3, 11, 19, 31, 38])('stalls of all kinds, at any moment (%d)', (shift) => {
    start({ undrainedMs: 20_000 }).pass(500 + shift);
    for (let ms = 37; ms < 1500; ms += 173) {
      line.pass(ms, { writer: false });
      line.pass(61);
      line.pass(ms, { reader: false });
      line.pass(ms >> 1, { writer: false, reader: false });
      expect(line.pass(777).most).toBeLessThanOrEqual(mostMs(160));
      const { least, most } = line.pass(1000);
      expect([least >= 120, most <= 200]).toEqual([true, true]);
    }
    expect(line.ends).toEqual([]);
  });

  test('an hour in which the machine slept is not made up for, and not held against the caller', () => {
    start({ undrainedMs: 1000 }).pass(1000);
    line.pass(200, { reader: false });
    const before = line.pacer.framesWritten;
    line.clock.stall(3_600_000);
    expect(line.pass(400).most).toBeLessThanOrEqual(mostMs(160));
    expect(line.pacer.framesWritten - before).toBeLessThan(20);
    expect(line.ends).toEqual([]);
    expect(line.pass(5000).least).toBeGreaterThanOrEqual(120);
  });

  // All that is due may be unread in that moment: then nothing is written that would fail.
  test.each([0, 10, 20, 30, 40, 50, 60, 70])('a reader that closes its end ends it, once (%d ms)', (atMs) => {
    start().pass(1000 + atMs);
    line.pipe.closeReader();
    line.pass(100, { reader: false });
    expect(line.ends).toEqual(['closed']);
    const { framesWritten } = line.pacer;
    line.pass(1000, { reader: false });
    expect(line.pacer.framesWritten).toBe(framesWritten);
    expect(line.clock.pending).toBe(0);
    expect(line.ends).toHaveLength(1);
  });

  test('a reader that was closed before the first Frame', () => {
    line = new Line(open());
    line.pipe.closeReader();
    line.pacer.start();
    expect(line.ends).toEqual(['closed']);
    expect(line.clock.pending).toBe(0);
  });

  test.each([1000, 10_000])('nobody ever reads: it ends after %d ms and not before', (undrainedMs) => {
    start({ undrainedMs });
    expect(line.pass(undrainedMs, { reader: false }).most).toBeLessThanOrEqual(mostMs(160));
    expect(line.ends).toEqual([]);
    line.pass(250, { reader: false });
    expect(line.ends).toEqual(['undrained']);
    expect(line.clock.pending).toBe(0);
  });

  test('a reader that takes a little now and then is alive; when it stops, its time begins anew', () => {
    start({ undrainedMs: 1000 });
    for (let i = 0; i < 10; i++) {
      line.pass(900, { reader: false });
      line.readFrame();
    }
    expect(line.ends).toEqual([]);
    line.pass(900, { reader: false });
    expect(line.ends).toEqual([]);
    line.pass(400, { reader: false });
    expect(line.ends).toEqual(['undrained']);
  });

  test('stopping writes nothing more; twice, and before the start, is harmless', () => {
    start().pass(100);
    line.pacer.stop();
    line.pacer.stop();
    const { framesWritten } = line.pacer;
    line.pass(500);
    expect(line.pacer.framesWritten).toBe(framesWritten);
    expect(line.ends).toEqual([]);
    const other = new Line(new ModelPipe());
    other.pacer.stop();
    other.close();
  });
});

test('a pipe that is full loses no Frame, and its reader gets them in order', () => {
  const line = new Line(new ModelPipe(3 * 640), { leadMs: 160, undrainedMs: 1000 });
  line.pacer.start();
  expect(line.depthMs).toBe(120);
  line.pass(5000);
  expect(line.underruns).toBe(0);
  expect(line.mostTimers).toBe(1);
  expect(line.ends).toEqual([]);
  line.pass(1200, { reader: false });
  expect(line.ends).toEqual(['undrained']);
});

describe('an output that cannot tell what is unread', () => {
  test('gets a Frame every 40 ms and the lead', () => {
    const line = new Line(new ModelPipe(65_536, false));
    line.pacer.start();
    for (let minute = 1; minute <= 3; minute++) {
      line.pass(60_000);
      expect(Math.abs(line.pacer.framesWritten - minute * 1500 - 4)).toBeLessThanOrEqual(1);
    }
    expect(line.pacer.resyncs).toBe(0);
  });

  test.each([100, 1000, 3_600_000])('gets no flood after a stall of %d ms', (ms) => {
    const line = new Line(new ModelPipe(1e9, false));
    line.pacer.start();
    line.pass(1000);
    line.clock.stall(ms);
    const before = line.pacer.framesWritten;
    line.pass(1);
    expect(line.pacer.framesWritten - before).toBeLessThanOrEqual(5);
    line.pass(1000);
    expect(line.pacer.framesWritten - before).toBeLessThanOrEqual(31);
    expect(line.pacer.framesWritten - before).toBeGreaterThanOrEqual(25);
  });

  test.each([1000, 10_000])('that takes nothing for %d ms ends it, not before', (undrainedMs) => {
    const line = new Line(new ModelPipe(2 * 640, false), { undrainedMs });
    line.pacer.start();
    line.pass(undrainedMs, { reader: false });
    expect(line.ends).toEqual([]);
    line.pass(250, { reader: false });
    expect(line.ends).toEqual(['undrained']);
  });
});

test('a caller who takes all that is there at once gets no more than real time and the lead', () => {
  const line = new Line(new ModelPipe());
  line.pacer.start();
  let heardMs = 0;
  for (let i = 0; i < 10_000; i += 5) {
    line.pass(5, { reader: false });
    while (line.depthMs > 0) {
      line.readFrame();
      heardMs += 40;
    }
  }
  expect(heardMs).toBeLessThanOrEqual(10_000 + 240);
});

test('no descriptor is left of all that', () => {
  const count = (): number => readdirSync('/proc/self/fd').length;
  const before = count();
  for (let i = 0; i < 20; i++) {
    const line = new Line(new RealPipe());
    line.pacer.start();
    line.pass(500);
    line.close();
  }
  expect(count()).toBeLessThanOrEqual(before);
});
