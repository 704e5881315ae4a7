// Pending: what is not in the store yet, in the order in which it came. So much of it in memory, then in the spool.
// The music that a caller has just chosen counts at once, wherever it waits.
import type { Clock } from '../util/clock';
import type { Outage } from './outage';
import { latestBelieved } from './rows';
import type { Spool } from './spool';
import type { Phone, StoreEntry } from './store';

export interface PendingParts {
  readonly spool: Spool;
  readonly outage: Outage;
  readonly clock: Clock;
  /** Entries in memory, those that are being written included. */
  readonly most: number;
}

/** So many at once go from memory to the spool: a file each would soon be too many files. */
const SPILL = 1000;
/** A disk that was full is asked again after so long, milliseconds. */
const SPILL_AGAIN_MS = 10_000;

interface Chosen {
  readonly track: string;
  readonly wallMs: number;
  /** It went to the spool: another process may write it, and then it is in the store without our knowing. */
  spooled: boolean;
}

export class Pending {
  #waiting: StoreEntry[] = [];
  #writing: readonly StoreEntry[] = [];
  readonly #chosen = new Map<Phone, Chosen>();
  #spillAgainAt = -Infinity;
  /** The spool is being written, by a disk that may hang. */
  #isSpilling = false;
  /** Why the spool has not taken what it was given last. */
  #noRoom: unknown;

  constructor(private readonly parts: PendingParts) {}

  /** How many wait for being written; those that are being written are none of them. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** All that is in memory, those that are being written first. */
  get all(): readonly StoreEntry[] {
    return [...this.#writing, ...this.#waiting];
  }

  /** The track that this caller has chosen, as far as it is not known to be in the store. */
  choice(phone: Phone): string | undefined {
    return this.#chosen.get(phone)?.track;
  }

  /** Never throws; where there is no room anywhere the oldest goes, what a caller has chosen last of all. */
  add(entry: StoreEntry): void {
    if (this.#waiting.length + this.#writing.length >= this.parts.most && !this.#makeRoom()) this.#dropOne();
    this.#waiting.push(entry);
    if (entry.type === 'choice') this.#choose(entry);
  }

  /** The oldest, at most so many; they are being written until `written` or `putBack`. */
  take(most: number): readonly StoreEntry[] {
    this.#writing = this.#waiting.splice(0, most);
    return this.#writing;
  }

  /** These are in the store, or nobody can have them there: nothing waits for them any more. */
  settled(entries: readonly StoreEntry[]): void {
    for (const entry of entries)
      if (entry.type === 'choice' && this.#isLast(entry)) this.#chosen.delete(entry.phone);
    const gone = new Set(entries);
    this.#writing = this.#writing.filter((entry) => !gone.has(entry));
  }

  /** What is still being written waits again: first, or after the others where it is doubted. */
  putBack({ last = false } = {}): void {
    this.#waiting = last ? [...this.#waiting, ...this.#writing] : [...this.#writing, ...this.#waiting];
    this.#writing = [];
  }

  /**
   * All that wait go to the spool; there the end of this process does not harm them. Never blocks this thread, which
   * may be the one that plays; while the disk hangs nothing more is asked of it.
   * @returns whether any did; never rejects
   */
  async spill(): Promise<boolean> {
    const { spool, clock } = this.parts;
    const entries = [...this.#waiting];
    if (entries.length === 0 || this.#isSpilling || clock.now() < this.#spillAgainAt) return false;
    this.#isSpilling = true;
    try {
      await spool.putInBackground(entries);
      this.#spilled(entries);
      return true;
    } catch (error) {
      this.#notSpilled(error);
      return false;
    } finally {
      this.#isSpilling = false;
    }
  }

  /** Nobody has anything in the spool: what was there is in the store. */
  spoolIsEmpty(): void {
    for (const [phone, { spooled }] of this.#chosen) if (spooled) this.#chosen.delete(phone);
  }

  /** At once: what comes may be more than there is memory. Not while the disk is asked already: it may hang. */
  #makeRoom(): boolean {
    if (this.#isSpilling) return this.#waiting.length + this.#writing.length < 2 * this.parts.most;
    const { spool, clock } = this.parts;
    const entries = this.#waiting.slice(0, SPILL);
    if (entries.length === 0 || clock.now() < this.#spillAgainAt) return false;
    try {
      spool.put(entries);
      this.#spilled(entries);
      return true;
    } catch (error) {
      this.#notSpilled(error);
      return false;
    }
  }

  /** What was written to the store meanwhile is in both, which does no harm. */
  #spilled(entries: readonly StoreEntry[]): void {
    const gone = new Set(entries);
    this.#waiting = this.#waiting.filter((entry) => !gone.has(entry));
    for (const entry of entries) this.#wentToSpool(entry);
  }

  #notSpilled(error: unknown): void {
    this.#spillAgainAt = this.parts.clock.now() + SPILL_AGAIN_MS;
    this.#noRoom = error;
  }

  #choose({ phone, track, wallMs }: StoreEntry & { type: 'choice' }): void {
    const known = this.#chosen.get(phone);
    const isBelieved = known && known.wallMs <= latestBelieved(this.parts.clock.wall());
    if (isBelieved && known.wallMs > wallMs) return;
    this.#chosen.delete(phone);
    this.#chosen.set(phone, { track, wallMs, spooled: false });
    // Those in the spool add to those in memory, and are as many as the disk takes.
    const [oldest] = this.#chosen.keys();
    if (this.#chosen.size > 2 * this.parts.most && oldest !== undefined) this.#chosen.delete(oldest);
  }

  #isLast({ phone, track, wallMs }: StoreEntry & { type: 'choice' }): boolean {
    const known = this.#chosen.get(phone);
    return known?.track === track && known.wallMs === wallMs;
  }

  #wentToSpool(entry: StoreEntry): void {
    if (entry.type !== 'choice' || !this.#isLast(entry)) return;
    const chosen = this.#chosen.get(entry.phone);
    if (chosen) chosen.spooled = true;
  }

  #dropOne(): void {
    const told = this.#waiting.findIndex(({ type }) => type !== 'choice');
    const dropped = this.#waiting.splice(Math.max(0, told), 1);
    this.settled(dropped);
    this.parts.outage.lost(dropped.length, this.#noRoom);
  }
}
