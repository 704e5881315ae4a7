// `holdcast doctor`: each mistake that it is there for is made once, and must be found and named; a right system must
// pass. Rights are reckoned for a user that is nobody here, so the tests run as root and as anybody.
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { openAmi } from '../../src/asterisk/ami';
import { holdApplication, readerApplication } from '../../src/asterisk/realtime';
import { findAsterisk } from '../../src/cli/doctor/asteriskProcess';
import { amiChecks } from '../../src/cli/doctor/amiCheck';
import { ok, problem, runChecks, type Check, type Row } from '../../src/cli/doctor/check';
import { readConf, valueOf } from '../../src/cli/doctor/confFile';
import { configChecks } from '../../src/cli/doctor/configCheck';
import type { ConfigState } from '../../src/cli/doctor/configState';
import { fileChecks } from '../../src/cli/doctor/filesCheck';
import { folderChecks } from '../../src/cli/doctor/folderCheck';
import { hubChecks } from '../../src/cli/doctor/hubCheck';
import { mediaChecks } from '../../src/cli/doctor/mediaCheck';
import { programChecks } from '../../src/cli/doctor/programCheck';
import { realtimeChecks } from '../../src/cli/doctor/realtimeCheck';
import { accountOf, obstacle, obstacleText, permits, type Account } from '../../src/cli/doctor/rights';
import { environmentFor, type Site } from '../../src/cli/doctor/site';
import { serviceChecks, type Machine } from '../../src/cli/doctor/serviceCheck';
import { systemNameChecks } from '../../src/cli/doctor/systemNameCheck';
import { reportTable, summaryText } from '../../src/cli/doctor/table';
import { doctorCommand } from '../../src/cli/doctorCommand';
import { resolveConfig } from '../../src/config/defaults';
import type { Config } from '../../src/config/types';
import { RealtimeServer } from '../../src/hub/realtimeServer';
import { ManualClock, systemClock } from '../../src/util/clock';
import { HoldcastError } from '../../src/util/errors';
import { silentLogger } from '../../src/util/log';
import { seededRandom } from '../../src/util/random';
import { tcpListeners } from '../../src/util/tcpListeners';
import { AmiServer } from '../support/amiServer';
import { isRoot, NOBODY } from '../support/otherUser';

const ASTERISK: Account = { name: 'asterisk', uid: 54_321, gid: 54_322, groups: [54_322], home: '/nowhere' };
const NOBODY_ACCOUNT: Account = { ...ASTERISK, ...NOBODY, gid: NOBODY.uid, groups: [] };
const PROGRAM = '/opt/holdcast/bin/holdcast';
const READER = '/opt/holdcast/bin/holdcast-reader';
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** A folder that anybody may enter; removed after the test. */
function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'holdcast-doctor-'));
  chmodSync(path, 0o755);
  closing.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function put(path: string, content: string, mode = 0o644): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

function configured(config: Config = {}, path?: string): ConfigState {
  const resolved = resolveConfig(config, { configDir: '/', env: { HOLDCAST_CACHE: '/nowhere/cache' } });
  return { config: resolved, ...(path !== undefined && { path }) };
}

interface Change extends Partial<Site> {
  /** Asterisk's files. */
  files?: Record<string, string>;
}

function siteWith({ files = {}, ...change }: Change = {}): Site {
  const etc = folder();
  for (const [name, content] of Object.entries(files)) put(join(etc, name), content);
  return {
    etc,
    program: PROGRAM,
    user: 'asterisk',
    account: ASTERISK,
    asterisk: { env: {}, known: false },
    config: configured(),
    conf: (file) => readConf(etc, file),
    console: () => Promise.resolve(undefined),
    env: {},
    clock: systemClock(),
    log: silentLogger,
    ...change,
  };
}

async function rowsOf(checks: readonly Check[]): Promise<Row[]> {
  const signal = new AbortController().signal;
  return runChecks(checks, { clock: systemClock(), limitMs: 30_000, signal });
}

/** "musiconhold.conf: problem: …", one for each finding. */
async function told(checks: readonly Check[]): Promise<string[]> {
  return (await rowsOf(checks)).map(({ check, result, found }) => `${check}: ${result}: ${found}`);
}

describe('Asterisk’s files are read as Asterisk reads them', () => {
  async function read(files: Record<string, string>) {
    const etc = folder();
    for (const [name, content] of Object.entries(files)) put(join(etc, name), content);
    const conf = await readConf(etc, 'a.conf');
    const sections = conf.sections.map(({ name, lines }) => [name, lines.map((l) => `${l.name}=${l.value}`)]);
    return { sections, gaps: conf.gaps, conf };
  }

  test('comments, also in blocks that are nested, and semicolons that are none', async () => {
    const { sections } = await read({
      'a.conf': [
        '[x] ; a section',
        'a = 1 ; one',
        ';b = 2',
        'c => x\\;y',
        ';-- d=1',
        ';-- e=1 --; f=1',
        '--; g = 3',
        ';--- h=1',
        'i=4 ;-- j --;',
      ].join('\n'),
    });
    expect(sections).toEqual([['x', ['a=1', 'c=x;y', 'g=3', 'i=4']]]);
  });

  test('templates give their lines, and what is added comes behind', async () => {
    const { conf, sections } = await read({
      'a.conf': '[t](!)\na=1\nb=1\n[x](t)\nb=2\n[x](+)\nc=3\n[x]\nd=4\n',
    });
    expect(sections.slice(1)).toEqual([
      ['x', ['a=1', 'b=1', 'b=2', 'c=3']],
      ['x', ['d=4']],
    ]);
    expect([conf.sections[0]!.template, valueOf(conf.sections[1], 'B')?.value]).toEqual([true, '2']);
  });

  test('an included file goes on in the section in which it is included', async () => {
    const { sections, gaps } = await read({
      'a.conf': '[x]\n#include "sub/*.conf"\n#tryinclude <none.conf>\nz=9\n#include ./a2.conf\n',
      'sub/1.conf': 'a=1\n',
      'sub/2.conf': 'b=2\n[y]\n',
      'a2.conf': 'c=3\n',
    });
    expect(sections).toEqual([
      ['x', ['a=1', 'b=2']],
      ['y', ['z=9', 'c=3']],
    ]);
    expect(gaps).toEqual([]);
  });

  test('what cannot be followed is named: a missing file, a loop, a program', async () => {
    const { gaps } = await read({
      'a.conf': '[x]\n#include none.conf\n#exec /bin/x\n[y](+)\n#include loop.conf\n',
      'loop.conf': '#include loop.conf\n',
    });
    expect(gaps).toEqual([
      expect.stringMatching(/none\.conf: ENOENT$/),
      expect.stringMatching(/#exec is not followed$/),
      expect.stringMatching(/\[y\]\(\+\) adds to a section that is not there$/),
      'loop.conf: includes are nested too deeply',
    ]);
  });
});

describe('what Asterisk’s user may do', () => {
  const stats = (uid: number, gid: number, mode: number) => ({ uid, gid, mode });
  test.each([
    ['its own', stats(ASTERISK.uid, 0, 0o400), true],
    ['its own, though all others may', stats(ASTERISK.uid, 0, 0o044), false],
    ['its group’s', stats(0, ASTERISK.gid, 0o040), true],
    ['its group’s, though all others may', stats(0, ASTERISK.gid, 0o004), false],
    ['everybody’s', stats(0, 0, 0o004), true],
    ['nobody’s', stats(0, 0, 0o440), false],
  ])('%s', (_, file, may) => {
    expect(permits(file, ASTERISK, 'r')).toBe(may);
  });

  test('root may all but run what nobody may', () => {
    const root = { ...ASTERISK, uid: 0 };
    expect([permits(stats(5, 5, 0), root, 'w'), permits(stats(5, 5, 0o100_644), root, 'x')]).toEqual([
      true,
      false,
    ]);
  });

  test('a user is found with all its groups', () => {
    const passwd = 'root:x:0:0::/root:/bin/sh\nasterisk:x:101:102::/var/lib/asterisk:/bin/false\n';
    const group = 'asterisk:x:102:\naudio:x:29:pulse,asterisk\ndialout:x:20:\n';
    const account = { name: 'asterisk', uid: 101, gid: 102, groups: [102, 29], home: '/var/lib/asterisk' };
    expect(accountOf('asterisk', passwd, group)).toEqual(account);
    expect(accountOf(101, passwd, group)).toEqual(account);
    expect(accountOf('nobody', passwd, group)).toBeUndefined();
  });

  test('a folder above that may not be entered is in the way, also above what a link leads to', async () => {
    const top = folder();
    const closed = join(top, 'closed');
    put(join(closed, 'node'), '', 0o755);
    chmodSync(closed, 0o700);
    symlinkSync(join(closed, 'node'), join(top, 'link'));
    const found = await obstacle(join(top, 'link'), ASTERISK, ['x']);
    expect(obstacleText(found!, ASTERISK)).toBe(`${closed} may not be entered by asterisk`);
    expect(await obstacle(top, ASTERISK, ['r', 'x'])).toBeUndefined();
    expect(await obstacle(join(top, 'none'), ASTERISK, ['r'])).toMatchObject({ lacks: 'missing' });
  });
});

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

  test('Ctrl-C ends them', async () => {
    const abort = new AbortController();
    const clock = new ManualClock();
    const rows = runChecks([never], { clock, limitMs: 5000, signal: abort.signal });
    abort.abort();
    expect(await rows).toEqual([{ check: 'slow', result: 'not checked', found: 'interrupted' }]);
    expect(clock.pending).toBe(0);
  });
});

describe('the program', () => {
  /** An installation whose program is a shell script. */
  function installed(script = '#!/usr/bin/env node\n'): string {
    const top = folder();
    put(join(top, 'dist/stream.cjs'), '');
    put(join(top, 'bin/holdcast-reader'), '#!/bin/sh\n', 0o755);
    return put(join(top, 'bin/holdcast'), script, 0o755);
  }
  const found = async (site: Site, check: string) =>
    (await rowsOf(programChecks(site))).find((r) => r.check === check);

  test('a node that only its owner may run is no node', async () => {
    const home = folder();
    const node = put(join(home, '.nvm/node'), '', 0o700);
    const site = siteWith({ program: installed(), asterisk: { env: { PATH: dirname(node) }, known: true } });
    expect(await found(site, 'Node.js for Asterisk')).toMatchObject({
      result: 'problem',
      found: expect.stringContaining(`${node} may not be run by asterisk`) as string,
    });
    chmodSync(node, 0o755);
    expect(await found(site, 'Node.js for Asterisk')).toMatchObject({ result: 'ok' });
  });

  test('a node that the program names by its path needs no PATH', async () => {
    const node = put(join(folder(), 'node'), '', 0o755);
    const site = siteWith({ program: installed(`#!${node}\n`) });
    expect(await found(site, 'Node.js for Asterisk')).toMatchObject({ result: 'ok' });
  });

  test.each([
    ['not executable', 0o644, 'problem', /may not be run by asterisk/],
    ['anybody may change it', 0o777, 'warning', /every user may change/],
    ['as it should be', 0o755, 'ok', /for asterisk too/],
  ])('%s', async (_, mode, result, text) => {
    const program = installed();
    chmodSync(program, mode);
    expect(await found(siteWith({ program }), 'program')).toMatchObject({
      result,
      found: expect.stringMatching(text) as string,
    });
  });

  test('a path that Asterisk would cut', async () => {
    const site = siteWith({ program: `/${'long/'.repeat(50)}bin/holdcast` });
    expect(await found(site, 'program')).toMatchObject({ result: 'problem' });
  });

  test('it is started as that user, never as root, and what it says is told', async () => {
    const account = isRoot ? NOBODY_ACCOUNT : { ...ASTERISK, uid: process.getuid!(), gid: process.getgid!() };
    const script = `#!/bin/sh\nid -u >&2\nexit 1\n`;
    expect(await found(siteWith({ account, program: installed(script) }), 'start as Asterisk')).toMatchObject(
      {
        result: 'problem',
        found: `it does not start as ${account.name}: ${account.uid}`,
      },
    );
    const good = siteWith({ account, program: installed('#!/bin/sh\n[ "$1" = --version ]\n') });
    expect(await found(good, 'start as Asterisk')).toMatchObject({ result: 'ok' });
  });

  test('where Asterisk is root, nothing is started', async () => {
    const account = { ...ASTERISK, uid: 0 };
    const site = siteWith({ account, program: installed('#!/bin/sh\nexit 1\n') });
    expect(await found(site, 'start as Asterisk')).toMatchObject({ result: 'not checked' });
  });
});

describe('the config', () => {
  test('a wrong one is told with what to do', async () => {
    const error = new HoldcastError('HC_CONFIG_INVALID', 'x.ts: one value is not allowed\n  a', 'correct it');
    const [row] = await rowsOf(configChecks(siteWith({ config: { error } })));
    expect(row).toMatchObject({ result: 'problem', found: 'x.ts: one value is not allowed' });
    expect(row!.todo).toContain('correct it');
  });

  test('streams that would find another one', async () => {
    const mine = put(join(folder(), 'config.ts'), '');
    const theirs = put(join(folder(), 'config.ts'), '');
    const env = { HOLDCAST_CONFIG: theirs };
    const config = configured({}, mine);
    const site = siteWith({ config, asterisk: { env, known: true } });
    expect(await told(configChecks(site))).toContain(
      `config for streams: problem: this command takes ${mine}, streams take ${theirs}`,
    );
    const same = siteWith({ config: configured({}, theirs), asterisk: { env, known: true } });
    expect(await told(configChecks(same))).toContain(
      `config for streams: ok: ${theirs}, which asterisk may read`,
    );
  });

  test('a password that everybody may read', async () => {
    const path = put(join(folder(), 'config.ts'), "secret: 'hush-hush'", 0o644);
    const config = configured({ ami: { secret: 'hush-hush' } }, path);
    const told644 = await told(configChecks(siteWith({ config })));
    expect(told644).toContain(
      `password in config: warning: every user of this machine may read ami.secret in ${path}`,
    );
    chmodSync(path, 0o640);
    expect(await told(configChecks(siteWith({ config })))).toContain(
      'password in config: ok: not everybody may read it',
    );
  });
});

describe('folders', () => {
  test('those that Asterisk’s user cannot write are named, with the command that puts it right', async () => {
    const top = folder();
    mkdirSync(join(top, 'cache'), { mode: 0o755 });
    mkdirSync(join(top, 'open'));
    chmodSync(join(top, 'open'), 0o777);
    const config = configured({
      media: { cache: join(top, 'cache') },
      calls: { folder: join(top, 'open/calls') },
      log: { file: put(join(top, 'holdcast.log'), '', 0o644) },
    });
    const rows = await rowsOf(folderChecks(siteWith({ config })));
    expect(rows.map(({ check, result, todo }) => [check, result, todo])).toEqual([
      ['cache', 'problem', `install -d -o asterisk -g asterisk -m 0700 ${top}/cache`],
      ['state of calls', 'ok', undefined],
      ['log', 'problem', `chown asterisk ${top}/holdcast.log`],
    ]);
  });
});

describe('media', () => {
  test('a folder without music, and a file that Asterisk’s user may not read', async () => {
    const top = folder();
    const file = put(join(top, 'music/a.mp3'), 'x', 0o600);
    const config = configured({ media: { folder: top } });
    const texts = await told(mediaChecks(siteWith({ config })));
    expect(texts).toContain(
      `media: problem: 0 pieces of music, 0 advices, 0 prompts in ${top}; callers hear no music: none of its files can be played`,
    );
    expect(texts).toContain(`media for Asterisk: problem: ${file} may not be read by asterisk`);
    expect(texts.find((text) => text.startsWith('media files: warning: music/a.mp3'))).toBeDefined();
  });
});

describe('the hub', () => {
  async function hub(application = holdApplication(PROGRAM, 8000)): Promise<number> {
    const server = new RealtimeServer({
      listen: { host: '127.0.0.1', port: 0 },
      clock: systemClock(),
      log: silentLogger,
    });
    await server.start();
    server.serve({ application, startable: () => true });
    closing.push(() => server.close());
    return server.port!;
  }
  const at = (port: number, more: Config = {}): ConfigState =>
    configured({
      hub: { listen: `127.0.0.1:${port}`, socket: '/nowhere/hub.sock', play: 'stream' },
      ...more,
    });
  const playing = (port: number, folder: string): ConfigState =>
    configured({ hub: { listen: `127.0.0.1:${port}`, folder } });

  test('one that answers with this installation is right', async () => {
    const texts = await told(hubChecks(siteWith({ config: at(await hub()) })));
    expect(texts).toEqual([
      'hub: ok: it answers with a music class for each call',
      'hub for streams: problem: no stream can ask it who is calling: /nowhere/hub.sock: connect ENOENT /nowhere/hub.sock',
    ]);
  });

  test('one of another installation, and one that has not seen the new config', async () => {
    const other = await told(
      hubChecks(siteWith({ config: at(await hub(holdApplication('/old/bin/holdcast', 8000))) })),
    );
    expect(other[0]).toBe(`hub: warning: it has Asterisk start /old/bin/holdcast, this is ${PROGRAM}`);
    const config = at(await hub(), { sound: { rate: 16000 } });
    const [stale] = await told(hubChecks(siteWith({ config })));
    expect(stale).toBe('hub: problem: it has Asterisk read slin, sound.rate is 16000');
  });

  test('one that plays has Asterisk start readers, which must be able to open its pipes', async () => {
    const pipes = mkdtempSync(join(tmpdir(), 'holdcast-doctor-'));
    closing.push(() => rmSync(pipes, { recursive: true }));
    const application = readerApplication(READER, pipes, 8000);
    const asked = async (folder: string, more: Partial<Site> = {}): Promise<string[]> =>
      told(hubChecks(siteWith({ config: playing(await hub(application), folder), ...more })));
    const account = { name: 'asterisk', uid: process.getuid!(), gid: 0, groups: [0], home: '/' };
    expect(await asked(pipes, { account })).toEqual([
      'hub: ok: it answers with a music class for each call',
      `callers' pipes: ok: in ${pipes}, which asterisk may use`,
    ]);
    const other = { ...account, uid: 65_533, gid: 65_533, groups: [65_533] };
    expect((await asked(pipes, { account: other }))[1]).toMatch(/^callers' pipes: problem: /);
    expect((await asked('/nowhere/pipes', { account }))[0]).toMatch(/^hub: warning: it has Asterisk start/);
  });

  test('one that is down is a problem only where Asterisk would ask it', async () => {
    const config = at(1);
    const files = { 'extconfig.conf': '[settings]\nmusiconhold => curl,http://127.0.0.1:1/x\n' };
    const [unmapped] = await told(hubChecks(siteWith({ config })));
    const [mapped] = await told(hubChecks(siteWith({ config, files })));
    expect(unmapped).toMatch(/^hub: warning: it does not answer on 127\.0\.0\.1:1: .*ECONNREFUSED/);
    expect(mapped).toMatch(/^hub: problem:/);
  });

  test('one that accepts and says nothing does not hold up the doctor', async () => {
    const clock = new ManualClock();
    const { port } = await peer(() => clock.advance(3000));
    const [text] = await told(hubChecks(siteWith({ config: at(port), clock })));
    expect(text).toBe(`hub: warning: it does not answer on 127.0.0.1:${port}: nothing came within 3 s`);
  });

  test('another program on that port is not taken for it, however much it says', async () => {
    const page = `HTTP/1.1 200 OK\r\n\r\n${'<html>'.repeat(20_000)}`;
    const { port } = await peer((socket) => socket.end(page));
    const [text] = await told(hubChecks(siteWith({ config: at(port) })));
    expect(text).toMatch(/hub: warning: .*the answer is too long/);
    const short = await peer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nhello%'));
    const [other] = await told(hubChecks(siteWith({ config: at(short.port) })));
    expect(other).toMatch(/hub: problem: something answers, but not with a music class/);
  });
});

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
      'port of look-ups: problem: a program of uid 4000001 listens on 127.0.0.1:8099: Asterisk runs what it answers',
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

describe('the system name', () => {
  const asked = async (text: string | Buffer): Promise<string> => {
    const etc = folder();
    writeFileSync(
      join(etc, 'asterisk.conf'),
      Buffer.concat([Buffer.from('[options]\n'), Buffer.from(text as string)]),
    );
    const [row] = await told(systemNameChecks(siteWith({ conf: (file) => readConf(etc, file) })));
    return row!;
  };

  test.each([
    ['', /ok: not set/],
    ['systemname = pbx-1', /ok: "pbx-1"/],
    ['systemname = Büro West/2', /ok: "Büro West\/2"/],
    [Buffer.from('systemname = Büro', 'latin1'), /problem: .* is no UTF-8: /],
    [`systemname = ${'x'.repeat(18)}ü`, /problem: .* where Asterisk cuts it, after 19 bytes/],
    ['systemname = a\u00019', /problem: .* control characters/],
    ['systemname = a(b)', /ok: "a\(b\)"/],
  ])('%s', async (text, pattern) => {
    expect(await asked(text)).toMatch(pattern);
  });
});

/** A server that calls `act` as soon as something has come. */
async function peer(act: (socket: { end(text: string): unknown }) => void): Promise<{ port: number }> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => act(socket));
    closing.push(() => socket.destroy());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  closing.unshift(() => new Promise((done) => server.close(done)));
  return { port: (server.address() as AddressInfo).port };
}

describe('AMI', () => {
  const MANAGER = '[general]\nenabled=yes\n[moh]\nsecret=x\n';
  async function asked(
    change: (server: AmiServer) => void,
    manager = `${MANAGER}read=all\nwrite=reporting\n`,
    more: Partial<Site> = {},
  ): Promise<string[]> {
    const server = await AmiServer.open();
    closing.push(() => server.close());
    for (const action of ['QueueStatus', 'Status', 'CoreShowChannels'])
      server.on(action, (received, session) => session.list(received, []));
    server.on('CoreSettings', (received, session) =>
      session.respond(received, { AsteriskVersion: '22.1.0' }),
    );
    change(server);
    const { port } = server;
    const config = configured({ ami: { port, user: 'moh', secret: 'mohsecret' } });
    const site = siteWith({ config, files: { 'manager.conf': manager }, ...more });
    const parts = { clock: systemClock(), random: seededRandom(1) };
    return told(amiChecks(site, (settings, given) => openAmi(settings, { ...parts, ...given })));
  }

  test('all that is needed, and where it was seen', async () => {
    const texts = await asked(() => {});
    expect(texts.slice(1)).toEqual([
      'Asterisk: ok: 22.1.0',
      'AMI QueueStatus: ok: answered',
      'AMI Status: ok: answered',
      'AMI CoreShowChannels: ok: answered',
      expect.stringMatching(/^AMI events: ok: read=/),
    ]);
    expect(texts[0]).toMatch(/^AMI login: ok: as moh at 127\.0\.0\.1/);
  });

  test('a wrong password', async () => {
    const [text] = await asked((server) => (server.login = 'refuse'));
    expect(text).toMatch(/^AMI login: problem: .*moh.*Authentication failed/);
  });

  test('a right that is missing is named, with the line', async () => {
    const texts = await asked((server) =>
      server.on('Status', (action, session) => session.refuse(action, 'Permission denied')),
    );
    expect(texts).toContain('AMI Status: problem: Asterisk refuses Status: Permission denied');
  });

  test('events that would not be told, and rights that are too many, in manager.conf', async () => {
    const texts = await asked(() => {}, `${MANAGER}read=call,agent\nwrite=reporting,command,originate\n`);
    expect(texts).toContain('AMI events: problem: manager.conf: read= lacks dtmf');
    expect(texts).toContain(
      'AMI rights: warning: manager.conf: [moh] may do more than it needs: command, originate',
    );
  });

  test('Asterisk’s console knows better than a file that it may not have read yet', async () => {
    const console = (command: string) =>
      Promise.resolve(
        command === 'manager show user moh' ? '  read perm: call\n write perm: reporting\n' : '',
      );
    const texts = await asked(() => {}, undefined, { console });
    expect(texts).toContain("AMI events: problem: Asterisk's console: read= lacks dtmf, agent");
  });

  test('without a password there is nothing to try', async () => {
    const [text] = await told(amiChecks(siteWith(), () => Promise.reject(new Error('never'))));
    expect(text).toMatch(/^AMI: warning: the config has no ami\.secret/);
  });
});

describe('whether Asterisk asks the hub', () => {
  const config = configured({ hub: { listen: '127.0.0.1:8099' } });
  const extconfig = async (text: string | undefined): Promise<string | undefined> => {
    const files = text === undefined ? {} : { 'extconfig.conf': text };
    return (await told(realtimeChecks(siteWith({ config, files })))).find((line) =>
      line.startsWith('extconfig'),
    );
  };

  test.each([
    [
      '[settings]\nmusiconhold => curl,http://127.0.0.1:8099/realtime/musiconhold\n',
      /: ok: the hub is asked/,
    ],
    ['[settings]\nmusiconhold => curl,http://localhost:8099/x,moh,1\n', /: ok: the hub is asked/],
    [
      '[settings]\nmusiconhold => curl,file:///x,moh,2\nmusiconhold => curl,http://127.0.0.1:8099/x,moh,1\n',
      /: ok: the hub is asked/,
    ],
    ['[settings]\nmusiconhold => curl,http://127.0.0.1:8080/x\n', /: problem: .*the hub answers on .*8099/],
    ['[settings]\nmusiconhold => odbc,asterisk\n', /: ok: odbc,asterisk is asked first/],
    [
      '[settings]\n[settings]\nmusiconhold => curl,http://127.0.0.1:8099/x\n',
      /: problem: .*mapped to nothing/,
    ],
    [undefined, /: problem: there is no .*extconfig\.conf/],
  ])('%j', async (text, expected) => {
    expect(await extconfig(text)).toMatch(expected);
  });

  test('its console tells of the module and of the whole way', async () => {
    const answers = new Map([
      ['module show like res_config_curl', 'res_config_curl.so   Realtime Curl   0   Running   core\n'],
      [
        'realtime load musiconhold name hold-doctor.1',
        `  application  ${READER} ${config.config!.hub.folder} doctor.1\n`,
      ],
    ]);
    const site = siteWith({ config, console: (command) => Promise.resolve(answers.get(command)) });
    const texts = await told(realtimeChecks(site));
    expect([texts[0], texts[2]]).toEqual([
      'res_config_curl: ok: loaded',
      'class for each call: ok: Asterisk gets one from the hub',
    ]);
    answers.set('module show like res_config_curl', '0 modules loaded\n');
    answers.set('realtime load musiconhold name hold-doctor.1', `  application  ${PROGRAM} stream\n`);
    const broken = await told(realtimeChecks(site));
    expect(broken[0]).toMatch(/: problem: the module is not loaded/);
    expect(broken[2]).toMatch(/: problem: .*second engine/);
    answers.set('realtime load musiconhold name hold-doctor.1', 'No rows found matching search criteria.\n');
    expect((await told(realtimeChecks(site)))[2]).toMatch(/: problem: Asterisk gets none/);
  });

  test('without the console it says that it cannot tell', async () => {
    const [text] = await told(realtimeChecks(siteWith({ config })));
    expect(text).toMatch(/not checked: cannot tell/);
  });
});

describe('mistakes in Asterisk’s files', () => {
  const DEFAULT = '[default]\nmode=quietmp3\n';
  const findings = async (files: Record<string, string>, config = configured()): Promise<string[]> => {
    const texts = await told(fileChecks(siteWith({ files, config })));
    return texts.filter((text) => !text.includes(': not checked: '));
  };

  test.each([
    [
      '[hold]\nmode=custom\napplication=/opt/holdcast/bin/holdcast stream\n',
      /problem: \[hold\] starts Holdcast once/,
    ],
    ['[h]\napplication=holdcast stream\n', /application is no absolute path/],
    ['[h]\napplication=/x/holdcast "a b"\n', /quotes in application/],
    ['[h]\napplication=/x/holdcast\nformat=slin16\n', /format=slin16, but sound\.rate is 8000/],
    ['[general]\ncachertclasses=yes\n', /problem: cachertclasses=yes \(.*musiconhold\.conf:2\)/],
    ['[general]\npreferchannelclass=no\n', /warning: preferchannelclass=no/],
  ])('musiconhold.conf: %j', async (text, expected) => {
    const [found, ...others] = await findings({ 'musiconhold.conf': `${text}${DEFAULT}` });
    expect([found, others]).toEqual([expect.stringMatching(expected), []]);
  });

  test('musiconhold.conf: others’ classes and a template are no mistake', async () => {
    const text = `[general]\ncachertclasses=no\n[radio]\nmode=custom\napplication=/usr/bin/mpg123 x\n[t](!)\napplication=holdcast\n${DEFAULT}`;
    expect(await findings({ 'musiconhold.conf': text })).toEqual([
      'musiconhold.conf: ok: nothing wrong was found',
    ]);
  });

  test('musiconhold.conf: nothing to hear while the hub is down', async () => {
    expect(await findings({ 'musiconhold.conf': '[general]\n' })).toEqual([
      expect.stringMatching(/^class \[default\]: warning: there is none/),
    ]);
    const empty = `[default]\nmode=files\ndirectory=${folder()}\n`;
    expect(await findings({ 'musiconhold.conf': empty })).toEqual([
      expect.stringMatching(/^class \[default\]: warning: no music in its directory/),
    ]);
  });

  test('queues.conf: native announcements, and keys that leave the queue', async () => {
    const files = {
      'queues.conf':
        '[general]\n[calm]\nannounce-frequency=0\n[base](!)\nannounce-frequency=15\n[loud](base)\nperiodic-announce-frequency=60\ncontext=out\n',
      'extensions.conf':
        '[out]\nexten => 3,1,Hangup()\nexten => _[24-5],1,Hangup()\nexten => _XX,1,Hangup()\n',
    };
    const texts = (await findings(files)).filter((text) => text.startsWith('queues'));
    expect(texts).toEqual([
      expect.stringMatching(/warning: \[loud\] has announce-frequency=15, periodic-announce-frequency=60/),
      expect.stringMatching(/warning: \[loud\]: key 2, 3, 4 leaves the queue for context=out/),
    ]);
  });

  test.each([
    ['exten => 3,1,Hangup()\n', /context=out: 3$/],
    ['exten => 4711,1,Hangup()\nexten => _[24-5],1,Hangup()\n', /context=out: 4711, _\[24-5\]$/],
    ['include => more\n[more]\ninclude => out\nexten => *9/555,1,Hangup()\n', /context=out: \*9$/],
    ['exten => _X!,1,Hangup()\n', /context=out: _X!$/],
    ['exten => h,1,Hangup()\nexten => i,1,Hangup()\n', undefined],
  ])('queues.conf: a PIN that leaves the queue, where its context has %j', async (lines, expected) => {
    const files = {
      'queues.conf': '[q]\ncontext=out\n[plain]\n',
      'extensions.conf': `[in]\nexten => 7,1,Queue(q)\n[out]\n${lines}`,
    };
    const warnings = async (config: Config): Promise<string[]> => {
      const texts = await findings(files, configured({ keys: {}, ...config }));
      return texts.filter((text) => text.startsWith('queues'));
    };
    expect(await warnings({ billing: { ask: () => [], pin: {} } })).toEqual([
      expected ? expect.stringMatching(expected) : 'queues.conf: ok: nothing wrong was found',
    ]);
    expect(await warnings({ billing: { ask: () => [] } })).toEqual([
      'queues.conf: ok: nothing wrong was found',
    ]);
  });

  test('queues.conf: a PIN, and a context that is not there', async () => {
    const config = configured({ billing: { ask: () => [], pin: {} } });
    const texts = await findings({ 'queues.conf': '[q]\ncontext=elsewhere\n' }, config);
    expect(texts).toContainEqual(
      expect.stringMatching(/every digit belongs to the PIN.*were not found in extensions\.conf/),
    );
  });

  test('extensions.conf: the race of the old way, and calls without a class', async () => {
    const old = '[x]\nexten => 1,1,Set(ENV(PHONE)=${CALLERID(num)})\n same => n,Queue(q)\n';
    expect(await findings({ 'extensions.conf': old })).toEqual([
      expect.stringMatching(/warning: .*extensions\.conf:2 sets the environment of all of Asterisk/),
      expect.stringMatching(/warning: no call is given a class hold-/),
    ]);
    const right = '[x]\nexten => 1,1,Set(CHANNEL(musicclass)=hold-${UNIQUEID})\n';
    expect(await findings({ 'extensions.conf': right })).toEqual([
      'extensions.conf: ok: nothing wrong was found',
    ]);
  });

  test.each([
    ['[general]\n', /problem: \[general\] has no enabled=yes/],
    ['[general]\nenabled=yes\n', /problem: there is no user \[holdcast\]/],
    ['[general]\nenabled=yes\n[holdcast]\nsecret=x\n', /warning: Asterisk listens on 0\.0\.0\.0/],
    [
      '[general]\nenabled=yes\nbindaddr=127.0.0.1\n[holdcast]\neventfilter=Event: (DTMFBegin|Hangup)\n',
      /problem: eventfilter keeps back DTMFEnd, QueueCallerJoin/,
    ],
    [
      '[general]\nenabled=yes\nbindaddr=127.0.0.1\n[holdcast]\nsecret=x\n[holdcast]\n',
      /warning: \[holdcast\] is there twice/,
    ],
  ])('manager.conf: %j', async (text, expected) => {
    const config = configured({ ami: { secret: 'x' } });
    expect((await findings({ 'manager.conf': text }, config))[0]).toMatch(expected);
  });

  test('a file that cannot be read is not called right', async () => {
    const texts = await told(fileChecks(siteWith()));
    expect(texts.every((text) => /not checked: .*ENOENT/.test(text))).toBe(true);
  });
});

describe('the whole of it', () => {
  const rows: Row[] = [
    { check: 'a', ...ok('fine') },
    { check: 'b', ...problem('a very long text '.repeat(10), 'do \u001b[2Jthis') },
  ];

  test('the table is as wide as the terminal, and nothing in it moves the cursor', () => {
    const table = reportTable(rows, 80, false);
    expect(Math.max(...table.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(table).toContain('→ do \uFFFD[2Jthis');
    expect(table).toMatch(/^a +ok +fine$/m);
    expect(summaryText(rows)).toBe('1 ok, 0 warnings, 1 problem, 0 not checked');
  });

  describe('what runs under the name of Asterisk', () => {
    const uid = process.getuid!();
    /** A process as /proc shows it; by default one that is believed where root owns `true`. */
    function running(proc: string, pid: string, change: Record<string, string> = {}): void {
      const shown = {
        comm: 'asterisk\n',
        status: `Uid:\t${uid}\t${uid}\t${uid}\t${uid}\n`,
        environ: 'PATH=/opt/node/bin\0HOLDCAST_CONFIG=/srv/c.ts\0LD_PRELOAD=/tmp/x.so\0NODE_OPTIONS=-r x\0',
        ...change,
      };
      const { root = '/', exe, ...files } = shown as Record<string, string>;
      for (const [name, content] of Object.entries(files)) put(join(proc, pid, name), content);
      symlinkSync(root, join(proc, pid, 'root'));
      symlinkSync(exe ?? program(), join(proc, pid, 'exe'));
    }
    /** A program of this user's; of root's where the tests run as root. */
    function program(name = 'asterisk', mode = 0o755): string {
      return put(join(folder(), name), '', mode);
    }
    const asRoot = isRoot ? test : test.skip;

    asRoot('it is believed when it is wholly that user’s and its program is root’s', async () => {
      const proc = folder();
      running(proc, '8', { root: '/var/lib/container' });
      expect(await findAsterisk(proc, uid)).toEqual({});
      running(proc, '9');
      expect(await findAsterisk(proc, uid)).toEqual({
        running: { pid: 9, env: { PATH: '/opt/node/bin', HOLDCAST_CONFIG: '/srv/c.ts' } },
      });
    });

    asRoot.each([
      ['another user’s', () => ({ status: 'Uid:\t1001\t1001\t1001\t1001\n' }), 'it runs as uid 1001'],
      ['another user’s by its real uid', () => ({ status: 'Uid:\t1001\t0\t0\t0\n' }), 'uids 1001, 0'],
      ['another user’s by its saved uid', () => ({ status: 'Uid:\t0\t0\t1001\t0\n' }), 'uids 0, 1001'],
      ['a program of another name', () => ({ exe: program('python3') }), 'it is the program'],
      [
        'a program that anybody may write',
        () => ({ exe: program('asterisk', 0o777) }),
        'others than root may',
      ],
      [
        'a program of another user’s',
        () => {
          const exe = program();
          chownSync(exe, 1001, 1001);
          return { exe };
        },
        'others than root may',
      ],
      [
        'a program of root’s in a folder of another user’s',
        () => {
          const exe = program();
          chownSync(dirname(exe), 1001, 1001);
          return { exe };
        },
        'belongs to another user',
      ],
    ])('it is not believed when it is %s', async (_, change, why) => {
      const proc = folder();
      running(proc, '7', change());
      const { running: believed, stranger } = await findAsterisk(proc, uid);
      expect(believed).toBeUndefined();
      expect(stranger).toEqual({ pid: 7, why: expect.stringContaining(why) as string });
    });

    test('nor what has ended, nor anything where there is no such user; a pipe holds nobody up', async () => {
      const proc = folder();
      running(proc, '7');
      rmSync(join(proc, '7/exe'));
      expect(await findAsterisk(proc, uid)).toEqual({});
      const other = folder();
      running(other, '7');
      rmSync(join(other, '7/status'));
      execFileSync('mkfifo', [join(other, '7/status')]);
      expect((await findAsterisk(other, undefined)).running).toBeUndefined();
    });

    test('its environment is used by nobody but its own user, and never by root', () => {
      const asterisk = { env: { FFMPEG_PATH: '/tmp/evil' }, known: true };
      expect(environmentFor({ asterisk, account: ASTERISK })).not.toHaveProperty('FFMPEG_PATH');
      const own = { ...ASTERISK, uid };
      expect('FFMPEG_PATH' in environmentFor({ asterisk, account: own })).toBe(!isRoot);
    });
  });

  test('exit code 1 and every check in the report when something is wrong', async () => {
    let text = '';
    const code = await doctorCommand(
      { asteriskEtc: folder(), user: 'nobody-here', json: true },
      {
        out: { write: (piece) => (text += piece), isTTY: false, columns: 80 },
        signal: new AbortController().signal,
        env: {},
        proc: folder(),
        environmentFile: '/nowhere',
        load: () =>
          Promise.resolve(configured({ hub: { listen: '127.0.0.1:1' }, media: { folder: folder() } })),
      },
    );
    const report = JSON.parse(text) as { ok: boolean; checks: Row[] };
    expect([code, report.ok]).toEqual([1, false]);
    expect(report.checks.length).toBeGreaterThan(18);
    for (const { result, todo, check } of report.checks)
      expect([check, todo !== undefined]).toEqual([
        check,
        result === 'warning' || result === 'problem' || todo !== undefined,
      ]);
    expect(report.checks.find(({ check }) => check === 'media')).toMatchObject({ result: 'problem' });
  });
});
