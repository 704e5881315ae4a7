// What systemd hears, on a real datagram socket, and when it hears nothing.
// A hub that does not say that it lives is killed by systemd; one that says so while its threads are stuck never is.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { SystemdNotifier, takeNotifySettings, type SystemdNotifierParts } from '../../src/observe/systemd';
import { ManualClock, systemClock } from '../../src/util/clock';
import { keptLog, owned, tempFolder } from '../hub/fixtures';
import { systemdSocket } from './systemdSocket';

function notifierOf(parts: Partial<SystemdNotifierParts> & { socket?: string; watchdogMs?: number } = {}) {
  const { socket = '/s', watchdogMs, ...more } = parts;
  const [{ log, lines }, clock] = [keptLog(), new ManualClock()];
  const state = { healthy: true };
  const settings = { socket, ...(watchdogMs !== undefined && { watchdogMs }) };
  const healthy = (): boolean => state.healthy;
  const notifier = owned(new SystemdNotifier({ settings, healthy, clock, log, ...more }));
  return { notifier, clock, lines, state };
}

/** Keeps what is told; fails with an errno while there is one. */
function keptDatagrams() {
  const told: string[] = [];
  const state: { errno?: string } = {};
  const datagrams = {
    available: () => true,
    send: (_: string, text: string) => {
      if (state.errno !== undefined) throw Object.assign(new Error('no'), { code: state.errno });
      told.push(text);
    },
  };
  return { told, state, datagrams };
}

describe('takeNotifySettings', () => {
  test('takes them out of the environment, so that no other program speaks for the hub', () => {
    const env = {
      NOTIFY_SOCKET: '/run/systemd/notify',
      WATCHDOG_USEC: '10000000',
      WATCHDOG_PID: '7',
      PATH: '/bin',
    };
    expect(takeNotifySettings(env, 7)).toEqual({ socket: '/run/systemd/notify', watchdogMs: 10_000 });
    expect(env).toEqual({ PATH: '/bin' });
    expect(takeNotifySettings(env, 7)).toBeUndefined();
  });

  test.each([
    ['a watchdog for another process', { WATCHDOG_USEC: '10000000', WATCHDOG_PID: '8' }],
    ['no watchdog', {}],
    ['a watchdog of nothing', { WATCHDOG_USEC: '0' }],
    ['a watchdog that is no number', { WATCHDOG_USEC: 'soon' }],
  ])('%s: no signs of life', (_, env) => {
    expect(takeNotifySettings({ NOTIFY_SOCKET: '@x', ...env }, 7)).toEqual({ socket: '@x' });
  });
});

describe.each([
  ['a path', () => `${tempFolder()}/notify`],
  ['an abstract name', () => `@holdcast-test-${process.pid}`],
])('%s', (_, address) => {
  test('all of it arrives, in the order in which it was told, from this very process', async () => {
    const { socket, heard, senders, count } = await systemdSocket(address());
    const { notifier, clock, lines } = notifierOf({ socket, watchdogMs: 4000 });
    clock.advance(1234);
    notifier.ready();
    clock.advance(2000);
    notifier.status('playing to 3\ncallers');
    notifier.reloading();
    notifier.ready();
    notifier.stopping();
    await count(6);
    expect(heard).toEqual([
      'READY=1',
      'WATCHDOG=1',
      'STATUS=playing to 3 callers',
      'RELOADING=1\nMONOTONIC_USEC=3234000',
      'READY=1',
      'STOPPING=1',
    ]);
    expect(new Set(senders)).toEqual(new Set([process.pid]));
    expect(lines).toEqual([]);
  });
});

test('the time of a reload is on the clock of the system, as systemd compares it', () => {
  const { told, datagrams } = keptDatagrams();
  const monotonic = (): number =>
    Number(
      execFileSync('python3', ['-c', 'import time; print(time.clock_gettime_ns(time.CLOCK_MONOTONIC))']),
    ) / 1000;
  const before = monotonic();
  notifierOf({ datagrams, clock: systemClock() }).notifier.reloading();
  const after = monotonic();
  const microseconds = Number(/MONOTONIC_USEC=(\d+)$/.exec(told[0]!)?.[1]);
  expect(microseconds).toBeGreaterThanOrEqual(Math.floor(before));
  expect(microseconds).toBeLessThanOrEqual(after);
});

test('without systemd nothing is told', () => {
  const { told, datagrams } = keptDatagrams();
  const { notifier, clock, lines } = notifierOf({ datagrams, settings: undefined });
  notifier.ready();
  notifier.status('x');
  notifier.stopping();
  clock.advance(60_000);
  expect([told, lines, clock.pending]).toEqual([[], [], 0]);
});

test('signs of life come at half the time, and not while the threads are stuck', () => {
  const { told, datagrams } = keptDatagrams();
  const { notifier, clock, state, lines } = notifierOf({ datagrams, watchdogMs: 10_000 });
  const beats = (ms: number): number => {
    const before = told.length;
    clock.advance(ms);
    return told.slice(before).filter((text) => text === 'WATCHDOG=1').length;
  };
  expect(beats(60_000)).toBe(0);
  notifier.ready();
  expect(beats(4999)).toBe(0);
  expect(beats(1)).toBe(1);
  expect(beats(5000)).toBe(1);
  state.healthy = false;
  expect(beats(5000)).toBe(0);
  expect(beats(20_000)).toBe(0);
  state.healthy = true;
  expect(beats(5000)).toBe(1);
  expect(lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
    'error watchdog: not alive; systemd will restart the hub',
    'info watchdog: alive again',
  ]);
  notifier.close();
  expect([beats(20_000), clock.pending]).toEqual([0, 0]);
});

test('a second ready, after a reload, does not double the signs of life', () => {
  const { told, datagrams } = keptDatagrams();
  const { notifier, clock } = notifierOf({ datagrams, watchdogMs: 10_000 });
  notifier.ready();
  notifier.ready();
  clock.advance(5000);
  expect(told).toEqual(['READY=1', 'READY=1', 'WATCHDOG=1']);
  expect(clock.pending).toBe(1);
});

test('a watchdog under two seconds is warned of, since a sign each second is the most there is', () => {
  const { notifier, lines } = notifierOf({ datagrams: keptDatagrams().datagrams, watchdogMs: 1000 });
  notifier.ready();
  expect(lines.map(({ fields }) => fields['hint'])).toEqual(['set WatchdogSec=10']);
});

test('koffi is not there: said once, with what to do, and nothing is tried', () => {
  const { told, datagrams } = keptDatagrams();
  const { notifier, lines, clock } = notifierOf({
    datagrams: { ...datagrams, available: () => false },
    watchdogMs: 4000,
  });
  notifier.ready();
  notifier.status('x');
  notifier.stopping();
  clock.advance(20_000);
  expect([told, clock.pending]).toEqual([[], 0]);
  expect(lines.map(({ level }) => level)).toEqual(['warn']);
  expect(lines[0]!.fields['hint']).toContain('Type=exec and WatchdogSec=0');
});

test('a systemd that cannot be reached is told all of it in its order when it can, and the log says both once', async () => {
  const first = await systemdSocket();
  const { notifier, clock, lines } = notifierOf({ socket: first.socket });
  await first.close();
  rmSync(first.socket);
  notifier.status('1 caller');
  notifier.reloading();
  notifier.ready();
  for (let i = 0; i < 1000; i++) notifier.status(`${i} callers`);
  clock.advance(60_000);
  const { heard, count } = await systemdSocket(first.socket);
  clock.advance(1000);
  await count(3);
  expect(heard).toEqual(['RELOADING=1\nMONOTONIC_USEC=0', 'READY=1', 'STATUS=999 callers']);
  expect(lines.map(({ level, message, fields }) => [level, message, fields['errno']])).toEqual([
    ['warn', 'systemd cannot be told', 'ENOENT'],
    ['info', 'systemd can be told again', undefined],
  ]);
  expect(clock.pending).toBe(0);
});

test('a systemd that reads nothing holds up nobody: what it has no room for comes when it has', async () => {
  const { socket, count, pause } = await systemdSocket();
  await pause(true);
  const { notifier, clock, lines } = notifierOf({ socket });
  for (let i = 0; lines.length === 0 && i < 100_000; i++) notifier.status(`${i} callers`);
  expect(lines.map(({ fields }) => fields['errno'])).toEqual(['EAGAIN']);
  notifier.stopping();
  await pause(false);
  clock.advance(1000);
  await count(2);
  clock.advance(1000);
  expect(lines.at(-1)!.message).toBe('systemd can be told again');
});

test('a sign of life that cannot be sent is not kept: the threads may be stuck when it could be', () => {
  const { told, state, datagrams } = keptDatagrams();
  const { notifier, clock } = notifierOf({ datagrams, watchdogMs: 10_000 });
  notifier.ready();
  state.errno = 'EAGAIN';
  clock.advance(5000);
  delete state.errno;
  clock.advance(4999);
  expect(told).toEqual(['READY=1']);
  clock.advance(1);
  expect(told).toEqual(['READY=1', 'WATCHDOG=1']);
});
