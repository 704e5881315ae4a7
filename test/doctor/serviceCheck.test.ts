// Who listens where Asterisk asks, and whether the port is kept; which folders the service does not see.
// Whoever answers look-ups tells Asterisk which programs to run.
import { spawn } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { serviceChecks, type Machine } from '../../src/doctor/serviceCheck';
import { setRealTime } from '../../src/util/libc';
import { tcpListeners } from '../../src/util/tcpSockets';
import { testWithRealTime } from '../support/priority';
import { ASTERISK, closing, folder, configured, siteWith, told } from './doctorSite';

describe('the port of look-ups', () => {
  const OURS = {
    LoadState: 'loaded',
    ActiveState: 'active',
    Listen: '127.0.0.1:8099 (Stream)',
    ProtectHome: 'yes',
  };
  const listener = (uid: number, host = '127.0.0.1') => ({ host, port: 8099, uid, inode: '1' });
  const asked = (more: Partial<Machine>, config = configured()): Promise<string[]> => {
    const machine = { listeners: () => [], unit: () => Promise.resolve(OURS), ...more };
    return told(serviceChecks(siteWith({ config }), machine).slice(0, 1));
  };

  test.each([0, ASTERISK.uid])('held by systemd, and of uid %d', async (uid) => {
    expect(await asked({ listeners: () => [listener(uid)] })).toEqual([
      'port of look-ups: ok: systemd keeps 127.0.0.1:8099',
    ]);
  });

  test.each(['127.0.0.1', '0.0.0.0', '::'])('another user who listens on %s is named', async (host) => {
    const [text] = await asked({ listeners: () => [listener(0), listener(4_000_001, host)] });
    expect(text).toBe(
      'port of look-ups: problem: a program of uid 4000001 listens on 127.0.0.1:8099: Asterisk runs the programs that it names',
    );
  });

  test('another address of the socket unit', async () => {
    const [text] = await asked({}, configured({ hub: { listen: '127.0.0.1:8098' } }));
    expect(text).toMatch(
      /^port of look-ups: problem: holdcast-hub\.socket holds 127\.0\.0\.1:8099, hub\.listen is 127\.0\.0\.1:8098/,
    );
  });

  test.each([
    ['no socket unit', { LoadState: 'not-found' }, /warning: any user of this machine may listen/],
    ['one that failed', { ...OURS, ActiveState: 'failed' }, /warning: holdcast-hub\.socket is failed/],
  ])('%s', async (_, socket, pattern) => {
    const unit = (name: string) => Promise.resolve(name.endsWith('.socket') ? socket : OURS);
    expect((await asked({ unit }))[0]).toMatch(pattern);
  });

  test('no systemd', async () => {
    const [text] = await asked({ unit: () => Promise.resolve(undefined) });
    expect(text).toMatch(/^port of look-ups: ok: no holdcast-hub\.service here/);
  });

  test('who really listens is seen', async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    closing.push(() => new Promise((done) => server.close(done)));
    const { port } = server.address() as AddressInfo;
    const config = configured({ hub: { listen: `127.0.0.1:${port}` } });
    const account = { ...ASTERISK, uid: process.getuid!() };
    const machine = { listeners: tcpListeners, unit: () => Promise.resolve(undefined) };
    const [own] = await told(serviceChecks(siteWith({ config, account }), machine));
    expect(own).toMatch(/^port of look-ups: ok/);
    if (process.platform !== 'linux' || process.getuid!() === 0) return; // root's listeners are never foreign
    const [foreign] = await told(serviceChecks(siteWith({ config }), machine));
    expect(foreign).toMatch(/^port of look-ups: problem: a program of uid \d+/);
  });

  test.each([
    [
      '/home/pbx/media',
      'yes',
      /problem: the hub's service does not see \/home\/pbx\/media \(media\.folder\)/,
    ],
    ['/root/media', undefined, /warning: the hub's service does not see \/root\/media/],
    ['/run/user/1000/media', 'yes', /problem/],
    ['/home/pbx/media', 'read-only', /ok: the service sees home folders/],
    ['/homework/media', 'yes', /ok: none lies/],
  ])('media in %s with ProtectHome=%s', async (media, protection, pattern) => {
    const config = configured({ media: { folder: media } });
    const unit = () => Promise.resolve(protection === undefined ? undefined : { ProtectHome: protection });
    const [, text] = await told(serviceChecks(siteWith({ config }), { listeners: () => [], unit }));
    expect(text).toMatch(pattern);
  });

  test('a link that leads to a home folder', async () => {
    const link = join(folder(), 'music');
    symlinkSync('/root', link);
    const unit = () => Promise.resolve({ ProtectHome: 'yes' });
    const config = configured({ media: { folder: link } });
    const [, text] = await told(serviceChecks(siteWith({ config }), { listeners: () => [], unit }));
    expect(text).toContain(`does not see ${link}`);
  });
});

testWithRealTime.each([
  [
    'the unit of the version before',
    { LimitRTPRIO: '0', RestrictRealtime: 'yes' },
    /^warning: .*priority 10.*gaps/,
  ],
  ['one that a drop-in restricts', { LimitRTPRIO: '11', RestrictRealtime: 'yes' }, /^warning: /],
  [
    'the unit as it is shipped',
    { LimitRTPRIO: '11', RestrictRealtime: 'no' },
    /^ok: real time, above Asterisk's 10$/,
  ],
  ['no systemd', undefined, /^ok: /],
])('Asterisk runs at real-time priority, and the hub by %s', async (_, unit, expected) => {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  try {
    setRealTime(child.pid!, 10);
    const site = siteWith({ asterisk: { pid: child.pid!, env: {}, known: true } });
    const machine = { listeners: () => [], unit: () => Promise.resolve(unit) };
    const [text = ''] = await told(serviceChecks(site, machine).slice(2));
    expect(text.replace('priority of the service: ', '')).toMatch(expected);
  } finally {
    child.kill('SIGKILL');
  }
});
