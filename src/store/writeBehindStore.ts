// WriteBehindStore: what a host has between its calls and the store. No call ever waits for the store longer than it may.
//
//   a choice ──▶ Outbox ──▶ Store        The latest of each caller. What the store does not have within a second lies in a
//                  └─ file ──▶ Outbox    file (ChoiceFiles) until it does, for this process or the next: it survives an
//                                        outage and `kill -9`.
//   the journal ─▶ Outbox ──▶ Store      What was heard, keys. In memory only: what is beyond the limit, or left when the
//                                        process ends, is dropped and counted.
//   a choice, PINs ◀── Store             In time or not at all; a choice in the Outbox is the newer.
import type { Cancel } from '../util/clock';
import { errnoOf } from '../util/errors';
import { inTime, LATE } from '../util/inTime';
import type { Closeable } from '../util/scope';
import { ChoiceFiles } from './choiceFiles';
import { Outbox } from './outbox';
import type { PinLedger } from './store';
import { ChoiceRefresh, ClockDoubt, purgeBefore } from './purging';
import { rowsOf } from './rows';
import type { StoreSettings } from './settings';
import { tooSlow, type Phone, type Store, type StoreEntry } from './store';
import { NOBODY, StoreLink, troubleFields, type StoreAccess } from './storeLink';

export interface WriteBehindParts extends StoreAccess {
  settings: StoreSettings;
  limits?: Partial<typeof defaultLimits>;
}

/** Callers whose choice waits, entries of the journal that wait; what comes within `batchMs` is written at once. */
const defaultLimits = { choices: 10_000, journal: 10_000, batchMs: 20 };
/** Limits of the end, since it began, milliseconds. */
const CLOSE_MS = { saved: 250, written: 450, closed: 500 };
/** A choice that the store does not have by then is saved; a disk that took nothing is asked again. Milliseconds. */
const SAVE_MS = { first: 1000, again: 10_000 };
/** A caller who has entered a PIN hears music meanwhile, milliseconds. */
const PIN_MS = 1000;
/**
 * A caller who hears other music meanwhile still gets their own within this time, milliseconds. Whoever holds up a first
 * sound for the answer limits that by itself.
 */
const CHOICE_MS = 1500;
/** Callers come several at once, and a pool has a connection for each question. */
const WARM_QUESTIONS = 3;
/** A purge that takes longer hangs. */
const PURGE_MS = 600_000;
const CLOCK = 'correct the date; purging resumes when the clock has been consistent for a day';

export class WriteBehindStore implements Closeable {
  /** Answers within a second, or throws HoldcastError HC_STORE_AWAY or HC_STORE_REFUSED: what cannot be counted is not tried. */
  readonly pins: PinLedger = {
    counts: (...asked) => this.#soon(PIN_MS, (store) => store.pins.counts(...asked)),
    begin: (...asked) => this.#soon(PIN_MS, (store) => store.pins.begin(...asked)),
    end: (...asked) => this.#soon(PIN_MS, (store) => store.pins.end(...asked)),
  };
  readonly #outbox: Outbox;
  readonly #files: ChoiceFiles;
  readonly #link: StoreLink;
  readonly #refresh: ChoiceRefresh;
  readonly #clockDoubt: ClockDoubt;
  /** Choices that are new are saved when it fires. */
  #saveTimer: Cancel | undefined;
  #saving: Promise<boolean> = Promise.resolve(true);
  /** It waits for the one before. */
  #nextSave: Promise<boolean> | undefined;
  #purgeDue = false;
  #closing: Promise<void> | undefined;

  constructor(private readonly parts: WriteBehindParts) {
    const { settings, clock } = parts;
    const most = { ...defaultLimits, ...parts.limits };
    const onDropped = (entry: StoreEntry): void => this.#link.dropped([entry]);
    const outbox = (this.#outbox = new Outbox({ most, wall: () => clock.wall(), onDropped }));
    const files = (this.#files = new ChoiceFiles(settings.spool, parts));
    const times = { hangMs: hangMsOf(settings), batchMs: most.batchMs };
    this.#link = new StoreLink({ ...parts, ...times, outbox, files, onBack: () => this.#back() });
    this.#refresh = new ChoiceRefresh(clock, settings.keepDays);
    this.#clockDoubt = new ClockDoubt(clock);
  }

  /** The store failed, and has not answered since. */
  get isAway(): boolean {
    return this.#link.isAway;
  }

  /** Opens the store in the background and writes what earlier processes have left; else both wait for the first use. */
  start(): void {
    this.#link.start();
    void this.warm();
  }

  /**
   * Opens the store and has it answer: its first answers take far longer than those that follow (the embedded store starts
   * its thread and reads its file, a pool connects). Never rejects; resolves when that is done, or has failed.
   */
  async warm(): Promise<void> {
    const ask = (): Promise<unknown> => this.#link.ask((store) => store.choice(NOBODY));
    await Promise.allSettled(Array.from({ length: WARM_QUESTIONS }, ask));
  }

  /** The track that this caller chose last. Never rejects; undefined after 1.5 s, or while the store is away. */
  async choice(phone: Phone): Promise<string | undefined> {
    const chosen = this.#outbox.choice(phone);
    if (chosen !== undefined || this.#closing) return chosen;
    // Earlier versions kept names as the disk had them.
    const track = (await this.#stored(phone))?.normalize('NFC');
    const refreshed = track === undefined ? undefined : this.#refresh.entry(phone, track);
    // What this caller has chosen meanwhile is the newer, and counts.
    if (refreshed && !this.#closing) this.remember(refreshed);
    return track;
  }

  /** Kept as soon as that is possible. Never waits for the store, never throws. */
  remember(entry: StoreEntry): void {
    try {
      rowsOf([entry]);
    } catch (error) {
      return this.#link.dropped([entry], error); // no store can take it
    }
    if (this.#closing && entry.type !== 'choice') return this.#link.dropped([entry]);
    this.#outbox.add(entry);
    if (this.#closing) return void this.#save();
    if (entry.type === 'choice') this.#saveIn(SAVE_MS.first);
    this.#link.wake();
  }

  /** So many were forgotten before they came here. */
  dropped(type: StoreEntry['type'], count: number): void {
    this.#link.dropped(Array<Pick<StoreEntry, 'type'>>(count).fill({ type }));
  }

  /** Removes what is older than settings.keepDays; when the store is away, as soon as it is back. Never rejects. */
  async purge(): Promise<void> {
    const { settings, clock, log } = this.parts;
    if (settings.keepDays === 0 || this.#closing) return;
    const doubt = this.#clockDoubt.judge();
    if (doubt === 'jumped')
      log.warn({ hint: CLOCK }, 'store not purged: the clock of this machine jumped ahead');
    if (doubt !== 'sure') return;
    try {
      const before = purgeBefore(clock.wall(), settings.keepDays);
      const rows = await this.#link.ask((store) => store.purge(before), PURGE_MS);
      log.info({ rows, keepDays: settings.keepDays }, 'store purged');
    } catch (error) {
      this.#purgeDue = errnoOf(error) === 'HC_STORE_AWAY';
      if (!this.#purgeDue) log.warn(troubleFields(error), 'store not purged');
    }
  }

  /** Within half a second what waits is written; else choices lie in a file. May be called again. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  #back(): void {
    // A pool has one connection now, and several callers come at once.
    void this.warm();
    const isDue = this.#purgeDue;
    this.#purgeDue = false;
    if (isDue) void this.purge();
  }

  /** Never rejects; undefined after 1.5 s at the latest. */
  async #stored(phone: Phone): Promise<string | undefined> {
    try {
      const track = await this.#soon(CHOICE_MS, (store) => store.choice(phone));
      this.#link.timely();
      return track;
    } catch (error) {
      if (!this.isAway && !this.#closing) this.#link.late(error);
      return undefined;
    }
  }

  async #soon<T>(limitMs: number, task: (store: Store) => Promise<T>): Promise<T> {
    const answer = await inTime(this.parts.clock, limitMs, this.#link.ask(task));
    if (answer === LATE) throw tooSlow('answer', limitMs);
    return answer;
  }

  #saveIn(delayMs: number): void {
    this.#saveTimer ??= this.parts.clock.after(delayMs, () => void this.#save());
  }

  /** After the one before: a disk that hangs is asked once. @returns whether all choices that wait are safe; never rejects */
  #save(): Promise<boolean> {
    this.#saveTimer?.();
    this.#saveTimer = undefined;
    this.#nextSave ??= this.#saving.then(() => this.#saveNow());
    return (this.#saving = this.#nextSave);
  }

  async #saveNow(): Promise<boolean> {
    this.#nextSave = undefined;
    try {
      await this.#files.save(this.#outbox.choices);
      return true;
    } catch (error) {
      this.parts.log.warn(troubleFields(error), 'store: pending choices cannot be saved to disk');
      if (!this.#closing) this.#saveIn(SAVE_MS.again);
      return false;
    }
  }

  /** Choices are safe before anything else is tried: the process may be killed at any moment from now on. */
  async #end(): Promise<void> {
    const { clock } = this.parts;
    const beganAt = clock.now();
    const until = <T>(ms: number, work: Promise<T>) => inTime(clock, beganAt + ms - clock.now(), work);
    const areSafe = (await until(CLOSE_MS.saved, this.#save())) === true;
    await until(CLOSE_MS.written, this.#link.finish());
    this.#link.dropped([...this.#outbox.journal, ...(areSafe ? [] : this.#outbox.choices)]);
    await until(CLOSE_MS.closed, this.#link.close());
  }
}

/** What takes longer than this will not end, milliseconds: the store itself cuts what hangs, sooner. */
function hangMsOf({ mysql }: StoreSettings): number {
  return mysql ? mysql.connectMs + 3 * mysql.queryMs : 10_000;
}
