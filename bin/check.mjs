// `npm run check`: types, lint, format, imports and the tests of what changed: the quick loop.
// It covers the difference from the branch's root in `main` (on `main`: from HEAD). One line a step; a failed step prints all its output.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
/** Jest names files without symbolic links. */
const REAL_ROOT = realpathSync(ROOT);
/** With more related tests the loop is not quick: then only those of the changed files are run. */
const MOST_TESTS = 25;

const HELP = `usage: npm run check -- [options]
  --since ref   compare with this commit (default: the branch's root in main; on main: HEAD)
  --list        list the files and tests, and run nothing
`;

const bin = (name, file) => [process.execPath, join(ROOT, 'node_modules', name, file)];
const JEST = bin('jest', 'bin/jest.js');

/** Lines of a command's output. @throws Error with its standard error if it fails */
function lines(command, ...args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  if (status !== 0) throw new Error(`${command} ${args[0]}: ${error?.message ?? stderr.trim()}`);
  return stdout.split('\n').filter((line) => line !== '');
}

const git = (...args) => lines('git', '-c', 'core.quotePath=false', ...args);

function base() {
  const known = spawnSync('git', ['rev-parse', '--verify', '--quiet', 'main'], { cwd: ROOT }).status === 0;
  return known ? git('merge-base', 'main', 'HEAD')[0] : 'HEAD';
}

/** Existing files that differ from `since`, committed or not, and new ones; relative, sorted. */
function changedFiles(since) {
  const tracked = git('diff', '--name-only', '--relative', '--diff-filter=d', since, '--');
  const fresh = git('ls-files', '--others', '--exclude-standard');
  return [...new Set([...tracked, ...fresh])].filter((file) => existsSync(join(ROOT, file))).sort();
}

/**
 * Tests that a change can break: all that import a changed file, directly or not. If those are too many, the changed tests and those
 * that have the name of a changed file.
 * @returns paths relative to the root, and how many were left out
 */
function testsOf(changed) {
  const code = changed.filter((file) => file.endsWith('.ts'));
  if (code.length === 0) return { tests: [], left: 0 };
  const [node, jest] = JEST;
  const importing = lines(node, jest, '--listTests', '--findRelatedTests', ...code);
  const sources = new Set(code.map((file) => file.replace(/^src\/|\.ts$/g, '')));
  const isNamed = (file) => sources.has(sourceOf(file));
  // A test that starts the built program does not import what it tests: its name says it.
  const named = lines(node, jest, '--listTests')
    .map((file) => relative(REAL_ROOT, file))
    .filter(isNamed);
  const imported = importing.map((file) => relative(REAL_ROOT, file));
  const related = [...new Set([...imported, ...named])].sort();
  if (related.length <= MOST_TESTS) return { tests: related, left: 0 };
  const tests = related.filter((file) => code.includes(file) || isNamed(file));
  return { tests, left: related.length - tests.length };
}

/** "room/thing" for test/room/thing.test.ts and test/room/thing.aspect.test.ts. */
function sourceOf(test) {
  return join(relative('test', dirname(test)), basename(test).split('.')[0]);
}

/** Runs a command to its end. @returns whether it succeeded, its output, and its seconds */
async function ran([command, ...args]) {
  const began = process.hrtime.bigint();
  const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  const status = await new Promise((done) => {
    child.once('error', (error) => {
      output += error.message;
      done(1);
    });
    child.once('close', done);
  });
  return { well: status === 0, output, seconds: Number((process.hrtime.bigint() - began) / 10n ** 8n) / 10 };
}

/** Prints one line for a step, and all output of a failed one. @returns whether it succeeded */
async function step(name, argv) {
  if (argv === undefined) {
    process.stdout.write(`${name}: nothing to do\n`);
    return true;
  }
  const { well, output, seconds } = await ran(argv);
  process.stdout.write(`${name}: ${well ? 'ok' : 'FAILED'}, ${seconds} s\n${well ? '' : output}`);
  return well;
}

async function inTurn(steps) {
  const results = [];
  for (const [name, argv] of steps) results.push(await step(name, argv));
  return results.every(Boolean);
}

function commands(changed) {
  const some = (command, files) => (files.length === 0 ? undefined : [...command, ...files]);
  const code = changed.filter((file) => file.endsWith('.ts'));
  // The compiler's state is kept, so that the next check compiles only what has changed.
  const kept = ['--incremental', '--tsBuildInfoFile', join(ROOT, 'node_modules/.cache/check.tsbuildinfo')];
  const prettier = [...bin('prettier', 'bin/prettier.cjs'), '--check', '--log-level', 'warn'];
  return {
    types: [...bin('typescript', 'bin/tsc'), '--noEmit', ...kept],
    lint: some(bin('eslint', 'bin/eslint.js'), code),
    format: some([...prettier, '--ignore-unknown'], changed),
    imports: ['npm', 'run', '--silent', 'imports'],
  };
}

async function main() {
  const options = { since: { type: 'string' }, list: { type: 'boolean' }, help: { type: 'boolean' } };
  const { since = base(), list, help } = parseArgs({ options }).values;
  if (help) return process.stdout.write(HELP);
  const changed = changedFiles(since);
  const { tests, left } = testsOf(changed);
  const more = left === 0 ? '' : `, and ${left} more import it (npm test)`;
  if (list) {
    for (const file of changed) process.stdout.write(`file ${file}\n`);
    for (const file of tests) process.stdout.write(`test ${file}\n`);
    if (left > 0) process.stdout.write(`left ${left}\n`);
    return;
  }
  const { types, lint, format, imports } = commands(changed);
  const looked = await Promise.all([
    inTurn([
      ['types', types],
      ['imports', imports],
    ]),
    inTurn([
      [`lint, ${changed.length} changed files`, lint],
      ['format', format],
    ]),
  ]);
  const jest = tests.length === 0 ? undefined : [...JEST, '--silent', '--runTestsByPath', ...tests];
  const tested = await step(`tests, ${tests.length} files${more}`, jest);
  process.exitCode = looked.every(Boolean) && tested ? 0 : 1;
}

main().catch((error) => {
  process.stderr.write(`check: ${error.message}\n`);
  process.exitCode = 2;
});
