// Players: all look-ups that the hub plays to, from the answer to the hang-up. It brings together what Asterisk tells of a
// call, its reader, the state it goes on from, and the thread that mixes for it; it never touches a sample.
import type { BackOffice, OfficeCall } from '../../asterisk/backOffice';
import type { CallNews, CallSource } from '../../asterisk/feed';
import type { Owners } from '../../pipe/owners';
import type { FoundReader, ReaderProcess } from '../../pipe/readerProcess';
import type { Clock } from '../../util/clock';
import type { Logger } from '../../util/log';
import type { Hearer, LookUps } from '../lookUps';
import type { HubNews } from '../mixer/messages';
import { Admission, type AdmissionParts } from './admission';
import { Beginnings, type BeginningParts } from './beginnings';
import type { Mixing } from './mixers';
import type { Played } from './played';
import { OwnCall } from './ownCall';
import { AWAY_MS, type Snapshots } from './snapshots';

export interface PlayersParts extends BeginningParts, AdmissionParts {
  /** Which call hears each token, for the next hub and from the one before. */
  owners: Pick<Owners, 'note' | 'of' | 'tokens'>;
  /** Ends a reader of a look-up that is over. */
  endReader(reader: ReaderProcess): void;
  /** Who hears what was looked up. */
  lookUps: Pick<LookUps, 'open' | 'restore' | 'watch' | 'forget'>;
  calls: CallSource;
  snapshots: Pick<Snapshots, 'read' | 'keep' | 'forget'>;
  office(call: () => OfficeCall): BackOffice;
  /** Told of what becomes of calls. */
  onCall?(what: 'begun' | 'ended' | 'over_limit'): void;
  clock: Clock;
  log: Logger;
}

/** Nobody listens, and Asterisk has no such call; its list may be older than the call, milliseconds. */
const GONE_MS = 5000;
/** A reader of which it is not known who hears it is not expected back after this, milliseconds. */
const STRANGER_MS = 30_000;
/** A look-up that nobody reads and nobody is named to hear is let go after this, milliseconds. */
const UNCONFIRMED_MS = 10_000;
/** What was heard last is told within this, milliseconds. */
const LEAVING_MS = 1000;
/** Calls that are taken up at the same time: more of them, and their pages come too late while the thread is busy. */
const RESTORES = 64;
/** Calls that are released in one go, and the pause between two: the main thread hears others meanwhile. */
const RELEASES = 50;
const RELEASE_PAUSE_MS = 5;
/** Readers of one look-up that are remembered: Asterisk has one, and perhaps forgets another. */
const MOST_READERS = 4;

/**
 * A look-up is unconfirmed, then read by somebody, then heard by its own call (`own`) or not. Of a call there is one at a time
 * that counts: the last that it was named to hear. That one has the call's news, its state and its office, also while an agent
 * talks to the caller and nobody reads; all others are music.
 */
export class Players {
  /** By their tokens. */
  readonly #played = new Map<string, Played>();
  /** By the Uniqueid of the call: the one that counts. */
  readonly #own = new Map<string, Played>();
  /** The call of each look-up that nobody reads and nobody is named to hear, by its token. */
  readonly #unconfirmed = new Map<string, string>();
  /** Left by an earlier hub, nobody reads yet: no new ones, so Asterisk's list is not older than they are. */
  readonly #left = new Set<string>();
  /** Offices of calls that ended just now, by token: the last that was heard is still to be told. */
  readonly #leaving = new Map<string, BackOffice>();
  readonly #beginnings: Beginnings;
  readonly #admission: Admission;
  #draining = false;

  constructor(private readonly parts: PlayersParts) {
    this.#beginnings = new Beginnings(parts);
    this.#admission = new Admission(parts, {
      all: () => this.size,
      unconfirmed: () => this.#unconfirmed,
    });
  }

  /** Look-ups that the hub plays to, or whose readers it awaits. */
  get size(): number {
    return this.#played.size;
  }

  /**
   * Asterisk asks what to start for a class named after a call: when this resolves its thread was told to have its music at hand,
   * which is done before a reader can have started. `plain`: there is no room for it. Never rejects.
   */
  arrive(uniqueid: string, token: string): 'plain' | undefined | Promise<'plain' | undefined> {
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
    const left = [...new Set([...tokens, ...this.parts.owners.tokens()])];
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
    if (!this.#played.has(token)) void this.#takeUp(token);
    const played = this.#played.get(token)!;
    const reader = { pid, started };
    if (played.readers.some((each) => each.pid === pid && each.started === started)) return;
    played.readers = [...played.readers, reader].slice(-MOST_READERS);
    played.mixing?.send({ type: 'reader', token, reader });
  }

  /** @param living Uniqueids of all calls that Asterisk has; undefined: it cannot be asked */
  sweep(living: ReadonlySet<string> | undefined): void {
    const forgotten = [...this.#played.values()].filter((played) => this.#isForgotten(played, living));
    this.#releaseSlowly(forgotten);
  }

  /** A thread is there: readers without one are given to it. */
  ready(): void {
    for (const played of this.#played.values()) if (!played.mixing) void this.#beginnings.begin(played);
  }

  /** A thread is gone, and its readers go on elsewhere from what is known of them. */
  lost(mixing: Mixing): void {
    for (const played of this.#played.values()) {
      if (played.mixing !== mixing) continue;
      played.mixing = undefined;
      this.#setReading(played, false);
      if (played.own?.call.ended) this.#release(played);
      else void this.#beginnings.begin(played);
    }
  }

  hear(message: HubNews): void {
    switch (message.type) {
      case 'reader':
        return this.#reader(message.token, message.status === 'reading');
      case 'states':
        for (const [token, state] of message.states) this.#keep(token, state);
        return;
      case 'remember':
        return this.officeOf(message.token)?.remember(message.what, message.wallMs);
      default:
        return;
    }
  }

  officeOf(token: string): BackOffice | undefined {
    return this.#played.get(token)?.own?.office ?? this.#leaving.get(token);
  }

  /** The hub ends: nobody is admitted any more. What threads still tell of their calls is taken until `clear`. */
  stop(): void {
    this.#draining = true;
    for (const { own } of this.#played.values()) own?.unfollow();
  }

  /** Forgets all; what is kept of calls stays for the next hub. */
  clear(): void {
    for (const { own } of this.#played.values()) void own?.office.close();
    this.#played.clear();
    this.#own.clear();
    this.#unconfirmed.clear();
  }

  #isForgotten({ token, own, reading, awaySince }: Played, living?: ReadonlySet<string>): boolean {
    if (reading) return false;
    const awayMs = this.parts.clock.now() - awaySince;
    if (!own) return awayMs > STRANGER_MS;
    if (living) return !living.has(own.uniqueid) && (awayMs > GONE_MS || this.#left.has(token));
    return awayMs > (own.isKnown ? AWAY_MS : STRANGER_MS);
  }

  #tooMany(): 'plain' {
    this.parts.onCall?.('over_limit');
    return 'plain';
  }

  #arrive(
    uniqueid: string,
    token: string,
    mayCome: boolean,
  ): 'plain' | undefined | Promise<'plain' | undefined> {
    if (!mayCome || this.#draining || !this.#admission.hasRoom(uniqueid)) return this.#tooMany();
    this.parts.lookUps.open(token, uniqueid);
    this.#unconfirmed.set(token, uniqueid);
    const played = this.#open(token, uniqueid);
    this.parts.clock.after(UNCONFIRMED_MS, () => {
      if (!played.confirmed) this.#release(played);
    });
    return this.#beginnings.begin(played);
  }

  /** The name of a class is no proof of who hears it; what the hub before this one was told is. Opened at once. */
  #takeUp(token: string): Promise<undefined> {
    if (this.#played.has(token)) return Promise.resolve(undefined);
    const uniqueid = this.parts.owners.of(token);
    if (uniqueid !== undefined) this.parts.lookUps.restore(token, uniqueid);
    const played = this.#open(token, uniqueid);
    this.#left.add(token);
    if (uniqueid !== undefined) this.#claim(played, uniqueid);
    return this.#beginnings.goOn(played);
  }

  #releaseSlowly(calls: Played[]): void {
    for (const played of calls.splice(0, RELEASES)) if (!played.reading) this.#release(played);
    if (calls.length > 0) this.parts.clock.after(RELEASE_PAUSE_MS, () => this.#releaseSlowly(calls));
  }

  #open(token: string, uniqueid: string | undefined): Played {
    const played: Played = {
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
    this.#played.set(token, played);
    this.parts.lookUps.watch(token, (hearer) => this.#heardBy(played, hearer));
    return played;
  }

  #heardBy(played: Played, hearer: Hearer): void {
    if (played.over) return;
    if (hearer === 'over') return this.#stopped(played);
    this.#confirm(played);
    if (hearer === 'own') this.#claim(played, played.uniqueid!);
    else this.#disown(played);
  }

  /** Its own call hears it. Noted before the one before it is not any more, so that a crash between leaves the call one. */
  #claim(played: Played, uniqueid: string): void {
    const before = this.#own.get(uniqueid);
    this.#own.set(uniqueid, played);
    this.parts.owners.note(played.token, uniqueid);
    if (before && before !== played) this.#supersede(before);
    const { calls, clock, log } = this.parts;
    const office = (call: () => OfficeCall): BackOffice => this.parts.office(call);
    const tell = (news: CallNews, atMs: number): void => this.#tell(played, news, atMs);
    played.own = new OwnCall(uniqueid, { calls, office, tell, clock, log });
    played.mixing?.send({ type: 'hearer', token: played.token, uniqueid });
    played.own.follow();
  }

  /** Its call hears another: what its thread still tells of it comes within a moment, and counts no more. */
  #supersede(before: Played): void {
    this.parts.owners.note(before.token, undefined);
    before.own?.unfollow();
    this.#stopped(before);
  }

  /** Asterisk has killed its reader, as a rule. An own call's news and state go on to whoever it hears next. */
  #stopped(played: Played): void {
    played.stopped = true;
    this.parts.clock.after(LEAVING_MS, () => {
      if (played.over) return;
      if (played.reading) this.#disown(played);
      else if (!this.#counts(played)) this.#release(played);
    });
  }

  /** Whoever hears it hears music, and nothing of a call. */
  #disown(played: Played): void {
    const { own, token } = played;
    if (!own) return;
    if (this.#counts(played)) this.#own.delete(own.uniqueid);
    played.own = undefined;
    own.unfollow();
    this.parts.owners.note(token, undefined);
    played.mixing?.send({ type: 'hearer', token });
    void own.office.close();
  }

  /** The call's state, news and office are this one's. */
  #counts(played: Played): boolean {
    return played.own !== undefined && this.#own.get(played.own.uniqueid) === played;
  }

  #confirm(played: Played): void {
    if (played.confirmed) return;
    played.confirmed = true;
    this.#unconfirmed.delete(played.token);
    this.parts.onCall?.('begun');
  }

  #tell(played: Played, news: CallNews, atMs: number): void {
    const { token, mixing, own } = played;
    if (mixing) mixing.send({ type: 'news', token, news, atMs });
    else if (news.type === 'key') own?.keep({ news, atMs });
    if (news.type === 'ended') this.#ended(played);
  }

  /**
   * Who reads on was transferred: they have music for as long as they read, and nothing else of this call. One that Asterisk
   * does not know is left to age.
   */
  #ended(played: Played): void {
    const { own } = played;
    if (!own?.isKnown) return;
    if (this.#counts(played)) this.parts.snapshots.forget(own.uniqueid);
    if (!played.reading) this.#release(played);
  }

  #reader(token: string, reading: boolean): void {
    const played = this.#played.get(token);
    if (!played) return;
    this.#setReading(played, reading);
    if (reading) this.#confirm(played);
    if (reading && played.stopped) this.#disown(played);
    if (!reading && played.own?.call.ended) this.#release(played);
    if (!reading && !played.own) this.parts.clock.after(GONE_MS, () => this.#releaseStranger(played));
  }

  /** Asterisk starts an application that has ended again at once; for new music it asks for another look-up. */
  #releaseStranger(played: Played): void {
    const awayMs = this.parts.clock.now() - played.awaySince;
    if (!played.reading && !played.own && awayMs >= GONE_MS) this.#release(played);
  }

  #setReading(played: Played, reading: boolean): void {
    played.reading = reading;
    if (!reading) played.awaySince = this.parts.clock.now();
  }

  #keep(token: string, state: string): void {
    const played = this.#played.get(token);
    if (played?.own && this.#counts(played) && !played.own.call.ended)
      this.parts.snapshots.keep(played.own.uniqueid, state);
  }

  #release(played: Played): void {
    const { token, own } = played;
    if (played.over) return;
    played.over = true;
    if (played.confirmed) this.parts.onCall?.('ended');
    if (played.mixing) played.mixing.calls--;
    this.#played.delete(token);
    this.#unconfirmed.delete(token);
    this.#left.delete(token);
    this.parts.lookUps.forget(token);
    played.mixing?.send({ type: 'end', token });
    for (const reader of played.readers) this.parts.endReader(reader);
    this.parts.owners.note(token, undefined);
    if (own) this.#leave(played, own);
  }

  #leave(played: Played, own: OwnCall): void {
    const { token } = played;
    own.unfollow();
    if (this.#counts(played)) {
      this.#own.delete(own.uniqueid);
      this.parts.snapshots.forget(own.uniqueid);
    }
    this.#leaving.set(token, own.office);
    this.parts.clock.after(LEAVING_MS, () => {
      this.#leaving.delete(token);
      void own.office.close();
    });
  }
}
