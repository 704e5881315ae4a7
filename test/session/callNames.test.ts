// CallNames: a note is whole or not there, and whoever else could have written it is not believed.
// Would catch: another user's file, a link or a pipe in its place, half a line, junk: each would be another caller's balance.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { mintToken } from '../../src/asterisk/token';
import { CallNames } from '../../src/session/callNames';
import { tempFolder } from '../hub/fixtures';

const ME = '1795225281.7';
const TOKEN = mintToken();
/** Nobody's uid here; only root can give a file away. */
const OTHER = 54_321;
const testAsRoot = process.geteuid?.() === 0 ? test : test.skip;

function stand() {
  const folder = join(tempFolder(), 'play');
  const names = new CallNames(folder);
  mkdirSync(folder);
  return { folder, names, file: join(folder, `owner.${TOKEN}`) };
}

test('what is noted is read again, replaced, and removed; nobody else may read it', () => {
  const names = new CallNames(join(tempFolder(), 'new/play'));
  expect(names.noted(TOKEN)).toBeUndefined();
  names.note(TOKEN, ME);
  names.note(TOKEN, 'Büro 1;2/"x"');
  expect([names.noted(TOKEN), names.tokens()]).toEqual(['Büro 1;2/"x"', [TOKEN]]);
  names.note(TOKEN, undefined);
  names.note(TOKEN, undefined);
  expect([names.noted(TOKEN), names.tokens()]).toEqual([undefined, []]);
});

test('a note is its user’s alone, and no draft stays behind', () => {
  const { folder, names, file } = stand();
  writeFileSync(`${file}.${process.pid}`, 'of a process that was killed');
  names.note(TOKEN, ME);
  expect(readdirSync(folder)).toEqual([`owner.${TOKEN}`]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test.each([
  ['nothing', ''],
  ['no end of line', ME],
  ['two lines', `${ME}\n${ME}\n`],
  ['control characters', '1.1\t2\n'],
  ['blanks at its ends', ' 1.1 \n'],
  ['more than any Uniqueid', `${'1'.repeat(150)}\n`],
  ['much more', 'x'.repeat(100_000)],
  ['bytes that are no text', Buffer.from([0xff, 0x00, 0x0a])],
])('a file with %s names nobody', (_, content) => {
  const { names, file } = stand();
  writeFileSync(file, content, { mode: 0o600 });
  expect(names.noted(TOKEN)).toBeUndefined();
});

test('a folder, a link, or a pipe that nobody writes names nobody, and is not waited for', () => {
  for (const make of [
    (file: string) => mkdirSync(file),
    (file: string) => {
      writeFileSync(`${file}.x`, `${ME}\n`, { mode: 0o600 });
      symlinkSync(`${file}.x`, file);
    },
    (file: string) => execFileSync('mkfifo', [file]),
  ]) {
    const { names, file } = stand();
    make(file);
    expect(names.noted(TOKEN)).toBeUndefined();
  }
});

test.each([0o660, 0o606])('a file that others may write names nobody (%o)', (mode) => {
  const { names, file } = stand();
  writeFileSync(file, `${ME}\n`);
  chmodSync(file, mode);
  expect(names.noted(TOKEN)).toBeUndefined();
});

testAsRoot('a file of another user names nobody', () => {
  const { names, file } = stand();
  writeFileSync(file, `${ME}\n`, { mode: 0o600 });
  expect(names.noted(TOKEN)).toBe(ME);
  chownSync(file, OTHER, OTHER);
  expect(names.noted(TOKEN)).toBeUndefined();
});

test('calls that are over are swept; what is younger than a minute, and what lives, stays', async () => {
  const { folder, names } = stand();
  const [living, over, young] = [mintToken(), mintToken(), mintToken()];
  names.note(living, ME);
  names.note(over, '2.2');
  names.note(young, '3.3');
  const nowMs = Date.now();
  for (const token of [living, over]) utimesSync(join(folder, `owner.${token}`), 0, nowMs / 1000 - 61);
  await names.sweep(new Set([ME]), nowMs);
  expect([living, over, young].map((token) => names.noted(token))).toEqual([ME, undefined, '3.3']);
});
