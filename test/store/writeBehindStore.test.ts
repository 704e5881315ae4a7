// WriteBehindStore over a store that does everything that can go wrong: calls never notice, no choice is lost.
// What one that waits, forgets, repeats itself in the log or blocks on one bad entry would do, is tried here.
import { mkdtempSync, promises, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { ChoiceFiles } from '../../src/store/choiceFiles';
import { defaultStore, type StoreSettings } from '../../src/store/settings';
import type { StoreEntry } from '../../src/store/store';
import { WriteBehindStore, type WriteBehindParts } from '../../src/store/writeBehindStore';
import { ManualClock } from '../../src/util/clock';
import { createLogger, type LogFields } from '../../src/util/log';
import { seededRandom } from '../../src/util/random';
import { FakeDatabase, type Fault } from '../support/fakeStore';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdcast-keeper-'));
  folders.push(folder);
  return folder;
}

/** What is under way on the disk. */
const busy = new Set<Promise<unknown>>();
let diskHangs = false;
const REAL = (['save', 'takeUp', 'settled', 'setAside'] as const).map((name) => {
  const method: unknown = Reflect.get(ChoiceFiles.prototype, name);
  return { name, method: method as (...all: unknown[]) => Promise<never> };
});
beforeEach(() => {
  diskHangs = false;
  for (const { name, method } of REAL)
    jest.spyOn(ChoiceFiles.prototype, name).mockImplementation(function (
      this: ChoiceFiles,
      ...all: unknown[]
    ) {
      const done = method.apply(this, all);
      busy.add(done);
      return done.finally(() => busy.delete(done));
    });
});

/** Lets all promises settle that need no timer; files are waited for, while the disk does not hang. */
async function settled(): Promise<void> {
  for (let quiet = 0; quiet < 5; quiet++) {
    await new Promise((done) => setImmediate(done));
    if (busy.size > 0 && !diskHangs) quiet = 0;
  }
}

const sorted = (entries: readonly StoreEntry[]): string[] =>
  entries.map((entry) => JSON.stringify(entry)).sort();

interface BenchOptions {
  database?: FakeDatabase;
  spool?: string;
  keepDays?: number;
  limits?: WriteBehindParts['limits'];
  seed?: number;
}

class Bench {
  readonly clock = new ManualClock();
  readonly lines: { level: string; fields: LogFields; message: string }[] = [];
  readonly database: FakeDatabase;
  readonly settings: StoreSettings;
  readonly keeper: WriteBehindStore;
  readonly dropped: StoreEntry['type'][] = [];
  #entries = 0;

  constructor({ database = new FakeDatabase(), spool, keepDays, limits, seed = 1 }: BenchOptions = {}) {
    this.database = database;
    this.settings = {
      ...defaultStore,
      file: '/nowhere',
      spool: spool ?? join(tempFolder(), 'spool'),
      ...(keepDays !== undefined && { keepDays }),
    };
    const log = createLogger(
      (level, fields, message) => this.lines.push({ level, fields, message }),
      () => 0,
    );
    const { clock, settings } = this;
    const random = seededRandom(seed);
    this.keeper = new WriteBehindStore({
      settings,
      open: this.database.open,
      ...{ clock, log, random, onDropped: (type) => void this.dropped.push(type) },
      ...(limits && { limits }),
    });
  }

  /** Time goes on in small steps, in which everything that can happen happens. */
  async pass(ms: number, stepMs = 50): Promise<void> {
    for (let left = ms; left > 0; left -= stepMs) {
      this.clock.advance(Math.min(left, stepMs));
      await settled();
    }
  }

  press(phone?: string): StoreEntry {
    const n = this.#entries++;
    const entry: StoreEntry = {
      ...{ type: 'key', uniqueid: `17.${n}`, digit: '3', action: 'nextTrack' },
      ...(phone !== undefined && { phone }),
      wallMs: this.clock.wall(),
    };
    this.keeper.remember(entry);
    return entry;
  }

  choose(phone: string, track: string): StoreEntry {
    const entry: StoreEntry = { type: 'choice', phone, track, wallMs: this.clock.wall() };
    this.keeper.remember(entry);
    return entry;
  }

  pressMany(count: number): StoreEntry[] {
    return Array.from({ length: count }, () => this.press());
  }

  /** `ms` pass while the keeper closes; @returns after how many it had closed */
  async close(ms = 2000): Promise<number> {
    let closedAt = Infinity;
    const since = this.clock.now();
    void this.keeper.close().then(() => (closedAt = this.clock.now() - since));
    await settled();
    await this.pass(ms, 10);
    return closedAt;
  }

  get messages(): string[] {
    return this.lines.map(({ message }) => message);
  }

  /** Entries in all files that wait. */
  get saved(): StoreEntry[] {
    const files = this.spooled.filter((name) => /^\d.*\.jsonl$/.test(name));
    return files.flatMap((name) =>
      readFileSync(join(this.settings.spool, name), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as StoreEntry),
    );
  }

  get spooled(): string[] {
    try {
      return readdirSync(this.settings.spool).sort();
    } catch {
      return [];
    }
  }
}

const AWAY = 'the store does not work; calls continue without it';
const BACK = 'the store works again';
const DROPPED = 'store: entries are dropped';

describe('a store that works', () => {
  test('what comes in the same moment is written at once, in its order', async () => {
    const bench = new Bench();
    const entries = bench.pressMany(40);
    await bench.pass(100);
    expect(bench.database.commits).toEqual([entries]);
    const later = bench.pressMany(2);
    await bench.pass(100);
    expect(bench.database.commits).toEqual([entries, later]);
    expect([bench.lines, bench.spooled]).toEqual([[], []]);
  });

  test('what comes while it writes goes with the next write', async () => {
    const bench = new Bench();
    let free = (): void => {};
    bench.database.before = (operation) =>
      operation === 'write' ? new Promise((done) => (free = done)) : Promise.resolve();
    const first = bench.press();
    await bench.pass(100);
    const meanwhile = bench.pressMany(3);
    await bench.pass(100);
    free();
    await bench.pass(100);
    free();
    await bench.pass(100);
    expect(bench.database.commits).toEqual([[first], meanwhile]);
  });

  test('it is not opened before it is needed', async () => {
    const bench = new Bench();
    await bench.pass(1000);
    expect(bench.database.opens).toBe(0);
    await bench.close();
    expect(bench.database.opens).toBe(0);
  });

  test('it is opened and answers before the first caller, however long that takes', async () => {
    const bench = new Bench();
    const waiting: (() => void)[] = [];
    bench.database.before = (operation) =>
      operation === 'choice' ? new Promise((done) => waiting.push(done)) : Promise.resolve();
    let warm = false;
    void bench.keeper.warm().then(() => (warm = true));
    await bench.pass(2000);
    expect([bench.database.opens, bench.database.questions, warm]).toEqual([1, 3, false]);
    for (const answer of waiting) answer();
    await settled();
    expect([warm, bench.lines]).toEqual([true, []]);
  });

  test.each(['open', 'choice'] as const)(
    'that it fails in %s before the first caller is said once',
    async (where) => {
      const bench = new Bench();
      bench.database.fault = (operation) => (operation === where ? 'away' : undefined);
      await bench.keeper.warm();
      await bench.keeper.choice('1');
      await bench.keeper.warm();
      expect(bench.messages).toEqual([AWAY]);
    },
  );

  test('a choice is the store’s, or the one just made, at once', async () => {
    const bench = new Bench();
    bench.choose('0049', 'music/a.wav');
    await bench.pass(100);
    expect(await bench.keeper.choice('0049')).toBe('music/a.wav');
    expect(await bench.keeper.choice('49')).toBeUndefined();
    bench.clock.advance(1);
    bench.choose('0049', 'music/b.wav');
    expect(await bench.keeper.choice('0049')).toBe('music/b.wav');
    await bench.pass(100);
    expect(await bench.keeper.choice('0049')).toBe('music/b.wav');
    expect(bench.database.questions).toBe(3);
  });

  test('a choice that the store has as an old disk wrote its name is the one that the library has', async () => {
    const bench = new Bench();
    bench.choose('0049', 'music/e\u0301.wav');
    await bench.pass(100);
    expect(await bench.keeper.choice('0049')).toBe('music/\u00e9.wav');
  });
});

describe('a call waits for nothing', () => {
  test.each(['open', 'choice'] as const)('a store that hangs in %s is waited for 1.5 s', async (where) => {
    const bench = new Bench();
    bench.database.fault = (operation) => (operation === where ? 'hangs' : undefined);
    let answered: number | undefined;
    void bench.keeper.choice('1').then(() => (answered = bench.clock.now()));
    await settled();
    await bench.pass(1490, 10);
    expect(answered).toBeUndefined();
    await bench.pass(10, 10);
    expect(answered).toBe(1500);
  });

  test('one that answers late makes nobody wait for longer; it is told once, and once that it is well', async () => {
    const bench = new Bench();
    let delayMs = 2000;
    bench.database.before = (operation) =>
      operation === 'choice' ? new Promise((done) => bench.clock.after(delayMs, done)) : Promise.resolve();
    const ask = (): Promise<number> => {
      const since = bench.clock.now();
      return bench.keeper.choice('1').then(() => bench.clock.now() - since);
    };
    const late = [ask(), ask(), ask()];
    await bench.pass(1600, 100);
    expect(await Promise.all(late)).toEqual([1500, 1500, 1500]);
    for (let i = 0; i < 5; i++) {
      void ask();
      await bench.pass(3000, 100);
    }
    expect(bench.messages).toEqual([AWAY]);
    delayMs = 20;
    for (let i = 0; i < 3; i++) {
      void ask();
      await bench.pass(100, 10);
    }
    expect(bench.messages).toEqual([AWAY, BACK]);
  });

  test('callers who come at once to a store that is busy for half a second, and begin with other music, get their own', async () => {
    const bench = new Bench();
    const phones = ['1', '2', '3'];
    for (const phone of phones) bench.choose(phone, `music/${phone}.wav`);
    await bench.pass(1000);
    bench.database.before = () => new Promise((done) => void bench.clock.after(500, done));
    const ask = () => Promise.all(phones.map((phone) => bench.keeper.choice(phone)));
    void ask(); // the look-ups, which are answered without it
    await bench.pass(200, 10);
    const recalled = ask();
    await bench.pass(600, 10);
    expect(await recalled).toEqual(phones.map((phone) => `music/${phone}.wav`));
    expect(bench.lines).toEqual([]);
  });

  test('while it is known to be away the answer is there at once, and it is not asked', async () => {
    const bench = new Bench();
    bench.database.fault = () => 'away';
    void bench.keeper.choice('1');
    await bench.pass(100);
    const opens = bench.database.opens;
    for (let i = 0; i < 10; i++) expect(await bench.keeper.choice('1')).toBeUndefined();
    expect([bench.database.opens, bench.database.questions]).toEqual([opens, 0]);
  });

  test('one that was late, was lost and is back is not slow any more: callers who come at once each have their choice', async () => {
    const bench = new Bench();
    const phones = ['1', '2', '3'];
    for (const phone of phones) bench.choose(phone, `music/${phone}.wav`);
    await bench.pass(1000);
    bench.database.fault = (operation) => (operation === 'choice' ? 'hangs' : 'away');
    void bench.keeper.choice('1');
    await bench.pass(1600);
    bench.press();
    await bench.pass(1000);
    expect(bench.keeper.isAway).toBe(true);
    bench.database.fault = () => undefined;
    await bench.pass(20_000);
    bench.database.before = () => new Promise((done) => void bench.clock.after(20, done));
    const tracks = Promise.all(phones.map((phone) => bench.keeper.choice(phone)));
    await bench.pass(100, 10);
    expect(await tracks).toEqual(phones.map((phone) => `music/${phone}.wav`));
  });

  test('a write that hangs is not waited for when a question finds the store away', async () => {
    const bench = new Bench();
    const entry = bench.press();
    bench.database.fault = (operation) => (operation === 'write' ? 'hangs' : undefined);
    await bench.pass(100);
    bench.database.fault = () => 'away';
    await bench.keeper.choice('1');
    bench.database.fault = () => undefined;
    await bench.pass(1000);
    expect(bench.database.entries).toEqual([entry]);
    expect(bench.messages).toEqual([AWAY, BACK]);
  });

  test('one that hangs for ever is left and opened anew', async () => {
    const bench = new Bench();
    const entry = bench.press();
    bench.database.fault = (operation) => (operation === 'write' ? 'hangs' : undefined);
    await bench.pass(11_000);
    expect(bench.messages).toEqual([AWAY]);
    bench.database.fault = () => undefined;
    await bench.pass(12_000);
    expect(bench.database.entries).toEqual([entry]);
    expect(bench.messages).toEqual([AWAY, BACK]);
    expect(bench.lines[1]!.fields).toEqual({ writtenLate: 1, dropped: 0 });
  });
});

test('what was forgotten before it came here is counted as dropped, and told', () => {
  const bench = new Bench();
  bench.keeper.dropped('heard', 3);
  expect(bench.dropped).toEqual(['heard', 'heard', 'heard']);
  expect(bench.lines).toMatchObject([{ message: DROPPED, fields: { entries: 3 } }]);
});

describe('a store that is away', () => {
  test('is told once, whatever is tried; when it is back all of it is written, and told once', async () => {
    const bench = new Bench();
    bench.database.fault = () => 'away';
    const entries: StoreEntry[] = [];
    for (let i = 0; i < 100; i++) {
      entries.push(bench.press());
      void bench.keeper.choice('1');
      await settled();
      await bench.pass(1000, 250);
    }
    expect(bench.messages).toEqual([AWAY]);
    expect(bench.lines[0]!.fields).toMatchObject({
      code: 'HC_STORE_AWAY',
      hint: 'start it',
    });
    expect(bench.database.opens).toBeLessThan(20);
    bench.database.fault = () => undefined;
    await bench.pass(20_000);
    expect(sorted(bench.database.entries)).toEqual(sorted(entries));
    expect(bench.messages).toEqual([AWAY, BACK]);
    expect(bench.lines[1]!.fields).toEqual({ writtenLate: 100, dropped: 0 });
    expect(bench.spooled).toEqual([]);
  });

  test('the choice just made counts, and lies in a file after a second', async () => {
    const bench = new Bench();
    bench.database.fault = () => 'away';
    bench.choose('1', 'music/a.wav');
    await bench.pass(950);
    expect(bench.spooled).toEqual([]);
    await bench.pass(50);
    expect(bench.saved).toMatchObject([{ phone: '1', track: 'music/a.wav' }]);
    await bench.pass(30_000);
    expect(await bench.keeper.choice('1')).toBe('music/a.wav');
    bench.database.fault = () => undefined;
    await bench.pass(20_000);
    expect([bench.database.entries.length, bench.spooled]).toEqual([1, []]);
  });

  test('a choice that the store takes in time is never in a file', async () => {
    const bench = new Bench();
    for (let i = 0; i < 30; i++) {
      bench.choose('1', `music/${i}.wav`);
      await bench.pass(100);
      expect(bench.spooled).toEqual([]);
    }
  });

  test('what another process has written from the file, and changed since, is the store’s to say', async () => {
    const bench = new Bench();
    bench.database.fault = () => 'away';
    bench.choose('1', 'music/a.wav');
    await bench.pass(30_000);
    const other = new Bench({ database: bench.database, spool: bench.settings.spool });
    bench.database.fault = () => undefined;
    other.keeper.start();
    await other.pass(1000);
    other.clock.advance(60_000);
    other.choose('1', 'music/b.wav');
    await other.pass(1000);
    await bench.pass(20_000);
    expect(await bench.keeper.choice('1')).toBe('music/b.wav');
    expect(bench.spooled).toEqual([]);
  });

  test('who is killed in a long outage loses choices of the last second, whatever was heard, and leaves one file', async () => {
    const bench = new Bench();
    bench.database.fault = () => 'away';
    for (let i = 0; i < 600; i++) {
      bench.choose(`49${i % 300}`, `music/${i}.wav`);
      bench.press();
      await bench.pass(500, 500);
    }
    await bench.pass(1000, 500);
    bench.choose('1', 'music/a.wav');
    expect(bench.spooled).toHaveLength(1);
    expect(bench.saved).toHaveLength(300);
    const next = new Bench({ database: bench.database, spool: bench.settings.spool });
    bench.database.fault = () => undefined;
    next.keeper.start();
    await next.pass(1000);
    const tracks = bench.database.entries.map((entry) => entry.type === 'choice' && entry.track);
    expect(tracks.sort()).toEqual(Array.from({ length: 300 }, (_, i) => `music/${300 + i}.wav`).sort());
    expect(next.spooled).toEqual([]);
  });

  test('several processes that are killed or end in an outage lose no choice of each other, the latest counts', async () => {
    const spool = join(tempFolder(), 'spool');
    const database = new FakeDatabase();
    database.fault = () => 'away';
    const benches = [1, 2, 3, 4, 5].map((seed) => new Bench({ database, spool, seed }));
    for (const [n, bench] of benches.entries()) {
      bench.clock.advance(n);
      bench.choose('0', `music/of ${n}.wav`);
      bench.choose(`${n + 1}`, 'music/a.wav');
      await bench.pass(2000, 500);
      bench.choose(`${n + 1}`, 'music/b.wav');
      await bench.pass(2000, 500);
    }
    for (const bench of benches.slice(0, 2)) expect(await bench.close(600)).toBeLessThanOrEqual(500);
    expect(new Bench({ database, spool }).spooled).toHaveLength(5);
    database.fault = () => undefined;
    const others = [6, 7, 8].map((seed) => new Bench({ database, spool, seed }));
    for (const bench of others) bench.keeper.start();
    for (let i = 0; i < 20; i++) for (const bench of others) await bench.pass(100);
    const kept = database.entries.map((entry) => entry.type === 'choice' && [entry.phone, entry.track]);
    expect(kept.sort()).toEqual([
      ['0', 'music/of 4.wav'],
      ...[1, 2, 3, 4, 5].map((phone) => [`${phone}`, 'music/b.wav']),
    ]);
    expect(others[0]!.spooled).toEqual([]);
  });

  test('a disk that hangs is asked once, by another thread; when it works again nothing is lost', async () => {
    const bench = new Bench();
    bench.database.fault = () => 'away';
    let asked = 0;
    let free = (): void => {};
    const { calls } = jest.mocked(ChoiceFiles.prototype).save.mock;
    const before = calls.length;
    const write = promises.writeFile;
    const spy = jest.spyOn(promises, 'writeFile').mockImplementation(async (...all) => {
      asked++;
      diskHangs = true;
      await new Promise<void>((done) => (free = done));
      return write(...all);
    });
    for (let i = 0; i < 60; i++) {
      bench.choose(`${i}`, 'music/a.wav');
      await bench.pass(1000, 500);
    }
    expect([asked, bench.saved]).toEqual([1, []]);
    spy.mockRestore();
    free();
    diskHangs = false;
    await bench.pass(2000);
    expect(bench.saved).toHaveLength(60);
    expect(calls.length - before).toBeLessThan(4);
    bench.database.fault = () => undefined;
    await bench.pass(20_000);
    expect(bench.database.entries).toHaveLength(60);
    expect([bench.messages, bench.spooled]).toEqual([[AWAY, BACK], []]);
  });

  test('a disk that hangs while the store works does not keep anything out of the store', async () => {
    const bench = new Bench();
    diskHangs = true;
    const spies = (['readdir', 'writeFile', 'rm'] as const).map((name) =>
      jest.spyOn(promises, name).mockReturnValue(new Promise<never>(() => {})),
    );
    bench.keeper.start();
    await bench.pass(12_000, 1000);
    const entries = [bench.choose('1', 'music/a.wav'), bench.press()];
    await bench.pass(12_000, 1000);
    expect(bench.database.entries).toEqual(entries);
    expect(await bench.close()).toBeLessThanOrEqual(500);
    for (const spy of spies) spy.mockRestore();
    busy.clear();
  });

  test('a full disk is asked again later, and what waits is in memory', async () => {
    const file = join(tempFolder(), 'a file');
    writeFileSync(file, '');
    const bench = new Bench({ spool: join(file, 'spool') });
    bench.database.fault = () => 'away';
    const choice = bench.choose('1', 'music/a.wav');
    await bench.pass(5000);
    rmSync(file);
    await bench.pass(10_000);
    expect(bench.saved).toEqual([choice]);
    expect(bench.messages).toEqual([AWAY, 'store: pending choices cannot be saved to disk']);
  });

  test('so much of the journal waits in memory, then the oldest is dropped: counted, and told once', async () => {
    const bench = new Bench({ limits: { journal: 100 } });
    bench.database.fault = () => 'away';
    const choices = [bench.choose('1', 'music/a.wav'), bench.choose('2', 'music/b.wav')];
    await bench.pass(100);
    const keys = bench.pressMany(298);
    await bench.pass(30_000);
    expect(bench.saved).toEqual(choices);
    expect(bench.dropped).toEqual(Array(198).fill('key'));
    bench.database.fault = () => undefined;
    await bench.pass(20_000);
    expect(bench.database.entries).toEqual([...choices, ...keys.slice(-100)]);
    expect(bench.messages).toEqual([AWAY, DROPPED, BACK]);
    expect(bench.lines.at(-1)!.fields).toEqual({ writtenLate: 102, dropped: 198 });
  });

  test('so many callers’ choices wait, each the latest only; then the oldest is dropped', async () => {
    const bench = new Bench({ limits: { choices: 3 } });
    bench.database.fault = () => 'away';
    for (let i = 0; i < 50; i++) bench.choose('1', `music/${i}.wav`);
    for (const phone of ['2', '3']) bench.choose(phone, 'music/a.wav');
    expect(bench.dropped).toEqual([]);
    bench.choose('4', 'music/a.wav');
    await bench.pass(2000);
    expect(bench.dropped).toEqual(['choice']);
    expect(bench.saved.map((entry) => entry.type === 'choice' && entry.phone)).toEqual(['2', '3', '4']);
  });

  test('what is logged holds nothing of the entries, whatever the error says', async () => {
    const bench = new Bench();
    bench.database.fault = () => 'crashes';
    bench.press('442079460018');
    await bench.pass(2000);
    expect(bench.messages).toEqual([AWAY]);
    expect(JSON.stringify(bench.lines)).not.toContain('442079460018');
  });
});

describe('what the store refuses', () => {
  test('does not keep the others out: a choice is set aside, of the journal it is dropped; said once, and counted', async () => {
    const bench = new Bench();
    bench.database.isBad = (entry) =>
      (entry.type === 'key' && entry.uniqueid === '17.2') || (entry.type === 'choice' && entry.phone === '7');
    const entries = [...bench.pressMany(20), bench.choose('8', 'music/a.wav')];
    const bad = bench.choose('7', 'music/b.wav');
    await bench.pass(1000);
    expect(sorted(bench.database.entries)).toEqual(sorted(entries.filter((_, index) => index !== 2)));
    const aside = readFileSync(join(bench.settings.spool, 'refused.jsonl'), 'utf8');
    expect(aside.split('\n')).toEqual([JSON.stringify(bad), '']);
    expect([bench.messages, bench.dropped.sort()]).toEqual([[DROPPED], ['choice', 'key']]);
    expect(bench.lines[0]!.fields).toMatchObject({ code: 'HC_STORE_REFUSED' });
    expect(JSON.stringify(bench.lines)).not.toMatch(/17\.2|music/);
  });

  test('one alone waits until the store takes another: it may be the store that is wrong', async () => {
    const bench = new Bench();
    bench.press();
    await bench.pass(100);
    const bad = bench.choose('1', 'music/a.wav');
    bench.database.isBad = (entry) => entry === bad;
    await bench.pass(60_000);
    expect([bench.dropped, bench.saved]).toEqual([[], [bad]]);
    bench.press();
    await bench.pass(60_000);
    expect([bench.dropped, bench.spooled]).toEqual([['choice'], ['refused.jsonl']]);
    expect(bench.messages).toEqual([AWAY, DROPPED, BACK]);
  });

  test('what no store can take is dropped at once, counted, and said once an hour', async () => {
    const bench = new Bench();
    for (let i = 0; i < 3; i++) {
      for (let n = 0; n < 10; n++) bench.choose('1', `music/${'x'.repeat(250)}`);
      await bench.pass(1_800_000, 100_000);
    }
    expect([bench.database.attempts, bench.dropped.length, bench.spooled]).toEqual([0, 30, []]);
    expect(bench.messages).toEqual([DROPPED, DROPPED]);
  });

  test('a store that refuses everything is asked again, and nothing is set aside', async () => {
    const bench = new Bench();
    bench.database.fault = (operation) => (operation === 'write' ? 'refuses' : undefined);
    const entries = [...bench.pressMany(1200), bench.choose('1', 'music/a.wav')];
    await bench.pass(60_000);
    expect(bench.saved).toHaveLength(1);
    expect(bench.messages).toEqual([AWAY]);
    expect(bench.database.attempts).toBeLessThan(1500);
    bench.database.fault = () => undefined;
    await bench.pass(60_000);
    expect(sorted(bench.database.entries)).toEqual(sorted(entries));
    expect(bench.messages).toEqual([AWAY, BACK]);
    expect(bench.spooled).toEqual([]);
  });

  test('bad entries that come first are found out by a good one that comes later', async () => {
    const bench = new Bench();
    bench.database.isBad = ({ wallMs }) => wallMs === bench.clock.wall() - bench.clock.now();
    bench.pressMany(30);
    await bench.pass(100_000);
    expect(bench.dropped).toEqual([]);
    const good = bench.press();
    await bench.pass(100_000);
    expect(bench.database.entries).toEqual([good]);
    expect(bench.dropped).toHaveLength(30);
    expect(bench.messages).toEqual([AWAY, DROPPED, BACK]);
  });

  test('a good entry behind many bad ones gets its turn, also where there is no spool', async () => {
    const file = join(tempFolder(), 'a file');
    writeFileSync(file, '');
    const bench = new Bench({ spool: join(file, 'spool') });
    bench.database.isBad = (entry) => entry.type === 'key';
    bench.pressMany(600);
    const good = bench.choose('1', 'music/a.wav');
    await bench.pass(600_000, 500);
    expect(bench.database.entries).toEqual([good]);
  });
});

describe('closing', () => {
  test('what waits is written first', async () => {
    const bench = new Bench();
    const first = bench.press();
    await bench.pass(1000);
    const entries = bench.pressMany(700);
    expect(await bench.close()).toBeLessThanOrEqual(500);
    expect(bench.database.entries).toEqual([first, ...entries]);
    expect([bench.spooled, bench.lines, bench.database.closes]).toEqual([[], [], 1]);
    expect(bench.clock.pending).toBe(0);
    await bench.keeper.close();
    expect(bench.database.closes).toBe(1);
  });

  test.each<[string, Fault]>([
    ['open', 'hangs'],
    ['open', 'away'],
    ['write', 'hangs'],
    ['write', 'away'],
    ['write', 'refuses'],
    ['write', 'lost answer'],
    ['close', 'hangs'],
  ])(
    'a store that in %s %s does not hold it up: the next process writes choices that are left, the journal is counted',
    async (where, fault) => {
      const bench = new Bench();
      bench.database.fault = (operation) => (operation === where ? fault : undefined);
      const keys = bench.pressMany(100);
      const choices = Array.from({ length: 700 }, (_, n) => bench.choose(`49${n}`, 'music/a.wav'));
      await bench.pass(30, 10);
      expect(await bench.close()).toBeLessThanOrEqual(500);
      const written = fault === 'lost answer' || where === 'close' ? [...keys, ...choices] : choices;
      expect(bench.dropped).toHaveLength(where === 'close' ? 0 : 100);
      expect(bench.messages.filter((message) => message === DROPPED)).toHaveLength(where === 'close' ? 0 : 1);
      if (fault !== 'hangs') expect(bench.clock.pending).toBe(0);
      bench.database.fault = () => undefined;
      const next = new Bench({ database: bench.database, spool: bench.settings.spool });
      next.keeper.start();
      await next.pass(2000);
      expect(sorted(bench.database.entries)).toEqual(sorted(written));
      expect(next.spooled).toEqual([]);
    },
  );

  test('a choice that is remembered afterwards is not lost; of the journal it is counted', async () => {
    const bench = new Bench();
    await bench.close();
    const entry = bench.choose('1', 'music/a.wav');
    bench.press();
    await settled();
    expect(bench.dropped).toEqual(['key']);
    expect(await bench.keeper.choice('2')).toBeUndefined();
    const next = new Bench({ database: bench.database, spool: bench.settings.spool });
    next.keeper.start();
    await next.pass(1000);
    expect(bench.database.entries).toEqual([entry]);
  });

  test('what can neither be written nor kept on disk is counted', async () => {
    const file = join(tempFolder(), 'a file');
    writeFileSync(file, '');
    const bench = new Bench({ spool: join(file, 'spool') });
    bench.database.fault = () => 'away';
    bench.choose('1', 'music/a.wav');
    bench.press();
    await bench.close();
    expect(bench.dropped.sort()).toEqual(['choice', 'key']);
  });
});

describe('what other processes left', () => {
  test('is written at the start, and looked for again while the process lives', async () => {
    const bench = new Bench();
    const files = new ChoiceFiles(bench.settings.spool, { clock: bench.clock, random: () => 0 });
    const [first, second] = [1, 2].map((n): StoreEntry => ({
      ...{ type: 'choice', phone: '1', track: `music/${n}.wav`, wallMs: n },
    }));
    await files.save([first!]);
    bench.keeper.start();
    await bench.pass(1000);
    expect(bench.database.entries).toEqual([first]);
    await files.save([second!]);
    await bench.pass(61_000);
    expect(bench.database.entries).toEqual([second]);
    expect(bench.spooled).toEqual([]);
  });

  test('stays where the store is away, and is in nobody’s way: a newer choice of this process wins', async () => {
    const bench = new Bench();
    const files = new ChoiceFiles(bench.settings.spool, { clock: bench.clock, random: () => 0 });
    await files.save([{ type: 'choice', phone: '1', track: 'music/old.wav', wallMs: 1 }]);
    bench.database.fault = () => 'away';
    bench.keeper.start();
    const newer = bench.choose('1', 'music/new.wav');
    await bench.pass(5000);
    expect(bench.spooled).toHaveLength(2);
    expect(await bench.keeper.choice('1')).toBe('music/new.wav');
    bench.database.fault = () => undefined;
    await bench.pass(20_000);
    expect([bench.database.entries, bench.spooled]).toEqual([[newer], []]);
  });
});

describe('the daily purge', () => {
  const dayMs = 86_400_000;

  test('removes what is older than the config keeps, and tells how many rows', async () => {
    const bench = new Bench({ keepDays: 2 });
    bench.press();
    await bench.pass(1000);
    bench.clock.advance(3 * dayMs);
    await settled();
    bench.press();
    await bench.pass(1000);
    await bench.keeper.purge();
    expect(bench.database.purges).toEqual([bench.clock.wall() - 2 * dayMs]);
    expect(bench.lines).toMatchObject([{ message: 'store purged', fields: { rows: 1 } }]);
  });

  test('a clock that jumps ahead removes nothing, is told once, and is believed after a day', async () => {
    const bench = new Bench({ keepDays: 30 });
    bench.press();
    await bench.pass(1000);
    bench.clock.stepWall(3650 * dayMs);
    for (let hour = 0; hour < 3; hour++) {
      await bench.keeper.purge();
      bench.clock.advance(dayMs / 24);
    }
    expect([bench.database.purges, bench.messages]).toEqual([
      [],
      ['store not purged: the clock of this machine jumped ahead'],
    ]);
    bench.clock.advance(dayMs);
    await bench.keeper.purge();
    expect(bench.database.purges).toEqual([bench.clock.wall() - 30 * dayMs]);
    expect(bench.database.entries).toEqual([]);
  });

  test('a clock that jumps ahead and is put right, or corrected by hours, changes nothing', async () => {
    const bench = new Bench({ keepDays: 30 });
    bench.press();
    await bench.pass(1000);
    bench.clock.stepWall(3650 * dayMs);
    await bench.keeper.purge();
    bench.clock.stepWall(-3650 * dayMs);
    await bench.keeper.purge();
    bench.clock.stepWall(dayMs / 2);
    await bench.keeper.purge();
    expect([bench.database.purges.length, bench.database.entries.length]).toEqual([2, 1]);
  });

  test('one that jumped while the store was away is doubted when it is back', async () => {
    const bench = new Bench();
    bench.database.fault = () => 'away';
    await bench.keeper.purge();
    await bench.pass(10_000);
    bench.clock.stepWall(3650 * dayMs);
    bench.database.fault = () => undefined;
    await bench.pass(20_000);
    expect(bench.database.purges).toEqual([]);
  });

  test('a choice that is used is renewed, once a day, and stays; one that nobody uses goes', async () => {
    const bench = new Bench({ keepDays: 60 });
    bench.choose('1', 'music/a.wav');
    bench.choose('2', 'music/b.wav');
    await bench.pass(1000);
    for (let day = 0; day < 100; day++) {
      bench.clock.advance(dayMs);
      for (let call = 0; call < 3; call++) {
        expect(await bench.keeper.choice('1')).toBe('music/a.wav');
        await bench.pass(100);
      }
      await bench.keeper.purge();
    }
    expect(bench.database.entries).toMatchObject([{ phone: '1', track: 'music/a.wav' }]);
    expect(bench.database.attempts).toBeLessThanOrEqual(101);
  });

  test('a choice of yesterday that arrives after the old one was renewed is the newer', async () => {
    const bench = new Bench();
    bench.choose('1', 'music/a.wav');
    await bench.pass(1000);
    bench.clock.advance(20 * dayMs);
    await bench.keeper.choice('1');
    await bench.pass(1000);
    bench.keeper.remember({
      ...{ type: 'choice', phone: '1', track: 'music/b.wav', wallMs: bench.clock.wall() - dayMs },
    });
    await bench.pass(1000);
    expect(await bench.keeper.choice('1')).toBe('music/b.wav');
  });

  test('nothing is removed where everything is kept', async () => {
    const bench = new Bench({ keepDays: 0 });
    await bench.keeper.purge();
    expect([bench.database.opens, bench.database.purges]).toEqual([0, []]);
  });

  test('a store that is away is purged when it is back', async () => {
    const bench = new Bench();
    bench.database.fault = () => 'away';
    await bench.keeper.purge();
    await bench.pass(10_000);
    expect(bench.database.purges).toEqual([]);
    bench.database.fault = () => undefined;
    await bench.pass(20_000);
    expect(bench.database.purges).toHaveLength(1);
    expect(bench.messages.sort()).toEqual([AWAY, 'store purged', BACK].sort());
  });
});

const faults = fc.constantFrom<Fault | undefined>(
  undefined,
  undefined,
  'away',
  'hangs',
  'refuses',
  'crashes',
  'lost answer',
);
const step = fc.record({
  remember: fc.integer({ min: 0, max: 30 }),
  ...{ open: faults, write: faults, choice: faults, close: faults },
  passMs: fc.integer({ min: 0, max: 12_000 }),
  end: fc.constantFrom('none', 'none', 'closed', 'killed'),
});

test('whatever happens to the store and its processes, each caller’s latest choice is there in the end, and the rest is counted', async () => {
  const run = async (
    steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[],
    seed: number,
  ) => {
    const database = new FakeDatabase();
    database.isBad = (entry) => entry.type === 'key' && entry.action === 'bad';
    const spool = join(tempFolder(), 'spool');
    const open = (): Bench => new Bench({ database, spool, limits: { journal: 40 }, seed });
    let bench = open();
    const latest = new Map<string, StoreEntry>();
    const journal = new Set<string>();
    let serial = 0;
    let dropped = 0;
    let wasKilled = false;
    for (const { remember, passMs, end, ...fault } of steps) {
      database.fault = (operation) =>
        operation === 'purge' || operation === 'pins' ? undefined : fault[operation];
      for (let i = 0; i < remember; i++) {
        const n = serial++;
        const [phone, action] = [`49${n % 7}`, n % 17 === 5 ? 'bad' : 'nextTrack'];
        const choice: StoreEntry = { type: 'choice', phone, track: `music/${n}.wav`, wallMs: n };
        const key: StoreEntry = { type: 'key', uniqueid: `17.${n}`, digit: '3', action, wallMs: n };
        for (const entry of [choice, key]) bench.keeper.remember(entry);
        latest.set(phone, choice);
        journal.add(JSON.stringify(key));
      }
      await bench.pass(passMs, 500);
      if (end === 'none') continue;
      // Who is killed at any moment loses a second of choices.
      if (end === 'killed') await bench.pass(1000, 500);
      else expect(await bench.close(600)).toBeLessThanOrEqual(500);
      wasKilled ||= end === 'killed';
      dropped += bench.dropped.length;
      bench = open();
      bench.keeper.start();
    }
    database.fault = () => undefined;
    bench.press();
    await bench.pass(120_000, 500);
    const got = database.entries.filter(({ wallMs }) => wallMs < 1e6);
    expect(sorted(got.filter(({ type }) => type === 'choice'))).toEqual(sorted([...latest.values()]));
    for (const entry of got)
      if (entry.type === 'key') expect(journal.delete(JSON.stringify(entry))).toBe(true);
    if (!wasKilled) expect(dropped + bench.dropped.length).toBeGreaterThanOrEqual(journal.size);
    expect(bench.spooled).toEqual([]);
    await bench.close();
    expect(bench.clock.pending).toBe(0);
  };
  const cases = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), fc.nat(), run);
  await fc.assert(cases, { numRuns: 60, seed: 20261121 });
});

describe('tries of PINs', () => {
  const LIMITS = { tries: 3, lockMs: 3_600_000, allTries: 30, allMs: 600_000 };
  const ALICE = { line: '9460018', told: '+442079460018' };
  const AWAY = { code: 'HC_STORE_AWAY' };

  test('are counted in the store, which is opened for it', async () => {
    const bench = new Bench();
    expect(await bench.keeper.pins.begin(ALICE, LIMITS)).toEqual({ begun: true, ofLine: 1, ofAll: 1 });
    await bench.keeper.pins.end(ALICE, 'right');
    expect(await bench.keeper.pins.counts(ALICE, LIMITS)).toEqual({ ofLine: 0, ofAll: 0 });
    await bench.close();
  });

  test.each(['open', 'pins'] as const)(
    'where the store is away (%s) are refused at once or in a second; when it is back they are counted',
    async (where) => {
      for (const fault of ['away', 'hangs', 'crashes'] as const) {
        const bench = new Bench();
        bench.database.fault = (operation) => (operation === where ? fault : undefined);
        const begun = bench.keeper.pins.begin(ALICE, LIMITS);
        const refused = expect(begun).rejects.toBeDefined();
        await bench.pass(1000);
        await refused;
        bench.database.fault = () => undefined;
        await bench.pass(60_000);
        expect(await bench.keeper.pins.begin(ALICE, LIMITS)).toMatchObject({ begun: true });
        expect(bench.lines.map(({ message }) => message)).toEqual([
          'the store does not work; calls continue without it',
          'the store works again',
        ]);
        await bench.close();
      }
    },
  );

  test('that the store refuses cost it nothing else', async () => {
    const bench = new Bench();
    bench.choose('49', 'music/a.wav');
    await bench.pass(1000);
    bench.database.fault = (operation) => (operation === 'pins' ? 'refuses' : undefined);
    await expect(bench.keeper.pins.begin(ALICE, LIMITS)).rejects.toMatchObject({ code: 'HC_STORE_REFUSED' });
    expect([await bench.keeper.choice('49'), bench.database.opens]).toEqual(['music/a.wav', 1]);
    await bench.close();
  });

  test('are refused when the keeper has closed', async () => {
    const bench = new Bench();
    await bench.close();
    await expect(bench.keeper.pins.counts(ALICE, LIMITS)).rejects.toMatchObject(AWAY);
  });
});
