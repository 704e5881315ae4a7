// Owners: a note is whole or not there, and whoever else could have written it is not believed.
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
import { Owners } from '../../src/pipe/owners';
import { ManualClock } from '../../src/util/clock';
import { keptLog, tempFolder } from '../hub/fixtures';
import { OTHER, testAsRoot } from '../support/otherUser';

const ME = '1795225281.7';
const TOKEN = mintToken();

function ownersOf(folder: string, nowMs = 0, kept = keptLog()): Owners {
  return new Owners(folder, { clock: new ManualClock(nowMs), log: kept.log });
}

function stand() {
  const folder = join(tempFolder(), 'play');
  const owners = ownersOf(folder);
  mkdirSync(folder);
  return { folder, owners, file: join(folder, `owner.${TOKEN}`) };
}

test('what is noted is read again, replaced, and removed; nobody else may read it', () => {
  const owners = ownersOf(join(tempFolder(), 'new/play'));
  expect(owners.of(TOKEN)).toBeUndefined();
  owners.note(TOKEN, ME);
  owners.note(TOKEN, 'Büro 1;2/"x"');
  expect([owners.of(TOKEN), owners.tokens()]).toEqual(['Büro 1;2/"x"', [TOKEN]]);
  owners.note(TOKEN, undefined);
  owners.note(TOKEN, undefined);
  expect([owners.of(TOKEN), owners.tokens()]).toEqual([undefined, []]);
});

test('a note is its user’s alone, and no draft stays behind', () => {
  const { folder, owners, file } = stand();
  writeFileSync(join(folder, 'owner-draft'), 'of a process that was killed');
  owners.note(TOKEN, ME);
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
])('a file with %s owners nobody', (_, content) => {
  const { owners, file } = stand();
  writeFileSync(file, content, { mode: 0o600 });
  expect(owners.of(TOKEN)).toBeUndefined();
});

test('a folder, a link, or a pipe that nobody writes owners nobody, and is not waited for', () => {
  for (const make of [
    (file: string) => mkdirSync(file),
    (file: string) => {
      writeFileSync(`${file}.x`, `${ME}\n`, { mode: 0o600 });
      symlinkSync(`${file}.x`, file);
    },
    (file: string) => execFileSync('mkfifo', [file]),
  ]) {
    const { owners, file } = stand();
    make(file);
    expect(owners.of(TOKEN)).toBeUndefined();
  }
});

test.each([0o660, 0o606])('a file that others may write owners nobody (%o)', (mode) => {
  const { owners, file } = stand();
  writeFileSync(file, `${ME}\n`);
  chmodSync(file, mode);
  expect(owners.of(TOKEN)).toBeUndefined();
});

testAsRoot('a file of another user owners nobody', () => {
  const { owners, file } = stand();
  writeFileSync(file, `${ME}\n`, { mode: 0o600 });
  expect(owners.of(TOKEN)).toBe(ME);
  chownSync(file, OTHER, OTHER);
  expect(owners.of(TOKEN)).toBeUndefined();
});

test('calls that are over are swept; what is younger than five seconds, and what lives, stays', () => {
  const { folder } = stand();
  const nowMs = Date.now();
  const owners = ownersOf(folder, nowMs);
  const [living, over, young] = [mintToken(), mintToken(), mintToken()];
  owners.note(living, ME);
  owners.note(over, '2.2');
  owners.note(young, '3.3');
  for (const token of [living, over]) utimesSync(join(folder, `owner.${token}`), 0, nowMs / 1000 - 6);
  owners.sweep(new Set([ME]));
  expect([living, over, young].map((token) => owners.of(token))).toEqual([ME, undefined, '3.3']);
});

test('of two notes for one call the last one stands last, whatever the order of their names', () => {
  const { folder, owners } = stand();
  const [first, second] = [mintToken(), mintToken()];
  for (const [early, late] of [
    [first, second],
    [second, first],
  ] as const) {
    for (const token of [early, late]) owners.note(token, ME);
    utimesSync(join(folder, `owner.${early}`), 0, Date.now() / 1000 - 1);
    expect(owners.tokens()).toEqual([early, late]);
  }
});

test('what cannot be noted costs no more than a line', () => {
  const kept = keptLog();
  const file = join(tempFolder(), 'file');
  writeFileSync(file, '');
  const owners = ownersOf(join(file, 'play'), 0, kept);
  owners.note(TOKEN, ME);
  owners.note(TOKEN, ME);
  owners.note(TOKEN, undefined);
  expect([owners.tokens(), owners.of(TOKEN)]).toEqual([[], undefined]);
  expect(kept.lines.map(({ level }) => level)).toEqual(['error']);
});
