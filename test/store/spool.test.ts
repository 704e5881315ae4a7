// The spool keeps what the store could not take: whole, for one process at a time, also when processes are killed.
// Half a file that is read, a file that two write, a claim that outlives its process would each lose a caller's choice.
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeEntry, decodeRecord, encodeEntry } from '../../src/store/entryText';
import { isAlive, processToken } from '../../src/store/processToken';
import { MOST_ENTRIES, Spool } from '../../src/store/spool';
import type { StoreEntry } from '../../src/store/store';

let folder: string;
let wallMs = 0;
beforeEach(() => (folder = join(mkdtempSync(join(tmpdir(), 'holdcast-spool-')), 'spool')));
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

const open = (limits = {}): Spool => new Spool(folder, () => wallMs++, limits);
const names = (): string[] => readdirSync(folder).sort();
const choice = (n: number): StoreEntry => ({
  ...{ type: 'choice', phone: '0049', track: `music/${n}.wav`, wallMs: n },
});
const choices = (count: number): StoreEntry[] => Array.from({ length: count }, (_, n) => choice(n));
/** Of a process that is no more. */
const DEAD = '999999999-1-00000000';

test('what is put there comes out, the oldest first, in pieces, and is gone when it is done', () => {
  const spool = open();
  const entries = choices(MOST_ENTRIES + 1);
  spool.put(entries);
  spool.put([choice(7)]);
  const taken: StoreEntry[][] = [];
  for (let claim = spool.claim(); claim; claim = spool.claim()) {
    taken.push([...claim.entries]);
    claim.done();
  }
  expect(taken).toEqual([entries.slice(0, MOST_ENTRIES), entries.slice(MOST_ENTRIES), [choice(7)]]);
  expect(names()).toEqual([]);
});

test('what is put in the background fills up the last file, also one that others have taken and given back', async () => {
  const spool = open();
  await spool.putInBackground([choice(1)]);
  await spool.putInBackground([choice(2)]);
  expect(names()).toHaveLength(1);
  const claim = open().claim()!;
  expect(claim.entries).toEqual([choice(1), choice(2)]);
  await spool.putInBackground([choice(3)]);
  expect(names()).toHaveLength(2);
  claim.done();
  await spool.putInBackground(choices(MOST_ENTRIES));
  expect(names()).toHaveLength(2);
  await expect(open({ bytes: 100 }).putInBackground([choice(4)])).rejects.toMatchObject({ code: 'ENOSPC' });
  const taken = [spool.claim()!, spool.claim()!].map(({ entries }) => entries.length);
  expect([taken, spool.claim()]).toEqual([[1, MOST_ENTRIES], undefined]);
});

test('files are for their owner alone', () => {
  open().put([choice(1)]);
  open().setAside([choice(2)]);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  for (const name of names()) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
});

test('what one has, another does not get; what is released, anybody does', () => {
  const [one, other] = [open(), open()];
  one.put([choice(1)]);
  one.put([choice(2)]);
  const claim = one.claim()!;
  expect(other.claim()!.entries).toEqual([choice(2)]);
  expect(other.claim()).toBeUndefined();
  other.reclaim();
  expect(other.claim()).toBeUndefined();
  claim.release();
  expect(other.claim()!.entries).toEqual([choice(1)]);
});

test('what is doubted is released behind all others', () => {
  const spool = open();
  spool.put([choice(1)]);
  spool.put([choice(2)]);
  spool.claim()!.release({ last: true });
  expect([spool.claim()!.entries, spool.claim()!.entries]).toEqual([[choice(2)], [choice(1)]]);
});

test('what is kept is nobody else’s until it is released', () => {
  const [claim] = open().keep([choice(1)]);
  expect(open().claim()).toBeUndefined();
  claim!.release();
  expect(open().claim()!.entries).toEqual([choice(1)]);
});

test('what a process had that is no more is free again, and what it had not finished is gone', () => {
  const spool = open();
  spool.put([choice(1)]);
  const [name = ''] = names();
  renameSync(join(folder, name), join(folder, `${name}.taken-${DEAD}`));
  writeFileSync(join(folder, `${name}.draft-${DEAD}`), '{"type":"cho');
  writeFileSync(join(folder, 'notes.txt'), 'somebody else’s');
  expect(spool.claim()).toBeUndefined();
  spool.reclaim();
  expect(names()).toEqual([name, 'notes.txt']);
  expect(spool.claim()!.entries).toEqual([choice(1)]);
});

test('a process is known by more than its number', async () => {
  expect(isAlive(processToken())).toBe(true);
  const child = spawn('sleep', ['60']);
  const token = processToken();
  const [, ...rest] = token.split('-');
  expect(isAlive([child.pid, ...rest].join('-'))).toBe(false);
  expect(isAlive('')).toBe(false);
  expect(isAlive(DEAD)).toBe(false);
  const ended = new Promise((done) => child.on('exit', done));
  child.kill();
  await ended;
});

test('a damaged line is counted and left out, the others are not', () => {
  const spool = open();
  spool.put([choice(1), choice(2)]);
  appendFileSync(join(folder, names()[0]!), '{"type":"choice","pho\nnull\n{"type":"other"}\n');
  const claim = spool.claim()!;
  expect([claim.entries, claim.damaged]).toEqual([[choice(1), choice(2)], 3]);
});

test('a file without anything is removed; one that may not be read, or is far too long, stays', () => {
  const spool = open();
  for (const n of [1, 2, 3, 4]) spool.put([choice(n)]);
  const [empty = '', locked = '', long = ''] = names().map((name) => join(folder, name));
  writeFileSync(empty, '');
  rmSync(locked);
  mkdirSync(locked);
  writeFileSync(long, Buffer.alloc((4 << 20) + 1, ' '));
  expect(spool.claim()!.entries).toEqual([choice(4)]);
  expect([empty, locked, long].map((file) => existsSync(file))).toEqual([false, true, true]);
});

test('so many files and bytes fit; what does not fit is refused whole', () => {
  const spool = open({ files: 3, bytes: 600 });
  spool.put([choice(1)]);
  expect(() => spool.put(choices(2 * MOST_ENTRIES + 1))).toThrow(/ENOSPC/);
  expect(() => spool.put(choices(10))).toThrow(/ENOSPC/);
  spool.put([choice(2)]);
  spool.put([choice(3)]);
  expect(() => spool.put([choice(4)])).toThrow(/ENOSPC/);
  expect(names()).toHaveLength(3);
  spool.claim()!.done();
  spool.put([choice(4)]);
});

test('what is refused has a file of its own, of limited length, that nobody takes up', () => {
  const room = encodeEntry(choice(1)).length * 3 + 5;
  const spool = open({ refusedBytes: room });
  expect([spool.setAside(choices(2)), spool.setAside(choices(2)), spool.setAside([choice(1)])]).toEqual([
    2, 1, 0,
  ]);
  expect(statSync(spool.refusedFile).size).toBeLessThanOrEqual(room);
  expect([spool.claim(), spool.isWaiting]).toEqual([undefined, false]);
});

test('where nothing can be written it says so, and reading finds nothing', () => {
  const file = join(folder, '..', 'file');
  writeFileSync(file, '');
  const spool = new Spool(join(file, 'spool'), () => 0);
  expect(() => spool.put([choice(1)])).toThrow(/ENOTDIR/);
  expect(() => spool.keep([choice(1)])).toThrow(/ENOTDIR/);
  expect([spool.claim(), spool.setAside([choice(1)])]).toEqual([undefined, 0]);
  spool.reclaim();
  chmodSync(file, 0o600);
});

test('an entry comes back from its line as it was; what is none does not', () => {
  const entries: StoreEntry[] = [
    choice(1),
    { type: 'heard', uniqueid: '1.1', kind: 'answer', wallMs: 1 },
    {
      type: 'heard',
      uniqueid: '1.1',
      phone: '49',
      queue: 'q',
      kind: 'track',
      id: 'music/ü.wav',
      wallMs: 1.5,
    },
    { type: 'key', uniqueid: '1.1', phone: '49', digit: '3', action: 'nextTrack', wallMs: 2 },
  ];
  for (const entry of entries) expect(decodeEntry(encodeEntry(entry))).toEqual(entry);
  const old = { type: 'choice', phone: '49', musicClass: 3, wallMs: 1 } as const;
  expect([decodeEntry(JSON.stringify(old)), decodeRecord(JSON.stringify(old))]).toEqual([undefined, old]);
  for (const line of [
    ...['', '7', '[]', '{}', 'null', '{"type":"choice","phone":49,"track":"a","wallMs":1}'],
    '{"type":"choice","phone":"49","track":"a","wallMs":"1"}',
    '{"type":"heard","uniqueid":"1","kind":"song","wallMs":1}',
    '{"type":"key","uniqueid":"1","digit":3,"action":"a","wallMs":1}',
    `{"type":"choice","phone":"49","track":"${'a'.repeat(20_000)}","wallMs":1}`,
  ])
    expect(decodeEntry(line)).toBeUndefined();
});
