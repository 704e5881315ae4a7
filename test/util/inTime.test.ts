// Laws of the one deadline: one end, at the latest at the limit, and nothing left behind.
// Would catch: a timer that keeps a process, work that goes on for nobody, a late failure that ends the process.
import { ManualClock } from '../../src/util/clock';
import { inTime, LATE } from '../../src/util/inTime';
import { turn } from '../support/caller';

const LIMIT_MS = 500;

function begun<T>(work: Parameters<typeof inTime<T>>[2], outer?: AbortSignal) {
  const clock = new ManualClock();
  const ends: unknown[] = [];
  const end = (value: unknown): void => void ends.push(value);
  void inTime(clock, LIMIT_MS, work, outer).then(end, end);
  return { clock, ends };
}

test('what comes in time is the end, a failure too; no timer is left', async () => {
  for (const work of [Promise.resolve('here'), () => 'here', () => Promise.resolve('here')]) {
    const { clock, ends } = begun<string>(work);
    await turn();
    expect([ends, clock.pending]).toEqual([['here'], 0]);
  }
  const failing = () => {
    throw new Error('no luck');
  };
  for (const work of [
    Promise.reject(new Error('no luck')),
    failing,
    () => Promise.reject(new Error('no luck')),
  ]) {
    const { clock, ends } = begun(work);
    await turn();
    expect([ends, clock.pending]).toEqual([[new Error('no luck')], 0]);
  }
});

test('what is thrown comes as it was thrown', async () => {
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
  const { ends } = begun(Promise.reject('text'));
  await turn();
  expect(ends).toEqual(['text']);
});

test('at the limit it is late, its signal is aborted, and a failure that comes later is nobody’s', async () => {
  let signal: AbortSignal | undefined;
  let fail: (error: Error) => void = () => {};
  const { clock, ends } = begun((given) => {
    signal = given;
    return new Promise((_, reject) => (fail = reject));
  });
  clock.advance(LIMIT_MS - 1);
  await turn();
  expect([ends, signal!.aborted]).toEqual([[], false]);
  clock.advance(1);
  await turn();
  expect([ends, signal!.aborted]).toEqual([[LATE], true]);
  fail(new Error('no luck'));
  await turn();
  expect([ends, clock.pending]).toEqual([[LATE], 0]);
});

test('whoever waits may leave before the limit; work that nobody wants is not begun', async () => {
  const outer = new AbortController();
  let signal: AbortSignal | undefined;
  const { clock, ends } = begun((given) => {
    signal = given;
    return new Promise(() => {});
  }, outer.signal);
  outer.abort();
  await turn();
  expect([ends, signal!.aborted, clock.pending]).toEqual([[LATE], true, 0]);
  const task = jest.fn();
  expect(begun(task, outer.signal).clock.pending).toBe(0);
  expect(task).not.toHaveBeenCalled();
});
