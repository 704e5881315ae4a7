// StoreKeeper: what a host has between its calls and the store. No call ever waits for the store longer than it may, or
// hears of its troubles; what is to be remembered is written as soon as that is possible, by whoever it is.
import type { Cancel, Clock } from '../util/clock';
import { Backoff } from '../util/backoff';
import { inTime } from '../util/inTime';
import type { Logger } from '../util/log';
import type { Random } from '../util/random';
import type { Closeable } from '../util/scope';
import { Asker } from './asker';
import { KeptPins } from './keptPins';
import { Outage, troubleFields } from './outage';
import { Pending } from './pending';
import type { PinLedger } from './pinLedger';
import { ClockDoubt, purgeBefore } from './purging';
import { Renewals } from './renewals';
import type { StoreSettings } from './settings';
import { Spool, type Claim } from './spool';
import type { Phone, Store, StoreEntry } from './store';
import { NOBODY, StoreLink } from './storeLink';
import { StoreWriter } from './storeWriter';

export interface KeeperParts {
  settings: StoreSettings;
  open: () => Promise<Store>;
  clock: Clock;
  log: Logger;
  random: Random;
  limits?: Partial<KeeperLimits>;
}

export interface KeeperLimits {
  /** Entries in memory; what is more goes to the spool. */
  pending: number;
  /** What comes within this time is written at once, milliseconds. */
  batchMs: number;
}

export const defaultKeeperLimits: KeeperLimits = { pending: 10_000, batchMs: 20 };

const CLOSE_MS = 500;
const CLOCK = 'see that its date is right; it is purged again when it has agreed with itself for a day';
/** Callers come several at once, and a pool has a connection for each question. */
const WARM_QUESTIONS = 3;
/** A purge that takes longer is left alone. */
const PURGE_MS = 600_000;
/** While the store is away, what waits in memory goes to the spool so often: `kill -9` loses no more than that. */
const SPILL_MS = [1000, 5000] as const;

export class StoreKeeper implements Closeable {
  /** Answers within a second, or throws HoldcastError HC_STORE_AWAY or HC_STORE_REFUSED. */
  readonly pins: PinLedger;
  readonly #outage: Outage;
  readonly #spool: Spool;
  readonly #pending: Pending;
  readonly #link: StoreLink;
  readonly #asker: Asker;
  readonly #writer: StoreWriter;
  readonly #spillPauses: Backoff;
  #spill: Cancel | undefined;
  readonly #clockDoubt: ClockDoubt;
  readonly #renewals: Renewals;
  #purgeDue = false;
  #closing: Promise<void> | undefined;

  constructor(private readonly parts: KeeperParts) {
    const { settings, open, clock, log, random, limits } = parts;
    const { pending: most, batchMs } = { ...defaultKeeperLimits, ...limits };
    const outage = (this.#outage = new Outage(log, () => this.#watch()));
    const spool = (this.#spool = new Spool(settings.spool, () => clock.wall()));
    this.#clockDoubt = new ClockDoubt(clock);
    this.#renewals = new Renewals(clock, settings.keepDays);
    this.#spillPauses = new Backoff(SPILL_MS, random);
    const pending = (this.#pending = new Pending({ spool, outage, clock, most }));
    const hangMs = hangMsOf(settings);
    const onFailure = (store: Store, error: unknown): void => this.#failed(store, error);
    const onWell = (): void => this.#well();
    this.#link = new StoreLink({ open, clock, random, outage, openMs: hangMs, onOpen: () => this.#opened() });
    this.#asker = new Asker({ clock, outage, waitMs: settings.waitMs, hangMs, onFailure, onWell });
    this.pins = new KeptPins({ link: this.#link, clock, hangMs, onFailure, onWell });
    const written = { pending, spool, outage, clock, log, random, batchMs };
    this.#writer = new StoreWriter({ ...written, hangMs, onFailure, onDone: onWell });
  }

  /** The store failed, and has done nothing right since: what is to be remembered waits. */
  get isAway(): boolean {
    return this.#link.isAway;
  }

  /** Opens the store in the background, so that what an earlier process has spooled is written; else at first use. */
  start(): void {
    if (!this.#closing) this.#link.start();
  }

  /**
   * Opens the store and has it answer: its first answers take far longer than those that follow (the embedded store starts
   * its thread and reads its file, a pool connects). Never rejects; resolves when that is done, or has failed.
   */
  async warm(): Promise<void> {
    const store = this.#closing ? undefined : await this.#link.opened();
    if (!store) return;
    try {
      await Promise.all(Array.from({ length: WARM_QUESTIONS }, () => store.choice(NOBODY)));
    } catch {
      // It fails who asks next, too, and then it is said.
    }
  }

  /** The track that this caller chose last. Never rejects; undefined after settings.waitMs, or while the store is away. */
  async choice(phone: Phone): Promise<string | undefined> {
    const chosen = this.#pending.choice(phone);
    if (chosen !== undefined || this.#closing) return chosen;
    const { clock, settings } = this.parts;
    const askedAt = clock.now();
    const store = this.#link.store ?? (await inTime(clock, settings.waitMs, this.#link.opened()));
    if (typeof store !== 'object') return undefined;
    const waitMs = settings.waitMs - (clock.now() - askedAt);
    // Earlier versions kept names as the disk had them.
    const track = (await this.#asker.choice(store, phone, waitMs))?.normalize('NFC');
    const renewal = track === undefined ? undefined : this.#renewals.entry(phone, track);
    // What he has chosen meanwhile is the newer, and counts.
    if (renewal && !this.#closing) this.remember(renewal);
    return track;
  }

  /** Kept as soon as that is possible. Never waits for the store, never throws. */
  remember(entry: StoreEntry): void {
    if (this.#closing) return this.#spoolOne(entry);
    this.#pending.add(entry);
    this.#link.start();
    this.#writer.wake();
  }

  /** Removes what is older than settings.keepDays; when the store is away, as soon as it is back. Never rejects. */
  async purge(): Promise<void> {
    if (this.parts.settings.keepDays === 0 || this.#closing) return;
    this.#purgeDue = true;
    const store = await this.#link.opened();
    if (store) await this.#purgeNow(store);
  }

  /** Within half a second what waits is written, or in the spool. May be called again. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  #opened(): void {
    const { store } = this.#link;
    this.#asker.reset();
    this.#writer.use(store);
    if (store && this.#purgeDue) void this.#purgeNow(store);
  }

  #failed(store: Store, error: unknown): void {
    if (this.#link.store !== store) return;
    this.#writer.use(undefined);
    this.#link.lose(store, error);
  }

  /** Everything is written, or the store is quick again. */
  #well(): void {
    this.#link.works();
    if (this.#asker.isSlow || this.#writer.isBehind || !this.#link.store) return;
    this.#outage.over();
    this.#spill?.();
    this.#spill = undefined;
    this.#spillPauses.reset();
  }

  /** From the beginning of an outage to its end. */
  #watch(): void {
    if (this.#spill || this.#closing || !this.#outage.lasts) return;
    this.#spill = this.parts.clock.after(this.#spillPauses.nextMs(), () => {
      this.#spill = undefined;
      void this.#pending.spill().then((isSpooled) => isSpooled && this.#writer.spooled());
      this.#watch();
    });
  }

  async #purgeNow(store: Store): Promise<void> {
    const { settings, clock, log } = this.parts;
    this.#purgeDue = false;
    const doubt = this.#clockDoubt.judge();
    if (doubt === 'jumped')
      log.warn({ hint: CLOCK }, 'store not purged: the clock of this machine jumped ahead');
    if (doubt !== 'sure') return;
    try {
      const removing = store.purge(purgeBefore(clock.wall(), settings.keepDays));
      const rows = await inTime(clock, PURGE_MS, removing);
      if (typeof rows === 'number') log.info({ rows, keepDays: settings.keepDays }, 'store purged');
      else log.warn({ limitMs: PURGE_MS }, 'store: the purge takes too long');
    } catch (error) {
      log.warn(troubleFields(error), 'store not purged');
    }
  }

  /** What waits is safe before anything else is tried: the process may be killed at any moment from now on. */
  async #end(): Promise<void> {
    const { clock } = this.parts;
    const endsAt = clock.now() + CLOSE_MS;
    this.#spill?.();
    const kept = this.#keepAll();
    // What is safe in the spool need not wait for a store that is not open yet: whoever opens it next writes it.
    if (kept.error !== undefined) await inTime(clock, endsAt - clock.now(), this.#link.opened());
    await inTime(clock, endsAt - clock.now(), this.#writer.finish());
    this.#writer.close();
    this.#settle(kept);
    await inTime(clock, endsAt - clock.now(), this.#link.close());
  }

  /** All that is in memory is in the spool too, where nobody else takes it. */
  #keepAll(): { claims: readonly Claim[]; error?: unknown } {
    try {
      return { claims: this.#spool.keep(this.#pending.all) };
    } catch (error) {
      return { claims: [], error };
    }
  }

  /** What is in the store leaves the spool, and the rest of it is anybody's. */
  #settle({ claims, error }: { claims: readonly Claim[]; error?: unknown }): void {
    const left = new Set(this.#pending.all);
    for (const claim of claims)
      if (claim.entries.some((entry) => left.has(entry))) claim.release();
      else claim.done();
    if (claims.length === 0 && left.size > 0) this.#outage.lost(left.size, error);
  }

  #spoolOne(entry: StoreEntry): void {
    try {
      this.#spool.put([entry]);
    } catch (error) {
      this.#outage.lost(1, error);
    }
  }
}

/** What takes longer than this will not end, milliseconds: the store itself cuts what hangs, sooner. */
function hangMsOf({ mysql }: StoreSettings): number {
  return mysql ? mysql.connectMs + 3 * mysql.queryMs : 10_000;
}
