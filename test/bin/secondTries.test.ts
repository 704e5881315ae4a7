// test/e2e/secondTries.mjs: what passes only at a second try is a failure, unless each test that failed is in the list.
// The module is an ES module, which Jest does not load: a Node of its own runs it.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const E2E = join(__dirname, '../e2e');
const folder = mkdtempSync(join(tmpdir(), 'holdcast-tries-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What an expression gives in which the module's functions are known. */
function evaluated(expression: string): unknown {
  const code = `import * as tries from ${JSON.stringify(join(E2E, 'secondTries.mjs'))};
    const { readAllowed, failedTests, reasonsFor } = tries;
    let result;
    try { result = ${expression}; } catch (error) { result = { error: error.message }; }
    process.stdout.write(JSON.stringify({ result }));`;
  const args = ['--input-type=module', '-e', code];
  return (JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as { result: unknown })
    .result;
}

const listOf = (list: unknown): string => {
  const path = join(folder, 'list.json');
  writeFileSync(path, JSON.stringify(list));
  return `readAllowed(${JSON.stringify(path)})`;
};
const one = { file: 'keys.e2e.ts', test: 'a key is heard', reason: 'the network of the lab' };

test('a test in the list may pass at its second try, for its reason; with another beside it the file may not', () => {
  const reasons = (file: string, ...failed: string[]): unknown =>
    evaluated(`reasonsFor(${listOf([one])}, '${file}', ${JSON.stringify(failed)}) ?? 'none'`);
  expect(reasons('keys.e2e.ts', 'a key is heard')).toEqual(['the network of the lab']);
  expect(reasons('keys.e2e.ts', 'a key is heard', 'music')).toBe('none');
  expect(reasons('phone.e2e.ts', 'a key is heard')).toBe('none');
});

test('a file that failed as a whole is in no list', () => {
  const failed = (...statuses: string[]): string =>
    `failedTests({ assertionResults: ${JSON.stringify(statuses.map((status, k) => ({ status, fullName: `t${k}` })))} })`;
  expect(evaluated(`${failed('passed', 'failed', 'failed')}`)).toEqual(['t1', 't2']);
  expect(evaluated(`reasonsFor(${listOf([one])}, 'keys.e2e.ts', ${failed('passed')}) ?? 'none'`)).toBe(
    'none',
  );
});

test('an entry without a reason is refused', () => {
  expect(evaluated(listOf([{ ...one, reason: ' ' }]))).toEqual({
    error: expect.stringContaining('without reason') as string,
  });
});

test('each entry of the list names a test that is there', () => {
  for (const { file, test: name } of evaluated('readAllowed()') as (typeof one)[]) {
    const path = join(E2E, file);
    expect([file, existsSync(path)]).toEqual([file, true]);
    const titles = [...readFileSync(path, 'utf8').matchAll(/\b(?:it|test)\(\s*(['"`])(.+?)\1,/g)];
    expect([name, titles.some(([, , title]) => name.endsWith(title!))]).toEqual([name, true]);
  }
});
