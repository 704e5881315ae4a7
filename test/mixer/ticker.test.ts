// The tick of a mixing thread: its deadlines, what it does after a stall, and what it measures.
// Would catch: a tick that drifts, ticks that pile up after a stall, a stall that nobody is told of, one error that ends it.
import { Ticker } from '../../src/mixer/ticker';
import { ManualClock } from '../../src/util/clock';

function ticker(work: () => void = () => {}, idle?: () => boolean) {
  const clock = new ManualClock();
  const ticks: { count: number; atMs: number; missed: number; now: number }[] = [];
  const resyncs: number[] = [];
  const failures: unknown[] = [];
  const ticking = new Ticker({
    clock,
    tick: (count, atMs, missed) => {
      ticks.push({ count, atMs, missed, now: clock.now() });
      work();
    },
    onResync: (missed) => resyncs.push(missed),
    ...(idle && { idle }),
    onFailure: (error) => {
      failures.push(error);
      throw error;
    },
  });
  return { clock, ticks, resyncs, failures, ticking };
}

test('one tick each 10 ms, on deadlines that do not drift with what it is late', () => {
  const { clock, ticks, ticking } = ticker(() => clock.stall(3));
  clock.stall(1000.25);
  ticking.start();
  for (let i = 0; i < 5000; i++) clock.advance(1);
  expect(ticks.length).toBeGreaterThan(480);
  ticks.forEach(({ count, atMs, missed, now }, i) => {
    expect({ count, atMs, missed }).toEqual({ count: i + 1, atMs: 1000.25 + 10 * (i + 1), missed: 0 });
    expect(now - atMs).toBeLessThan(2);
  });
});

test('after a stall one tick serves all deadlines that were missed, and the next is on its own again', () => {
  const { clock, ticks, resyncs, ticking } = ticker();
  ticking.start();
  clock.stall(170);
  clock.advance(0);
  expect(ticks).toEqual([{ count: 17, atMs: 170, missed: 16, now: 170 }]);
  clock.advance(10);
  expect(ticks.at(-1)).toEqual({ count: 18, atMs: 180, missed: 0, now: 180 });
  expect(resyncs).toEqual([]);
  clock.stall(1000);
  clock.advance(0);
  expect(resyncs).toEqual([99]);
  expect(ticking.resyncs).toBe(1);
});

test('the longest delay, the longest tick and the sum are told since they were last asked for', () => {
  const { clock, ticking } = ticker(() => clock.stall(4));
  ticking.start();
  clock.stall(50);
  clock.advance(0);
  expect(ticking.takeTimes()).toEqual({ worstLagMs: 40, worstTickMs: 4, busyMs: 4 });
  clock.advance(10);
  clock.advance(10);
  expect(ticking.takeTimes()).toMatchObject({ worstTickMs: 4, busyMs: 8 });
  expect(ticking.takeTimes()).toEqual({ worstLagMs: 0, worstTickMs: 0, busyMs: 0 });
});

test('a tick that throws costs nobody the next one, even if to tell of it throws too', () => {
  const error = new Error('unforeseen');
  let left = 1;
  const { clock, ticks, failures, ticking } = ticker(() => {
    clock.stall(4);
    if (left-- > 0) throw error;
  });
  ticking.start();
  expect(() => clock.advance(10)).toThrow(error);
  for (let i = 0; i < 3; i++) clock.advance(10);
  expect(failures).toEqual([error]);
  expect(ticks.map(({ count, missed }) => ({ count, missed }))).toEqual(
    [1, 2, 3, 4].map((count) => ({ count, missed: 0 })),
  );
  expect(ticking.takeTimes()).toMatchObject({ worstTickMs: 4, busyMs: 16 });
});

test('a closed one ticks no more', () => {
  const { clock, ticks, ticking } = ticker(() => ticking.close());
  ticking.start();
  clock.advance(1000);
  expect(ticks).toHaveLength(1);
  expect(clock.pending).toBe(0);
});

describe('idle', () => {
  test('a tick a second, none of them late, none missed; a stall is counted from the tick that it held up', () => {
    const { clock, ticks, resyncs, ticking } = ticker(undefined, () => true);
    clock.stall(0.25);
    ticking.start();
    for (let i = 0; i < 299; i++) clock.advance(10);
    expect(ticks.map(({ count, missed }) => [count, missed])).toEqual([
      [1, 0],
      [100, 0],
      [200, 0],
    ]);
    expect(ticking.takeTimes()).toEqual({ worstLagMs: 0, worstTickMs: 0, busyMs: 0 });
    clock.stall(10 + 500);
    clock.advance(0);
    expect([ticks.at(-1)!.count, ticks.at(-1)!.missed, resyncs]).toEqual([350, 50, [50]]);
  });

  test('woken, it ticks on the next deadline, and tells the one before; nobody is told of a stall', () => {
    let calls = 0;
    const { clock, ticks, resyncs, ticking } = ticker(undefined, () => calls === 0);
    ticking.start();
    clock.advance(10);
    for (let i = 0; i < 5; i++) clock.advance(100.5);
    calls = 1;
    expect(ticking.wake()).toBe(510);
    expect(ticking.wake()).toBeUndefined();
    expect(clock.pending).toBe(1);
    for (let i = 0; i < 10; i++) clock.advance(10);
    const counts = ticks.map(({ count, missed }) => [count, missed]);
    expect(counts).toEqual([1, ...Array.from({ length: 10 }, (_, i) => 52 + i)].map((count) => [count, 0]));
    expect(resyncs).toEqual([]);
  });

  test('one that is closed is not woken', () => {
    const { clock, ticking } = ticker(undefined, () => true);
    ticking.start();
    clock.advance(10);
    ticking.close();
    expect(ticking.wake()).toBeUndefined();
    expect(clock.pending).toBe(0);
  });
});
