// Players: all readers that the hub plays to, from the look-up to the hang-up. It brings together what Asterisk tells of a
// call, the pipe of its reader, the state it goes on from, and the thread that mixes for it; it never touches a sample.
import type { BackOffice, OfficeCall } from '../../asterisk/backOffice';
import type { CallNews, CallSource } from '../../asterisk/feed';
import type { Clock } from '../../util/clock';
import { errorFields } from '../../util/errors';
import type { Logger } from '../../util/log';
import type { Hearer, LookUps } from '../lookUps';
import type { HubNews } from '../mixer/messages';
import { LogThrottle } from '../../util/logThrottle';
import { Admission, type AdmissionParts } from './admission';
import { Beginnings, type BeginningParts } from './beginnings';
import type { Mixing } from './mixers';
import type { Played } from './played';
import { OwnCall } from './ownCall';
import { AWAY_MS, type Snapshots } from './snapshots';

export interface PlayersParts extends BeginningParts, AdmissionParts {
  fifos: {
    take(token: string): string | Promise<string>;
    forget(token: string): void;
    left(): readonly string[];
    /** Which call hears it, for the next hub; undefined: none. */
    note(token: string, uniqueid: string | undefined): void;
    /** What an earlier hub has noted. */
    noted(token: string): string | undefined;
  };
  readers: {
    /** Ends the reader of a look-up that is over. */
    endOf(token: string): void;
  };
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
const COMPLAIN_EVERY_MS = 60_000;

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
  /** The call of each look-up that nobody reads and nobody is named to hear, by its token; also while it waits for its pipe. */
  readonly #unconfirmed = new Map<string, string>();
  /** Left by an earlier hub, nobody reads yet: no new ones, so Asterisk's list is not older than they are. */
  readonly #left = new Set<string>();
  /** Offices of calls that ended just now, by token: the last that was heard is still to be told. */
  readonly #leaving = new Map<string, BackOffice>();
  /** Look-ups that wait for their pipe. */
  #opening = 0;
  readonly #beginnings: Beginnings;
  readonly #admission: Admission;
  readonly #complaint: LogThrottle;
  #draining = false;

  constructor(private readonly parts: PlayersParts) {
    this.#beginnings = new Beginnings(parts);
    this.#admission = new Admission(parts, {
      all: () => this.size + this.#opening,
      unconfirmed: () => this.#unconfirmed,
    });
    this.#complaint = new LogThrottle(parts.clock, COMPLAIN_EVERY_MS);
  }

  /** Readers that the hub plays to, or has pipes ready for. */
  get size(): number {
    return this.#played.size;
  }

  /**
   * Asterisk asks what to start for a class named after a call: when this returns or resolves the token's pipe is there and its
   * thread was told to fill it, which is done before a reader can have started. `plain`: there is no room for it. Never rejects.
   */
  arrive(uniqueid: string, token: string): 'plain' | undefined | Promise<'plain' | undefined> {
    if (this.#draining || !this.parts.mixers.pick()) return 'plain';
    const mayCome = this.#admission.mayCome(uniqueid);
    if (mayCome instanceof Promise) return mayCome.then((there) => this.#arrive(uniqueid, token, there));
    return this.#arrive(uniqueid, token, mayCome);
  }

  /**
   * Takes up the readers of an earlier hub. To be called before readers can see that a hub lives: those that play plain
   * music are started again after that, and must find their pipes.
   * @returns how many there are
   */
  async restore(): Promise<number> {
    const left = this.parts.fifos.left();
    const takeUp = async (token: string): Promise<void> => {
      const admitted = this.parts.mixers.pick() && this.parts.admits(this.#played.size + this.#opening);
      const taken = admitted && (await this.#take(token, (fifo) => this.#takeUp(token, fifo)));
      if (taken === undefined) this.#left.add(token);
      else this.parts.fifos.forget(token);
    };
    for (let at = 0; at < left.length; at += RESTORES)
      await Promise.all(left.slice(at, at + RESTORES).map(takeUp));
    return left.length;
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
    return this.#take(token, (fifo) => {
      const played = this.#open(token, uniqueid, fifo);
      this.parts.clock.after(UNCONFIRMED_MS, () => {
        if (!played.confirmed) this.#release(played);
      });
      return this.#beginnings.begin(played);
    });
  }

  /** The name of a class is no proof of who hears it; what the hub before this one was told is. */
  #takeUp(token: string, fifo: string): Promise<undefined> {
    const uniqueid = this.parts.fifos.noted(token);
    if (uniqueid !== undefined) this.parts.lookUps.restore(token, uniqueid);
    const played = this.#open(token, uniqueid, fifo);
    if (uniqueid !== undefined) this.#claim(played, uniqueid);
    return this.#beginnings.goOn(played);
  }

  #take(token: string, then: (fifo: string) => Promise<undefined>): 'plain' | Promise<'plain' | undefined> {
    try {
      const fifo = this.parts.fifos.take(token);
      if (typeof fifo === 'string') return then(fifo);
      this.#opening++;
      return fifo
        .then((path) => (this.#draining ? this.#tooMany() : then(path)))
        .catch((error: unknown) => this.#noPipe(token, error))
        .finally(() => this.#opening--);
    } catch (error) {
      return this.#noPipe(token, error);
    }
  }

  #noPipe(token: string, error: unknown): 'plain' {
    this.parts.lookUps.forget(token);
    this.#unconfirmed.delete(token);
    this.#complaint.say((times) =>
      this.parts.log.error(
        { ...errorFields(error), times },
        'no pipe for a caller, who hears plain music instead',
      ),
    );
    return this.#tooMany();
  }

  #releaseSlowly(calls: Played[]): void {
    for (const played of calls.splice(0, RELEASES)) if (!played.reading) this.#release(played);
    if (calls.length > 0) this.parts.clock.after(RELEASE_PAUSE_MS, () => this.#releaseSlowly(calls));
  }

  #open(token: string, uniqueid: string | undefined, fifo: string): Played {
    const played: Played = {
      token,
      uniqueid,
      fifo,
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
    this.parts.fifos.note(played.token, uniqueid);
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
    this.parts.fifos.note(before.token, undefined);
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
    this.parts.fifos.note(token, undefined);
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
    this.parts.readers.endOf(token);
    this.parts.fifos.forget(token);
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
