// Choices survive their process in files that nobody owns: whole, for whoever looks first, also what older versions left.
// Half a file that is read, one that is removed too early, or never, would each lose a caller's choice.
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  promises,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChoiceFiles } from '../../src/store/choiceFiles';
import { decodeEntry, decodeRecord, encodeEntry } from '../../src/store/rows';
import type { StoreEntry } from '../../src/store/store';
import { ManualClock } from '../../src/util/clock';
import { seededRandom } from '../../src/util/random';

/** As the version before wrote them: one for anybody, one of a process that was killed, one that was not whole yet. */
const OLD = join(__dirname, 'oldSpool');
const HOUR_MS = 3_600_000;

let folder: string;
beforeEach(() => (folder = join(mkdtempSync(join(tmpdir(), 'holdcast-choices-')), 'spool')));
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

const clock = new ManualClock(Date.now());
const open = (seed = 1): ChoiceFiles => new ChoiceFiles(folder, { clock, random: seededRandom(seed) });
const names = (): string[] => (existsSync(folder) ? readdirSync(folder).sort() : []);
const choice = (n: number): StoreEntry => ({
  ...{ type: 'choice', phone: '0049', track: `music/${n}.wav`, wallMs: n },
});
const choices = (count: number): StoreEntry[] => Array.from({ length: count }, (_, n) => choice(n));

/** All that is left behind. */
async function taken(files: ChoiceFiles): Promise<StoreEntry[]> {
  const entries: StoreEntry[] = [];
  for (let left = await files.takeUp(); left; left = await files.takeUp()) entries.push(...left.entries);
  return entries;
}

test('a process has one file, with what was saved last; nothing is saved in none', async () => {
  const files = open();
  await files.save([]);
  expect(names()).toEqual([]);
  await files.save([choice(1)]);
  await files.save([choice(1), choice(2)]);
  expect(names()).toHaveLength(1);
  expect(await open().takeUp()).toEqual({ entries: [choice(1), choice(2)], damaged: 0 });
  await files.settled();
  expect(names()).toEqual([]);
});

test('it is there until it is settled, whoever reads it; each process reads it once, and none its own', async () => {
  const [one, other, third] = [open(), open(), open()];
  await one.save([choice(1)]);
  expect(await taken(one)).toEqual([]);
  for (const files of [other, third])
    expect([await taken(files), await taken(files)]).toEqual([[choice(1)], []]);
  expect(names()).toHaveLength(1);
  await other.settled();
  expect(names()).toEqual([]);
  await third.settled();
  await one.save([choice(2)]);
  expect(await taken(other)).toEqual([choice(2)]);
});

test('many at once begin with other files, and all of them are read', async () => {
  for (let n = 0; n < 40; n++) await open().save([choice(n)]);
  const first = await Promise.all(Array.from({ length: 10 }, (_, seed) => open(seed + 1).takeUp()));
  expect(new Set(first.map((left) => left?.entries[0]?.wallMs)).size).toBeGreaterThan(5);
  const all = (await taken(open())).map(({ wallMs }) => wallMs);
  expect(all.sort((a, b) => a - b)).toEqual(choices(40).map(({ wallMs }) => wallMs));
});

test('what the version before left is read, kept by a dead process or half written, too', async () => {
  cpSync(OLD, folder, { recursive: true });
  const [, , draft = ''] = names();
  utimesSync(join(folder, draft), new Date(), new Date(clock.wall() - 2 * HOUR_MS));
  const files = open();
  let damaged = 0;
  const entries: StoreEntry[] = [];
  for (let left = await files.takeUp(); left; left = await files.takeUp()) {
    entries.push(...left.entries);
    damaged += left.damaged;
  }
  const told = entries.map((entry) =>
    entry.type === 'choice' ? `${entry.phone} ${entry.track} ${entry.wallMs}` : entry.type,
  );
  expect([told.sort(), damaged]).toEqual([
    [
      '+49 music/b.wav 1795225283000',
      '0049 music/first-light.wav 1795225281000',
      '0049 music/older.wav 1795225280000',
      '49 music/ü.wav 1795225282000',
      'heard',
      'key',
    ].sort(),
    1,
  ]);
  await files.settled();
  expect(names()).toEqual(['refused.jsonl']);
});

test('a file that is being written is not read before it is whole, nor one that is no longer written before an hour', async () => {
  const rename = promises.rename;
  let isRead: StoreEntry[] | undefined;
  const spy = jest.spyOn(promises, 'rename').mockImplementation(async (...all) => {
    isRead = await taken(open());
    return rename(...all);
  });
  await open().save(choices(3));
  spy.mockRestore();
  expect([isRead, await taken(open())]).toEqual([[], choices(3)]);
});

test('a write that fails leaves what was saved before, and no draft', async () => {
  const files = open();
  await files.save([choice(1)]);
  const spy = jest
    .spyOn(promises, 'rename')
    .mockRejectedValue(Object.assign(new Error('EIO'), { code: 'EIO' }));
  await expect(files.save([choice(1), choice(2)])).rejects.toMatchObject({ code: 'EIO' });
  spy.mockRestore();
  expect([names().length, await taken(open())]).toEqual([1, [choice(1)]]);
});

test('files are for their owner alone', async () => {
  await open().save([choice(1)]);
  await open().setAside([choice(2)]);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  for (const name of names()) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
});

test('a damaged line is counted and left out, the others are not; other files stay', async () => {
  mkdirSync(folder);
  const file = join(folder, `${'0'.repeat(15)}-00000000-x.jsonl`);
  writeFileSync(
    file,
    `${encodeEntry(choice(1))}{"type":"choice","pho\nnull\n{"type":"other"}\n${encodeEntry(choice(2))}`,
  );
  writeFileSync(join(folder, 'notes.txt'), 'somebody else’s');
  const files = open();
  expect(await files.takeUp()).toEqual({ entries: [choice(1), choice(2)], damaged: 3 });
  expect(await files.takeUp()).toBeUndefined();
  await files.settled();
  expect(names()).toEqual(['notes.txt']);
});

test('an empty file is removed; one that may not be read, or is far too long, stays and is in nobody’s way', async () => {
  for (const n of [1, 2, 3, 4]) {
    clock.advance(1);
    await open().save([choice(n)]);
  }
  const [empty = '', locked = '', long = ''] = names().map((name) => join(folder, name));
  writeFileSync(empty, '');
  rmSync(locked);
  mkdirSync(locked);
  writeFileSync(long, Buffer.alloc((16 << 20) + 1, ' '));
  const files = open();
  expect(await taken(files)).toEqual([choice(4)]);
  await files.settled();
  expect([empty, locked, long].map((file) => existsSync(file))).toEqual([false, true, true]);
});

test('5000 files wait at most; what is more is refused', async () => {
  mkdirSync(folder);
  const nameOf = (n: number): string => join(folder, `${String(n).padStart(15, '0')}-00000000-x.jsonl`);
  for (let n = 0; n < 4999; n++) writeFileSync(nameOf(n), '');
  await open().save([choice(1)]);
  await expect(open().save([choice(2)])).rejects.toMatchObject({ code: 'ENOSPC' });
  rmSync(nameOf(0));
  await open().save([choice(2)]);
});

test('what is refused has a file of its own, of limited length, that nobody takes up', async () => {
  const files = open();
  const many = choices(10_000);
  for (let turn = 0; turn < 3; turn++) await files.setAside(many);
  const { size } = statSync(join(folder, 'refused.jsonl'));
  expect(size).toBeLessThan(3 * many.map(encodeEntry).join('').length);
  expect(size).toBeGreaterThan(1 << 20);
  expect(await files.takeUp()).toBeUndefined();
});

test('where nothing can be written it says so, and reading finds nothing', async () => {
  const file = join(folder, '..', 'file');
  writeFileSync(file, '');
  const files = new ChoiceFiles(join(file, 'spool'), { clock, random: () => 0 });
  await expect(files.save([choice(1)])).rejects.toThrow(/ENOTDIR/);
  await expect(files.setAside([choice(1)])).rejects.toThrow(/ENOTDIR/);
  expect(await files.takeUp()).toBeUndefined();
  await files.settled();
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
