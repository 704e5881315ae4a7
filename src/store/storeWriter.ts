// StoreWriter: brings what is pending, then what is spooled, into the store, one write at a time.
// What the store refuses is set aside; a store that refuses everything is asked again later, and nothing is set aside.
import type { Cancel, Clock } from '../util/clock';
import { Backoff } from '../util/backoff';
import { inTime, LATE } from '../util/inTime';
import type { Logger } from '../util/log';
import type { Random } from '../util/random';
import { troubleFields, type Outage } from './outage';
import type { Pending } from './pending';
import { writeSorting } from './sorting';
import { MOST_ENTRIES, type Claim, type Spool } from './spool';
import type { Store, StoreEntry } from './store';
import { tooSlow } from './storeErrors';

export interface StoreWriterParts {
  pending: Pending;
  spool: Spool;
  outage: Outage;
  clock: Clock;
  log: Logger;
  random: Random;
  /** What comes within this time is written at once, milliseconds. */
  batchMs: number;
  /** A write that takes longer will not end, milliseconds. */
  hangMs: number;
  onFailure: (store: Store, error: unknown) => void;
  /** Nothing waits any more that can be written. */
  onDone: () => void;
}

/** Between two pieces of the spool others have their turn: this may be the process that plays to a caller. */
const PIECE_GAP_MS = 20;
/** So often the spool is looked at for what other processes have left there. */
const LOOK_MS = 60_000;
/** First and longest pause before a store that refuses everything is tried again. */
const DOUBT_MS = [500, 10_000] as const;
/** So many entries are enough to see whether it still does. */
const PROBE = 16;
/** What is set aside is told once in this time. */
const TELL_MS = 60_000;

/** `doubted`: the store took none of them, which may be its fault or theirs. */
type Result = 'settled' | 'doubted' | 'failed';

export class StoreWriter {
  #store: Store | undefined;
  #timer: Cancel | undefined;
  #running: Promise<void> | undefined;
  #claim: Claim | undefined;
  /** There may be something in the spool. */
  #spooled = false;
  /** The store has taken something since it last took nothing of a whole batch: it is not the store that is wrong. */
  #trusted = false;
  #inDoubt = false;
  readonly #pauses: Backoff;
  #aside = 0;
  #toldAt = -Infinity;
  #status: 'open' | 'finishing' | 'closed' = 'open';
  /** The timer only waits for the next look at the spool. */
  #isIdle = false;

  constructor(private readonly parts: StoreWriterParts) {
    this.#pauses = new Backoff(DOUBT_MS, parts.random);
  }

  /** Something waits, or may. */
  get isBehind(): boolean {
    return this.#running !== undefined || this.#spooled || this.parts.pending.waiting > 0;
  }

  /** Writes to this one from now on; undefined: to none. */
  use(store: Store | undefined): void {
    this.#store = store;
    this.#trusted = this.#inDoubt = false;
    this.#stopTimer();
    if (store) this.#look();
  }

  /** Something was put in the spool, perhaps only now that the store is back. */
  spooled(): void {
    if (!this.#store || this.#spooled || !this.#isOpen) return;
    this.#spooled = true;
    if (this.#isIdle) this.#schedule(PIECE_GAP_MS);
  }

  /** Something is pending. */
  wake(): void {
    const waits = this.#timer !== undefined && !this.#isIdle;
    if (!this.#store || waits || this.#running || this.#status !== 'open') return;
    this.#isIdle = false;
    this.#schedule(this.parts.batchMs);
  }

  /** Writes what is pending and nothing else. Resolves when that is done, or cannot be; never rejects. */
  async finish(): Promise<void> {
    this.#status = 'finishing';
    this.#stopTimer();
    await this.#running;
    while (this.#store && this.parts.pending.waiting > 0 && !this.#isClosed)
      if ((await this.#writePending(this.#store)) !== 'settled') return;
  }

  /** What is under way counts no more, and what it had of the spool is anybody's. */
  close(): void {
    this.#status = 'closed';
    this.#stopTimer();
    this.#claim?.release();
  }

  #schedule(delayMs: number, task = (): void => this.#run()): void {
    this.#stopTimer();
    this.#timer = this.parts.clock.after(delayMs, () => {
      this.#timer = undefined;
      task();
    });
  }

  #stopTimer(): void {
    this.#timer?.();
    this.#timer = undefined;
    this.#isIdle = false;
  }

  #look(): void {
    this.#spooled = true;
    this.parts.spool.reclaim();
    this.#schedule(0);
  }

  #run(): void {
    this.#running = this.#work().finally(() => (this.#running = undefined));
    void this.#running.then(() => this.#goOn());
  }

  /** Everything that is pending, and one piece of the spool. */
  async #work(): Promise<void> {
    let result: Result = 'settled';
    for (let store = this.#store; store && result === 'settled' && this.#isOpen; store = this.#store) {
      if (this.parts.pending.waiting === 0) {
        result = await this.#writePiece(store);
        break;
      }
      result = await this.#writePending(store);
    }
    if (result === 'doubted') this.#inDoubt = true;
  }

  #goOn(): void {
    if (!this.#store || !this.#isOpen) return;
    if (this.#inDoubt) return this.#schedule(this.#pauses.nextMs());
    this.#pauses.reset();
    if (this.parts.pending.waiting > 0) return this.#schedule(0);
    if (this.#spooled) return this.#schedule(PIECE_GAP_MS);
    this.#schedule(LOOK_MS, () => this.#look());
    this.#isIdle = true;
    this.parts.onDone();
  }

  async #writePending(store: Store): Promise<Result> {
    const { pending } = this.parts;
    const result = await this.#write(store, pending.take(this.#inDoubt ? PROBE : MOST_ENTRIES));
    pending.putBack({ last: result === 'doubted' });
    return result;
  }

  async #writePiece(store: Store): Promise<Result> {
    const { spool, pending, log } = this.parts;
    const claim = this.#spooled ? spool.claim() : undefined;
    if (!claim) {
      this.#spooled = false;
      pending.spoolIsEmpty();
      return 'settled';
    }
    this.#claim = claim;
    const { entries, damaged } = claim;
    if (damaged > 0) log.warn({ damaged }, 'store: lines of the spool cannot be read');
    const probe = new Set(this.#inDoubt ? this.#someOf(entries) : []);
    let result: Result = await this.#write(store, [...probe]);
    const rest = entries.filter((entry) => !probe.has(entry));
    if (result === 'settled') result = await this.#write(store, rest);
    this.#claim = undefined;
    if (result === 'settled') claim.done();
    else claim.release({ last: result === 'doubted' });
    return result;
  }

  /** Others at each time: a good one among bad ones is found some time. */
  #someOf(entries: readonly StoreEntry[]): readonly StoreEntry[] {
    const at = Math.floor(this.parts.random() * entries.length);
    return [...entries.slice(at), ...entries.slice(0, at)].slice(0, PROBE);
  }

  /** Never rejects. */
  async #write(store: Store, entries: readonly StoreEntry[]): Promise<Result> {
    if (entries.length === 0) return 'settled';
    const { pending, outage, onFailure } = this.parts;
    let written = 0;
    try {
      const sorted = await writeSorting(
        (part) => this.#writeInTime(store, part),
        entries,
        (part) => {
          written += part.length;
          pending.settled(part);
          outage.wrote(part.length);
        },
      );
      return this.#judge(written, sorted.refused, sorted.error);
    } catch (error) {
      if (!this.#isClosed) onFailure(store, error);
      return 'failed';
    }
  }

  #judge(written: number, refused: readonly StoreEntry[], error: unknown): Result {
    const trusted = this.#trusted || written > 0;
    if (refused.length > 0 && !trusted) {
      this.parts.outage.begin(error);
      return 'doubted';
    }
    this.#trusted = written > 0 || refused.length === 0;
    this.#inDoubt = false;
    if (refused.length > 0) this.#setAside(refused, error);
    return 'settled';
  }

  async #writeInTime(store: Store, part: readonly StoreEntry[]): Promise<void> {
    const { clock, hangMs } = this.parts;
    const done = await inTime(clock, hangMs, store.write(part));
    if (done === LATE) throw tooSlow('write', hangMs);
  }

  #setAside(entries: readonly StoreEntry[], error: unknown): void {
    const { spool, pending, clock, log } = this.parts;
    const kept = spool.setAside(entries);
    pending.settled(entries);
    this.#aside += entries.length;
    if (clock.now() - this.#toldAt < TELL_MS) return;
    this.#toldAt = clock.now();
    const file = kept > 0 ? { file: spool.refusedFile } : {};
    log.error(
      { ...troubleFields(error), ...file, entries: this.#aside },
      'store: refused entries are set aside',
    );
    this.#aside = 0;
  }

  /** Read anew after each wait. */
  get #isOpen(): boolean {
    return this.#status === 'open';
  }

  get #isClosed(): boolean {
    return this.#status === 'closed';
  }
}
