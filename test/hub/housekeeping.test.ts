// What is kept of a call goes when the call goes, however it ends and whoever writes late.
// A thousand calls a day that each leave a file would fill the state folder within a year.
import { Housekeeping } from '../../src/hub/housekeeping';
import { ManualClock } from '../../src/util/clock';
import { keptLog } from './fixtures';

const LATE_MS = 2000;
const SWEEP_MS = 600_000;

class TestHousekeeping {
  readonly clock = new ManualClock();
  readonly kept = keptLog();
  readonly forgotten: string[] = [];
  readonly sweeps: (readonly string[] | undefined)[] = [];
  readonly listeners = new Set<(uniqueid: string) => void>();
  live: () => Promise<ReadonlySet<string> | undefined> = () => Promise.resolve(new Set(['1.1']));
  onForget: (uniqueid: string) => void = () => {};
  readonly housekeeping = new Housekeeping({
    calls: {
      onHangup: (listener) => {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
      },
      calls: () => this.live(),
    },
    playback: { sweep: () => {} },
    memory: {
      forget: (uniqueid) => {
        this.forgotten.push(uniqueid);
        this.onForget(uniqueid);
      },
      sweep: (live) => void this.sweeps.push(live && [...live]),
    },
    clock: this.clock,
    log: this.kept.log,
  });

  async started(): Promise<this> {
    this.housekeeping.start();
    await settled();
    return this;
  }

  hangUp(uniqueid: string): void {
    for (const listener of this.listeners) listener(uniqueid);
  }
}

const settled = (): Promise<void> => new Promise((done) => setImmediate(done));

test('a call that hangs up is forgotten at once, and again when its stream may have written late', async () => {
  const test = await new TestHousekeeping().started();
  test.hangUp('1.1');
  expect(test.forgotten).toEqual(['1.1']);
  test.clock.advance(LATE_MS - 1);
  expect(test.forgotten).toEqual(['1.1']);
  test.clock.advance(1);
  expect(test.forgotten).toEqual(['1.1', '1.1']);
  test.clock.advance(SWEEP_MS / 2);
  expect(test.forgotten).toHaveLength(2);
});

test('a hang-up that is told twice is forgotten late once', async () => {
  const test = await new TestHousekeeping().started();
  test.hangUp('1.1');
  test.clock.advance(1000);
  test.hangUp('1.1');
  test.clock.advance(LATE_MS);
  expect(test.forgotten).toEqual(['1.1', '1.1', '1.1']);
});

test('what is no Uniqueid is not even asked to be forgotten', async () => {
  const test = await new TestHousekeeping().started();
  for (const odd of ['', ' 1.1', '1.1\n', '\u0000', 'x'.repeat(150)]) test.hangUp(odd);
  test.clock.advance(LATE_MS);
  expect(test.forgotten).toEqual([]);
});

test('leftovers are looked for at the start, every ten minutes, and when asked', async () => {
  const test = await new TestHousekeeping().started();
  expect(test.sweeps).toEqual([['1.1']]);
  test.live = () => Promise.resolve(undefined);
  test.clock.advance(SWEEP_MS - 1);
  await settled();
  expect(test.sweeps).toHaveLength(1);
  test.clock.advance(1);
  await settled();
  expect(test.sweeps).toEqual([['1.1'], undefined]);
  await test.housekeeping.sweep();
  expect(test.sweeps).toHaveLength(3);
});

test('Asterisk that takes long to say which calls it has is asked once', async () => {
  const test = new TestHousekeeping();
  let asked = 0;
  let answer = (): void => {};
  test.live = () => {
    asked++;
    return new Promise((resolve) => (answer = () => resolve(new Set())));
  };
  test.housekeeping.start();
  void test.housekeeping.sweep();
  test.clock.advance(SWEEP_MS);
  expect(asked).toBe(1);
  answer();
  await settled();
  expect(test.sweeps).toEqual([[]]);
  test.clock.advance(SWEEP_MS);
  expect(asked).toBe(2);
});

test('what fails is logged, and the next call is forgotten all the same', async () => {
  const test = await new TestHousekeeping().started();
  test.onForget = (uniqueid) => {
    if (uniqueid === '1.1') throw new Error('disk');
  };
  test.live = () => Promise.reject(new Error('ami'));
  test.hangUp('1.1');
  test.hangUp('2.2');
  await test.housekeeping.sweep();
  test.live = () => Promise.resolve(new Set());
  await test.housekeeping.sweep();
  expect(test.forgotten).toEqual(['1.1', '2.2']);
  expect(test.kept.lines.map(({ fields }) => fields['error'])).toEqual(['disk', 'ami']);
  expect(test.sweeps).toEqual([['1.1'], []]);
});

test('closed, it does nothing more, and what was on its way comes to nothing', async () => {
  const test = await new TestHousekeeping().started();
  test.hangUp('1.1');
  let answer = (): void => {};
  test.live = () => new Promise((resolve) => (answer = () => resolve(new Set())));
  const sweeping = test.housekeeping.sweep();
  test.housekeeping.close();
  answer();
  await sweeping;
  test.clock.advance(SWEEP_MS * 2);
  await test.housekeeping.sweep();
  expect([test.forgotten, test.sweeps, test.listeners.size, test.clock.pending]).toEqual([
    ['1.1'],
    [['1.1']],
    0,
    0,
  ]);
});
