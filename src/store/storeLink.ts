// StoreLink: the way to the store: what waits in memory, then what other processes left in files, is written, one write at a time.
// The store is opened when it is first asked; after a failure again and again, with growing pauses, and nobody waits. One that
// hangs is left behind. One entry that it refuses does not keep the others out; one that refuses everything is asked again later.
import { setMaxListeners } from 'node:events';
import type { Cancel, Clock } from '../util/clock';
import { Backoff } from '../util/backoff';
import { errnoOf, errorFields } from '../util/errors';
import { inTime, LATE } from '../util/inTime';
import type { LogFields, Logger } from '../util/log';
import { LogThrottle } from '../util/logThrottle';
import type { Random } from '../util/random';
import type { ChoiceFiles } from './choiceFiles';
import type { Outbox } from './outbox';
import { away, tooSlow, type Store, type StoreEntry } from './store';

export interface StoreAccess {
  open: () => Promise<Store>;
  clock: Clock;
  log: Logger;
  random: Random;
  /** Told of each entry that will never be in the store. */
  onDropped?: (type: StoreEntry['type']) => void;
}

export interface StoreLinkParts extends StoreAccess {
  outbox: Outbox;
  files: ChoiceFiles;
  /** What takes longer will not end, milliseconds: the store itself cuts what hangs, sooner. */
  hangMs: number;
  /** What comes within this time is written at once, milliseconds. */
  batchMs: number;
  /** It was away, and answers again. */
  onBack: () => void;
}

/** First and longest pause before opening again, milliseconds. */
const RETRY_MS = [250, 15_000] as const;
/** Nobody's number. After a failure the store must answer before it is believed: opening a pool asks nobody. */
export const NOBODY = '0';
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
/** So many choices told in time, one after the other, and a slow store is not slow any more. */
const TIMELY = 3;
/** What is dropped is said once in this time. */
const TELL_MS = 3_600_000;
const HINT = 'repair the store; refused choices are in refused.jsonl in the folder store.spool';

/**
 * resting: until something waits, or the next look. due: it writes in a moment. writing: until nothing waits, the store fails,
 * or refuses everything. away: the store failed; it is opened anew after a pause, and must answer. ending: only what is in memory
 * is written. closed: for good.
 */
type State = 'resting' | 'due' | 'writing' | 'away' | 'ending' | 'closed';

/** A store that is asked, and perhaps still being opened; `lost` is aborted when it has failed, and ends what it was asked. */
interface Asked {
  readonly store: Promise<Store>;
  readonly lost: AbortController;
}

export class StoreLink {
  #state: State = 'resting';
  #asked: Asked | undefined;
  #cancel: Cancel = () => {};
  #running: Promise<void> = Promise.resolve();
  #removing: Promise<void> = Promise.resolve();
  readonly #retries: Backoff;
  readonly #pauses: Backoff;
  /** The store took nothing of a whole batch, and nothing since. */
  #inDoubt = false;
  /** It has taken something since this run began: it is the entries that are wrong. */
  #hasTaken = false;
  /** Choices told in time that are missing until the store is not slow. */
  #missing = 0;
  /**
   * What does not work is said once, and once that it is over: between the two there may be thousands of attempts, none of which
   * is worth a line. Undefined: it works.
   */
  #outage: { late: number; dropped: number } | undefined;
  readonly #told: LogThrottle;

  constructor(private readonly parts: StoreLinkParts) {
    this.#retries = new Backoff(RETRY_MS, parts.random);
    this.#pauses = new Backoff(DOUBT_MS, parts.random);
    this.#told = new LogThrottle(parts.clock, TELL_MS);
  }

  /** It failed, and has not answered since. */
  get isAway(): boolean {
    return this.#is('away');
  }

  /** There may be files. */
  start(): void {
    if (this.#is('resting', 'due')) this.#plan('due', 0);
  }

  /** Something waits. */
  wake(): void {
    if (this.#is('resting')) this.#plan('due', this.parts.batchMs);
  }

  /**
   * What `task` brings. Where it fails or hangs, the store is closed and opened anew after a pause.
   * @param limitMs after which it hangs, milliseconds
   * @throws HoldcastError HC_STORE_AWAY, at once while that is known; what `task` throws
   */
  ask<T>(task: (store: Store) => Promise<T>, limitMs = this.parts.hangMs): Promise<T> {
    if (this.#is('away', 'closed')) return Promise.reject(away('the store is away'));
    return this.#ask(task, limitMs);
  }

  /** A choice was told in time. */
  timely(): void {
    if (this.#missing > 0 && --this.#missing === 0) this.#well();
  }

  /** A choice was not told in time, or refused: who may not read today may not read on another connection either. */
  late(error: unknown): void {
    this.#missing = TIMELY;
    this.#ails(error);
  }

  /** There is no room for these, the store refuses them, or the process ends. @param error of the store */
  dropped(entries: readonly Pick<StoreEntry, 'type'>[], error?: unknown): void {
    if (entries.length === 0) return;
    const { log, onDropped } = this.parts;
    if (this.#outage) this.#outage.dropped += entries.length;
    for (const { type } of entries) onDropped?.(type);
    const why = error === undefined ? {} : troubleFields(error);
    this.#told.say(() =>
      log.error({ hint: HINT, ...why, entries: entries.length }, 'store: entries are dropped'),
    );
  }

  /** Writes what waits in memory. Resolves when that is done, or cannot be; never rejects. */
  async finish(): Promise<void> {
    this.#cancel();
    this.#state = this.isAway ? 'closed' : 'ending';
    await this.#running;
    await this.#drain().catch(() => {});
    await this.#removing;
  }

  /** May be called again. Resolves when the store is closed. */
  async close(): Promise<void> {
    this.#cancel();
    this.#state = 'closed';
    await this.#leave();
  }

  async #ask<T>(task: (store: Store) => Promise<T>, limitMs = this.parts.hangMs): Promise<T> {
    const asked = (this.#asked ??= this.#open());
    const { signal } = asked.lost;
    let isOpen = false;
    const ask = async (): Promise<T> => {
      const store = await asked.store;
      isOpen = true;
      return task(store);
    };
    try {
      const answer = await inTime(this.parts.clock, limitMs, ask, signal);
      if (answer === LATE) throw signal.aborted ? away('the store is away') : tooSlow('answer', limitMs);
      if (this.#asked === asked) this.#works();
      return answer;
    } catch (error) {
      // A store that refuses this may do everything else.
      const isOfUse = isOpen && !this.isAway && errnoOf(error) === 'HC_STORE_REFUSED';
      if (this.#asked === asked && !isOfUse) this.#lose(error);
      throw error;
    }
  }

  #open(): Asked {
    const lost = new AbortController();
    setMaxListeners(0, lost.signal);
    return { store: this.parts.open(), lost };
  }

  #works(): void {
    this.#retries.reset();
    if (this.isAway) {
      // How slow the one before was says nothing of this one, which has just answered.
      this.#missing = 0;
      this.#plan('due', 0);
      this.parts.onBack();
    }
    this.#well();
  }

  #lose(error: unknown): void {
    this.#ails(error);
    void this.#leave();
    if (this.#is('ending', 'closed')) this.#state = 'closed';
    else this.#plan('away', this.#retries.nextMs());
  }

  /** One that opens late is closed, too. What cannot be closed is left to the end of the process. */
  async #leave(): Promise<void> {
    const asked = this.#asked;
    this.#asked = undefined;
    asked?.lost.abort();
    await asked?.store.then((store) => store.close()).catch(() => {});
  }

  /** The store does not do what it is for. */
  #ails(error: unknown): void {
    if (this.#outage) return;
    this.#outage = { late: 0, dropped: 0 };
    this.parts.log.warn(troubleFields(error), 'the store does not work; calls continue without it');
  }

  /** It has just done what it was asked for: the outage is over where nothing waits, and it is quick again. */
  #well(): void {
    const outage = this.#outage;
    const isBehind = this.#is('due', 'writing', 'away') || this.parts.outbox.size > 0;
    if (!outage || isBehind || this.#missing > 0) return;
    this.#outage = undefined;
    this.parts.log.info({ writtenLate: outage.late, dropped: outage.dropped }, 'the store works again');
  }

  #plan(state: 'resting' | 'due' | 'away', delayMs: number): void {
    this.#cancel();
    this.#state = state;
    const run = (): Promise<void> => (this.#running = this.#running.then(() => this.#run()));
    this.#cancel = this.parts.clock.after(delayMs, () => void run());
  }

  async #run(): Promise<void> {
    const { outbox, batchMs } = this.parts;
    // Why it fails, the log has said.
    if (this.isAway) return void (await this.#ask((store) => store.choice(NOBODY)).catch(() => {}));
    if (!this.#is('resting', 'due')) return;
    this.#state = 'writing';
    const isDoubted = (await this.#drain().catch(() => {})) === 'doubted';
    if (!this.#is('writing')) return;
    if (isDoubted) this.#plan('due', this.#pauses.nextMs());
    else if (outbox.size > 0) this.#plan('due', batchMs);
    else {
      this.#plan('resting', LOOK_MS);
      this.#well();
    }
  }

  /** @throws HoldcastError HC_STORE_AWAY */
  async #drain(): Promise<'written' | 'doubted'> {
    const { outbox, files } = this.parts;
    this.#hasTaken = false;
    do {
      while (outbox.size > 0) {
        if (!this.#is('writing', 'ending')) return 'written';
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
    const { outbox, files } = this.parts;
    const refused: StoreEntry[] = [];
    let why: unknown;
    const parts = [entries];
    for (let part = parts.pop(); part; part = parts.pop()) {
      const some = part;
      try {
        await this.ask((store) => store.write(some));
        outbox.settled(some);
        if (this.#outage) this.#outage.late += some.length;
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
      this.#ails(why);
    } else if (refused.length > 0) {
      outbox.settled(refused);
      this.dropped(refused, why);
      files.setAside(refused.filter(({ type }) => type === 'choice')).catch(() => {});
    }
    return !this.#inDoubt;
  }

  /** Read anew after each wait. */
  #is(...states: State[]): boolean {
    return states.includes(this.#state);
  }
}

/** What may be logged of an error: words that are not ours may hold what was to be written. */
export function troubleFields(error: unknown): LogFields {
  const code = errnoOf(error);
  if (code?.startsWith('HC_')) return errorFields(error);
  return { error: code ?? (error instanceof Error ? error.name : typeof error) };
}
