// What is kept of calls: whole or not at all, one file a call, gone when the call is.
// The processes that write are killed at any moment, so the file that is read is always one that was written whole.
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StateFile } from '../../src/store/stateFile';

let root: string;
let folder: string;
let states: StateFile;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'holdcast-states-'));
  folder = join(root, 'run/calls');
  states = new StateFile(folder);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Jest types its matchers as any. */
const like = (fields: object): Error => expect.objectContaining(fields) as Error;
const NOW = Date.UTC(2026, 0, 5, 12);
const age = (name: string, ms: number): void =>
  utimesSync(join(folder, name), new Date(NOW - ms), new Date(NOW - ms));

test('calls that differ in case, or are called like a folder, have each their own', () => {
  const all = ['a', 'A', '.', '..', '../a', 'a/b', 'a b', 'é', 'e\u0301'];
  for (const uniqueid of all) states.write(uniqueid, { uniqueid });
  for (const uniqueid of all) expect(states.read(uniqueid)).toEqual({ uniqueid });
  expect(readdirSync(folder)).toHaveLength(all.length);
  expect(readdirSync(root)).toEqual(['run']);
});

test('what was written last is read, by another process too', () => {
  states.write('1.1', { track: 'a' });
  states.write('1.1', { track: 'b' });
  expect(new StateFile(folder).read('1.1')).toEqual({ track: 'b' });
  expect(states.read('1.2')).toBeUndefined();
});

test('nobody else may read it, and nothing but the state is left in the folder', () => {
  states.write('1.1', {});
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder, '1.1.json')).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['1.1.json']);
});

test.each([
  ['half a state', '{"track":"mus'],
  ['nothing', ''],
  ['something huge', `"${'x'.repeat(70_000)}"`],
])('%s is no state', (_, text) => {
  states.write('1.1', {});
  writeFileSync(join(folder, '1.1.json'), text);
  expect(states.read('1.1')).toBeUndefined();
});

test('the draft of a process that was killed in the middle of writing is in nobody’s way', () => {
  states.write('1.1', { n: 1 });
  writeFileSync(join(folder, `1.1.json.${process.pid}`), '{"n":');
  states.write('1.1', { n: 2 });
  expect(states.read('1.1')).toEqual({ n: 2 });
  expect(readdirSync(folder)).toEqual(['1.1.json']);
});

test('what cannot be written is an error that says what to do, and leaves the last state and no draft', () => {
  states.write('1.1', { n: 1 });
  const loop: Record<string, unknown> = {};
  loop['self'] = loop;
  expect(() => states.write('1.1', loop)).toThrow(like({ code: 'HC_STATE_UNWRITABLE' }));
  const file = join(root, 'file');
  writeFileSync(file, '');
  const hint = expect.stringContaining('calls.folder') as string;
  expect(() => new StateFile(join(file, 'calls')).write('1.1', {})).toThrow(like({ hint }));
  expect(states.read('1.1')).toEqual({ n: 1 });
  expect(readdirSync(folder)).toEqual(['1.1.json']);
});

test('a call that is over is forgotten, also twice', () => {
  states.write('1.1', {});
  states.forget('1.1');
  states.forget('1.1');
  expect(readdirSync(folder)).toEqual([]);
  expect(() => new StateFile('/proc/1/none').forget('1.1')).not.toThrow();
});

describe('sweeping', () => {
  const sweep = (living?: string[]): Promise<void> =>
    states.sweep({ keepMs: 3_600_000, nowWall: NOW, living: living && new Set(living) });

  test('by age alone while nobody knows who is alive', async () => {
    for (const [id, ms] of [
      ['1.1', 3_600_001],
      ['1.2', 3_500_000],
    ] as const) {
      states.write(id, {});
      age(`${id}.json`, ms);
    }
    writeFileSync(join(folder, '1.3.json.99'), '');
    age('1.3.json.99', 3_600_001);
    await sweep();
    expect(readdirSync(folder)).toEqual(['1.2.json']);
  });

  test('by who is alive: what is very young may belong to a call that is not in the list yet', async () => {
    for (const [id, ms] of [
      ['1.1', 60_000],
      ['1.2', 60_000],
      ['1.3', 4000],
      ['us-1.4', 60_000],
    ] as const) {
      states.write(id, {});
      age(`${id}.json`, ms);
    }
    writeFileSync(join(folder, '1.2.json.99'), '');
    age('1.2.json.99', 60_000);
    await sweep(['1.2', 'us-1.4']);
    expect(readdirSync(folder).sort()).toEqual(['1.2.json', '1.2.json.99', '1.3.json', 'us-1.4.json']);
  });

  test.each(['X;2', 'two words', 'a/b', '..', 'PBX-1.1', 'Büro-1.1'])(
    '%s is known by its file',
    async (uniqueid) => {
      states.write(uniqueid, { n: 1 });
      for (const name of readdirSync(folder)) age(name, 60_000);
      await sweep([uniqueid]);
      expect(states.read(uniqueid)).toEqual({ n: 1 });
      await sweep([uniqueid.toLowerCase() + 'x']);
      expect(readdirSync(folder)).toEqual([]);
    },
  );

  test('never what it did not write: the folder may have been named by mistake', async () => {
    states.write('1.1', {});
    for (const name of ['config.ts', 'my notes.json.txt', 'data.db', '1.2.json.bak']) {
      writeFileSync(join(folder, name), '');
      age(name, 10_000_000);
    }
    age('1.1.json', 10_000_000);
    await sweep([]);
    expect(readdirSync(folder).sort()).toEqual(['1.2.json.bak', 'config.ts', 'data.db', 'my notes.json.txt']);
  });

  test('a folder that is not there, or cannot be read, is no reason to fail', async () => {
    await sweep();
    states.write('1.1', {});
    chmodSync(folder, 0);
    await sweep([]);
    chmodSync(folder, 0o700);
    expect(existsSync(folder)).toBe(true);
  });
});
