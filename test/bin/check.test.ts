// `npm run check` in a small repository of its own: which files it looks at, which tests it runs, what it says of failures.
// git, Jest, the compiler, ESLint and Prettier are the real ones.
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(__dirname, '../..');
let folder: string;

function write(name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

function git(...args: string[]): void {
  const who = ['-c', 'user.name=a', '-c', 'user.email=a@example.org', '-c', 'init.defaultBranch=main'];
  execFileSync('git', [...who, ...args], { cwd: folder, stdio: 'ignore' });
}

function check(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['bin/check.mjs', ...args], { cwd: folder, encoding: 'utf8' });
}

const listed = (...args: string[]): string[] =>
  check('--list', ...args)
    .stdout.trim()
    .split('\n');
const packageWith = (imports: string): string => `${JSON.stringify({ scripts: { imports } }, null, 2)}\n`;
const testOf = (module: string, value: number): string =>
  `import { value } from '${module}';\ntest('it', () => expect(value).toBe(${value}));\n`;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdcast-check-'));
  mkdirSync(join(folder, 'bin'));
  copyFileSync(join(ROOT, 'bin/check.mjs'), join(folder, 'bin/check.mjs'));
  copyFileSync(join(ROOT, '.prettierrc.json'), join(folder, '.prettierrc.json'));
  // Where tests are and how they are compiled as here; what runs around all of the project's tests has no place there.
  const config = JSON.stringify(join(ROOT, 'jest.config.cjs'));
  const taken = '{ roots, testMatch, transform, transformIgnorePatterns }';
  write('jest.config.cjs', `const ${taken} = require(${config});\nmodule.exports = ${taken};\n`);
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  write('.gitignore', 'node_modules\n');
  write('package.json', packageWith('exit 0'));
  write(
    'tsconfig.json',
    '{ "compilerOptions": { "types": ["jest"], "strict": true, "skipLibCheck": true, "module": "ESNext", "moduleResolution": "Bundler" } }\n',
  );
  write('media/make/make.ts', 'export {};\n');
  write('eslint.config.mjs', 'export default [];\n');
  write('src/a.ts', 'export const value = 1;\n');
  write('src/b.ts', "export { value } from './a';\n");
  write('src/c.ts', 'export const value = 3;\n');
  write('test/a.test.ts', testOf('../src/a', 1));
  write('test/b.test.ts', testOf('../src/b', 1));
  write('test/c.test.ts', testOf('../src/c', 3));
  git('init');
  git('add', '-A');
  git('commit', '-m', 'all');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a changed file, a new one and one of the branch are looked at, with the tests that import them', () => {
  expect(listed()).toEqual(['']);
  write('src/a.ts', 'export const value = 1; // changed\n');
  expect(listed()).toEqual(['file src/a.ts', 'test test/a.test.ts', 'test test/b.test.ts']);
  git('checkout', '-b', 'mine');
  git('commit', '-am', 'a');
  write('src/ü.ts', 'export {};\n');
  rmSync(join(folder, 'src/c.ts'));
  expect(listed()).toEqual(['file src/a.ts', 'file src/ü.ts', 'test test/a.test.ts', 'test test/b.test.ts']);
  expect(listed('--since', 'HEAD')).toEqual(['file src/ü.ts']);
});

test('of more tests than make a quick loop, those of the file itself are run, and the others are counted', () => {
  for (let k = 0; k < 25; k++) write(`test/more/${k}.test.ts`, testOf('../../src/b', 1));
  git('add', '-A');
  git('commit', '-m', 'more');
  write('src/a.ts', 'export const value = 1; // changed\n');
  write('test/more/7.test.ts', testOf('../../src/b', 1) + '// changed\n');
  expect(listed().slice(2)).toEqual(['test test/a.test.ts', 'test test/more/7.test.ts', 'left 25']);
});

test('a line for each step; what failed is shown, and the exit code says so', () => {
  write('src/c.ts', 'export const value: string = 4;\n');
  write('package.json', packageWith('echo a circle && exit 1'));
  const { status, stdout } = check();
  expect(status).toBe(1);
  expect(stdout).toMatch(/^types: FAILED, [\d.]+ s\n.*TS2322/m);
  expect(stdout).toMatch(/^imports: FAILED, [\d.]+ s\na circle$/m);
  expect(stdout).toMatch(/^lint, 2 changed files: ok, [\d.]+ s$/m);
  expect(stdout).toMatch(/^format: ok, [\d.]+ s$/m);
  expect(stdout).toMatch(/^tests, 1 files: FAILED[\s\S]*Expected: 3\n\s+Received: 4/m);
});

test('a commit that is unknown is said, with exit code 2', () => {
  const { status, stderr } = check('--since', 'nowhere');
  expect([status, stderr]).toEqual([2, expect.stringContaining('nowhere')]);
});
