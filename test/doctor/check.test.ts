// Checks run together: one that hangs or throws spoils no other.
// Would catch: a doctor that never ends, or one that ends with the first thing that is broken.
import { NotChecked, ok, runChecks, type Check } from '../../src/doctor/check';
import { ManualClock } from '../../src/util/clock';

describe('running the checks', () => {
  const never: Check = { name: 'slow', run: () => new Promise(() => {}) };

  test('one that hangs or throws spoils no other, and the order stays', async () => {
    const clock = new ManualClock();
    const fails: Check = { name: 'fails', run: () => Promise.reject(new Error('no such thing')) };
    const good: Check = {
      name: 'good',
      run: () => Promise.resolve([ok('one'), { ...ok('two'), name: 'other' }]),
    };
    const done: number[] = [];
    const rows = runChecks([never, fails, good], {
      clock,
      limitMs: 5000,
      signal: new AbortController().signal,
      onDone: (count) => {
        done.push(count);
        if (count === 2) clock.advance(5000);
      },
    });
    expect(await rows).toEqual([
      { check: 'slow', result: 'not checked', found: 'it took longer than 5 s' },
      { check: 'fails', result: 'not checked', found: 'no such thing' },
      { check: 'good', result: 'ok', found: 'one' },
      { check: 'other', result: 'ok', found: 'two' },
    ]);
    expect([done, clock.pending]).toEqual([[1, 2, 3], 0]);
  });

  test('what keeps a check from being made is told with what makes it possible, and nothing waits afterwards', async () => {
    const clock = new ManualClock();
    const check: Check = {
      name: 'file',
      run: () => {
        throw new NotChecked('it cannot be read', 'Run this as root.');
      },
    };
    const { signal } = new AbortController();
    expect(await runChecks([check], { clock, limitMs: 5000, signal })).toEqual([
      { check: 'file', result: 'not checked', found: 'it cannot be read', todo: 'Run this as root.' },
    ]);
    expect(clock.pending).toBe(0);
  });

  test('Ctrl-C ends them', async () => {
    const abort = new AbortController();
    const clock = new ManualClock();
    const rows = runChecks([never], { clock, limitMs: 5000, signal: abort.signal });
    abort.abort();
    expect(await rows).toEqual([{ check: 'slow', result: 'not checked', found: 'interrupted' }]);
    expect(clock.pending).toBe(0);
  });
});
