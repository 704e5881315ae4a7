// CallRegistry: all look-ups that the hub plays to, from the answer to the hang-up. It brings together what Asterisk tells of a
// call, its reader, the state it goes on from, and the thread that mixes for it; it never touches a sample.
import type { CallerRecords } from '../session/callerRecords';
import type { KnownCall } from '../session/knownCall';
import type { Switchboard } from '../asterisk/switchboard';
import type { Owners } from '../pipe/owners';
import type { FoundReader, ReaderProcess } from '../pipe/readerProcess';
import type { Clock } from '../util/clock';
import type { Logger } from '../util/log';
import type { Hearer, LookUps } from './lookUps';
import type { HubNews } from '../mixer/messages';
import { Admission, type AdmissionParts } from './admission';
import { Beginnings, type BeginningParts, type CallEntry, OwnCall, type HeardNews } from './beginnings';
import type { Mixing } from './mixerThreads';
import type { Prepared } from './realtimeServer';
import { AWAY_MS, type CallStateCache } from './callStateCache';

export interface CallRegistryParts extends BeginningParts, AdmissionParts {
  /** Which call hears each token, for the next hub and from the one before. */
  owners: Pick<Owners, 'note' | 'of' | 'tokens'>;
  /** Ends a reader of a look-up that is over. */
  endReader(reader: ReaderProcess): void;
  /** Who hears what was looked up. */
  lookUps: Pick<LookUps, 'open' | 'restore' | 'forget'>;
  calls: Pick<Switchboard, 'follow'>;
  snapshots: Pick<CallStateCache, 'read' | 'keep' | 'forget'>;
  records(known: KnownCall): CallerRecords;
  onCall?(what: 'begun' | 'ended' | 'over_limit'): void;
  clock: Clock;
  log: Logger;
}

/** Removal of a look-up that nobody hears and Asterisk does not know; its list may be older than the call, milliseconds. */
const GONE_MS = 5000;
/** A reader without a known listener is not expected back after this, milliseconds. */
const STRANGER_MS = 30_000;
/** A look-up without reader and listener is removed after this, milliseconds. */
const UNCONFIRMED_MS = 10_000;
/** A thread reports what was heard last within this, milliseconds. */
const LEAVING_MS = 1000;
/** Most calls taken up at the same time: with more, their pages would be late while the thread is busy. */
const RESTORES = 64;
/** Calls released in one go, and the pause between two, in which the main thread handles other events. */
const RELEASES = 50;
const RELEASE_PAUSE_MS = 5;
/** Most readers of one look-up remembered: Asterisk has one, and may leave another behind. */
const MOST_READERS = 4;

/**
 * A look-up is unconfirmed, then read by somebody, then heard by its own call (`own`) or not. Of a call there is one at a time
 * that counts: the last that it was named to hear. That one has the call's news, its state and its records, also while an agent
 * talks to the caller and nobody reads; all others are music.
 */
export class CallRegistry {
  /** By their tokens. */
  readonly #entries = new Map<string, CallEntry>();
  /** By the Uniqueid of the call: the one that counts. */
  readonly #own = new Map<string, CallEntry>();
  /** Left by an earlier hub, nobody reads yet: no new ones, so Asterisk's list is not older than they are. */
  readonly #left = new Set<string>();
  /** Records of calls that ended just now, by token: the last that was heard is still to be told. */
  readonly #leaving = new Map<string, CallerRecords>();
  readonly #beginnings: Beginnings;
  readonly #admission: Admission;
  #draining = false;

  constructor(private readonly parts: CallRegistryParts) {
    this.#beginnings = new Beginnings(parts);
    this.#admission = new Admission(parts, () => this.size);
  }

  /** Look-ups that the hub plays to, or whose readers it awaits. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Asterisk asks what to start for a class named after a call: when this resolves its thread was told to have its music at hand,
   * which is done before a reader can have started. `plain`: there is no room for it. Never rejects.
   */
  arrive(uniqueid: string, token: string): Prepared | Promise<Prepared> {
    if (this.#draining || !this.parts.mixers.pick()) return 'plain';
    const mayCome = this.#admission.mayCome(uniqueid);
    if (mayCome instanceof Promise) return mayCome.then((there) => this.#arrive(uniqueid, token, there));
    return this.#arrive(uniqueid, token, mayCome);
  }

  /**
   * Takes up calls of an earlier hub, so that their music is at hand when their readers are told that a hub lives. Whether there is
   * room for them is not asked: they are there.
   * @param tokens of readers that live
   * @returns how many there are
   */
  async restore(tokens: Iterable<string>): Promise<number> {
    // Those with a note first, in the order of the notes: of two for one call, the last one counts.
    const left = [...new Set([...this.parts.owners.tokens(), ...tokens])];
    for (let at = 0; at < left.length; at += RESTORES)
      await Promise.all(left.slice(at, at + RESTORES).map((token) => this.#takeUp(token)));
    return left.length;
  }

  /**
   * Asterisk has started this reader, or had before this hub was there. One of a look-up that is not known any more, or was answered
   * by an earlier hub, hears music: it waits for this hub, and would hear nothing else.
   */
  readerCame({ token, pid, started }: FoundReader): void {
    if (this.#draining) return;
    if (!this.#entries.has(token)) void this.#takeUp(token);
    const entry = this.#entries.get(token)!;
    const reader = { pid, started };
    if (entry.readers.some((each) => each.pid === pid && each.started === started)) return;
    entry.readers = [...entry.readers, reader].slice(-MOST_READERS);
    entry.mixing?.send({ type: 'reader', token, reader });
  }

  /** @param living Uniqueids of all calls that Asterisk has; undefined: it cannot be asked */
  sweep(living: ReadonlySet<string> | undefined): void {
    this.#releaseSlowly([...this.#entries.values()].filter((entry) => this.#isForgotten(entry, living)));
  }

  /** A thread is there: readers without one are given to it. */
  ready(): void {
    for (const entry of this.#entries.values()) if (!entry.mixing) void this.#beginnings.begin(entry);
  }

  /** A thread is gone, and its readers go on elsewhere from what is known of them. */
  lost(mixing: Mixing): void {
    for (const entry of this.#entries.values()) {
      if (entry.mixing !== mixing) continue;
      entry.mixing = undefined;
      this.#setReading(entry, false);
      if (entry.own?.known.ended) this.#release(entry);
      else void this.#beginnings.begin(entry);
    }
  }

  hear(message: HubNews): void {
    const { type } = message;
    if (type === 'reader') this.#reader(message.token, message.status === 'reading');
    else if (type === 'states') for (const [token, state] of message.states) this.#keep(token, state);
    else if (type === 'remember') this.recordsOf(message.token)?.remember(message.what, message.wallMs);
  }

  recordsOf(token: string): CallerRecords | undefined {
    return this.#entries.get(token)?.own?.records ?? this.#leaving.get(token);
  }

  /** The hub ends: nobody is admitted any more. What threads still tell of their calls is taken until `clear`. */
  stop(): void {
    this.#draining = true;
    for (const { own } of this.#entries.values()) own?.unfollow();
  }

  /** Forgets all; what is kept of calls stays for the next hub. */
  clear(): void {
    for (const { own } of this.#entries.values()) void own?.records.close();
    this.#entries.clear();
    this.#own.clear();
    this.#admission.unconfirmed.clear();
  }

  #isForgotten({ token, own, reading, awaySince }: CallEntry, living?: ReadonlySet<string>): boolean {
    if (reading) return false;
    const awayMs = this.parts.clock.now() - awaySince;
    if (!own) return awayMs > STRANGER_MS;
    if (living) return !living.has(own.uniqueid) && (awayMs > GONE_MS || this.#left.has(token));
    return awayMs > (own.known.identified ? AWAY_MS : STRANGER_MS);
  }

  #arrive(uniqueid: string, token: string, mayCome: boolean): Prepared | Promise<Prepared> {
    if (!mayCome || this.#draining || !this.#admission.hasRoom(uniqueid)) {
      this.parts.onCall?.('over_limit');
      return 'plain';
    }
    const entry = this.#open(token, uniqueid);
    this.parts.lookUps.open(token, uniqueid, (hearer) => this.#heardBy(entry, hearer));
    this.#admission.unconfirmed.set(token, uniqueid);
    this.parts.clock.after(UNCONFIRMED_MS, () => {
      if (!entry.confirmed) this.#release(entry);
    });
    return this.#beginnings.begin(entry);
  }

  /** The name of a class does not prove who hears it; the note of the hub before this one does. Opened at once. */
  #takeUp(token: string): Promise<undefined> {
    if (this.#entries.has(token)) return Promise.resolve(undefined);
    const uniqueid = this.parts.owners.of(token);
    const entry = this.#open(token, uniqueid);
    this.#left.add(token);
    if (uniqueid !== undefined) {
      this.parts.lookUps.restore(token, uniqueid, (hearer) => this.#heardBy(entry, hearer));
      this.#claim(entry, uniqueid);
    }
    return this.#beginnings.begin(entry, { isRestored: true });
  }

  #releaseSlowly(calls: CallEntry[]): void {
    for (const entry of calls.splice(0, RELEASES)) if (!entry.reading) this.#release(entry);
    if (calls.length > 0) this.parts.clock.after(RELEASE_PAUSE_MS, () => this.#releaseSlowly(calls));
  }

  #open(token: string, uniqueid: string | undefined): CallEntry {
    const entry: CallEntry = {
      token,
      uniqueid,
      readers: [],
      own: undefined,
      reading: false,
      confirmed: false,
      stopped: false,
      awaySince: this.parts.clock.now(),
      over: false,
    };
    this.#entries.set(token, entry);
    return entry;
  }

  #heardBy(entry: CallEntry, hearer: Hearer): void {
    if (entry.over) return;
    if (hearer === 'over') return this.#stopped(entry);
    this.#confirm(entry);
    if (hearer === 'own') this.#claim(entry, entry.uniqueid!);
    else this.#disown(entry);
  }

  /** Its own call hears it. Noted before the earlier note is removed, so that a crash in between leaves the call one note. */
  #claim(entry: CallEntry, uniqueid: string): void {
    const before = this.#own.get(uniqueid);
    this.#own.set(uniqueid, entry);
    this.parts.owners.note(entry.token, uniqueid);
    if (before && before !== entry) {
      // What its thread still reports arrives within a moment and no longer counts.
      this.parts.owners.note(before.token, undefined);
      before.own?.unfollow();
      this.#stopped(before);
    }
    entry.own = new OwnCall(uniqueid, this.parts);
    entry.mixing?.send({ type: 'hearer', token: entry.token, uniqueid });
    entry.own.follow((heard) => this.#tell(entry, heard));
  }

  /** Asterisk has usually killed its reader. News and state of the call pass to its next look-up. */
  #stopped(entry: CallEntry): void {
    entry.stopped = true;
    this.parts.clock.after(LEAVING_MS, () => {
      if (entry.over) return;
      if (entry.reading) this.#disown(entry);
      else if (!this.#counts(entry)) this.#release(entry);
    });
  }

  /** Its listener hears music only, and nothing of a call. */
  #disown(entry: CallEntry): void {
    const { own, token } = entry;
    if (!own) return;
    if (this.#counts(entry)) this.#own.delete(own.uniqueid);
    entry.own = undefined;
    own.unfollow();
    this.parts.owners.note(token, undefined);
    entry.mixing?.send({ type: 'hearer', token });
    void own.records.close();
  }

  /** The call's state, news and records are this one's. */
  #counts(entry: CallEntry): boolean {
    return entry.own !== undefined && this.#own.get(entry.own.uniqueid) === entry;
  }

  #confirm(entry: CallEntry): void {
    if (entry.confirmed) return;
    entry.confirmed = true;
    this.#admission.unconfirmed.delete(entry.token);
    this.parts.onCall?.('begun');
  }

  #tell(entry: CallEntry, heard: HeardNews): void {
    const { token, mixing, own } = entry;
    if (mixing) mixing.send({ type: 'news', token, ...heard });
    else if (heard.news.type === 'key') own?.keep(heard);
    if (heard.news.type === 'ended') this.#ended(entry);
  }

  /**
   * A listener who remains was transferred: they get music only for as long as they listen. A call that Asterisk
   * does not know is removed by age.
   */
  #ended(entry: CallEntry): void {
    const { own } = entry;
    if (!own?.known.identified) return;
    if (this.#counts(entry)) this.parts.snapshots.forget(own.uniqueid);
    if (!entry.reading) this.#release(entry);
  }

  #reader(token: string, reading: boolean): void {
    const entry = this.#entries.get(token);
    if (!entry) return;
    this.#setReading(entry, reading);
    if (reading) this.#confirm(entry);
    if (reading && entry.stopped) this.#disown(entry);
    if (!reading && entry.own?.known.ended) this.#release(entry);
    if (!reading && !entry.own) this.parts.clock.after(GONE_MS, () => this.#releaseStranger(entry));
  }

  /** Asterisk restarts an application that has ended at once; for new music it does another look-up. */
  #releaseStranger(entry: CallEntry): void {
    const awayMs = this.parts.clock.now() - entry.awaySince;
    if (!entry.reading && !entry.own && awayMs >= GONE_MS) this.#release(entry);
  }

  #setReading(entry: CallEntry, reading: boolean): void {
    entry.reading = reading;
    if (!reading) entry.awaySince = this.parts.clock.now();
  }

  #keep(token: string, state: string): void {
    const entry = this.#entries.get(token);
    if (entry?.own && this.#counts(entry) && !entry.own.known.ended)
      this.parts.snapshots.keep(entry.own.uniqueid, state);
  }

  #release(entry: CallEntry): void {
    const { token, own } = entry;
    if (entry.over) return;
    entry.over = true;
    if (entry.confirmed) this.parts.onCall?.('ended');
    if (entry.mixing) entry.mixing.calls--;
    this.#entries.delete(token);
    this.#admission.unconfirmed.delete(token);
    this.#left.delete(token);
    this.parts.lookUps.forget(token);
    entry.mixing?.send({ type: 'end', token });
    for (const reader of entry.readers) this.parts.endReader(reader);
    this.parts.owners.note(token, undefined);
    if (!own) return;
    own.unfollow();
    if (this.#counts(entry)) {
      this.#own.delete(own.uniqueid);
      this.parts.snapshots.forget(own.uniqueid);
    }
    this.#leaving.set(token, own.records);
    this.parts.clock.after(LEAVING_MS, () => {
      this.#leaving.delete(token);
      void own.records.close();
    });
  }
}
