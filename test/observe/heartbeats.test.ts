// Whether stuck threads are noticed, and whether those that are only told of late are not.
// A wrong alarm has systemd kill a hub that plays to thousands; a missed one leaves them in silence.
import { Heartbeats } from '../../src/observe/heartbeats';
import { ManualClock } from '../../src/util/clock';
import { owned } from '../hub/fixtures';

function pulseOf(threads?: () => number) {
  const clock = new ManualClock();
  const pulse = owned(new Heartbeats(clock, threads));
  pulse.start();
  return { clock, pulse };
}

test('threads that beat are healthy, one that does not is named, and is healthy when it beats again', () => {
  const { clock, pulse } = pulseOf();
  for (let second = 0; second < 20; second++) {
    pulse.beat(0);
    if (second < 10) pulse.beat(1);
    clock.advance(1000);
  }
  expect(pulse.problems()).toEqual(['mixing thread 1 has not reported for 11 s']);
  expect(pulse.healthy).toBe(false);
  pulse.beat(1);
  expect(pulse.healthy).toBe(true);
});

test('a thread that has ended on purpose is not missed', () => {
  const { clock, pulse } = pulseOf();
  pulse.beat(0);
  pulse.gone(0);
  clock.advance(60_000);
  expect(pulse.problems()).toEqual([]);
});

test('while the whole machine stands still nobody beats, and nobody is stuck', () => {
  const { clock, pulse } = pulseOf();
  pulse.beat(0);
  clock.advance(900);
  clock.stall(60_000);
  // Before the main thread's own timer has run, and after it.
  expect(pulse.problems()).toEqual([]);
  clock.advance(0);
  expect(pulse.problems()).toEqual([]);
  expect(pulse.lagMs).toBeCloseTo(59_900);
  // From there on the time counts as ever.
  clock.advance(5500);
  expect(pulse.healthy).toBe(false);
});

test('no thread at all is a problem after the same time, and not because the machine stood still', () => {
  let threads = 1;
  const { clock, pulse } = pulseOf(() => threads);
  const seconds = (count: number): void => {
    for (let second = 0; second < count; second++) clock.advance(1000);
  };
  seconds(3);
  threads = 0;
  seconds(2);
  clock.stall(60_000);
  expect(pulse.problems()).toEqual([]);
  clock.advance(0);
  seconds(2);
  expect(pulse.problems()).toEqual([]);
  seconds(1);
  expect(pulse.problems()).toEqual(['no mixing thread runs']);
  expect(pulse.healthy).toBe(false);
  // One that is started and lost again within moments counts from anew.
  threads = 1;
  seconds(1);
  threads = 0;
  seconds(4);
  expect(pulse.healthy).toBe(true);
});

test('once closed it waits for nothing', () => {
  const { clock, pulse } = pulseOf();
  pulse.close();
  expect(clock.pending).toBe(0);
});
