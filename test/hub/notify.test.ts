// What systemd hears, on a real datagram socket from its real program where there is one, and when it hears nothing.
// A hub that does not say that it lives is killed by systemd; one that says so while its threads are stuck never is.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Notifier, takeNotifySettings, type NotifierParts } from '../../src/hub/notify';
import { ManualClock } from '../../src/util/clock';
import { keptLog, owned, tempFolder, until } from './fixtures';

const PATH = process.env['PATH'];

function inPath(program: string): boolean {
  return (PATH ?? '').split(':').some((folder) => existsSync(join(folder, program)));
}

/** Prints each datagram as JSON; ends with its standard input. */
const LISTENER = `
import json, select, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('"bound"', flush=True)
while True:
    ready = select.select([s, sys.stdin], [], [])[0]
    if s in ready:
        # systemd-notify waits until the descriptor that comes with BARRIER=1 is closed.
        data, fds, _, _ = socket.recv_fds(s, 65536, 4)
        for fd in fds: socket.close(fd)
        print(json.dumps(data.decode()), flush=True)
    if sys.stdin in ready: break
`;

/** A systemd that listens. */
async function systemd(): Promise<{ socket: string; heard: string[] }> {
  const socket = join(tempFolder(), 'notify');
  const child = spawn('python3', ['-c', LISTENER, socket], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  owned({
    close: () => {
      child.stdin.end();
      return ended;
    },
  });
  const heard: string[] = [];
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    const lines = (text + part).split('\n');
    text = lines.pop() ?? '';
    heard.push(...lines.map((line) => JSON.parse(line) as string));
  });
  await until('python3 listens', () => heard.includes('bound'));
  heard.length = 0;
  return { socket, heard };
}

/** A program in place of systemd-notify that writes down what it is given. */
function standIn(script = ''): { program: string; told: () => string[] } {
  const folder = tempFolder();
  const [program, kept] = [join(folder, 'notify'), join(folder, 'told')];
  writeFileSync(program, `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> ${kept}\n${script}\n`);
  chmodSync(program, 0o755);
  const lines = (): string[] =>
    existsSync(kept) ? readFileSync(kept, 'utf8').split('\n').filter(Boolean) : [];
  return { program, told: lines };
}

function notifierOf(parts: Partial<NotifierParts> & { socket?: string; watchdogMs?: number } = {}) {
  const { socket = '/s', watchdogMs, ...more } = parts;
  const [{ log, lines }, clock] = [keptLog(), new ManualClock()];
  const state = { healthy: true };
  const settings = { socket, ...(watchdogMs !== undefined && { watchdogMs }) };
  const healthy = (): boolean => state.healthy;
  const notifier = owned(new Notifier({ settings, healthy, clock, log, ...more }));
  return { notifier, clock, lines, state };
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

const withSystemd = inPath('systemd-notify') && inPath('python3') ? test : test.skip;

withSystemd('systemd’s own program delivers it all, in the order in which it was told', async () => {
  const { socket, heard } = await systemd();
  const { notifier, clock } = notifierOf({ socket, watchdogMs: 4000 });
  clock.advance(1234);
  notifier.ready();
  await notifier.delivered();
  clock.advance(2000);
  await notifier.delivered();
  notifier.status('playing to 3\ncallers');
  notifier.reloading();
  notifier.ready();
  await notifier.delivered();
  notifier.stopping();
  await notifier.close();
  expect(heard.filter((message) => !message.startsWith('BARRIER'))).toEqual([
    'READY=1',
    'WATCHDOG=1',
    'STATUS=playing to 3 callers',
    'RELOADING=1\nMONOTONIC_USEC=3234000',
    'READY=1',
    'STOPPING=1',
  ]);
});

test('without systemd nothing is run', async () => {
  const { program, told } = standIn();
  const { notifier } = notifierOf({ program });
  const silent = notifierOf({ program, settings: undefined });
  silent.notifier.ready();
  silent.notifier.status('x');
  silent.notifier.stopping();
  silent.clock.advance(60_000);
  await silent.notifier.delivered();
  expect(told()).toEqual([]);
  // The other one shows that the stand-in would have told.
  notifier.ready();
  await notifier.delivered();
  expect(told()).toEqual(['/s READY=1']);
});

test('signs of life come at half the time, and not while the threads are stuck', async () => {
  const { program, told } = standIn();
  const { notifier, clock, state, lines } = notifierOf({ program, watchdogMs: 10_000 });
  const beats = async (ms: number): Promise<number> => {
    const before = told().length;
    clock.advance(ms);
    await notifier.delivered();
    return told().length - before;
  };
  expect(await beats(60_000)).toBe(0);
  notifier.ready();
  await notifier.delivered();
  expect(await beats(4999)).toBe(0);
  expect(await beats(1)).toBe(1);
  expect(await beats(5000)).toBe(1);
  state.healthy = false;
  expect(await beats(5000)).toBe(0);
  expect(await beats(20_000)).toBe(0);
  state.healthy = true;
  expect(await beats(5000)).toBe(1);
  expect(lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
    'error watchdog: not alive; systemd will start the hub again',
    'info watchdog: alive again',
  ]);
  await notifier.close();
  expect(await beats(20_000)).toBe(0);
});

test('a second ready, after a reload, does not double the signs of life', async () => {
  const { program, told } = standIn();
  const { notifier, clock } = notifierOf({ program, watchdogMs: 10_000 });
  notifier.ready();
  notifier.ready();
  await notifier.delivered();
  const before = told().length;
  clock.advance(5000);
  await notifier.delivered();
  expect(told().length - before).toBe(1);
  expect(clock.pending).toBe(1);
});

test('a watchdog under two seconds is warned of, since a sign each second is the most there is', () => {
  const { notifier, lines } = notifierOf({ program: standIn().program, watchdogMs: 1000 });
  notifier.ready();
  expect(lines.map(({ fields }) => fields['hint'])).toEqual(['set WatchdogSec=10']);
});

test('systemd-notify is not there: said once, and never tried again', async () => {
  const { notifier, lines, clock } = notifierOf({ program: '/nowhere/notify', watchdogMs: 4000 });
  notifier.ready();
  notifier.status('x');
  await notifier.delivered();
  notifier.stopping();
  clock.advance(20_000);
  await notifier.delivered();
  expect(lines).toHaveLength(1);
  expect(lines[0]!.fields['hint']).toContain('NotifyAccess=all');
});

test('a program that fails is told of when it begins and when it is over', async () => {
  const flag = join(tempFolder(), 'works');
  const { program } = standIn(`[ -e ${flag} ]`);
  const { notifier, lines } = notifierOf({ program });
  notifier.status('a');
  await notifier.delivered();
  notifier.status('b');
  await notifier.delivered();
  writeFileSync(flag, '');
  notifier.status('c');
  await notifier.delivered();
  expect(lines.map(({ level }) => level)).toEqual(['warn', 'info']);
});

test('a program that hangs is ended, and what waited comes as its latest', async () => {
  const { program, told } = standIn('[ "$1" = READY=1 ] && exec sleep 600; exit 0');
  const { notifier, clock, lines } = notifierOf({ program });
  notifier.ready();
  await until('it runs', () => told().length === 1);
  for (let i = 0; i < 1000; i++) notifier.status(`${i} callers`);
  notifier.stopping();
  const delivered = notifier.delivered();
  clock.advance(6000);
  await delivered;
  expect(told()).toEqual(['/s READY=1', '/s STATUS=999 callers', '/s STOPPING=1']);
  expect(lines.map(({ level }) => level)).toEqual(['warn', 'info']);
});

const withAnalyze = inPath('systemd-analyze') ? test : test.skip;

withAnalyze('the unit that is shipped is one that systemd understands', () => {
  const units = join(__dirname, '../../packaging/systemd');
  const copies = tempFolder();
  cpSync(units, copies, { recursive: true });
  const copy = join(copies, 'holdcast-hub.service');
  // What it is to run need not be installed here.
  const text = readFileSync(copy, 'utf8').replaceAll('/usr/local/bin/holdcast', '/bin/true');
  writeFileSync(copy, text);
  const said = execFileSync('/bin/sh', ['-c', `systemd-analyze verify --man=no ${copy} 2>&1 || true`], {
    encoding: 'utf8',
  });
  expect(said.split('\n').filter((line) => line.includes('holdcast-hub'))).toEqual([]);
  for (const line of ['Type=notify', 'NotifyAccess=all', 'ExecReload=/bin/kill -HUP $MAINPID'])
    expect(text).toContain(`\n${line}\n`);
  expect(text).toMatch(/^RuntimeDirectoryPreserve=(yes|restart)$/m);
  expect(text).toMatch(/^WatchdogSec=\d+$/m);
});
