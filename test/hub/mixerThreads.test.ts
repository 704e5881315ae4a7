// MixerThreads: a second thread when one has enough to do, a new one when one dies, and calls where there is room.
// A thread that is lost without a replacement would silence half of the callers.
import {
  MixerThreads,
  type MixersParts,
  type Mixing,
  type Thread,
  type ThreadEars,
} from '../../src/hub/mixerThreads';
import type { CallStatus, MixerFigures, MixerNews } from '../../src/mixer/messages';
import { ManualClock } from '../../src/util/clock';
import { silentLogger } from '../../src/util/log';

class FakeThread implements Thread {
  readonly sent: MixerNews[] = [];
  /** What it answers to `status`. */
  lines: Promise<readonly CallStatus[]> = Promise.resolve([]);
  readonly request = ((_: string, __: undefined, limits: object) => {
    expect(limits).toEqual({ limitMs: 500 });
    return this.lines;
  }) as Thread['request'];
  closed = false;
  constructor(
    readonly ears: ThreadEars,
    private readonly fails: boolean,
  ) {}
  start(): Promise<void> {
    return this.fails ? Promise.reject(new Error('no memory')) : Promise.resolve();
  }
  send(message: MixerNews): void {
    this.sent.push(message);
  }
  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
  tells(figures: Partial<MixerFigures>): void {
    this.ears.onNews({ type: 'figures', figures: figures as MixerFigures });
  }
}

let clock: ManualClock;
let threads: FakeThread[];
let failing: boolean;
let lost: Mixing[];
let ready: Mixing[];
let mixers: MixerThreads;
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const partsOf = (): MixersParts => ({
  open: (_, ears) => {
    const thread = new FakeThread(ears, failing);
    threads.push(thread);
    return thread;
  },
  most: 2,
  greeting: () => [{ type: 'catalog', clips: [] }],
  onNews: () => {},
  onLost: (mixing) => void lost.push(mixing),
  onReady: (mixing) => void ready.push(mixing),
  clock,
  log: silentLogger,
  random: () => 1,
});

beforeEach(async () => {
  clock = new ManualClock();
  [threads, failing, lost, ready] = [[], false, [], []];
  mixers = new MixerThreads(partsOf());
  await mixers.start();
});
afterEach(() => mixers.close());

test('it begins with one thread, which is told config and catalog before all else', () => {
  expect(threads).toHaveLength(1);
  expect(threads[0]!.sent).toEqual([{ type: 'catalog', clips: [] }]);
  expect(ready).toHaveLength(1);
});

test('a busy thread brings another one, up to the most, and new calls go where fewer are', async () => {
  const seconds = (count: number, busyMs: number): void => {
    for (let i = 0; i < count; i++)
      for (const thread of [...threads]) thread.tells({ busyMs, playing: 1200, waiting: 0 });
  };
  seconds(4, 500);
  seconds(1, 390);
  seconds(4, 500);
  await settled();
  expect(threads).toHaveLength(1);
  seconds(1, 500);
  await settled();
  expect(threads).toHaveLength(2);
  mixers.all[0]!.calls = 1200;
  expect(mixers.pick()?.number).toBe(2);
  seconds(10, 900);
  await settled();
  expect(threads).toHaveLength(2);
});

test('one with many calls brings another one before it is busy: they stay where they are', async () => {
  mixers.all[0]!.calls = 1100;
  threads[0]!.tells({ busyMs: 100, playing: 1100, waiting: 0 });
  await settled();
  expect(threads).toHaveLength(1);
  mixers.all[0]!.calls = 1101;
  threads[0]!.tells({ busyMs: 100, playing: 1101, waiting: 0 });
  await settled();
  expect(threads).toHaveLength(2);
});

test('many calls at once are shared from the beginning', async () => {
  await mixers.close();
  threads.length = 0;
  const more = new MixerThreads({ ...partsOf(), most: 8 });
  await more.start(3000);
  expect(threads).toHaveLength(3);
  const picked = Array.from({ length: 6 }, () => {
    const mixing = more.pick()!;
    mixing.calls++;
    return mixing.number;
  });
  expect(picked).toEqual([1, 2, 3, 1, 2, 3]);
  await more.close();
});

test('one that dies soon after its start is tried again with growing pauses', async () => {
  threads[0]!.ears.onEnd('exit');
  await settled();
  expect(threads).toHaveLength(1);
  clock.advance(200);
  await settled();
  threads[1]!.ears.onEnd('exit');
  clock.advance(399);
  await settled();
  expect(threads).toHaveLength(2);
  clock.advance(1);
  await settled();
  expect(threads).toHaveLength(3);
});

test('a thread that dies is replaced at once when it was the last one', async () => {
  clock.advance(10_001);
  threads[0]!.ears.onEnd('out of memory');
  expect(lost).toHaveLength(1);
  expect(mixers.pick()).toBeUndefined();
  await settled();
  expect(ready).toHaveLength(2);
  expect(mixers.pick()?.number).toBe(2);
});

test('a replacement that cannot be started is tried again until it can', async () => {
  failing = true;
  clock.advance(10_001);
  threads[0]!.ears.onEnd('exit');
  await settled();
  expect(mixers.pick()).toBeUndefined();
  failing = false;
  clock.advance(200);
  await settled();
  expect(mixers.pick()).toBeDefined();
});

test('its own end is no loss', async () => {
  await mixers.close();
  threads[0]!.ears.onEnd('closed');
  expect(lost).toEqual([]);
  expect(threads[0]!.closed).toBe(true);
});

test('what callers hear is told by all threads; one that does not answer costs its own callers’ lines', async () => {
  const lineOf = (uniqueid: string): CallStatus => ({
    ...{ uniqueid, status: 'playing', heardMs: 1, aheadMs: 160, underruns: 0 },
  });
  await mixers.start(2000);
  const [one, two] = threads.slice(-2);
  one!.lines = Promise.resolve([lineOf('1.1'), lineOf('1.2')]);
  two!.lines = Promise.reject(new Error('late'));
  expect((await mixers.status()).map(({ uniqueid }) => uniqueid)).toEqual(['1.1', '1.2']);
});
