// bin/holdcast and bin/setup.mjs where they meet what they cannot work with: an old Node, no npm, half a clone.
// Would catch: kilobytes of source instead of one line that says what to do.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Linter } from 'eslint';
import { HOLDCAST, ROOT } from '../support/process';

const folder = mkdtempSync(join(tmpdir(), 'hc-setup-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const SETUP = join(ROOT, 'bin/setup.mjs');

function node(args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
  return { status, stdout, lines: stderr.split('\n').slice(0, -1) };
}

describe('a Node that is too old', () => {
  const old = join(folder, 'old.cjs');
  writeFileSync(
    old,
    `Object.defineProperty(process, 'version', { value: 'v12.22.12' });
     Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '12.22.12' } });`,
  );

  test.each([
    ['holdcast', [HOLDCAST, '--version']],
    ['holdcast', [HOLDCAST, 'stream']],
    ['holdcast', [HOLDCAST, 'hub']],
    ['setup', [SETUP, '--tests']],
  ])('%s says so in one line: %j', (name, args) => {
    const { status, stdout, lines } = node(['-r', old, ...args]);
    expect([status, stdout, lines]).toEqual([
      ...[1, ''],
      [
        expect.stringMatching(
          `^${name}: Node 20 or later is needed, and this is v12\\.22\\.12 .*install\\.md$`,
        ),
      ],
    ]);
  });

  // What it cannot parse it prints, and nothing of ours runs.
  test.each([
    ['holdcast', HOLDCAST, { ecmaVersion: 5, sourceType: 'commonjs' }],
    ['setup', SETUP, { ecmaVersion: 2019, sourceType: 'module' }],
  ] as const)('%s is written in words that it knows', (_, file, languageOptions) => {
    const text = readFileSync(file, 'utf8').replace(/^#!.*/, '');
    expect(new Linter().verify(text, { languageOptions })).toEqual([]);
    expect(text).not.toMatch(/['"]node:/);
  });
});

describe('setup', () => {
  const copyOf = (name: string, ...files: string[]): string => {
    const clone = join(folder, name);
    for (const file of ['bin/setup.mjs', 'package.json', 'package-lock.json', ...files])
      cpSync(join(ROOT, file), join(clone, file), { recursive: true });
    return clone;
  };
  const installed = (clone: string): void => {
    mkdirSync(join(clone, 'node_modules'));
    writeFileSync(join(clone, 'node_modules/.package-lock.json'), '{}');
  };
  const failing = (clone: string, env?: NodeJS.ProcessEnv): string => {
    const { status, lines } = node([join(clone, 'bin/setup.mjs')], { ...process.env, ...env });
    expect([status, lines.filter((line) => !line.startsWith('setup: '))]).toEqual([1, []]);
    return lines.at(-1)!;
  };

  test('without npm says what to do', () => {
    expect(failing(copyOf('no-npm'), { PATH: '/nowhere' })).toMatch(
      /npm ci.*failed \(ENOENT\): see that npm/,
    );
  });

  test('whose packages cannot be had says why, and what to do', () => {
    const bin = join(folder, 'npm');
    mkdirSync(bin);
    const said = 'npm error code ENOTFOUND\nnpm error network request failed\nnpm error A complete log …';
    writeFileSync(join(bin, 'npm'), `#!/bin/sh\necho '${said}' >&2\nexit 1\n`, { mode: 0o755 });
    const path = `${bin}:${process.env['PATH']}`;
    expect(failing(copyOf('no-network'), { PATH: path })).toMatch(
      /failed \(ENOTFOUND: network request failed\): see that npm is installed, that the network is there/,
    );
  });

  test('that cannot build says why, without a stack', () => {
    const clone = copyOf('no-esbuild', 'bin', 'src', 'bench', 'media/make');
    installed(clone);
    expect(failing(clone)).toMatch(/bin\/build\.mjs` failed \(.*esbuild.*remove node_modules/);
  });

  test('of half a clone says so', () => {
    const clone = copyOf('half');
    installed(clone);
    expect(failing(clone)).toMatch(/no such file.*src.*unpack or clone Holdcast again/);
  });

  test('that is told what it does not know exits with 2', () => {
    const { status, lines } = node([SETUP, '--frob']);
    expect([status, lines]).toEqual([2, ['setup: --frob is no option: there is --tests, --build']]);
  });
});
