// Players: all calls that the hub plays to, from the first look-up to the hang-up. It brings together what Asterisk
// tells of a call, its pipe, the state it goes on from, and the thread that mixes for it; it never touches a sample.
import type { BackOffice, OfficeCall } from '../../asterisk/backOffice';
import type { CallNews } from '../../asterisk/feed';
import { parseCallState, type CallState } from '../../session/state';
import type { Cancel, Clock } from '../../util/clock';
import { errorFields } from '../../util/errors';
import { inTime, LATE } from '../../util/inTime';
import type { Logger } from '../../util/log';
import type { CallSource } from '../feedServer';
import type { FromMixer, Page } from '../mixer/messages';
import { Seldom } from '../seldom';
import type { Mixing } from './mixers';
import { AWAY_MS, type Snapshots } from './snapshots';

export interface PlayersParts {
  fifos: {
    take(uniqueid: string): string | Promise<string>;
    forget(uniqueid: string): void;
    left(): readonly string[];
  };
  readers: {
    /** Ends the reader of a call that is over. */
    endOf(uniqueid: string): void;
  };
  mixers: { pick(): Mixing | undefined; readonly all: readonly Mixing[] };
  catalog: {
    /** A page for one thread, held until it gives it back. */
    page(key: number, index: number): Promise<Page>;
    /** The page of a clip that holds a sample. */
    pageAt(clipId: string, sample: number): Promise<Page | undefined>;
    /** One that was not sent after all. */
    giveBack(page: Page): void;
  };
  calls: CallSource;
  snapshots: Pick<Snapshots, 'read' | 'keep' | 'forget'>;
  /** How a call begins whose caller is known; undefined: there is nothing to wait for. Never rejects. */
  welcome(uniqueid: string): Promise<CallState | undefined> | undefined;
  /** Whether one more call is admitted beside so many. */
  admits(callers: number): boolean;
  office(call: () => OfficeCall): BackOffice;
  /** Told of what becomes of calls. */
  onCall?(what: 'begun' | 'ended' | 'over_limit'): void;
  clock: Clock;
  log: Logger;
}

interface Played {
  readonly uniqueid: string;
  readonly fifo: string;
  /** What a call's Session has outside of its thread. */
  readonly office: BackOffice;
  unfollow: Cancel;
  call: OfficeCall;
  /** Last that was told of each sort, and keys that no thread was there for. */
  identity?: Extract<CallNews, { type: 'identity' }>;
  place?: CallNews;
  keys: { news: CallNews; atMs: number }[];
  /** Where it begins, when nothing was heard of it yet; undefined: anywhere, or that was not asked for. */
  first?: CallState | undefined;
  mixing?: Mixing | undefined;
  /** Under way. */
  beginning?: Promise<undefined> | undefined;
  reading: boolean;
  /** Since when nobody reads, on the clock. */
  awaySince: number;
  over: boolean;
}

/** Keys that wait for the first moments of a call. */
const MOST_KEYS = 8;
/** Nobody listens, and Asterisk has no such call; its list may be older than the call, milliseconds. */
const GONE_MS = 5000;
/** The same where Asterisk cannot be asked, of one that it never told of; of others AWAY_MS. */
const STRANGER_MS = 30_000;
/** Of which Asterisk says that there is none; its reader may be on its way all the same. */
const UNKNOWN_MS = 5000;
const LEAVING_MS = 1000;
/** The page at which a call goes on: a disk that takes longer costs a moment of its music, milliseconds. */
const PAGE_MS = 100;
/** Calls that are taken up at the same time: more of them, and their pages come too late while the thread is busy. */
const RESTORES = 64;
/** Calls that are released in one go, and the pause between two: the main thread hears others meanwhile. */
const RELEASES = 50;
const RELEASE_PAUSE_MS = 5;
const COMPLAIN_EVERY_MS = 60_000;

export class Players {
  readonly #calls = new Map<string, Played>();
  /** Calls of an earlier hub that nobody reads yet: no new ones, so Asterisk's list is not older than they are. */
  readonly #left = new Set<string>();
  /** Offices of calls that ended just now: the last that was heard is still to be told. */
  readonly #leaving = new Map<string, BackOffice>();
  /** Calls that wait for their pipe. */
  #opening = 0;
  readonly #complaint: Seldom;
  #draining = false;

  constructor(private readonly parts: PlayersParts) {
    this.#complaint = new Seldom(parts.clock, COMPLAIN_EVERY_MS);
  }

  /** Calls that the hub plays to, or has ready. */
  get size(): number {
    return this.#calls.size;
  }

  /**
   * Asterisk asks what to start for a call: when this returns or resolves its pipe is there and its thread was told to fill
   * it, which is done before a reader can have started. `plain`: there is no room for it. Never rejects.
   */
  arrive(uniqueid: string): 'plain' | undefined | Promise<'plain' | undefined> {
    const known = this.#calls.get(uniqueid);
    // Whom somebody hears is played to already.
    if (known) return known.reading ? known.beginning : this.#begin(known);
    if (this.#draining || !this.parts.mixers.pick()) return 'plain';
    if (!this.parts.admits(this.#calls.size + this.#opening)) return this.#tooMany();
    try {
      const fifo = this.parts.fifos.take(uniqueid);
      if (typeof fifo === 'string') return this.#open(uniqueid, fifo);
      this.#opening++;
      return fifo
        .then((path) => this.#open(uniqueid, path))
        .catch((error: unknown) => this.#noPipe(error))
        .finally(() => this.#opening--);
    } catch (error) {
      return this.#noPipe(error);
    }
  }

  /**
   * Takes up the calls of an earlier hub. To be called before readers can see that a hub lives: those that play plain
   * music are started again after that, and must find their pipes.
   * @returns how many there are
   */
  async restore(): Promise<number> {
    const left = this.parts.fifos.left();
    const takeUp = async (uniqueid: string): Promise<void> => {
      if ((await this.arrive(uniqueid)) === 'plain') this.parts.fifos.forget(uniqueid);
      else this.#left.add(uniqueid);
    };
    for (let at = 0; at < left.length; at += RESTORES)
      await Promise.all(left.slice(at, at + RESTORES).map(takeUp));
    return left.length;
  }

  /** @param living Uniqueids of all calls that Asterisk has; undefined: it cannot be asked */
  sweep(living: ReadonlySet<string> | undefined): void {
    const forgotten = [...this.#calls.values()].filter((played) => this.#isForgotten(played, living));
    this.#releaseSlowly(forgotten);
  }

  /** A thread is there: calls without one are given to it. */
  ready(): void {
    for (const played of this.#calls.values()) if (!played.mixing) void this.#begin(played);
  }

  /** A thread is gone, and its calls go on elsewhere from what is known of them. */
  lost(mixing: Mixing): void {
    for (const played of this.#calls.values()) {
      if (played.mixing !== mixing) continue;
      played.mixing = undefined;
      this.#setReading(played, false);
      if (played.call.ended) this.#release(played);
      else void this.#begin(played);
    }
  }

  hear(mixing: Mixing, message: FromMixer): void {
    switch (message.type) {
      case 'wanted':
        return void this.parts.catalog
          .page(message.key, message.index)
          .then((page) => this.#sendPage(mixing, page));
      case 'reader':
        return this.#reader(message.uniqueid, message.status === 'reading');
      case 'states':
        for (const [uniqueid, state] of message.states) this.#keep(uniqueid, state);
        return;
      case 'remember':
        return this.officeOf(message.uniqueid)?.remember(message.what, message.wallMs);
      default:
        return;
    }
  }

  officeOf(uniqueid: string): BackOffice | undefined {
    return this.#calls.get(uniqueid)?.office ?? this.#leaving.get(uniqueid);
  }

  /** The hub ends: nobody is admitted any more. What threads still tell of their calls is taken until `clear`. */
  stop(): void {
    this.#draining = true;
    for (const played of this.#calls.values()) played.unfollow();
  }

  /** Forgets all calls; what is kept of them stays for the next hub. */
  clear(): void {
    for (const played of this.#calls.values()) void played.office.close();
    this.#calls.clear();
  }

  #isForgotten({ uniqueid, reading, identity, awaySince }: Played, living?: ReadonlySet<string>): boolean {
    if (reading) return false;
    const awayMs = this.parts.clock.now() - awaySince;
    if (living) return !living.has(uniqueid) && (awayMs > GONE_MS || this.#left.has(uniqueid));
    return awayMs > (identity ? AWAY_MS : STRANGER_MS);
  }

  #tooMany(): 'plain' {
    this.parts.onCall?.('over_limit');
    return 'plain';
  }

  #noPipe(error: unknown): 'plain' {
    this.#complaint.say((times) =>
      this.parts.log.error({ ...errorFields(error), times }, 'no pipe for a caller; he hears plain music'),
    );
    return this.#tooMany();
  }

  /** Its thread may be gone meanwhile. */
  #sendPage(mixing: Mixing, page: Page): void {
    if (this.parts.mixers.all.includes(mixing)) mixing.send({ type: 'page', page });
    else this.parts.catalog.giveBack(page);
  }

  #releaseSlowly(calls: Played[]): void {
    for (const played of calls.splice(0, RELEASES)) if (!played.reading) this.#release(played);
    if (calls.length > 0) this.parts.clock.after(RELEASE_PAUSE_MS, () => this.#releaseSlowly(calls));
  }

  #open(uniqueid: string, fifo: string): undefined | Promise<undefined> {
    if (this.#calls.has(uniqueid) || this.#draining) return undefined;
    const office = this.parts.office(() => played.call);
    const played: Played = {
      uniqueid,
      fifo,
      office,
      unfollow: () => {},
      call: { uniqueid },
      keys: [],
      reading: false,
      awaySince: this.parts.clock.now(),
      over: false,
    };
    this.#calls.set(uniqueid, played);
    this.parts.onCall?.('begun');
    // Who it is may be told at once, before `follow` returns.
    played.unfollow = this.parts.calls.follow(uniqueid, (news) => this.#tell(played, news));
    return this.#begin(played);
  }

  /** Gives the call to a thread, with what is known of it; once where that is asked for twice. Never rejects. */
  #begin(played: Played): Promise<undefined> {
    played.beginning ??= this.#beginNow(played).finally(() => (played.beginning = undefined));
    return played.beginning;
  }

  async #beginNow(played: Played): Promise<undefined> {
    if (played.over) return undefined;
    const { uniqueid, fifo } = played;
    try {
      const kept = parseCallState(this.parts.snapshots.read(uniqueid));
      const state = kept ?? (played.first ??= await this.parts.welcome(uniqueid));
      const page = state?.music && (await this.#pageOf(state.music));
      const isNew = !played.mixing;
      const mixing = played.over ? undefined : this.#threadOf(played);
      if (!mixing) {
        if (page) this.parts.catalog.giveBack(page);
        return undefined;
      }
      const { identity, place } = played;
      const language = identity?.identity.language;
      mixing.send({
        type: 'begin',
        call: {
          uniqueid,
          fifo,
          ...(language !== undefined && { language }),
          ...(state && { state }),
          pages: page ? [page] : [],
        },
      });
      if (!isNew) return undefined;
      const atMs = this.parts.clock.now();
      for (const news of [identity, place]) if (news) mixing.send({ type: 'news', uniqueid, news, atMs });
      for (const key of played.keys.splice(0)) mixing.send({ type: 'news', uniqueid, ...key });
    } catch (error) {
      this.parts.log.error({ uniqueid, ...errorFields(error) }, 'a call could not be begun');
    }
    return undefined;
  }

  /** The page at which it goes on; a late one is given back. */
  async #pageOf({ trackId, sample }: NonNullable<CallState['music']>): Promise<Page | undefined> {
    const { catalog, clock } = this.parts;
    const page = catalog.pageAt(trackId, sample);
    const inHand = await inTime(clock, PAGE_MS, page);
    if (inHand !== LATE) return inHand;
    void page.then((late) => late && catalog.giveBack(late));
    return undefined;
  }

  #threadOf(played: Played): Mixing | undefined {
    if (played.mixing) return played.mixing;
    const mixing = this.parts.mixers.pick();
    if (mixing) mixing.calls++;
    played.mixing = mixing;
    return mixing;
  }

  #tell(played: Played, news: CallNews): void {
    const atMs = this.parts.clock.now();
    if (news.type === 'identity') {
      played.call = news.identity;
      played.identity = news;
    }
    if (news.type === 'place') played.place = news;
    if (news.type === 'ended') return this.#ended(played);
    const { uniqueid, mixing } = played;
    if (mixing) mixing.send({ type: 'news', uniqueid, news, atMs });
    else if (news.type === 'key' && played.keys.length < MOST_KEYS) played.keys.push({ news, atMs });
  }

  /** Whoever reads on was transferred: he has music for as long as he reads, and nothing else of this call. */
  #ended(played: Played): void {
    const { uniqueid, mixing } = played;
    mixing?.send({ type: 'news', uniqueid, news: { type: 'ended' }, atMs: this.parts.clock.now() });
    if (!played.identity) return this.#letGoUnknown(played);
    played.call = { ...played.call, ended: true };
    this.parts.snapshots.forget(uniqueid);
    if (!played.reading) this.#release(played);
  }

  /** Asterisk knows no such call: it hung up at once, or is a mistake of the dialplan. Who reads has music all the same. */
  #letGoUnknown(played: Played): void {
    this.parts.clock.after(UNKNOWN_MS, () => {
      if (!played.identity && !played.reading) this.#release(played);
    });
  }

  #reader(uniqueid: string, reading: boolean): void {
    const played = this.#calls.get(uniqueid);
    if (!played) return;
    this.#setReading(played, reading);
    if (!reading && played.call.ended) this.#release(played);
  }

  #setReading(played: Played, reading: boolean): void {
    played.reading = reading;
    if (!reading) played.awaySince = this.parts.clock.now();
  }

  #keep(uniqueid: string, state: string): void {
    const played = this.#calls.get(uniqueid);
    if (played && !played.call.ended) this.parts.snapshots.keep(uniqueid, state);
  }

  #release(played: Played): void {
    const { uniqueid } = played;
    if (played.over) return;
    played.over = true;
    this.parts.onCall?.('ended');
    if (played.mixing) played.mixing.calls--;
    this.#calls.delete(uniqueid);
    this.#left.delete(uniqueid);
    played.unfollow();
    played.mixing?.send({ type: 'end', uniqueid });
    this.parts.readers.endOf(uniqueid);
    this.parts.fifos.forget(uniqueid);
    this.parts.snapshots.forget(uniqueid);
    this.#leaving.set(uniqueid, played.office);
    this.parts.clock.after(LEAVING_MS, () => {
      if (this.#leaving.get(uniqueid) === played.office) this.#leaving.delete(uniqueid);
      void played.office.close();
    });
  }
}
