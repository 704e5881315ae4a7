// What is kept of all calls in one file: whole or not at all, nobody else's to read, gone when the calls are.
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StateFile } from '../../src/store/stateFile';
import { SharedStateFile } from '../../src/store/sharedStateFile';

let root: string;
let folder: string;
let states: SharedStateFile;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'holdcast-shared-'));
  folder = join(root, 'run/calls');
  states = new SharedStateFile(folder);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const of = (entries: Record<string, unknown>): Map<string, string> =>
  new Map(Object.entries(entries).map(([id, state]) => [id, JSON.stringify(state)]));

test('a Uniqueid with a space, a percent sign or an umlaut is read as it was written', async () => {
  const written = new Map(['two words', '1%2E1', 'Büro-1.1', 'X;2'].map((uniqueid) => [uniqueid, '{"n":1}']));
  await states.write(written);
  expect(states.read()).toEqual(written);
});

test('what was written last is read, of all calls and of one', async () => {
  await states.write(of({ '1.1': { n: 1 }, '1.2': { n: 'a b\nc' } }));
  await states.write(of({ '1.1': { n: 2 }, '1.2': { n: 'a b\nc' } }));
  expect(states.read()).toEqual(of({ '1.1': { n: 2 }, '1.2': { n: 'a b\nc' } }));
});

test('files of the version before are read, what is newer counts, and they go when something is written', async () => {
  await states.write(of({ '1.1': { n: 2 } }));
  writeFileSync(join(folder, 'calls-03.states'), '1.1 {"n":1}\n1.2 {"n":1}\n');
  writeFileSync(join(folder, 'calls-15.states'), '1.3 {"n":1}\n');
  states = new SharedStateFile(folder);
  expect(states.read()).toEqual(of({ '1.1': { n: 2 }, '1.2': { n: 1 }, '1.3': { n: 1 } }));
  await states.write(of({ '1.3': { n: 3 } }));
  expect(readdirSync(folder)).toEqual(['calls.states']);
  expect(states.read()).toEqual(of({ '1.3': { n: 3 } }));
});

test('nobody else may read them, and nothing but them is left in the folder', async () => {
  await states.write(of({ '1.1': {} }));
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  const [name = '', ...others] = readdirSync(folder);
  expect(others).toEqual([]);
  expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  await states.write(new Map());
  expect(readdirSync(folder)).toEqual([]);
});

test('where nothing can be written, what was there before stays and the error says what to do', async () => {
  await states.write(of({ '1.1': { n: 1 } }));
  const [name = ''] = readdirSync(folder);
  rmSync(folder, { recursive: true });
  writeFileSync(folder, 'no folder');
  await expect(states.write(of({ '1.1': { n: 2 } }))).rejects.toMatchObject({
    code: 'HC_STATE_UNWRITABLE',
    hint: expect.stringContaining(folder) as string,
  });
  expect(existsSync(join(folder, name))).toBe(false);
});

test('the sweep of the folder takes it by its age, whatever Asterisk has', async () => {
  const calls = new StateFile(folder);
  await states.write(of({ '1.1': {} }));
  const nowWall = Date.now();
  const sweep = (): Promise<void> => calls.sweep({ keepMs: 3600_000, nowWall, living: new Set() });
  await sweep();
  expect(states.read().size).toBe(1);
  utimesSync(join(folder, 'calls.states'), new Date(nowWall - 7200_000), new Date(nowWall - 7200_000));
  await sweep();
  expect(readdirSync(folder)).toEqual([]);
});
