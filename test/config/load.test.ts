// Loading config.ts as a call does: found in the right order, compiled, checked, kept, noticed when it changes.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { schema } from '../../src/config/schema';
import { packageRoot } from '../../src/util/packageRoot';
import { isRoot, OTHER, reachable } from '../support/otherUser';
import { workshop, type Workshop } from './child';

const config = (body: string, head = ''): string => `import { defineConfig, nextTrack } from 'holdcast';
${head}
export default defineConfig({ ${body} });
`;

/** Jest types its matchers as any. */
const containing = (text: string): unknown => expect.stringContaining(text);

let shop: Workshop;
beforeAll(() => void (shop = workshop()));
afterAll(() => shop.close());
afterEach(() => {
  for (const name of readdirSync(shop.folder))
    rmSync(join(shop.folder, name), { recursive: true, force: true });
});

const kept = (): string[] => {
  const folder = join(shop.cache, `config-${process.getuid!()}`);
  return existsSync(folder) ? readdirSync(folder).sort() : [];
};

describe('finding', () => {
  const lead = (ms: number): string => config(`stream: { leadMs: ${ms} }`);

  it('takes --config, then HOLDCAST_CONFIG, then ./config.ts, then the system’s', () => {
    const [named, env, system] = [
      shop.write('a.ts', lead(100)),
      shop.write('b.ts', lead(110)),
      shop.write('s.ts', lead(130)),
    ];
    const local = shop.write('config.ts', lead(120));
    const found = (order: object, settings = {}) => {
      const { config: resolved, path } = shop.run({ way: 'cold', systemFile: system, ...order }, settings);
      return [resolved!.stream.leadMs, path];
    };
    expect(found({ path: 'a.ts' }, { env: { HOLDCAST_CONFIG: env } })).toEqual([100, named]);
    expect(found({}, { env: { HOLDCAST_CONFIG: 'b.ts' } })).toEqual([110, env]);
    // Root runs nothing that lies where it happens to stand.
    expect(found({})).toEqual(isRoot ? [130, system] : [120, local]);
    rmSync(local);
    expect(found({})).toEqual([130, system]);
  });

  it('takes the defaults when there is none, warm too', () => {
    const cold = shop.run({ way: 'cold' });
    expect(cold.path).toBeUndefined();
    expect(cold.config).toMatchObject({ stream: { leadMs: 160 } });
    expect(shop.run({ way: 'warm' }).config).toEqual(cold.config);
    expect(cold.loaded).toEqual([]);
  });

  it.each([
    [{ path: 'absent.ts' }, {}, '--config'],
    [{}, { HOLDCAST_CONFIG: '/absent.ts' }, 'HOLDCAST_CONFIG'],
  ])('says who named a file that is not there: %j %j', (order, env, origin) => {
    shop.write('config.ts', config(''));
    const { error } = shop.run({ way: 'cold', ...order }, { env });
    expect(error).toMatchObject({
      code: 'HC_CONFIG_NOT_FOUND',
      message: containing('absent.ts'),
    });
    expect(error!.hint).toContain(origin);
    expect(shop.run({ way: 'warm', ...order }, { env }).config).toBeNull();
  });

  it('does not fall back to defaults when a file is there that it cannot read', () => {
    mkdirSync(join(shop.folder, 's.ts'));
    expect(shop.run({ way: 'cold', systemFile: join(shop.folder, 's.ts') }).error).toMatchObject({
      code: 'HC_CONFIG_NOT_FOUND',
      message: containing('EISDIR'),
    });
  });

  it.each([
    ['a pipe that nobody writes to', (file: string) => spawnSync('mkfifo', [file])],
    ['a device without end', (file: string) => symlinkSync('/dev/zero', file)],
  ])('waits for nothing where the config is %s', (_, make) => {
    const file = join(shop.folder, 's.ts');
    make(file);
    for (const order of [{ systemFile: file }, { path: file }]) {
      expect(shop.run({ way: 'cold', ...order }).error).toMatchObject({
        code: 'HC_CONFIG_NOT_FOUND',
        message: containing('ENOTREG'),
      });
      expect(shop.run({ way: 'warm', ...order }).config).toBeNull();
    }
  });
});

describe('loading', () => {
  it('imports holdcast wherever the file lies, helpers beside it, and builtins', () => {
    shop.write('lib/rate.ts', 'export const rate: 8000 | 16000 = 16000;');
    const head =
      "import { rate } from './lib/rate'; import { join } from 'node:path'; import { tmpdir } from 'os'; import data from './lib/data.json';";
    shop.write('lib/data.json', '{ "edge": 7 }');
    const body =
      "sound: { rate }, edgeMs: data.edge, media: { folder: join(tmpdir(), 'm') }, keys: { '1': nextTrack({ holdOffMs: 5 }) }";
    const path = shop.write('config.ts', config(body, head));
    const { config: resolved } = shop.run({ way: 'cold', path });
    expect(resolved).toMatchObject({
      program: { rate: 16000, edgeMs: 7 },
      media: { folder: '/tmp/m' },
      keys: { '1': { action: 'nextTrack', holdOffMs: 5 } },
    });
    expect(shop.run({ way: 'warm', path }).config).toEqual(resolved);
  });

  it('imports packages from the folder of the config, ES modules and CommonJS, unbundled', () => {
    shop.write(
      'node_modules/esm/package.json',
      '{ "name": "esm", "type": "module", "exports": { "import": "./i.js" } }',
    );
    shop.write(
      'node_modules/esm/i.js',
      'export const edge = import.meta.url.endsWith("/esm/i.js") ? 11 : 0;',
    );
    shop.write(
      'node_modules/old/index.js',
      'const path = require("path"); module.exports = { hold: path.basename(__dirname) === "old" ? 400 : 0 };',
    );
    const head = "import { edge } from 'esm'; import old from 'old';";
    const path = shop.write('config.ts', config('edgeMs: edge, duck: { holdMs: old.hold }', head));
    for (const way of ['cold', 'warm']) {
      const { config: resolved, error } = shop.run({ way, path });
      expect(error).toBeUndefined();
      expect(resolved!.program).toMatchObject({ edgeMs: 11, duck: { holdMs: 400 } });
    }
  });

  it('lets a config know where it lies, and require', () => {
    const head = `import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
const here = new URL('x', import.meta.url).pathname === __dirname + '/x' && import.meta.dirname === __dirname;`;
    const path = shop.write(
      'deep/config.ts',
      config("media: { folder: here && require('./n.json').n }", head),
    );
    shop.write('deep/n.json', '{ "n": "media" }');
    for (const way of ['cold', 'warm'])
      expect(shop.run({ way, path }).config!.media.folder).toBe(join(shop.folder, 'deep/media'));
  });

  it('shows file, line, column and the line of a syntax error', () => {
    const path = shop.write('config.ts', config('edgeMs: ,'));
    const { error } = shop.run({ way: 'cold', path });
    expect(error!.code).toBe('HC_CONFIG_SYNTAX');
    expect(error!.message).toContain(`${path}:3:39: Unexpected ","`);
    expect(error!.message).toContain('export default defineConfig({ edgeMs: , });');
    expect(kept()).toEqual([]);
  });

  it('names an import that leads nowhere, in the helper where it stands', () => {
    shop.write('lib/x.ts', "\nimport y from 'no-such-package';\nexport default y;");
    const path = shop.write('config.ts', config('', "import x from './lib/x'; void x;"));
    const { error } = shop.run({ way: 'cold', path });
    expect(error!.code).toBe('HC_CONFIG_SYNTAX');
    expect(error!.message).toMatch(/lib\/x\.ts:2:15: Could not resolve "no-such-package"/);
  });

  it('says where a config throws', () => {
    const path = shop.write(
      'config.ts',
      config(
        '',
        'interface Gone { a: 1 }\n\nfunction f(): never {\n  throw new RangeError("no password");\n}\nf();',
      ),
    );
    const { error } = shop.run({ way: 'cold', path });
    expect(error).toMatchObject({
      code: 'HC_CONFIG_INVALID',
      message: `${path}:5:9: the config threw RangeError: no password`,
    });
  });

  it('lists everything that is not allowed', () => {
    const path = shop.write('config.ts', config('stream: { leadMs: 400 }, musik: {}'));
    const { error } = shop.run({ way: 'cold', path });
    expect(error!.code).toBe('HC_CONFIG_INVALID');
    expect(error!.message.split('\n').slice(1)).toEqual([
      '  stream.leadMs: found 400; allowed: a number from 80 to 200 ms',
      '  musik: found {}; allowed: no such option; did you mean music?',
    ]);
    expect(error!.problems).toHaveLength(2);
    expect(shop.run({ way: 'warm', path }).config).toBeNull();
  });

  it.each([
    ['export const config = {};', 'no default export'],
    ['export default Promise.resolve({});', 'an object with any of'],
    ['export default;', 'Unexpected'],
  ])('refuses %j', (text, message) => {
    expect(shop.run({ way: 'cold', path: shop.write('config.ts', text) }).error!.message).toContain(message);
  });

  it('gives up a config that waits for ever, after 5 s', () => {
    const path = shop.write('config.ts', config('', 'await new Promise(() => {});'));
    const { error, spent } = shop.run({ way: 'cold', path });
    expect(error).toMatchObject({
      code: 'HC_CONFIG_INVALID',
      message: containing('after 5000 ms'),
    });
    expect(spent[0]).toBeGreaterThan(4900);
    expect(spent[0]).toBeLessThan(8000);
  });

  it('lets nothing that a config prints reach stdout', () => {
    const head = `console.log('log %d', 1); console.info('info'); console.debug('debug'); console.table([1]);
console.dir({}); console.group('group'); console.count('count'); console.time('t'); console.timeLog('t'); console.timeEnd('t');`;
    const path = shop.write('config.ts', config('', head));
    for (const way of ['cold', 'warm']) {
      const { stdout, stderr, error } = shop.run({ way, path });
      expect([stdout, error]).toEqual(['', undefined]);
      expect(stderr).toMatch(/log 1\ninfo\ndebug\n[^]*group/);
    }
  });
});

describe('the warm way', () => {
  it('gives what the cold way gave, without esbuild and zod', () => {
    const path = shop.write('config.ts', config("timeZone: 'Asia/Kathmandu', edgeMs: 9"));
    expect(shop.run({ way: 'warm', path }).config).toBeNull();
    const cold = shop.run({ way: 'cold', path });
    const warm = shop.run({ way: 'warm', path });
    expect(cold.notKept).toBeUndefined();
    expect(warm.config).toEqual(cold.config);
    expect(cold.loaded.length).toBeGreaterThan(0);
    expect(warm.loaded).toEqual([]);
    expect(kept()).toHaveLength(2);
  });

  it('notices a change of the file and of a helper, even with the same size and time', () => {
    const helper = shop.write('lib.ts', 'export const edge = 11;');
    const path = shop.write('config.ts', config('edgeMs: edge', "import { edge } from './lib';"));
    shop.run({ way: 'cold', path });
    const touch = (file: string, text: string): void => {
      writeFileSync(file, text);
      utimesSync(file, 1, 1);
    };
    touch(helper, 'export const edge = 22;');
    expect(shop.run({ way: 'warm', path }).config).toBeNull();
    expect(shop.run({ way: 'cold', path }).config!.program.edgeMs).toBe(22);
    expect(shop.run({ way: 'warm', path }).config!.program.edgeMs).toBe(22);
    touch(path, config('edgeMs: edge + 1', "import { edge } from './lib';"));
    expect(shop.run({ way: 'warm', path }).config).toBeNull();
    shop.run({ way: 'cold', path });
    rmSync(helper);
    expect(shop.run({ way: 'warm', path }).config).toBeNull();
    expect(kept()).toHaveLength(2);
  });

  it('validates again when the environment makes other values', () => {
    const path = shop.write('config.ts', config('stream: { leadMs: Number(process.env.LEAD) }'));
    const run = (way: string, lead: string) => shop.run({ way, path }, { env: { LEAD: lead } });
    expect(run('cold', '100').config!.stream.leadMs).toBe(100);
    expect(run('warm', '100').config!.stream.leadMs).toBe(100);
    expect(run('warm', '120').config).toBeNull();
    expect(run('warm', '1').config).toBeNull();
    expect(run('cold', '1').error!.code).toBe('HC_CONFIG_INVALID');
    expect(run('warm', '100').config!.stream.leadMs).toBe(100);
  });

  it('does not make a caller wait for a config that waits', () => {
    const path = shop.write('config.ts', config('', 'if (process.env.SLOW) await new Promise(() => {});'));
    shop.run({ way: 'cold', path });
    const { config: resolved, spent } = shop.run({ way: 'warm', path }, { env: { SLOW: '1' } });
    expect(resolved).toBeNull();
    expect(spent[0]).toBeLessThan(1000);
  });

  it('runs nothing from a cache that others can write', () => {
    const path = shop.write('config.ts', config('edgeMs: 9'));
    shop.run({ way: 'cold', path });
    chmodSync(join(shop.cache, kept().length ? `config-${process.getuid!()}` : ''), 0o777);
    expect(shop.run({ way: 'warm', path }).config).toBeNull();
    const { config: resolved, notKept } = shop.run({ way: 'cold', path });
    expect(resolved!.program.edgeMs).toBe(9);
    expect(notKept).toContain('open to other users');
  });

  it('survives a damaged cache', () => {
    const path = shop.write('config.ts', config('edgeMs: 9'));
    shop.run({ way: 'cold', path });
    for (const name of kept()) writeFileSync(join(shop.cache, `config-${process.getuid!()}`, name), '');
    expect(shop.run({ way: 'warm', path }).config).toBeNull();
    expect(shop.run({ way: 'cold', path }).config!.program.edgeMs).toBe(9);
    expect(shop.run({ way: 'warm', path }).config!.program.edgeMs).toBe(9);
  });

  it('is not needed: where nothing can be kept, everything still loads and nothing is left behind', () => {
    const blocked = shop.write('file', '');
    const path = shop.write('config.ts', config('edgeMs: 9'));
    const { config: resolved, notKept } = shop.run(
      { way: 'cold', path },
      { env: { HOLDCAST_CACHE: join(blocked, 'cache') } },
    );
    expect(resolved!.program.edgeMs).toBe(9);
    expect(notKept).toContain('cannot be written (ENOTDIR)');
    expect(readdirSync(shop.folder).sort()).toEqual(['config.ts', 'file']);
  });

  it('can be started by many at once', () => {
    const path = shop.write('config.ts', config('edgeMs: 9'));
    const times = 5;
    expect(shop.run({ way: 'cold', path, times }).config!.program.edgeMs).toBe(9);
    expect(shop.run({ way: 'warm', path, times }).spent.length).toBe(times);
    expect(kept()).toHaveLength(2);
  });
});

describe('config check', () => {
  it('says which file, what it comes to, and exits with 0', () => {
    const path = shop.write('config.ts', config("language: 'ru', media: { folder: 'gone' }"));
    const { exit, printed } = shop.run({ way: 'check', path });
    expect(exit).toBe(0);
    expect(printed).toMatch(new RegExp(`Config +${path}\n`));
    expect(printed).toMatch(/Language +ru/);
    expect(printed).toContain(`Note: There is no media folder ${shop.folder}/gone`);
    expect(printed).toContain('OK:');
  });

  it('names problems and what to do, and exits with 1', () => {
    const path = shop.write('config.ts', config('stream: { leadMs: 400 }'));
    const { exit, printed } = shop.run({ way: 'check', path });
    expect(exit).toBe(1);
    expect(printed).toBe(`Error: ${path}: one value is not allowed (HC_CONFIG_INVALID)
  stream.leadMs
    found    400
    allowed  a number from 80 to 200 ms
What to do: correct what is named; config.example.ts shows every option with its default.
`);
  });

  /** What it notes of a config, and nothing of what it must not show. */
  const notesOf = (body: string, mode = 0o600): string[] => {
    const path = shop.write('config.ts', config(`media: { folder: '.' }, ${body}`));
    chmodSync(path, mode);
    const { printed } = shop.run({ way: 'check', json: true, path });
    return (JSON.parse(printed!) as { notes: string[] }).notes;
  };
  const http = (origin: string, more = ''): string =>
    `billing: { pin: { digits: 4 }, http: { url: '${origin}/{phone}', body: { pin: '{pin}' }, ${more} } }`;

  it('warns of what goes to another machine over plain http', () => {
    const [note, ...rest] = notesOf(
      http('http://billing.example:8080', "token: 't0ken-t0ken', headers: { a: 'b' }"),
    );
    expect(rest).toEqual([]);
    expect(note).toMatch(/plain http to billing\.example:8080: .*the token, the headers, the PINs.*numbers/);
    expect(note).not.toMatch(/t0ken/);
    expect(notesOf(http('http://192.0.2.7', "user: 'u', password: 'p4ss'"))[0]).toMatch(
      /the password, the PINs/,
    );
    for (const fine of [
      'https://billing.example',
      'http://127.0.0.1:8080',
      'http://localhost',
      'http://[::1]:1',
    ])
      expect(notesOf(http(fine, "token: 't0ken-t0ken'"))).toEqual([]);
  });

  it('warns of a database and of an AMI on another machine that are spoken to in clear', () => {
    const sql = (more: string): string =>
      `billing: { sql: { database: { database: 'd', ${more} }, query: 'select 1' } }, store: { mysql: { database: 'd', ${more} } }`;
    expect(notesOf(sql("host: 'db.example'"))).toEqual([
      expect.stringMatching(/^billing\.sql\.database .*db\.example.*without TLS/),
      expect.stringMatching(/^store\.mysql .*db\.example.*without TLS/),
    ]);
    for (const fine of [
      "host: 'db.example', tls: true",
      "host: 'db.example', ca: 'x'",
      "socket: '/s'",
      "host: '127.0.0.1'",
    ])
      expect(notesOf(sql(fine))).toEqual([]);
    expect(notesOf("ami: { host: 'pbx.example', secret: process.env.NONE ?? 's3cret-s3cret' }")).toEqual([
      expect.stringMatching(/^ami\.host is another machine \(pbx\.example\)/),
    ]);
  });

  it('warns of secrets that stand in a file which everybody may read, also in one that it imports', () => {
    const secrets = `ami: { secret: 's3cret-s3cret' }, store: { mysql: { database: 'd', password: 'pw' } },
      billing: { http: { url: 'https://b.example/', token: 't0ken-t0ken', headers: { 'X-Api-Key': 'k3y-k3y-k3y', Accept: 'text' } } }`;
    const [note, ...rest] = notesOf(secrets, 0o644);
    expect(rest).toEqual([]);
    expect(note).toMatch(
      /may read ami\.secret, billing\.http\.token, billing\.http\.headers\['X-Api-Key'\], store\.mysql\.password in .*config\.ts\./,
    );
    expect(note).not.toMatch(/s3cret|t0ken|k3y-/);
    expect(notesOf(secrets, 0o640)).toEqual([]);
    const file = shop.write('secrets.ts', "export const secret = 's3cret-s3cret';\n");
    chmodSync(file, 0o644);
    const path = shop.write(
      'config.ts',
      config("media: { folder: '.' }, ami: { secret }", "import { secret } from './secrets';"),
    );
    expect(shop.run({ way: 'check', path }).printed).toContain(`may read ami.secret in ${file}`);
    expect(notesOf('ami: { secret: process.env.HOME }', 0o644)).toEqual([]);
    chmodSync(shop.folder, 0o750);
    expect(notesOf(secrets, 0o644)).toEqual([]);
    chmodSync(shop.folder, 0o755);
  });

  it('also of one in a query, behind a word of a header, or written with escapes', () => {
    const path = shop.write(
      'config.ts',
      config(
        `media: { folder: '.' }, ami: { secret: 'it\\'s-s3cret' },
        billing: { http: { url: 'https://b.example/?token=t0ken-t0ken&pin={pin}&key={phone}', headers: { Authorization: \`Bearer \${bearer}\` } } }`,
        "const bearer = 'b3arer-b3arer';",
      ),
    );
    chmodSync(path, 0o644);
    const { printed } = shop.run({ way: 'check', path });
    expect(printed).toContain(
      "may read ami.secret, billing.http.headers['Authorization'], billing.http.url in ",
    );
  });

  it('warns of a language that no voice speaks', () => {
    const spoken = /^No voice speaks the language of the config, de: /;
    expect(notesOf("language: 'de'")).toEqual([expect.stringMatching(spoken)]);
    expect(notesOf("language: 'ru'")).toEqual([]);
    expect(notesOf("language: 'de', voices: [{ command: ['say', '{text}'], languages: ['de'] }]")).toEqual(
      [],
    );
    expect(notesOf("language: 'en', voices: [{ recorded: 'nowhere' }]")).toHaveLength(1);
  });

  it('says no secret of a legal config in JSON', () => {
    const http = `{ url: 'https://user:p4ss@b.example/{phone}?api_key=p4ss&phone={phone}', body: { k: ['p4ss'] }, headers: { a: 'p4ss' } }`;
    const command = `{ command: ['say', '--key=p4ss', '{text}'] }`;
    const path = shop.write(
      'config.ts',
      config(`billing: { currency: 'GBP', http: ${http} }, voices: [${command}]`),
    );
    const { exit, printed } = shop.run({ way: 'check', json: true, path });
    expect(printed).not.toContain('p4ss');
    expect([exit, JSON.parse(printed!)]).toMatchObject([
      0,
      {
        config: {
          billing: {
            currency: 'GBP',
            source: {
              http: {
                url: 'https://•••@b.example/{phone}?api_key=•••&phone={phone}',
                body: '•••',
                headers: '•••',
              },
            },
          },
          voices: [{ command: '•••' }],
        },
      },
    ]);
  });

  it('says the same as JSON', () => {
    const good = shop.run({ way: 'check', json: true });
    expect(JSON.parse(good.printed!)).toMatchObject({ ok: true, path: null, config: { language: 'en' } });
    const bad = shop.run({ way: 'check', json: true, path: shop.write('config.ts', config('edgeMs: 0')) });
    expect(JSON.parse(bad.printed!)).toMatchObject({
      ok: false,
      code: 'HC_CONFIG_INVALID',
      problems: [{ key: 'edgeMs' }],
    });
  });
});

/** The name of each option, and of each section. */
function optionsOf(written: unknown): string[] {
  if (written instanceof z.ZodOptional) return optionsOf(written.unwrap());
  if (written instanceof z.ZodArray) return optionsOf(written.element);
  if (!(written instanceof z.ZodObject)) return [];
  return Object.entries(written.shape).flatMap(([name, option]) =>
    /^[a-z]\w*$/i.test(name) ? [name, ...optionsOf(option)] : optionsOf(option),
  );
}

describe('config.example.ts', () => {
  const example = join(packageRoot(), 'config.example.ts');

  it('is legal wherever it is copied to, and says the defaults', () => {
    const path = join(shop.folder, 'config.ts');
    copyFileSync(example, path);
    const copied = shop.run({ way: 'cold' }).config;
    rmSync(path);
    expect(copied).toEqual(shop.run({ way: 'cold' }).config);
  });

  it('shows every option', () => {
    const text = readFileSync(example, 'utf8');
    const names = optionsOf(schema);
    expect(names.length).toBeGreaterThan(90);
    for (const name of names) expect(text).toMatch(new RegExp(`\\b${name}: `));
  });
});

describe('campaigns in a process of their own', () => {
  const summer = { match: 'middle/summer', from: '2026-06-01', to: '2026-08-31' };
  const ask = (...times: string[]) => times.map((time) => ['advices/middle/summer.wav', time]);

  it('need both the day and the minute', () => {
    const times = [
      '2026-06-01T06:00:59.999Z',
      '2026-06-01T05:59:59.999Z',
      '2026-06-07T10:00Z',
      '2026-09-01T10:00Z',
    ];
    const campaigns = [{ ...summer, cron: '* 9-17 * * mon-fri' }];
    const { answers, stdout } = shop.run({
      way: 'campaigns',
      timeZone: 'Europe/Moscow',
      campaigns,
      ask: ask(...times),
    });
    expect(answers).toEqual([true, false, false, false]); // 09:00:59; 08:59:59; Sunday; after the campaign
    expect(stdout).toBe('');
  });

  it('load node-cron only when one has a cron expression', () => {
    const { answers, loaded } = shop.run({
      way: 'campaigns',
      campaigns: [summer],
      ask: ask('2026-06-01T06:00Z'),
    });
    expect([answers, loaded]).toEqual([[true], []]);
    const withCron = shop.run({ way: 'campaigns', campaigns: [{ ...summer, cron: '* * * * *' }] });
    expect(withCron.loaded.length).toBeGreaterThan(0);
  });
});

/** A config that leaves a mark when it is run. */
const marking = (mark: string, head = ''): string =>
  config(
    'edgeMs: 9',
    `import { writeFileSync } from 'node:fs'; ${head}\nwriteFileSync(${JSON.stringify(mark)}, '');`,
  );

(isRoot ? describe : describe.skip)('as root, what somebody else can change is not run', () => {
  const mark = (): string => join(shop.folder, 'was-run');
  const own = (path: string): void => chownSync(path, OTHER, OTHER);
  const write = (name: string, head = ''): string => shop.write(name, marking(mark(), head));

  it.each([
    ['the config is another user’s', () => own(write('a/c.ts')), 'uid 54321'],
    ['anybody may write it', () => chmodSync(write('a/c.ts'), 0o666), 'other users'],
    ['its group may write it', () => chmodSync(write('a/c.ts'), 0o664), 'other users'],
    ['its folder is another user’s', () => (write('a/c.ts'), own(join(shop.folder, 'a'))), 'uid 54321'],
    ['anybody may write its folder', () => chmodSync(dirname(write('a/c.ts')), 0o777), 'other users'],
    [
      'it is a link to a file below another user’s folder',
      () => {
        mkdirSync(join(shop.folder, 'a'));
        symlinkSync(write('theirs/c.ts'), join(shop.folder, 'a/c.ts'));
        own(join(shop.folder, 'theirs'));
      },
      'uid 54321',
    ],
    [
      'what it imports is another user’s',
      () => (write('a/c.ts', "import './d';"), own(shop.write('a/d.ts', ''))),
      'a/d.ts belongs to another user',
    ],
    [
      'what it imports is a link to another user’s file',
      () => {
        write('a/c.ts', "import './d';");
        own(shop.write('theirs.ts', ''));
        symlinkSync('../theirs.ts', join(shop.folder, 'a/d.ts'));
      },
      'theirs.ts belongs to another user',
    ],
    [
      'a package that it imports is another user’s',
      () => {
        shop.write('a/node_modules/pack/index.js', '');
        write('a/c.ts', "import 'pack';");
        own(join(shop.folder, 'a/node_modules/pack'));
      },
      'node_modules/pack belongs to another user',
    ],
  ])('%s', (_, spoil, why) => {
    void spoil();
    const path = join(shop.folder, 'a/c.ts');
    for (const order of [{ path }, { systemFile: path }])
      expect(shop.run({ way: 'cold', ...order }).error).toMatchObject({
        code: 'HC_NOT_AS_ROOT',
        message: containing(why),
      });
    expect(existsSync(mark())).toBe(false);
  });

  it('nor ./config.ts, whoever owns it, also as a link to a file of root’s', () => {
    const theirs = join(shop.folder, 'theirs');
    write('config.ts');
    mkdirSync(theirs);
    symlinkSync('../config.ts', join(theirs, 'config.ts'));
    own(theirs);
    for (const cwd of [shop.folder, theirs]) expect(shop.run({ way: 'cold' }, { cwd }).path).toBeUndefined();
    expect(existsSync(mark())).toBe(false);
  });

  it('what a config that is behind a link requires is looked for where it really lies', () => {
    const theirs = join(shop.folder, 'theirs');
    const real = shop.write('own/c.ts', config('edgeMs: require("./n.json").n'));
    shop.write('own/n.json', '{ "n": 9 }');
    shop.write('theirs/n.json', '{ "n": 7 }');
    symlinkSync(real, join(theirs, 'c.ts'));
    own(theirs);
    expect(shop.run({ way: 'cold', path: join(theirs, 'c.ts') }).config!.program.edgeMs).toBe(9);
  });

  it('a config of root’s own in a folder of root’s is, and everything in it', () => {
    shop.write('a/node_modules/pack/index.js', '');
    const path = write('a/c.ts', "import './d'; import 'pack';");
    shop.write('a/d.ts', '');
    expect(shop.run({ way: 'cold', path }).config!.program.edgeMs).toBe(9);
    expect(existsSync(mark())).toBe(true);
  });

  it('nothing is kept in a cache of another user’s, and nothing in it is run', () => {
    const path = write('a/c.ts');
    mkdirSync(shop.cache);
    own(shop.cache);
    expect(shop.run({ way: 'cold', path }).notKept).toContain('uid 54321');
    expect(readdirSync(shop.cache)).toEqual([]);
  });
});

(reachable ? describe : describe.skip)('./config.ts of a user who is not root', () => {
  it.each([
    ['it is their own', OTHER, 0o644, undefined],
    ['their own group, in which nobody else is, may write it', OTHER, 0o664, undefined],
    ['it is root’s', 0, 0o644, undefined],
    ['it is another user’s', 12_345, 0o644, 'uid 12345'],
    ['anybody may write it', OTHER, 0o666, 'other users'],
  ])('%s', (_, owner, mode, why) => {
    const file = shop.write('config.ts', config('edgeMs: 9'));
    chownSync(file, owner, owner);
    chmodSync(file, mode);
    const unasked = shop.run({ way: 'cold' }, { uid: OTHER });
    if (why === undefined) expect(unasked.config!.program.edgeMs).toBe(9);
    else expect(unasked.error).toMatchObject({ code: 'HC_CONFIG_INVALID', message: containing(why) });
    expect(shop.run({ way: 'cold', path: 'config.ts' }, { uid: OTHER }).config!.program.edgeMs).toBe(9);
  });
});
