// Validation: every rule complains about its own key, says what it found and what is allowed, and shows no secret.
import fc from 'fast-check';
import { defaultDayParts, defaultStream } from '../../src/config/defaults';
import { defineConfig, nextTrack, quiet, run, sayPosition } from '../../src/config/index';
import type { Problem } from '../../src/config/problems';
import { validateConfig } from '../../src/config/schema';
import { defaultProgramSettings } from '../../src/program/settings';

/** Jest types its matchers as any. */
const containing = (text: string): unknown => expect.stringContaining(text);

function problemsOf(config: unknown, env = {}): Problem[] {
  const verdict = validateConfig(config, env);
  return verdict.ok ? [] : verdict.problems;
}

/** A config with one value at a path. */
function withValue(path: string, value: unknown): unknown {
  return path.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
}

describe('what is legal', () => {
  it.each([
    ['nothing', {}],
    [
      'everything default',
      {
        ...defaultProgramSettings,
        rate: undefined,
        sound: { rate: defaultProgramSettings.rate },
        advice: { ...defaultProgramSettings.advice, dayParts: defaultDayParts, campaigns: [] },
        stream: defaultStream,
      },
    ],
    ['keys', defineConfig({ keys: { '3': nextTrack(), '*': quiet({ holdOffMs: 0 }), '#': sayPosition() } })],
    ['no keys', { keys: {} }],
    [
      'a campaign',
      {
        advice: {
          campaigns: [
            { match: 'middle/a*', from: '2028-02-29', to: '2028-02-29', cron: '* 9-17 * * mon-fri' },
          ],
        },
      },
    ],
    [
      'a part over midnight',
      { advice: { dayParts: { firstEvening: ['22:00', '06:00'], firstDay: ['06:00', '22:00'] } } },
    ],
    ['a gap', { advice: { dayParts: { firstDay: ['12:00', '13:00'] } } }],
    ['undefined anywhere', { media: { folder: undefined }, log: undefined, keys: { '1': undefined } }],
    ['wideband', { sound: { rate: 16000 }, media: { highHz: 8000 } }],
    ['an Asterisk language', { language: 'pt_BR' }],
    ['own functions', { keys: { '5': () => {}, '6': run(async () => {}, { timeoutMs: 100 }) } }],
    [
      'billing over HTTP',
      defineConfig({
        billing: {
          http: {
            url: 'https://billing.example/b?p={phone}',
            headers: { 'X-Key': undefined },
            password: undefined,
            answer: () => [{ number: '1', balance: '1.00', currency: 'EUR' }],
          },
          currency: 'EUR',
          country: 'GB',
          phone: 'national',
          pin: { tries: 10 },
        },
      }),
    ],
    [
      'billing by a query, a store in MySQL',
      defineConfig({
        billing: { sql: { database: { database: 'b', socket: '/run/m.sock' }, query: 'select :phone' } },
        store: { mysql: { database: 'asterisk' }, keepDays: 0, purge: '0 3 * * sun' },
      }),
    ],
    [
      'every kind of voice',
      defineConfig({
        voices: [
          { recorded: 'voices' },
          { asterisk: '/sounds' },
          { command: ['espeak-ng', '--stdout'], languages: ['en', 'de'], limitMs: 500 },
        ],
      }),
    ],
    ['music off by a key', { keys: { '0': quiet({ music: true }) } }],
    ['positions said once', { position: { everyMs: 0, announce: false, wait: true } }],
    ['AMI elsewhere', { ami: { host: 'pbx.example.org', port: 5039, user: 'a b', secret: 'x' } }],
    ['a hub on any loopback', { hub: { listen: '[::1]:0', socket: 's' } }],
  ])('%s', (name, config) => {
    if (name === 'everything default') delete (config as { rate?: unknown }).rate;
    expect(problemsOf(config)).toEqual([]);
  });
});

const RANGES: [path: string, min: number, max: number, unit: string][] = [
  ['media.scanMs', 500, 3_600_000, 'ms'],
  ['media.musicLufs', -50, -10, 'LUFS'],
  ['media.speechLufs', -50, -10, 'LUFS'],
  ['media.peakDbtp', -20, 0, 'dBTP'],
  ['media.lowHz', 10, 2000, 'Hz'],
  ['music.crossfadeMs', 0, 15_000, 'ms'],
  ['music.skipMs', 0, 5000, 'ms'],
  ['music.gainDb', -40, 12, 'dB'],
  ['duck.depthDb', 0, 60, 'dB'],
  ['duck.attackMs', 20, 5000, 'ms'],
  ['duck.holdMs', 0, 10_000, 'ms'],
  ['duck.releaseMs', 20, 10_000, 'ms'],
  ['voice.gapMs', 0, 10_000, 'ms'],
  ['voice.takeOverMs', 5, 2000, 'ms'],
  ['voice.gainDb', -40, 12, 'dB'],
  ['advice.firstAfterMs', 0, 3_600_000, 'ms'],
  ['advice.everyMs', 0, 3_600_000, 'ms'],
  ['advice.guardMs', 0, 600_000, 'ms'],
  ['limiter.ceilingDb', -20, 0, 'dBFS'],
  ['limiter.lookaheadMs', 1, 20, 'ms'],
  ['limiter.releaseMs', 1, 2000, 'ms'],
  ['edgeMs', 1, 100, 'ms'],
  ['stream.leadMs', 80, 200, 'ms'],
  ['stream.undrainedMs', 1000, 600_000, 'ms'],
  ['ami.connectMs', 100, 60_000, 'ms'],
  ['ami.pingMs', 500, 600_000, 'ms'],
  ['calls.everyMs', 200, 60_000, 'ms'],
  ['calls.keepMs', 10_000, 86_400_000, 'ms'],
  ['position.gapMs', 0, 3_600_000, 'ms'],
  ['store.keepDays', 0, 36_500, 'days'],
  ['keyTone.hz', 300, 3000, 'Hz'],
  ['keyTone.ms', 20, 500, 'ms'],
  ['keyTone.levelDb', -60, -6, 'dBFS'],
];

describe('numbers', () => {
  it.each(RANGES)('%s: %d to %d %s', (path, min, max, unit) => {
    const allowed = `a number from ${min} to ${max} ${unit}`;
    for (const value of [min, max]) expect(problemsOf(withValue(path, value))).toEqual([]);
    for (const value of [min - 0.5, max + 0.5, NaN, Infinity, `${min}`, null]) {
      const found = typeof value === 'string' ? `'${value}'` : String(value);
      expect(problemsOf(withValue(path, value))).toEqual([{ key: path, found, allowed }]);
    }
  });
});

describe('words', () => {
  it.each([
    ['language', 'English!', "'English!'", 'the tag of a language'],
    ['language', 'es-419', "'es-419'", 'the tag of a language'],
    ['language', '', "''", 'the tag of a language'],
    ['timeZone', 'Europe/Moskow', "'Europe/Moskow'", 'an IANA time zone'],
    ['timeZone', '+03:00', "'+03:00'", 'an IANA time zone'],
    ['media.folder', ' ', "' '", 'a folder, not empty'],
    ['media.ffmpeg', 7, '7', 'the path or name of ffmpeg'],
    ['sound.rate', 44100, '44100', 'one of 8000, 16000, 48000'],
    ['music.order', 'random', "'random'", 'one of "shuffle", "order", "loop"'],
    ['log.level', 'trace', "'trace'", 'one of "debug", "info", "warn", "error"'],
    ['log', 'a.log', "'a.log'", 'an object with any of level, file'],
    ['keys.3', 'nextTrack', "'nextTrack'", 'nextTrack(), sayPosition(), sayBalance(), quiet() or run(async'],
    ['keys.3', nextTrack, 'a function', 'nextTrack(), sayPosition(), sayBalance(), quiet() or run(async'],
    ['keys.3', nextTrack({ holdOffMs: -1 }), "{ action: 'nextTrack', holdOffMs: -1 }", '0 to 600000 ms'],
    ['keys.3', { action: 'toString', holdOffMs: 1 }, "{ action: 'toString', holdOffMs: 1 }", 'nextTrack()'],
    ['keys.3', run(() => {}, { timeoutMs: 1 }), 'timeoutMs: 1', 'run(async'],
    ['keys.3', { ...nextTrack(), music: true }, 'music: true', 'nextTrack()'],
    ['ami.host', 'a b', "'a b'", 'the name or address of a machine'],
    ['ami.port', 5038.5, '5038.5', 'a whole number from 1 to 65535'],
    ['ami.port', 0, '0', 'a whole number from 1 to 65535'],
    ['ami.user', 'a\r\nAction: Originate', "'a\\r\\nAction: Originate'", 'a name as in manager.conf'],
    ['hub.listen', '0.0.0.0:8099', "'0.0.0.0:8099'", 'a port on this machine'],
    ['hub.listen', '192.168.1.5:80', "'192.168.1.5:80'", 'a port on this machine'],
    ['hub.listen', '8099x', "'8099x'", 'a port on this machine'],
    ['hub.listen', '127.0.0.1:70000', "'127.0.0.1:70000'", 'a port on this machine'],
    ['hub.socket', '', "''", 'the path of a Unix socket'],
    ['position.everyMs', 9999, '9999', 'or 0 for never'],
    ['position.wait', 'yes', "'yes'", 'true or false'],
    ['billing.ask', '12.50', "'12.50'", 'a function'],
    ['billing.http.url', 'ftp://billing/{phone}', "'ftp://billing/{phone}'", 'an address'],
    ['billing.http.url', 'https://{phone}.example/', "'https://{phone}.example/'", 'an address'],
    ['store.mysql.database', 'a/b', "'a/b'", 'the name of a database'],
    ['store.file', '', "''", 'a file, not empty'],
    ['store.purge', '17 4 * *', "'17 4 * *'", 'five fields'],
    ['voices', 'espeak-ng', "'espeak-ng'", 'a list'],
    ['advice.campaigns', { match: 'last' }, "{ match: 'last' }", "a list [{ match: 'last' }, …]"],
  ])('%s: %j', (path, value, found, allowed) => {
    const key = path.replace('keys.3', "keys['3']");
    expect(problemsOf(withValue(path, value))).toEqual([
      { key, found: containing(found), allowed: containing(allowed) },
    ]);
  });

  it.each([
    ['currency', { currency: 'euro' }, "'euro'", 'the ISO 4217 code'],
    ['country', { country: 'uk' }, "'uk'", 'the ISO 3166 code'],
    ['phone', { phone: 'full' }, "'full'", 'one of "e164", "national", "digits"'],
    ['failures', { failures: 0 }, '0', '1 to 100'],
    ['pin.digits', { pin: { digits: 2 } }, '2', '3 to 12'],
    ['sql.query', { sql: { database: { database: 'b' }, query: ' ' } }, "' '", 'a query'],
    [
      'sql.database.port',
      { sql: { database: { database: 'b', port: 0 }, query: 'q' } },
      '0',
      'a whole number',
    ],
  ])('billing.%s', (path, billing, found, allowed) => {
    const source = 'sql' in billing ? {} : { ask: () => [] };
    expect(problemsOf({ billing: { ...source, ...billing } })).toEqual([
      { key: `billing.${path}`, found, allowed: containing(allowed) },
    ]);
  });

  it('a voice is one thing, and billing has one source', () => {
    const two = { recorded: 'a', asterisk: 'b' };
    expect(problemsOf({ voices: [{}, two] })).toMatchObject([
      { key: 'voices[0]', allowed: 'one of recorded, asterisk, command' },
      { key: 'voices[1]', allowed: 'one of recorded, asterisk, command' },
    ]);
    expect(problemsOf({ voices: [{ recorded: 'a', limitMs: 1000 }] })).toMatchObject([
      { key: 'voices[0].limitMs', allowed: containing('only a `command` has it') },
    ]);
    expect(problemsOf({ billing: { currency: 'EUR' } })).toMatchObject([
      { key: 'billing', allowed: 'one of http, sql, ask' },
    ]);
    const http = { url: 'https://b.example/' };
    expect(problemsOf({ billing: { http, ask: () => [], limitMs: 200 } })).toMatchObject([
      { key: 'billing', allowed: 'one of http, sql, ask' },
    ]);
  });

  it.each(['HRK', 'XAU', 'eur', 'XXX'])(
    'takes no currency in which no balance can be said: %s',
    (currency) => {
      expect(problemsOf({ billing: { ask: () => [], currency } })).toMatchObject([
        { key: 'billing.currency' },
      ]);
    },
  );

  it('asks for no PIN that nobody would check', () => {
    const http = { url: 'https://b.example/{phone}' };
    const [problem] = problemsOf({ billing: { http, pin: {} } });
    expect(problem).toMatchObject({ key: 'billing.pin', allowed: containing('{pin}') });
    expect(problemsOf({ billing: { http: { ...http, body: { pin: '{pin}' } }, pin: {} } })).toEqual([]);
  });

  it('shows no header and no password of billing', () => {
    const http = { url: 'https://b.example/', headers: { Authorization: 17 }, password: 'p'.repeat(300) };
    expect(problemsOf({ billing: { http } }).map(({ found }) => found)).toEqual(['•••', '•••']);
  });

  it.each([[null], ['x'], [[]], [Promise.resolve({})], [undefined]])('the whole config as %j', (config) => {
    const [problem] = problemsOf(config);
    expect(problem).toMatchObject({
      key: '(config)',
      allowed: containing('an object with any of language'),
    });
  });
});

describe('keys that do not exist', () => {
  it.each([
    ['stream.leadMS', 'no such option; did you mean leadMs?'],
    ['musik', 'no such option; did you mean music?'],
    ['duck.depth', 'no such option; here are depthDb, attackMs, holdMs, releaseMs'],
    ['advice.dayParts.firstMornig', 'no such option; did you mean firstMorning?'],
    ['sound.zzzzzz', 'no such option; here are rate'],
  ])('%s: %s', (path, allowed) => {
    expect(problemsOf(withValue(path, 1))).toEqual([{ key: path, found: '1', allowed }]);
  });

  it('are all named', () => {
    expect(problemsOf({ a: 1, b: { c: 2 } }).map(({ key }) => key)).toEqual(['a', 'b']);
    expect(problemsOf({ keys: { '10': quiet() } })[0]).toMatchObject({ key: "keys['10']" });
  });
});

describe('parts of the day', () => {
  it.each([
    [['10:00', '10:00']],
    [['24:00', '06:00']],
    [['9:00', '10:00']],
    [['09:60', '10:00']],
    [['00:00', '24:01']],
    [['09:00']],
    [['09:00', '10:00', '11:00']],
    [[9, 10]],
    ['09:00-10:00'],
  ])('%j is no window', (value) => {
    const [problem, ...more] = problemsOf({ advice: { dayParts: { firstDay: value } } });
    expect(problem).toMatchObject({
      key: 'advice.dayParts.firstDay',
      allowed: containing("['HH:MM', 'HH:MM']"),
    });
    expect(more).toEqual([]);
  });

  it.each([
    [{ firstMorning: ['00:00', '10:01'], firstDay: ['10:00', '21:00'] }, 'firstDay', 'firstMorning'],
    [{ firstDay: ['05:59', '21:00'], firstEvening: ['22:00', '06:00'] }, 'firstEvening', 'firstDay'],
    [{ firstMorning: ['23:00', '01:00'], firstEvening: ['22:00', '06:00'] }, 'firstEvening', 'firstMorning'],
  ])('%j overlap', (dayParts, key, other) => {
    const problems = problemsOf({ advice: { dayParts } });
    expect(problems).toEqual([
      expect.objectContaining({
        key: `advice.dayParts.${key}`,
        allowed: containing(`${other} has already`),
      }),
    ]);
  });

  it('overlap exactly when some minute lies in both', () => {
    const time = fc
      .integer({ min: 0, max: 47 })
      .map((n) => `${String(n >> 1).padStart(2, '0')}:${n & 1 ? '30' : '00'}`);
    const window = fc.tuple(time, time).filter(([from, to]) => from !== to);
    const covers = ([from, to]: [string, string], at: string): boolean =>
      from < to ? at >= from && at < to : at >= from || at < to;
    const halves = Array.from(
      { length: 48 },
      (_, n) => `${String(n >> 1).padStart(2, '0')}:${n & 1 ? '30' : '00'}`,
    );
    fc.assert(
      fc.property(window, window, (firstDay, firstEvening) => {
        const both = halves.some((at) => covers(firstDay, at) && covers(firstEvening, at));
        expect(problemsOf({ advice: { dayParts: { firstDay, firstEvening } } }).length).toBe(both ? 1 : 0);
      }),
      { numRuns: 500, seed: 3 },
    );
  });
});

describe('campaigns', () => {
  it.each([
    ['match', 'lost/offer', 'below media/advices'],
    ['match', '/var/media/last', 'below media/advices'],
    ['match', 'middle/../last', 'below media/advices'],
    ['match', 'middle/**', 'below media/advices'],
    ['match', 'middle/{a,b}', 'below media/advices'],
    ['match', '', 'below media/advices'],
    ['from', '2026-02-29', 'a day that exists'],
    ['from', '2026-6-1', 'a day that exists'],
    ['to', '01.06.2026', 'a day that exists'],
    ['cron', '* 25 * * *', 'wrong here: hour 25'],
    ['cron', '0 * * * * *', 'wrong here: 6 fields'],
    ['until', '2026-06-01', 'here are match, from, to, cron'],
  ])('%s %j', (name, value, allowed) => {
    const problems = problemsOf({
      advice: { campaigns: [{ match: 'last' }, { match: 'last', [name]: value }] },
    });
    expect(problems).toEqual([
      { key: `advice.campaigns[1].${name}`, found: `'${value}'`, allowed: containing(allowed) },
    ]);
  });

  it('must not end before they begin', () => {
    const campaigns = [{ match: 'last', from: '2026-06-02', to: '2026-06-01' }];
    expect(problemsOf({ advice: { campaigns } })).toEqual([
      {
        key: 'advice.campaigns[0].to',
        found: "'2026-06-01'",
        allowed: "'2026-06-02' (the day of `from`) or later",
      },
    ]);
  });

  it('must name something', () => {
    expect(problemsOf({ advice: { campaigns: [{}] } })[0]).toMatchObject({
      key: 'advice.campaigns[0].match',
      found: 'undefined',
    });
  });
});

describe('the band', () => {
  it('ends at half the rate', () => {
    expect(problemsOf({ media: { highHz: 4001 } })).toEqual([
      { key: 'media.highHz', found: '4001', allowed: 'at most 4000 Hz, half of sound.rate 8000' },
    ]);
    expect(problemsOf({ sound: { rate: 16000 }, media: { highHz: 8001 } })).toHaveLength(1);
  });

  it('has its edges in order, defaults included', () => {
    expect(problemsOf({ media: { lowHz: 1500, highHz: 1000 } })).toMatchObject([{ key: 'media.lowHz' }]);
    expect(problemsOf({ media: { lowHz: 1500 } })).toEqual([]);
  });
});

describe('what was found', () => {
  const env = { AMI_SECRET: 'hunter2hunter2', BILLING_KEY: 'p4/ss', SHORT_PIN: '42', HOME: '/home/x' };

  it.each([
    ['under a name that sounds secret', { crm: { password: 'p4ss' } }, "{ password: '•••' }"],
    ['under a secret unknown key', { secret: 'p4ss' }, '•••'],
    ['as the value of a secret variable', { language: 'hunter2hunter2' }, "'•••'"],
    ['in a URL', { database: 'mysql://holdcast:p4ss@db/x' }, "'mysql://•••@db/x'"],
    [
      'in a URL, with signs that it may not have',
      { x: 'https://u:p4/ss@b.example/' },
      "'https://•••@b.example/'",
    ],
    ['alone in a URL', { x: 'https://p4ss@b.example/' }, "'https://•••@b.example/'"],
    [
      'in a query',
      { x: 'https://b.example/?phone={phone}&k=p4ss#x' },
      "'https://b.example/?phone={phone}&k=•••#x'",
    ],
    ['within another text', { x: 'a hunter2hunter2 b' }, "'a ••• b'"],
    ['written as in a URL', { x: 'https://b.example/p4%2Fss/x' }, "'https://b.example/•••/x'"],
    ['in a body', { http: { body: { customer: 'p4ss' } } }, "{ body: '•••' }"],
    ['in a program’s arguments', { voices: [{ command: ['say', 'p4ss', 7] }] }, '•••'],
    ['in a Map', { x: new Map([['a', 'p4ss']]) }, "'•••'"],
    ['deep inside', { a: { b: { c: { d: { token: 'p4ss' } } } } }, "{ b: { c: { d: '•••' } } }"],
  ])('hides a secret %s', (_, config, found) => {
    const [problem] = problemsOf(config, env);
    expect(problem!.found).toBe(found);
    expect(JSON.stringify(problem)).not.toMatch(/p4ss|hunter2/);
  });

  it('is short', () => {
    expect(problemsOf({ language: 'x'.repeat(5000) })[0]!.found.length).toBeLessThanOrEqual(80);
  });

  it('hides the query of a URL also where a whole section is wrong', () => {
    const http = { url: 'https://b.example/?token=p4ss', ca: 1 };
    for (const problem of problemsOf({ billing: { http, ask: () => [] }, http: { http } }))
      expect(problem.found).not.toContain('p4ss');
  });

  it('does not look for a short secret in other texts', () => {
    expect(problemsOf({ language: '/42/x' }, env)[0]!.found).toBe("'/42/x'");
    expect(problemsOf({ x: '42' }, env)[0]!.found).toBe("'•••'");
  });

  it('shows what is no secret', () => {
    expect(problemsOf({ language: '/home/x' }, env)[0]!.found).toBe("'/home/x'");
  });
});
