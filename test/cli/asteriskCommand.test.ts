// `holdcast asterisk`: what it prints, what it writes, and that it never loses what a person has changed.
// The texts themselves are tested in test/asterisk/snippets.test.ts.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asteriskCommand, type AsteriskCommandOptions } from '../../src/cli/asteriskCommand';
import { resolveConfig } from '../../src/config/defaults';
import type { Config } from '../../src/config/types';
import { HoldcastError } from '../../src/util/errors';
import { packageRoot } from '../../src/util/packageRoot';

const owner = process.getuid?.() ?? 0;
const group = process.getgid?.() ?? 0;

const benches: Bench[] = [];
afterEach(() => {
  for (const { path } of benches.splice(0)) rmSync(path, { recursive: true, force: true });
});

/** A system of its own: /etc, a config, a user. */
class Bench {
  readonly path = mkdtempSync(join(tmpdir(), 'holdcast-asterisk-'));
  readonly folder = join(this.path, 'etc/asterisk/holdcast');
  config: Config = {};
  readonly env: NodeJS.ProcessEnv = { HOLDCAST_CACHE: join(this.path, 'cache') };
  #secrets = 0;

  constructor() {
    benches.push(this);
    this.file('etc/passwd', `asterisk:x:${owner}:${group}::/var/lib/asterisk:/usr/sbin/nologin\n`);
  }

  file(name: string, content: string): string {
    const path = join(this.path, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  /** As a config that takes its password from the environment. */
  #configured(env: NodeJS.ProcessEnv): Config {
    const secret = env['HOLDCAST_AMI_SECRET'];
    return secret === undefined ? this.config : { ...this.config, ami: { ...this.config.ami, secret } };
  }

  async run(options: Partial<AsteriskCommandOptions> = {}): Promise<string> {
    let text = '';
    const code = await asteriskCommand(
      { asteriskEtc: join(this.path, 'etc/asterisk'), user: 'asterisk', ...options },
      {
        out: { write: (piece) => (text += piece) },
        root: this.path,
        env: this.env,
        load: (_, env) =>
          Promise.resolve(resolveConfig(this.#configured(env), { configDir: this.path, env })),
        environmentFile: join(this.path, 'etc/holdcast/environment'),
        newSecret: () => `made-${++this.#secrets}`,
      },
    );
    expect(code).toBe(0);
    return text;
  }

  write(options: Partial<AsteriskCommandOptions> = {}): Promise<string> {
    return this.run({ write: this.folder, ...options });
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }
}

test('without --write it prints the lines and the steps, and writes nothing', async () => {
  const bench = new Bench();
  const text = await bench.run();
  expect(text).toContain('── extconfig.conf, below [settings]');
  expect(text).toContain('secret=made-1');
  expect(text).toContain('HOLDCAST_AMI_SECRET=made-1');
  expect(text).toContain('same => n,Set(CHANNEL(musicclass)=hold-${UNIQUEID})');
  expect(text.match(/^\d\. /gm)).toHaveLength(7);
  expect(readdirSync(join(bench.path, 'etc'))).toEqual(['passwd']);
});

test('--write puts the files where the printed lines include them', async () => {
  const bench = new Bench();
  const text = await bench.write();
  for (const name of ['extconfig.conf', 'manager.conf', 'musiconhold.conf', 'queues.conf', 'res_curl.conf']) {
    expect(bench.read(name)).not.toBe('');
    expect(text).toContain(`#tryinclude holdcast/${name}`);
  }
  expect(bench.read('fallback/single')).toContain(encodeURIComponent(`${packageRoot()}/bin/holdcast stream`));
});

test('only Asterisk may read the password, and the others may be read by all, whatever the umask is', async () => {
  const bench = new Bench();
  const before = process.umask(0o077);
  try {
    await bench.write();
  } finally {
    process.umask(before);
  }
  const modeOf = (name: string): number => statSync(join(bench.folder, name)).mode & 0o777;
  expect([modeOf('manager.conf'), modeOf('extconfig.conf')]).toEqual([0o640, 0o644]);
});

test('a second run makes no second password and changes nothing', async () => {
  const bench = new Bench();
  await bench.write();
  const before = bench.read('manager.conf');
  await bench.write();
  expect(before).toContain('secret=made-1');
  expect(bench.read('manager.conf')).toBe(before);
});

test('the password of the config is used, and it is asked for nowhere', async () => {
  const bench = new Bench();
  bench.config = { ami: { user: 'moh', secret: 'a;b' } };
  const text = await bench.run();
  expect(text).toContain('[moh]\nsecret=a\\;b\n');
  expect(text).not.toContain('HOLDCAST_AMI_SECRET=');
});

test('a password that only the service of the hub has is found in its environment file', async () => {
  const bench = new Bench();
  bench.file('etc/holdcast/environment', '# the hub\nHOLDCAST_AMI_SECRET="in a file"\nPATH=/nowhere\n');
  expect(await bench.run()).toContain('secret=in a file\n');
  expect(Object.keys(bench.env).sort()).toEqual(['HOLDCAST_AMI_SECRET', 'HOLDCAST_CACHE']);
});

test('a file that somebody has changed is kept, and so are all the others', async () => {
  const bench = new Bench();
  await bench.write();
  const edited = `${bench.read('queues.conf')}retry=3\n`;
  writeFileSync(join(bench.folder, 'queues.conf'), edited);
  const before = bench.read('extconfig.conf');
  bench.config = { hub: { listen: '127.0.0.1:9001' } };
  const failure = await bench.write().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(HoldcastError);
  expect((failure as HoldcastError).message).toContain('queues.conf was changed by hand');
  expect((failure as HoldcastError).hint).toContain('--force');
  expect([bench.read('queues.conf'), bench.read('extconfig.conf')]).toEqual([edited, before]);

  await bench.write({ force: true });
  expect(bench.read('queues.conf')).not.toContain('retry');
  expect(bench.read('extconfig.conf')).toContain('127.0.0.1:9001');
});

test('a file of the same name that it has not made is kept too', async () => {
  const bench = new Bench();
  mkdirSync(bench.folder, { recursive: true });
  writeFileSync(join(bench.folder, 'manager.conf'), '[admin]\nsecret=theirs\n');
  await expect(bench.write()).rejects.toThrow(/changed by hand/);
  expect(bench.read('manager.conf')).toBe('[admin]\nsecret=theirs\n');
});

test('what it has made itself follows the config', async () => {
  const bench = new Bench();
  await bench.write();
  bench.config = { sound: { rate: 16000 }, hub: { listen: '127.0.0.1:9001' } };
  await bench.write();
  expect(bench.read('extconfig.conf')).toContain('127.0.0.1:9001');
  expect(bench.read('fallback/single')).toContain('format=slin16');
});

test('a folder that cannot be written: nothing is left behind, and the hint says what to do', async () => {
  const bench = new Bench();
  const blocked = bench.file('blocked', 'a file, no folder');
  const failure = await bench.write({ write: join(blocked, 'holdcast') }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'HC_USAGE', hint: expect.stringContaining('root') as string });
});

test('drafts of a run that fails half way are removed', async () => {
  const bench = new Bench();
  mkdirSync(bench.folder, { recursive: true });
  writeFileSync(join(bench.folder, 'fallback'), ''); // where a folder is to be made
  await expect(bench.write({ force: true })).rejects.toThrow();
  expect(readdirSync(bench.folder)).toEqual(['fallback']);
});

test('FreePBX is seen, and gets its own steps', async () => {
  const bench = new Bench();
  bench.file('etc/freepbx.conf', '<?php\n');
  const text = await bench.write();
  expect(text).toContain('manager_custom.conf, at its end: #tryinclude holdcast/manager.conf');
  expect(text).toContain('Cache MoH Classes: No');
  expect(text).toContain('holdcast,400,1');
  expect(readdirSync(bench.folder).sort()).toEqual([
    'extconfig.conf',
    'extensions.conf',
    'fallback',
    'manager.conf',
    'res_curl.conf',
  ]);
});

test('a system without the user says who must be let read', async () => {
  const text = await new Bench().write({ user: 'nobody-here' });
  expect(text).toContain('There is no user nobody-here');
});

test('--json has every file with its place, and the steps', async () => {
  const bench = new Bench();
  const report = JSON.parse(await bench.write({ json: true })) as {
    written: boolean;
    files: { path: string; mode: string; into?: { file: string } }[];
    steps: string[];
  };
  expect(report.written).toBe(true);
  expect(report.files).toContainEqual(
    expect.objectContaining({ path: join(bench.folder, 'manager.conf'), mode: '640' }),
  );
  expect(report.steps.length).toBeGreaterThan(4);
});
