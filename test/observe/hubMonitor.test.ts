// The watch as the hub has it: from its start over a reload to its end, asked by the real `holdcast status`.
// What it says to systemd and to a probe must be one truth: a hub that drains is not ready, a stuck one is not alive.
import { request } from 'node:http';
import { askHub } from '../../src/cli/statusCommand';
import { LoopDelay } from '../../src/observe/loopDelay';
import { HubMonitor, type MonitoredHub, type MonitorParts } from '../../src/observe/hubMonitor';
import { SystemdNotifier } from '../../src/observe/systemd';
import type { MixerFigures } from '../../src/mixer/messages';
import { ManualClock } from '../../src/util/clock';
import { keptLog, owned, tempFolder } from '../hub/fixtures';
import { hubStatus } from './observed';
import { systemdSocket } from './systemdSocket';

const FIGURES: MixerFigures = {
  playing: 2,
  waiting: 0,
  frames: 50,
  framesLate: 0,
  underruns: 0,
  pagesLate: 0,
  rescued: 0,
  plain: 0,
  worstLagMs: 3,
  worstTickMs: 1,
  busyMs: 20,
  keys: [{ action: 'nextTrack', audibleMs: 200 }],
  gcPauses: [{ kind: 'minor', ms: 0.75 }],
  heapBytes: 1000,
};

async function watchOf(more: Partial<MonitorParts> = {}) {
  const [{ log, lines }, clock, folder] = [keptLog(), new ManualClock(), tempFolder()];
  const watch = new HubMonitor({
    settings: { folder, observe: { host: '127.0.0.1', port: 0 }, cacheMb: 64, play: 'hub' },
    most: {
      mostCallers: 512,
      reasons: [{ code: 'HC_HUB_LIMIT', limit: 'descriptors', callers: 512, hint: 'raise it' }],
    },
    version: '1.2.3',
    ami: () => 'connected',
    store: () => 'none',
    notify: undefined,
    clock,
    log,
    ...more,
  });
  await watch.start();
  owned(watch);
  const ask = (path: string): Promise<{ status: number; body: string }> =>
    new Promise((resolve, reject) => {
      const where = { host: '127.0.0.1', port: watch.port!, path, agent: false };
      const call = request(where, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (part: string) => (body += part));
        response.on('end', () => resolve({ status: response.statusCode!, body }));
      });
      call.on('error', reject).end();
    });
  const status = () => askHub(folder, { clock, signal: new AbortController().signal });
  return { watch, clock, lines, ask, status };
}

const hub: MonitoredHub = {
  cacheBytes: 4096,
  threads: 1,
  status: () => Promise.resolve(hubStatus().calls),
};

test('it is ready once it plays, and no more when it drains', async () => {
  const { watch, ask, status } = await watchOf();
  expect(await ask('/ready')).toMatchObject({
    status: 503,
    body: expect.stringContaining('starts') as unknown,
  });
  expect((await ask('/health')).status).toBe(200);
  expect(await status()).toMatchObject({ state: 'starting', calls: [] });
  watch.ready(hub);
  expect((await ask('/ready')).status).toBe(200);
  watch.reloading();
  expect((await ask('/ready')).status).toBe(200);
  watch.ready(hub);
  watch.draining();
  expect(await ask('/ready')).toMatchObject({
    status: 503,
    body: expect.stringContaining('drains') as unknown,
  });
  expect((await ask('/metrics')).body).toContain('\nholdcast_ready 0\n');
});

test('status and metrics tell the same figures', async () => {
  const { watch, ask, status } = await watchOf();
  watch.ready(hub);
  watch.figures(0, { ...FIGURES, plain: 3 });
  watch.figures(1, { ...FIGURES, frames: 0, keys: [], plain: 4 });
  expect(await status()).toMatchObject({
    version: '1.2.3',
    pid: process.pid,
    state: 'ready',
    problems: [],
    play: 'hub',
    callers: { playing: 4, waiting: 0, plain: 7, most: 512 },
    totals: { frames: 50, keys: 1 },
    memory: { cacheBytes: 4096, cacheLimitBytes: 64 * 1024 * 1024 },
    ami: 'connected',
    store: 'none',
    limits: ['descriptors: room for 512; raise it'],
    calls: hubStatus().calls,
  });
  const { body } = await ask('/metrics');
  expect(body).toContain('\nholdcast_frames_total 50\n');
  expect(body).toContain('\nholdcast_callers{status="plain"} 7\n');
  expect(body).toContain('\nholdcast_gc_pause_seconds_count{thread="mixing",kind="minor"} 2\n');
  expect(body).not.toContain('1795225281');
});

test('a thread that tells nothing any more makes it unhealthy, until it is replaced', async () => {
  const { watch, clock, ask } = await watchOf();
  watch.ready(hub);
  watch.figures(3, FIGURES);
  for (let second = 0; second < 7; second++) clock.advance(1000);
  const { status, body } = await ask('/health');
  expect([status, body]).toEqual([503, expect.stringContaining('mixing thread 3')]);
  watch.threadGone(3);
  expect((await ask('/health')).status).toBe(200);
});

describe('without a mixing thread', () => {
  const seconds = (clock: ManualClock, count: number): void => {
    for (let second = 0; second < count; second++) clock.advance(1000);
  };

  test('for five seconds it is neither healthy nor ready, and is both with the next thread', async () => {
    const { watch, clock, ask } = await watchOf();
    let threads = 1;
    watch.ready({
      ...hub,
      get threads() {
        return threads;
      },
    });
    seconds(clock, 10);
    threads = 0;
    seconds(clock, 5);
    expect([(await ask('/health')).status, (await ask('/ready')).status]).toEqual([200, 200]);
    seconds(clock, 1);
    const problem = expect.stringContaining('no mixing thread runs') as unknown;
    expect(await ask('/health')).toMatchObject({ status: 503, body: problem });
    expect(await ask('/ready')).toMatchObject({ status: 503, body: problem });
    expect((await ask('/metrics')).body).toContain('\nholdcast_ready 0\n');
    threads = 1;
    expect([(await ask('/health')).status, (await ask('/ready')).status]).toEqual([200, 200]);
  });

  test('where each call has a process of its own none is missed', async () => {
    const { watch, clock, ask } = await watchOf();
    watch.ready({ cacheBytes: 0, status: () => Promise.resolve([]) });
    seconds(clock, 60);
    expect([(await ask('/health')).status, (await ask('/ready')).status]).toEqual([200, 200]);
  });
});

describe('what systemd hears', () => {
  test('how many callers there are: only what changed, each ten seconds at most', async () => {
    const told = jest.spyOn(SystemdNotifier.prototype, 'status');
    owned({ close: () => told.mockRestore() });
    const { watch, clock } = await watchOf();
    const seconds = (from: number, to: number): void => {
      for (let second = from; second <= to; second++) {
        watch.figures(0, { ...FIGURES, playing: Math.min(second, 15) });
        clock.advance(1000);
      }
    };
    watch.ready(hub);
    seconds(1, 60);
    watch.draining();
    seconds(1, 30);
    expect(told.mock.calls.map(([line]) => line)).toEqual([
      'plays to 0 of at most 512 callers',
      'plays to 10 of at most 512 callers',
      'plays to 15 of at most 512 callers',
    ]);
  });

  test('a reload that ends while it drains does not make it ready again', async () => {
    const { socket, heard, count } = await systemdSocket();
    const { watch } = await watchOf({ notify: { socket } });
    watch.ready(hub);
    watch.draining();
    watch.reloading();
    watch.ready(hub);
    await watch.close();
    await count(3);
    expect(heard).toEqual(['READY=1', expect.stringMatching(/^STATUS=plays to 0 of/), 'STOPPING=1']);
  });
});

test('a reload that ends while it drains leaves it draining', async () => {
  const { watch, ask, status } = await watchOf();
  watch.ready(hub);
  watch.draining();
  watch.ready(hub);
  expect((await ask('/ready')).status).toBe(503);
  expect((await status()).state).toBe('draining');
});

test('the delay of the main thread is sampled only while somebody is on hold: an idle hub is not woken for it', async () => {
  const sampled = jest.spyOn(LoopDelay.prototype, 'sample');
  owned({ close: () => sampled.mockRestore() });
  const { watch, clock } = await watchOf();
  watch.ready(hub);
  watch.figures(0, { ...FIGURES, playing: 0 });
  clock.advance(1000);
  watch.figures(0, { ...FIGURES, playing: 0, waiting: 1 });
  clock.advance(1000);
  watch.figures(0, { ...FIGURES, playing: 0 });
  clock.advance(1000);
  expect(sampled.mock.calls).toEqual([[false], [true], [false]]);
});

test('an idle hub that stood still says for how long', async () => {
  const { watch, clock, status } = await watchOf();
  watch.ready(hub);
  clock.advance(1000);
  clock.stall(1400);
  clock.advance(0);
  expect((await status()).lag.loopMs).toBeCloseTo(400);
});

test('once closed nothing waits', async () => {
  const { watch, clock } = await watchOf();
  watch.ready(hub);
  await watch.close();
  expect(clock.pending).toBe(0);
});
