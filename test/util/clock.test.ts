// The clocks: a manual one that tests and offline rendering tick, and the machine's.
// Everything about time in Holdcast is tested on the manual clock, so it must itself be beyond doubt.
import { ManualClock, systemClock } from '../../src/util/clock';

describe('a manual clock', () => {
  test('stands still until it is told to advance', () => {
    const clock = new ManualClock(1_000_000);
    expect([clock.now(), clock.wall()]).toEqual([0, 1_000_000]);
    clock.advance(250.5);
    expect([clock.now(), clock.wall()]).toEqual([250.5, 1_000_250.5]);
  });

  test('runs timers in the order of their deadlines, each at its own time', () => {
    const clock = new ManualClock();
    const ran: [string, number][] = [];
    const note = (name: string) => () => ran.push([name, clock.now()]);
    clock.after(30, note('c'));
    clock.after(10, note('a'));
    clock.after(20, note('b'));
    clock.after(20, note('b, set later'));
    clock.advance(25);
    expect(ran).toEqual([
      ['a', 10],
      ['b', 20],
      ['b, set later', 20],
    ]);
    clock.advance(5);
    expect(ran.at(-1)).toEqual(['c', 30]);
  });

  test('runs a timer that a timer set, if it is due within the same advance', () => {
    const clock = new ManualClock();
    const times: number[] = [];
    const again = (): void => {
      times.push(clock.now());
      if (times.length < 4) clock.after(40, again);
    };
    clock.after(40, again);
    clock.advance(120);
    expect(times).toEqual([40, 80, 120]);
    clock.advance(1000);
    expect(times).toHaveLength(4);
  });

  test('runs a timer once, and not at all when it was cancelled, also by another timer', () => {
    const clock = new ManualClock();
    let first = 0;
    let second = 0;
    const cancelSecond = clock.after(20, () => second++);
    const cancelFirst = clock.after(10, () => {
      first++;
      cancelSecond();
    });
    clock.advance(1000);
    cancelFirst();
    cancelFirst();
    clock.advance(1000);
    expect([first, second, clock.pending]).toEqual([1, 0, 0]);
  });

  test.each([0, -5])('a delay of %d is due at the next advance, even of nothing', (delayMs) => {
    const clock = new ManualClock();
    clock.advance(100);
    let at = -1;
    clock.after(delayMs, () => (at = clock.now()));
    expect(at).toBe(-1);
    clock.advance(0);
    expect(at).toBe(100);
  });

  test('a stall moves time without running anything; what was due runs late, after it', () => {
    const clock = new ManualClock();
    const ran: number[] = [];
    clock.after(10, () => ran.push(clock.now()));
    clock.stall(500);
    expect(ran).toEqual([]);
    expect(clock.now()).toBe(500);
    clock.advance(0);
    expect(ran).toEqual([500]);
  });

  test('wall time steps without the monotonic time', () => {
    const clock = new ManualClock(0);
    clock.advance(10);
    clock.stepWall(-3_600_000);
    expect([clock.now(), clock.wall()]).toEqual([10, -3_599_990]);
  });
});

describe('the machine’s clock', () => {
  test('is monotonic, runs a timer, and does not run a cancelled one', async () => {
    const clock = systemClock();
    const before = clock.now();
    let cancelled = true;
    clock.after(1, () => (cancelled = false))();
    await new Promise<void>((done) => clock.after(20, done));
    expect(clock.now() - before).toBeGreaterThanOrEqual(19);
    expect(cancelled).toBe(true);
    expect(Math.abs(clock.wall() - Date.now())).toBeLessThan(1000);
  });

  test('takes a negative delay for "at once"', async () => {
    await new Promise<void>((done) => systemClock().after(-1000, done));
  });
});
