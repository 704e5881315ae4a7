// Defaults: every option has one, what is given wins, paths become absolute.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiledFolder, distrust, findCompiled, keepCompiled, plainHash } from '../../src/config/compiled';
import { defaultCacheFolder, resolveConfig } from '../../src/config/defaults';
import { nextTrack } from '../../src/config/index';
import { validateConfig } from '../../src/config/schema';
import { defaultProgramSettings } from '../../src/program/settings';
import { packageRoot } from '../../src/util/packageRoot';

const context = { configDir: '/etc/holdcast', env: { HOLDCAST_CACHE: '/c' } };
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'holdcast-test-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('resolveConfig', () => {
  it('gives the embedded defaults for nothing', () => {
    const config = resolveConfig({}, context);
    expect(config.program).toEqual(defaultProgramSettings);
    expect(config).toMatchObject({
      language: 'en',
      media: {
        folder: join(packageRoot(), 'media'),
        cache: '/c',
        rate: 8000,
        lowHz: 200,
        highHz: 3400,
        scanMs: 5000,
      },
      stream: { leadMs: 160, undrainedMs: 30_000 },
      advice: { campaigns: [], dayParts: { firstDay: ['10:00', '21:00'] } },
      keys: { '3': { action: 'nextTrack' }, '4': { action: 'sayPosition' }, '0': { action: 'quiet' } },
      log: { level: 'info' },
    });
    expect(config.media).not.toHaveProperty('ffmpeg');
    expect(config.log).not.toHaveProperty('file');
  });

  it('keeps the neighbours of what is given, and ignores undefined', () => {
    const { program, stream } = resolveConfig(
      {
        duck: { depthDb: 12, holdMs: undefined },
        advice: { everyMs: 1 },
        stream: { leadMs: 120 },
        edgeMs: 9,
      },
      context,
    );
    expect(program.duck).toEqual({ ...defaultProgramSettings.duck, depthDb: 12 });
    expect(program.advice).toEqual({ ...defaultProgramSettings.advice, everyMs: 1 });
    expect([program.edgeMs, stream]).toEqual([9, { leadMs: 120, undrainedMs: 30_000 }]);
  });

  it('has the shipped voices and an embedded store, and nobody to ask for a balance', () => {
    const { voices, store, billing } = resolveConfig({}, { ...context, env: { HOLDCAST_DATA: '/d' } });
    expect(voices).toEqual([{ recorded: join(packageRoot(), 'media/voices/standard') }]);
    expect(store).toMatchObject({ file: '/d/holdcast.db', spool: '/d/spool', keepDays: 365 });
    expect(store).not.toHaveProperty('mysql');
    expect(billing).toBeUndefined();
    expect(resolveConfig({ billing: { currency: 'EUR' } }, context).billing).toBeUndefined();
  });

  it('fills in what billing, store and voices leave out', () => {
    const { voices, store, billing } = resolveConfig(
      {
        language: 'de',
        voices: [{ recorded: 'v' }, { command: ['speak'] }],
        store: { file: 'kept/h.db', mysql: { database: 'pbx', password: 'x' } },
        billing: { ask: () => [], country: 'DE', pin: { digits: 6 } },
      },
      context,
    );
    expect(voices).toEqual([
      { recorded: '/etc/holdcast/v' },
      { command: ['speak'], languages: ['de'], limitMs: 10_000 },
    ]);
    expect(store).toMatchObject({
      file: '/etc/holdcast/kept/h.db',
      spool: '/etc/holdcast/kept/spool',
      mysql: { database: 'pbx', host: '127.0.0.1', port: 3306, user: 'holdcast', password: 'x' },
    });
    expect(billing).toMatchObject({
      currency: 'USD',
      limitMs: 3000,
      phone: { country: 'DE', format: 'e164' },
      pin: { digits: 6, tries: 3, lockMs: 3_600_000 },
    });
  });

  it('looks for the certificate of billing beside the config', () => {
    const http = { url: 'https://b.example/', ca: 'tls/ca.pem' };
    const { billing } = resolveConfig({ billing: { http } }, context);
    expect(billing?.source).toEqual({ http: { ...http, ca: '/etc/holdcast/tls/ca.pem' } });
  });

  it.each([
    [{}, false],
    [{ ca: 'db.pem' }, true],
    [{ tlsName: 'db' }, true],
    [{ tls: true }, true],
  ])('a database with %j has TLS: %s', (given, tls) => {
    const mysql = { database: 'pbx', ...given };
    expect(resolveConfig({ store: { mysql } }, context).store.mysql).toMatchObject({ tls });
    const billing = { sql: { database: mysql, query: 'select 1' } };
    expect(resolveConfig({ billing }, context).billing?.source).toMatchObject({ sql: { database: { tls } } });
  });

  it('takes the band of the rate', () => {
    const { media, program } = resolveConfig({ sound: { rate: 16000 }, media: { lowHz: 100 } }, context);
    expect(media).toMatchObject({ rate: 16000, lowHz: 100, highHz: 7000 });
    expect(program.rate).toBe(16000);
  });

  it('starts relative paths at the config, and leaves a bare command name alone', () => {
    const { media, log } = resolveConfig(
      { media: { folder: 'm', cache: '../c', ffmpeg: 'bin/ffmpeg' }, log: { file: 'a.log' } },
      context,
    );
    expect(media).toMatchObject({
      folder: '/etc/holdcast/m',
      cache: '/etc/c',
      ffmpeg: '/etc/holdcast/bin/ffmpeg',
    });
    expect(log.file).toBe('/etc/holdcast/a.log');
    expect(resolveConfig({ media: { ffmpeg: 'ffmpeg6' } }, context).media.ffmpeg).toBe('ffmpeg6');
  });

  it('replaces keys, parts of the day and campaigns as a whole', () => {
    const { keys, advice } = resolveConfig(
      { keys: { '7': nextTrack() }, advice: { dayParts: { firstDay: ['08:00', '20:00'] } } },
      context,
    );
    expect(Object.keys(keys)).toEqual(['7']);
    expect(advice.dayParts).toEqual({ firstDay: ['08:00', '20:00'] });
    expect(resolveConfig({ keys: {} }, context).keys).toEqual({});
  });
});

describe('AMI, hub and calls', () => {
  it('have no connection without a secret, and the usual one with it', () => {
    expect(resolveConfig({ ami: { user: 'x', secret: undefined } }, context)).not.toHaveProperty('ami');
    expect(resolveConfig({ ami: { secret: 's', port: 5039 } }, context).ami).toMatchObject({
      host: '127.0.0.1',
      port: 5039,
      user: 'holdcast',
      secret: 's',
    });
  });

  it('keep the hub’s folder and states together, in the run folder', () => {
    const { calls, hub } = resolveConfig(
      {},
      { ...context, env: { HOLDCAST_CACHE: '/c', HOLDCAST_RUN: '/r' } },
    );
    expect([calls.folder, hub.folder]).toEqual(['/r/calls', '/r/play']);
    const moved = resolveConfig({ calls: { folder: 'state/calls' } }, context);
    expect(moved.calls).toEqual({ folder: '/etc/holdcast/state/calls', everyMs: 2000, keepMs: 3_600_000 });
    expect(moved.hub.folder).toBe('/etc/holdcast/state/play');
  });

  it('pass over hub.socket, which an earlier version had: its config goes on', () => {
    const hub = { socket: 'h.sock', callers: 7 };
    expect(validateConfig({ hub }).ok).toBe(true);
    expect(resolveConfig({ hub }, context).hub).toEqual(resolveConfig({ hub: { callers: 7 } }, context).hub);
  });

  it.each([
    [undefined, 'hub'],
    ['hub', 'hub'],
    ['fifo', 'hub'], // as configs of earlier versions have it
    ['stream', 'stream'],
  ] as const)('play by %j', (play, resolved) => {
    expect(validateConfig({ hub: { play } }).ok).toBe(true);
    expect(resolveConfig({ hub: { play } }, context).hub.play).toBe(resolved);
  });

  it.each([
    [undefined, { host: '127.0.0.1', port: 8099 }],
    ['9000', { host: '127.0.0.1', port: 9000 }],
    ['localhost:9000', { host: 'localhost', port: 9000 }],
    ['[::1]:9000', { host: '::1', port: 9000 }],
    ['run/web.sock', { path: '/etc/holdcast/run/web.sock' }],
    ['/run/web.sock', { path: '/run/web.sock' }],
  ])('listen on %j', (listen, resolved) => {
    expect(resolveConfig({ hub: { listen } }, context).hub.listen).toEqual(resolved);
  });

  it('bind a function that stands alone at a key', () => {
    const action = (): void => {};
    expect(resolveConfig({ keys: { '5': action, '6': undefined } }, context).keys).toEqual({
      '5': { action, holdOffMs: 1000, timeoutMs: 5000 },
    });
  });
});

describe('the cache folder', () => {
  const none = '/nonexistent/holdcast';

  it('is HOLDCAST_CACHE, else the system’s where it may be written, else the user’s', () => {
    const [xdg, home] = [join(folder, 'xdg'), join(folder, 'home')];
    mkdirSync(xdg);
    mkdirSync(home);
    const env = { XDG_CACHE_HOME: xdg, HOME: home };
    expect(defaultCacheFolder({ ...env, HOLDCAST_CACHE: '/given' }, folder)).toBe('/given');
    expect(defaultCacheFolder(env, folder)).toBe(folder);
    expect(defaultCacheFolder(env, none)).toBe(join(xdg, 'holdcast'));
    expect(defaultCacheFolder({ HOME: home, XDG_CACHE_HOME: 'relative' }, none)).toBe(
      join(home, '.cache/holdcast'),
    );
  });

  it('is below the temporary folder when nothing else can be made', () => {
    writeFileSync(join(folder, 'file'), '');
    const env = { HOME: '/proc/self', TMPDIR: '/t' };
    const onFile = { HOME: 'relative', TMPDIR: '/t' };
    expect(defaultCacheFolder(onFile, none)).toBe(`/t/holdcast-${process.getuid!()}`);
    if (process.getuid!() !== 0)
      expect(defaultCacheFolder(env, none)).toBe(`/t/holdcast-${process.getuid!()}`);
  });
});

describe('compiled configs', () => {
  const keep = (where: string, source: string, code = 'export default {}') =>
    keepCompiled(source, where, { code, inputs: [], plain: plainHash({}) });

  it('are kept for each user apart', () => {
    expect(compiledFolder({ HOLDCAST_CACHE: '/c' })).toBe(`/c/config-${process.getuid!()}`);
  });

  it('are the same with a secret as without: the hub has it in its environment, streams have not', () => {
    const hash = (secret?: string): string => plainHash({ ami: { port: 1, secret } });
    expect(hash('x')).toBe(hash());
    expect(plainHash({ ami: { port: 2 } })).not.toBe(hash());
  });

  it('are found again, and replaced without leaving the old one', () => {
    const where = join(folder, 'cache', 'config');
    expect(keep(where, '/a/config.ts')).toBeUndefined();
    const first = findCompiled('/a/config.ts', where);
    expect(first).toMatchObject({ plain: plainHash({}) });
    expect(findCompiled('/b/config.ts', where)).toBeUndefined();
    keep(where, '/a/config.ts', 'export default { edgeMs: 9 }');
    const second = findCompiled('/a/config.ts', where)!;
    expect(second.file).not.toBe(first!.file);
    expect(() => rmSync(first!.file)).toThrow('ENOENT');
  });

  it.each([
    ['readable by others', (f: string) => chmodSync(f, 0o755), 'open to other users'],
    [
      'in a folder that others may write',
      (f: string) => chmodSync(join(f, '..'), 0o777),
      'may be written by other users',
    ],
    [
      'in a folder that the group may write',
      (f: string) => chmodSync(join(f, '..'), 0o775),
      'may be written by other users',
    ],
    [
      'behind a link',
      (f: string) => {
        rmSync(f, { recursive: true });
        mkdirSync(join(f, '..', 'elsewhere'), { mode: 0o700 });
        symlinkSync('elsewhere', f);
      },
      'is not a folder',
    ],
    ['missing', (f: string) => rmSync(f, { recursive: true }), 'ENOENT'],
  ])('are not trusted when the folder is %s', (_, spoil, reason) => {
    const where = join(folder, 'cache', 'config');
    keep(where, '/a/config.ts');
    expect(distrust(where)).toBeUndefined();
    spoil(where);
    expect(distrust(where)).toContain(reason);
    expect(findCompiled('/a/config.ts', where)).toBeUndefined();
  });

  it('are trusted below a folder where only owners may rename (as /tmp)', () => {
    const where = join(folder, 'cache', 'config');
    keep(where, '/a/config.ts');
    chmodSync(join(folder, 'cache'), 0o1777);
    expect(distrust(where)).toBeUndefined();
  });

  it('are not trusted from another owner', () => {
    const others = jest.spyOn(process, 'getuid').mockReturnValue(4_000_000);
    try {
      expect(distrust(folder)).toContain('belongs to another user');
    } finally {
      others.mockRestore();
    }
  });

  it('tell values apart that JSON does not', () => {
    const values = [
      {},
      { a: undefined },
      { a: null },
      { a: NaN },
      { a: Infinity },
      { a: () => 1 },
      { a: '[function]' },
      { a: '[undefined]' },
      { a: 1n },
      { a: '1' },
      { a: 1 },
      { b: 1 },
    ];
    expect(new Set(values.map(plainHash)).size).toBe(values.length);
    expect(plainHash({ a: () => 1 })).toBe(plainHash({ a: () => 2 }));
  });
});
