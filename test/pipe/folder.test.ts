// The folder of the pipes: made, made safe, claimed by one hub. Would catch: a folder in which others could put a file that a caller
// hears, two hubs that play to the same readers, an end of readers that wait on the FIFO of an earlier hub.
import {
  chmodSync,
  closeSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { openFifo, pipeFolder, preparePipeFolder } from '../../src/pipe/folder';
import { tempFolder } from '../hub/fixtures';

const code = 'HC_HUB_FIFO';

test('is made with its FIFOs, for nobody else; those that are there stay', () => {
  const folder = join(tempFolder(), 'run/play');
  preparePipeFolder(folder);
  const { arrivals, life } = pipeFolder(folder);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  const inodes = [arrivals, life].map((path) => lstatSync(path).ino);
  for (const path of [arrivals, life]) {
    expect(lstatSync(path).isFIFO()).toBe(true);
    expect(lstatSync(path).mode & 0o777).toBe(0o600);
  }
  preparePipeFolder(folder);
  expect([arrivals, life].map((path) => lstatSync(path).ino)).toEqual(inodes);
});

test('what has the name of a FIFO and is none is replaced; a link is not followed', () => {
  const folder = tempFolder();
  chmodSync(folder, 0o700);
  const { arrivals, life } = pipeFolder(folder);
  const elsewhere = join(tempFolder(), 'kept');
  writeFileSync(elsewhere, 'kept');
  symlinkSync(elsewhere, arrivals);
  mkdirSync(join(life, 'x'), { recursive: true });
  preparePipeFolder(folder);
  for (const path of [arrivals, life]) expect(lstatSync(path).isFIFO()).toBe(true);
  expect(readFileSync(elsewhere, 'utf8')).toBe('kept');
});

test.each([0o770, 0o702, 0o777])('where others may write (%o) it is refused, with what to do', (mode) => {
  const folder = tempFolder();
  chmodSync(folder, mode);
  expect(() => preparePipeFolder(folder)).toThrow(
    expect.objectContaining({ code, hint: expect.stringMatching('chmod') as string }) as Error,
  );
});

test('where it cannot be made it is refused, with what to do', () => {
  const file = join(tempFolder(), 'file');
  writeFileSync(file, '');
  expect(() => preparePipeFolder(join(file, 'x'))).toThrow(
    expect.objectContaining({ code, hint: expect.stringMatching('hub.folder') as string }) as Error,
  );
});

test('while another hub hears arrivals it is refused; when that one is gone it is not', () => {
  const folder = tempFolder();
  preparePipeFolder(folder);
  const hub = openFifo(pipeFolder(folder).arrivals);
  expect(() => preparePipeFolder(folder)).toThrow(/another hub/);
  closeSync(hub);
  expect(() => preparePipeFolder(folder)).not.toThrow();
});
