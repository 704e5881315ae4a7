// The archive of `npm pack`: it names the very versions of what it needs, and nothing of that stays in the clone, where npm
// would take it before package-lock.json and leave out what development needs.
import { execFileSync, type ExecFileSyncOptionsWithStringEncoding } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(__dirname, '../..');
let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'holdcast-pack-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Lock {
  lockfileVersion: number;
  packages: Record<
    string,
    { version?: string; dev?: boolean; devDependencies?: object; dependencies?: object }
  >;
}

/** Packs a clone whose build makes one small file for each bundle; bundles are not what is looked at. */
function packed(): { archive: string; options: ExecFileSyncOptionsWithStringEncoding } {
  for (const name of ['package.json', 'package-lock.json', '.gitignore'])
    copyFileSync(join(ROOT, name), join(folder, name));
  mkdirSync(join(folder, 'bin'));
  copyFileSync(join(ROOT, 'bin/shrinkwrap.mjs'), join(folder, 'bin/shrinkwrap.mjs'));
  const build = `import { mkdirSync, writeFileSync } from 'node:fs';
    for (const folder of ['dist/types', 'dist/bench', 'dist/make']) mkdirSync(folder, { recursive: true });
    for (const file of ['cli.cjs', 'types/index.d.ts', 'bench/bench.cjs', 'make/make.cjs']) writeFileSync('dist/' + file, '');`;
  writeFileSync(join(folder, 'bin/build.mjs'), build);
  for (const file of ['media/make/make.ts', 'media/manifest.json']) {
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    writeFileSync(join(folder, file), '');
  }
  const stdio: ('ignore' | 'pipe')[] = ['ignore', 'pipe', 'ignore'];
  const options = { cwd: folder, encoding: 'utf8' as const, stdio };
  const archive = execFileSync('npm', ['pack', '--offline'], options).trim().split('\n').at(-1)!;
  return { archive, options };
}

test('it has what callers need, and neither benchmarks nor the program that makes media', () => {
  const { archive, options } = packed();
  const files = execFileSync('tar', ['-tzf', archive], options).split('\n');
  expect(files.filter((file) => /^package\/(dist|media)\//.test(file)).sort()).toEqual([
    'package/dist/cli.cjs',
    'package/dist/types/index.d.ts',
    'package/media/manifest.json',
  ]);
});

test('it has a shrinkwrap with the versions of package-lock.json and without those of development', () => {
  const { archive, options } = packed();
  const text = execFileSync('tar', ['-xzOf', archive, 'package/npm-shrinkwrap.json'], options);
  const shrunk = JSON.parse(text) as Lock;
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lock;
  const { devDependencies, ...own } = lock.packages['']!;
  expect(devDependencies).toBeDefined();
  expect(shrunk.packages['']).toEqual(own);
  for (const name of Object.keys(own.dependencies!))
    expect(shrunk.packages[`node_modules/${name}`]).toEqual(lock.packages[`node_modules/${name}`]);
  expect(Object.values(shrunk.packages).filter(({ dev }) => dev)).toEqual([]);
  expect(shrunk.packages['node_modules/jest']).toBeUndefined();
  expect(existsSync(join(folder, 'npm-shrinkwrap.json'))).toBe(false);
});
