// StoreWriter: brings what waits in memory, then what other processes left in files, into the store, one write at a time.
// One entry that the store refuses does not keep the others out; a store that refuses everything is asked again later.
import type { Cancel, Clock } from '../util/clock';
import { Backoff } from '../util/backoff';
import { errnoOf } from '../util/errors';
import { inTime } from '../util/inTime';
import type { Logger } from '../util/log';
import type { Random } from '../util/random';
import type { ChoiceFiles } from './choiceFiles';
import type { Outbox } from './outbox';
import type { StoreEntry } from './store';
import type { StoreLink } from './storeLink';

export interface StoreWriterParts {
  outbox: Outbox;
  files: ChoiceFiles;
  link: StoreLink;
  clock: Clock;
  log: Logger;
  random: Random;
  /** What comes within this time is written at once, milliseconds. */
  batchMs: number;
  /** Nothing waits any more. */
  onRest: () => void;
}

/** Entries of one write. */
const MOST_ENTRIES = 500;
/** So often the folder is looked at for what other processes have left there. */
const LOOK_MS = 60_000;
/** A disk that takes longer to list and read a file hangs, milliseconds. */
const DISK_MS = 10_000;
/** First and longest pause before a store that refuses everything is tried again, milliseconds. */
const DOUBT_MS = [500, 10_000] as const;
/** So many entries are enough to see whether it still does. */
const PROBE = 16;

/**
 * resting: until something waits, or the next look. due: it writes in a moment. writing: until nothing waits, the store fails,
 * or refuses everything. stopped: the store is away; `start` says that it is back. ending: only what is in memory is written.
 */
type State = 'resting' | 'due' | 'writing' | 'stopped' | 'ending' | 'closed';

export class StoreWriter {
  #state: State = 'resting';
  #cancel: Cancel = () => {};
  #running: Promise<void> = Promise.resolve();
  #removing: Promise<void> = Promise.resolve();
  /** The store took nothing of a whole batch, and nothing since. */
  #inDoubt = false;
  /** It has taken something since this run began: it is the entries that are wrong. */
  #hasTaken = false;
  readonly #pauses: Backoff;

  constructor(private readonly parts: StoreWriterParts) {
    this.#pauses = new Backoff(DOUBT_MS, parts.random);
  }

  /** Something waits, or may. */
  get isBehind(): boolean {
    return this.#is('due', 'writing', 'stopped') || this.parts.outbox.size > 0;
  }

  /** There may be files; or the store is back. */
  start(): void {
    if (this.#is('resting', 'due', 'stopped')) this.#plan('due', 0);
  }

  /** Something waits. */
  wake(): void {
    if (this.#is('resting')) this.#plan('due', this.parts.batchMs);
  }

  /** Writes what waits in memory. Resolves when that is done, or cannot be; never rejects. */
  async finish(): Promise<void> {
    this.#cancel();
    this.#state = 'ending';
    await this.#running;
    await this.#drain().catch(() => {});
    await this.#removing;
  }

  close(): void {
    this.#cancel();
    this.#state = 'closed';
  }

  #plan(state: 'resting' | 'due', delayMs: number): void {
    this.#cancel();
    this.#state = state;
    this.#cancel = this.parts.clock.after(delayMs, () => void (this.#running = this.#run()));
  }

  async #run(): Promise<void> {
    const { outbox, link, batchMs, onRest } = this.parts;
    this.#state = 'writing';
    // Why it fails, the link says.
    const result = await this.#drain().catch(() => 'failed' as const);
    if (!this.#is('writing')) return;
    if (result === 'doubted') this.#plan('due', this.#pauses.nextMs());
    else if (link.isAway) this.#state = 'stopped';
    else if (result === 'failed' || outbox.size > 0) this.#plan('due', batchMs);
    else {
      this.#plan('resting', LOOK_MS);
      onRest();
    }
  }

  /** @throws HoldcastError HC_STORE_AWAY */
  async #drain(): Promise<'written' | 'doubted'> {
    const { outbox, files } = this.parts;
    this.#hasTaken = false;
    do {
      while (outbox.size > 0) {
        if (this.#is('closed')) return 'written';
        if (!(await this.#write(outbox.first(this.#inDoubt ? PROBE : MOST_ENTRIES)))) return 'doubted';
        this.#pauses.reset();
      }
      this.#removing = files.settled();
    } while (this.#is('writing') && (await this.#takeUp()));
    return 'written';
  }

  /** The entries of one file wait in memory from now on. @returns whether there was one */
  async #takeUp(): Promise<boolean> {
    const { files, outbox, clock, log } = this.parts;
    const left = await inTime(clock, DISK_MS, files.takeUp());
    if (typeof left !== 'object') return false;
    if (left.damaged > 0) log.warn({ lines: left.damaged }, 'store: lines of a spooled file cannot be read');
    for (const entry of left.entries) outbox.add(entry);
    return true;
  }

  /**
   * A store takes all of a batch or none, so the bad ones are found by halving: few of them cost few writes.
   * @returns whether they are settled; false: the store took none of them, which may be its fault or theirs
   * @throws HoldcastError HC_STORE_AWAY
   */
  async #write(entries: readonly StoreEntry[]): Promise<boolean> {
    const { link, outbox, files } = this.parts;
    const refused: StoreEntry[] = [];
    let why: unknown;
    const parts = [entries];
    for (let part = parts.pop(); part; part = parts.pop()) {
      const some = part;
      try {
        await link.ask((store) => store.write(some));
        outbox.settled(some);
        link.wrote(some.length);
      } catch (error) {
        if (errnoOf(error) !== 'HC_STORE_REFUSED') throw error;
        why = error;
        const half = some.length >> 1;
        if (half === 0) refused.push(...some);
        else parts.push(some.slice(half), some.slice(0, half));
      }
    }
    this.#hasTaken ||= refused.length < entries.length;
    this.#inDoubt = !this.#hasTaken;
    if (this.#inDoubt) {
      outbox.toBack(entries);
      link.ails(why);
    } else if (refused.length > 0) {
      outbox.settled(refused);
      link.dropped(refused, why);
      files.setAside(refused.filter(({ type }) => type === 'choice')).catch(() => {});
    }
    return !this.#inDoubt;
  }

  /** Read anew after each wait. */
  #is(...states: State[]): boolean {
    return states.includes(this.#state);
  }
}
