// What is kept of many calls in a few files: whole or not at all, nobody else's to read, gone when the calls are.
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StateFile } from '../../src/store/stateFile';
import { SHARES, shareOf, ShardedStateFile } from '../../src/store/shardedStateFile';

let root: string;
let folder: string;
let states: ShardedStateFile;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'holdcast-shared-'));
  folder = join(root, 'run/calls');
  states = new ShardedStateFile(folder);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const of = (entries: Record<string, unknown>): Map<string, string> =>
  new Map(Object.entries(entries).map(([id, state]) => [id, JSON.stringify(state)]));

test('a Uniqueid with a space, a percent sign or an umlaut is read as it was written', async () => {
  const written = new Map(['two words', '1%2E1', 'Büro-1.1', 'X;2'].map((uniqueid) => [uniqueid, '{"n":1}']));
  await states.write(3, written);
  expect(states.read(3)).toEqual(written);
});

test('what was written last is read, of all calls and of one', async () => {
  await states.write(3, of({ '1.1': { n: 1 }, '1.2': { n: 'a b\nc' } }));
  await states.write(3, of({ '1.1': { n: 2 }, '1.2': { n: 'a b\nc' } }));
  expect(states.read(3)).toEqual(of({ '1.1': { n: 2 }, '1.2': { n: 'a b\nc' } }));
  expect(states.read(4).size).toBe(0);
  await states.write(shareOf('pbx-1.7'), of({ 'pbx-1.7': { n: 3 } }));
  expect(states.find('pbx-1.7')).toEqual({ n: 3 });
  expect(states.find('pbx-1.8')).toBeUndefined();
});

test('calls are spread over all files', () => {
  const counts = new Array<number>(SHARES).fill(0);
  for (let i = 0; i < 1600; i++) counts[shareOf(`1795225281.${i}`)]!++;
  expect(Math.min(...counts)).toBeGreaterThan(50);
  expect(Math.max(...counts)).toBeLessThan(200);
});

test('nobody else may read them, and nothing but them is left in the folder', async () => {
  await states.write(0, of({ '1.1': {} }));
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  const [name = '', ...others] = readdirSync(folder);
  expect(others).toEqual([]);
  expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  await states.write(0, new Map());
  expect(readdirSync(folder)).toEqual([]);
});

test('where nothing can be written, what was there before stays and the error says what to do', async () => {
  await states.write(0, of({ '1.1': { n: 1 } }));
  const [name = ''] = readdirSync(folder);
  rmSync(folder, { recursive: true });
  writeFileSync(folder, 'no folder');
  await expect(states.write(0, of({ '1.1': { n: 2 } }))).rejects.toMatchObject({
    code: 'HC_STATE_UNWRITABLE',
    hint: expect.stringContaining(folder) as string,
  });
  expect(existsSync(join(folder, name))).toBe(false);
});

test('the sweep of the folder takes them by their age, whatever Asterisk has', async () => {
  const calls = new StateFile(folder);
  await states.write(0, of({ '1.1': {} }));
  await states.write(1, of({ '1.2': {} }));
  const now = Date.now();
  const old = readdirSync(folder).sort()[0]!;
  utimesSync(join(folder, old), new Date(now - 7200_000), new Date(now - 7200_000));
  await calls.sweep({ keepMs: 3600_000, nowWall: now, living: new Set() });
  expect(states.read(0).size).toBe(0);
  expect(states.read(1).size).toBe(1);
});
