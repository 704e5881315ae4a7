// Whether Asterisk could start the program: what cannot be started crashes Asterisk 22, so it is never answered.
// Real files and real processes.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isThere, startsAlone } from '../../src/hub/streamCalls';
import { HOLDCAST } from '../support/process';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'holdcast-startable-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('bin/holdcast starts by itself where node is on the PATH, and not where it is not', async () => {
  const path = `${dirname(process.execPath)}:/usr/bin:/bin`;
  expect(await startsAlone(HOLDCAST, path)).toBe(true);
  expect(await startsAlone(HOLDCAST, folder)).toBe(false);
});

test('a program that is not there, or fails, does not', async () => {
  expect(await startsAlone(join(folder, 'holdcast'))).toBe(false);
  expect(await startsAlone('/bin/false')).toBe(false);
});

test('a program is there while all of its words are files that may be run', () => {
  const program = join(folder, 'holdcast');
  expect(isThere(program)).toBe(false);
  writeFileSync(program, '', { mode: 0o755 });
  expect(isThere(program)).toBe(true);
  expect(isThere(`${process.execPath} ${program}`)).toBe(true);
  expect(isThere(`${folder}/node ${program}`)).toBe(false);
  chmodSync(program, 0o644);
  expect(isThere(program)).toBe(false);
});
