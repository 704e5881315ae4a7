// A store in memory that does what a real one cannot be made to do on demand: hang, be away, be slow, refuse.
// It keeps what the contract of stores says, so that it can run the contract suite too.
import { isKept, latestBelieved, rowsOf } from '../../src/store/rows';
import type { PinLedger } from '../../src/store/store';
import type { Store, StoreEntry } from '../../src/store/store';
import { HoldcastError } from '../../src/util/errors';
import { FakePins } from './fakePins';

export type Fault = 'away' | 'hangs' | 'refuses' | 'crashes' | 'lost answer';

export const away = (): HoldcastError => new HoldcastError('HC_STORE_AWAY', 'the store is away', 'start it');
export const refused = (): HoldcastError =>
  new HoldcastError('HC_STORE_REFUSED', 'the store refused', 'do it right');

/** What outlives every connection. */
export class FakeDatabase {
  readonly rows = new Map<string, StoreEntry>();
  readonly pins = new FakePins();
  /** Batches as they were committed, and every attempt. */
  readonly commits: (readonly StoreEntry[])[] = [];
  attempts = 0;
  questions = 0;
  opens = 0;
  closes = 0;
  purges: number[] = [];
  /** What the next operations do; undefined: what they should. */
  fault: (operation: 'open' | 'write' | 'choice' | 'pins' | 'purge' | 'close') => Fault | undefined = () =>
    undefined;
  isBad: (entry: StoreEntry) => boolean = () => false;
  /** Holds up whatever succeeds. */
  before: (operation: string) => Promise<void> = () => Promise.resolve();

  get entries(): StoreEntry[] {
    return [...this.rows.values()];
  }

  open = async (): Promise<Store> => {
    this.opens++;
    await this.#act('open', () => {});
    return new FakeStore(this, (operation, task) => this.#act(operation, task));
  };

  async #act<T>(
    operation: 'open' | 'write' | 'choice' | 'pins' | 'purge' | 'close',
    task: () => T | Promise<T>,
  ): Promise<T> {
    await this.before(operation);
    const fault = this.fault(operation);
    if (fault === 'hangs') return new Promise(() => {});
    if (fault === 'away') throw away();
    if (fault === 'refuses') throw refused();
    if (fault === 'crashes') throw new TypeError('442079460018 is not a function');
    const result = await task();
    if (fault === 'lost answer') throw away();
    return result;
  }
}

type Act = <T>(
  operation: 'write' | 'choice' | 'pins' | 'purge' | 'close',
  task: () => T | Promise<T>,
) => Promise<T>;

class FakeStore implements Store {
  #closed = false;

  constructor(
    private readonly database: FakeDatabase,
    private readonly operate: Act,
  ) {}

  private act: Act = (operation, task) =>
    this.#closed ? Promise.reject(away()) : this.operate(operation, task);

  get pins(): PinLedger {
    const { pins } = this.database;
    return {
      counts: (...asked) => this.act('pins', () => pins.counts(...asked)),
      begin: (...asked) => this.act('pins', () => pins.begin(...asked)),
      end: (...asked) => this.act('pins', () => pins.end(...asked)),
    };
  }

  choice(phone: string): Promise<string | undefined> {
    this.database.questions++;
    return this.act('choice', () => {
      const found = this.database.rows.get(`choice ${phone}`);
      return found?.type === 'choice' ? found.track : undefined;
    });
  }

  write(entries: readonly StoreEntry[]): Promise<void> {
    this.database.attempts++;
    return this.act('write', () => {
      if (entries.some(this.database.isBad)) throw refused();
      rowsOf(entries);
      this.database.commits.push([...entries]);
      for (const entry of entries) this.#keep(entry);
    });
  }

  #keep(entry: StoreEntry): void {
    const { rows } = this.database;
    if (entry.type !== 'choice') return void rows.set(JSON.stringify(entry), entry);
    const place = `choice ${entry.phone}`;
    const known = rows.get(place);
    const isOlder = known && known.wallMs <= latestBelieved(Date.now()) && entry.wallMs < known.wallMs;
    if (isKept(entry.phone) && !isOlder) rows.set(place, entry);
  }

  purge(wallMs: number): Promise<number> {
    return this.act('purge', () => {
      this.database.purges.push(wallMs);
      let removed = this.database.pins.purge();
      for (const [key, entry] of this.database.rows)
        if (entry.wallMs < wallMs && this.database.rows.delete(key)) removed++;
      return removed;
    });
  }

  close(): Promise<void> {
    this.database.closes++;
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    return this.operate('close', () => {});
  }
}
