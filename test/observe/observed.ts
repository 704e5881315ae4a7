// A hub's status as tests need it: three callers in two queues, one of whom is told something.
// Shared by the tests of what serves it and of what shows it.
import type { HubStatus } from '../../src/observe/status';

export function hubStatus(more: Partial<HubStatus> = {}): HubStatus {
  return {
    version: '1.2.3',
    pid: 4711,
    uptimeMs: 3_725_000,
    state: 'ready',
    play: 'hub',
    problems: [],
    callers: { playing: 2, waiting: 1, plain: 0, most: 4000 },
    totals: { frames: 186_250, framesLate: 3, underruns: 1, pagesLate: 0, rescued: 0, keys: 12 },
    lag: { tickMs: 2.345, loopMs: 14 },
    memory: { rssBytes: 180e6, heapBytes: 60e6, cacheBytes: 30e6, cacheLimitBytes: 128 * 1024 * 1024 },
    threads: [
      {
        thread: 0,
        playing: 2,
        waiting: 1,
        worstLagMs: 2.345,
        worstTickMs: 4.5,
        busyMs: 71,
        heapBytes: 20e6,
      },
    ],
    ami: 'connected',
    store: 'away',
    limits: [],
    calls: [
      {
        uniqueid: '1795225281.9',
        status: 'waiting',
        heardMs: 1000,
        aheadMs: 160,
        underruns: 0,
      },
      {
        uniqueid: '1795225281.2',
        queue: 'sales',
        position: 12,
        status: 'playing',
        track: 'music/slow-water.wav',
        heardMs: 65_000,
        aheadMs: 120,
        underruns: 1,
      },
      {
        uniqueid: '1795225281.1',
        queue: 'sales',
        position: 2,
        status: 'playing',
        track: 'music/first-light.wav',
        says: { kind: 'advice', title: 'Opening hours' },
        heardMs: 3_600_000,
        aheadMs: 120,
        underruns: 0,
      },
    ],
    ...more,
  };
}
