// StoreKeeper over a store that does everything that can go wrong: calls never notice, and nothing is lost or doubled.
// What a keeper that waits, forgets, repeats itself in the log or blocks on one bad entry would do, is tried here.
import { mkdtempSync, promises, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { StoreKeeper, type KeeperLimits } from '../../src/store/keeper';
import { defaultStore, type StoreSettings } from '../../src/store/settings';
import { Spool } from '../../src/store/spool';
import type { StoreEntry } from '../../src/store/store';
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

const putInBackground: unknown = Reflect.get(Spool.prototype, 'putInBackground');
const put = putInBackground as Spool['putInBackground'];
/** Under way. */
const spilling = new Set<Promise<void>>();
let diskHangs = false;
beforeEach(() => {
  diskHangs = false;
  jest.spyOn(Spool.prototype, 'putInBackground').mockImplementation(function (this: Spool, entries) {
    const done = put.call(this, entries);
    spilling.add(done);
    return done.finally(() => spilling.delete(done));
  });
});

/** Lets all promises settle that need no timer; files that are written are waited for, while the disk does not hang. */
async function settled(): Promise<void> {
  for (let i = 0; i < 4 || (spilling.size > 0 && !diskHangs); i++)
    await new Promise((done) => setImmediate(done));
}

const sorted = (entries: readonly StoreEntry[]): string[] =>
  entries.map((entry) => JSON.stringify(entry)).sort();

interface BenchOptions {
  database?: FakeDatabase;
  spool?: string;
  keepDays?: number;
  limits?: Partial<KeeperLimits>;
  seed?: number;
}

class Bench {
  readonly clock = new ManualClock();
  readonly lines: { level: string; fields: LogFields; message: string }[] = [];
  readonly database: FakeDatabase;
  readonly settings: StoreSettings;
  readonly keeper: StoreKeeper;
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
    this.keeper = new StoreKeeper({
      settings,
      open: this.database.open,
      ...{ clock, log, random },
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

  get spooled(): string[] {
    try {
      return readdirSync(this.settings.spool).sort();
    } catch {
      return [];
    }
  }
}

const AWAY = 'store does not work; calls go on without it';
const BACK = 'store works again';

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
  test.each(['open', 'choice'] as const)('a store that hangs in %s is waited for 150 ms', async (where) => {
    const bench = new Bench();
    bench.database.fault = (operation) => (operation === where ? 'hangs' : undefined);
    let answered: number | undefined;
    void bench.keeper.choice('1').then(() => (answered = bench.clock.now()));
    await settled();
    await bench.pass(149, 1);
    expect(answered).toBeUndefined();
    await bench.pass(1, 1);
    expect(answered).toBe(150);
  });

  test('while one that answers late is asked, nobody else waits; it is told once, and once that it is well', async () => {
    const bench = new Bench();
    let delayMs = 200;
    bench.database.before = (operation) =>
      operation === 'choice' ? new Promise((done) => bench.clock.after(delayMs, done)) : Promise.resolve();
    const ask = (): Promise<number> => {
      const since = bench.clock.now();
      return bench.keeper.choice('1').then(() => bench.clock.now() - since);
    };
    const first = ask();
    await bench.pass(160, 10);
    const [second, third] = [await ask(), await ask()];
    expect([await first, second, third]).toEqual([150, 0, 0]);
    for (let i = 0; i < 5; i++) {
      void ask();
      await bench.pass(300, 10);
    }
    expect(bench.messages).toEqual([AWAY]);
    delayMs = 20;
    for (let i = 0; i < 3; i++) {
      void ask();
      await bench.pass(100, 10);
    }
    expect(bench.messages).toEqual([AWAY, BACK]);
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
    expect(bench.lines[1]!.fields).toEqual({ writtenLate: 1, lost: 0 });
  });
});

describe('a store that is away', () => {
  test('is told once, whatever is tried; when it is back all of it is written, and told once', async () => {
    const bench = new Bench();
    bench.database.fault = () => 'away';
    const entries: StoreEntry[] = [];
    for (let i = 0; i < 100; i++) {
      entries.push(bench.press());
      void bench.keeper.choice('1');
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
    expect(bench.lines[1]!.fields).toEqual({ writtenLate: 100, lost: 0 });
    expect(bench.spooled).toEqual([]);
  });

  test('the choice just made counts, also from the spool', async () => {
    const bench = new Bench();
    bench.database.fault = () => 'away';
    bench.choose('1', 'music/a.wav');
    await bench.pass(30_000);
    expect(bench.spooled).toHaveLength(1);
    expect(await bench.keeper.choice('1')).toBe('music/a.wav');
  });

  test('what another process has written from the spool, and changed since, is the store’s to say', async () => {
    const bench = new Bench();
    bench.database.fault = () => 'away';
    const first = bench.choose('1', 'music/a.wav');
    await bench.pass(30_000);
    const claim = new Spool(bench.settings.spool, () => 0).claim()!;
    expect(claim.entries).toEqual([first]);
    claim.done();
    const other: StoreEntry = {
      ...{ type: 'choice', phone: '1', track: 'music/b.wav', wallMs: bench.clock.wall() },
    };
    bench.database.rows.set('choice 1', other);
    bench.database.fault = () => undefined;
    await bench.pass(20_000);
    expect(await bench.keeper.choice('1')).toBe('music/b.wav');
  });

  test('who is killed in a long outage loses what came in the last five seconds, and it makes few files', async () => {
    const bench = new Bench();
    bench.database.fault = () => 'away';
    const old: StoreEntry[] = [];
    for (let i = 0; i < 1200; i++) {
      old.push(bench.press());
      await bench.pass(1000, 1000);
    }
    await bench.pass(5000);
    const read = bench.spooled.flatMap((name) =>
      readFileSync(join(bench.settings.spool, name), 'utf8').trim().split('\n'),
    );
    expect(read.sort()).toEqual(sorted(old));
    expect(bench.spooled.length).toBeLessThan(5);
  });

  test('a disk that hangs is asked once, by another thread; when it works again nothing is lost', async () => {
    const bench = new Bench();
    bench.database.fault = () => 'away';
    let asked = 0;
    let free = (): void => {};
    const write = promises.writeFile;
    const spy = jest.spyOn(promises, 'writeFile').mockImplementation(async (...all) => {
      asked++;
      diskHangs = true;
      await new Promise<void>((done) => (free = done));
      return write(...all);
    });
    const entries: StoreEntry[] = [];
    for (let i = 0; i < 60; i++) {
      entries.push(bench.press());
      await bench.pass(1000, 500);
    }
    expect([asked, bench.spooled]).toEqual([1, []]);
    spy.mockRestore();
    free();
    diskHangs = false;
    await bench.pass(10_000);
    expect(bench.spooled).toHaveLength(1);
    bench.database.fault = () => undefined;
    await bench.pass(20_000);
    expect(sorted(bench.database.entries)).toEqual(sorted(entries));
    expect([bench.messages, bench.spooled]).toEqual([[AWAY, BACK], []]);
  });

  test('what reaches the spool only when the store is back is written then', async () => {
    const bench = new Bench();
    bench.database.fault = () => 'away';
    let free = (): void => {};
    const write = promises.writeFile;
    const spy = jest.spyOn(promises, 'writeFile').mockImplementation(async (...all) => {
      diskHangs = true;
      await new Promise<void>((done) => (free = done));
      return write(...all);
    });
    const entry = bench.press();
    await bench.pass(5000);
    spy.mockRestore();
    bench.database.fault = () => undefined;
    await bench.pass(20_000);
    expect(bench.database.entries).toEqual([entry]);
    free();
    diskHangs = false;
    await bench.pass(1000);
    expect([bench.database.entries, bench.spooled]).toEqual([[entry], []]);
  });

  test('so many wait in memory; the oldest go to the spool, and all come back', async () => {
    const bench = new Bench({ limits: { pending: 3000 } });
    bench.database.fault = () => 'away';
    const entries = bench.pressMany(10_000);
    expect(bench.spooled).toHaveLength(14);
    bench.database.fault = () => undefined;
    await bench.pass(20_000);
    expect(sorted(bench.database.entries)).toEqual(sorted(entries));
    expect(bench.spooled).toEqual([]);
  });

  test('where the spool takes nothing either, keys and what was heard go before choices; it is told once', async () => {
    const file = join(tempFolder(), 'a file');
    writeFileSync(file, '');
    const bench = new Bench({ limits: { pending: 100 }, spool: join(file, 'spool') });
    bench.database.fault = () => 'away';
    const choices = [bench.choose('1', 'music/a.wav'), bench.choose('2', 'music/b.wav')];
    const keys = bench.pressMany(298);
    await bench.pass(1000);
    bench.database.fault = () => undefined;
    await bench.pass(20_000);
    expect(bench.database.entries).toEqual([...choices, ...keys.slice(-98)]);
    expect(bench.messages.filter((message) => message.includes('lost'))).toHaveLength(1);
    expect(bench.lines.at(-1)).toMatchObject({ message: BACK, fields: { lost: 200 } });
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
  test('is set aside, and does not keep the others out', async () => {
    const bench = new Bench();
    bench.database.isBad = (entry) => entry.type === 'key' && entry.uniqueid === '17.2';
    const entries = bench.pressMany(20);
    await bench.pass(1000);
    expect(bench.database.entries).toEqual(entries.filter((_, index) => index !== 2));
    const aside = readFileSync(join(bench.settings.spool, 'refused.jsonl'), 'utf8');
    expect(aside.split('\n')).toEqual([JSON.stringify(entries[2]), '']);
    expect(bench.messages).toEqual(['store: refused entries are set aside']);
    expect(JSON.stringify(bench.lines)).not.toContain('17.2');
  });

  test('one alone is set aside when the store has taken others before', async () => {
    const bench = new Bench();
    bench.press();
    await bench.pass(100);
    bench.database.isBad = () => true;
    bench.press();
    await bench.pass(100);
    expect(bench.spooled).toEqual(['refused.jsonl']);
  });

  test('a store that refuses everything is asked again, and nothing is set aside', async () => {
    const bench = new Bench();
    bench.database.fault = (operation) => (operation === 'write' ? 'refuses' : undefined);
    const entries = bench.pressMany(1200);
    await bench.pass(60_000);
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
    expect(bench.spooled).not.toContain('refused.jsonl');
    const good = bench.press();
    await bench.pass(100_000);
    expect(bench.database.entries).toEqual([good]);
    expect(bench.spooled).toEqual(['refused.jsonl']);
    expect(bench.messages).toEqual([AWAY, 'store: refused entries are set aside', BACK]);
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

  test('a store that is not open yet is not waited for: what waits lies in the spool', async () => {
    const bench = new Bench();
    const entries = bench.pressMany(3);
    expect(await bench.close(0)).toBe(0);
    expect([bench.database.entries, bench.lines]).toEqual([[], []]);
    const next = new Bench({ database: bench.database, spool: bench.settings.spool });
    next.keeper.start();
    await next.pass(2000);
    expect(bench.database.entries).toEqual(entries);
  });

  test.each<[string, Fault]>([
    ['open', 'hangs'],
    ['open', 'away'],
    ['write', 'hangs'],
    ['write', 'away'],
    ['write', 'refuses'],
    ['close', 'hangs'],
  ])(
    'a store that in %s %s does not hold it up, and the next keeper writes what is left',
    async (where, fault) => {
      const bench = new Bench();
      bench.database.fault = (operation) => (operation === where ? fault : undefined);
      const entries = bench.pressMany(700);
      await bench.pass(30, 10);
      expect(await bench.close()).toBeLessThanOrEqual(500);
      bench.database.fault = () => undefined;
      const next = new Bench({ database: bench.database, spool: bench.settings.spool });
      next.keeper.start();
      await next.pass(2000);
      expect(sorted(bench.database.entries)).toEqual(sorted(entries));
      expect(next.spooled).toEqual([]);
    },
  );

  test('what is remembered afterwards is not lost', async () => {
    const bench = new Bench();
    await bench.close();
    const entry = bench.press();
    expect(await bench.keeper.choice('1')).toBeUndefined();
    const next = new Bench({ database: bench.database, spool: bench.settings.spool });
    next.keeper.start();
    await next.pass(1000);
    expect(bench.database.entries).toEqual([entry]);
  });
});

describe('the spool of others', () => {
  test('is written at the start, and looked at again while the keeper lives', async () => {
    const bench = new Bench();
    const spool = new Spool(bench.settings.spool, () => 0);
    const [first, second] = [1, 2].map((n): StoreEntry => ({
      ...{ type: 'choice', phone: '1', track: `music/${n}.wav`, wallMs: n },
    }));
    spool.put([first!]);
    bench.keeper.start();
    await bench.pass(1000);
    expect(bench.database.entries).toEqual([first]);
    spool.put([second!]);
    await bench.pass(61_000);
    expect(bench.database.entries).toEqual([second]);
    expect(bench.spooled).toEqual([]);
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
  ends: fc.boolean(),
});

test('whatever happens to the store and to its keepers, all that it does not refuse is there in the end, once', async () => {
  const run = async (
    steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[],
    seed: number,
  ) => {
    const database = new FakeDatabase();
    database.isBad = (entry) => entry.type === 'key' && entry.action === 'bad';
    const spool = join(tempFolder(), 'spool');
    const open = (): Bench => new Bench({ database, spool, limits: { pending: 40 }, seed });
    let bench = open();
    const expected: StoreEntry[] = [];
    let serial = 0;
    for (const { remember, passMs, ends, ...fault } of steps) {
      database.fault = (operation) =>
        operation === 'purge' || operation === 'pins' ? undefined : fault[operation];
      for (let i = 0; i < remember; i++) {
        const n = serial++;
        const action = n % 17 === 5 ? 'bad' : 'nextTrack';
        const entry: StoreEntry = { type: 'key', uniqueid: `17.${n}`, digit: '3', action, wallMs: n };
        bench.keeper.remember(entry);
        if (action !== 'bad') expected.push(entry);
      }
      await bench.pass(passMs, 500);
      if (!ends) continue;
      expect(await bench.close(600)).toBeLessThanOrEqual(500);
      bench = open();
      bench.keeper.start();
    }
    database.fault = () => undefined;
    bench.press();
    await bench.pass(120_000, 500);
    const got = database.entries.filter(({ wallMs }) => wallMs < 1e6);
    expect(sorted(got)).toEqual(sorted(expected));
    expect(bench.spooled.filter((name) => name !== 'refused.jsonl')).toEqual([]);
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
          'store does not work; calls go on without it',
          'store works again',
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
