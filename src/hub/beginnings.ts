// CallEntry: a look-up and the reader that Asterisk starts for it, as the main thread has them. Beginnings: how that reader comes to
// a mixing thread: with where its call was, the page that its music needs first, and what Asterisk has told of the call, if it is
// known that the call hears it.
import type { Page } from '../pcm/page';
import { parseCallState, type CallState } from '../session/state';
import type { Clock, Cancel } from '../util/clock';
import { errorFields } from '../util/errors';
import { inTime, LATE } from '../util/inTime';
import type { Logger } from '../util/log';
import type { Mixing } from './mixerThreads';
import type { CallStateCache } from './callStateCache';
import type { ReaderProcess } from '../pipe/readerProcess';
import type { CallerRecords } from '../session/callerRecords';
import type { CallNews } from '../asterisk/callNews';
import type { Switchboard } from '../asterisk/switchboard';
import { KnownCall } from '../session/knownCall';

export interface OwnCallParts {
  calls: Pick<Switchboard, 'follow'>;
  records(known: KnownCall): CallerRecords;
  clock: Pick<Clock, 'now'>;
  log: Logger;
}

/** News and when the main thread heard of them, on the clock. */
export interface HeardNews {
  readonly news: CallNews;
  readonly atMs: number;
}

/** Keys that wait for the first moments of a call. */
const MOST_KEYS = 8;

/**
 * What the main thread knows of the call that hears a look-up's reader: who it is, its place, keys that no thread was there for, and
 * its records. There is none before Asterisk has said whose reader it is.
 */
export class OwnCall {
  readonly known: KnownCall;
  readonly records: CallerRecords;
  #keys: HeardNews[] = [];
  #unfollow: Cancel = () => {};

  constructor(
    readonly uniqueid: string,
    private readonly parts: OwnCallParts,
  ) {
    this.known = new KnownCall({ uniqueid, certain: true, log: parts.log.child({ uniqueid }) });
    this.records = parts.records(this.known);
  }

  /** From now on news are told; who it is may be told at once. @param tell told of everything; a thread is to be told the same */
  follow(tell: (heard: HeardNews) => void): void {
    this.#unfollow = this.parts.calls.follow(this.uniqueid, (news) => {
      if (this.known.hear(news)) tell({ news, atMs: this.parts.clock.now() });
    });
  }

  /** Nothing is told any more; its records stay open. May be called again. */
  unfollow(): void {
    this.#unfollow();
  }

  /** A key that nobody could be told. */
  keep(key: HeardNews): void {
    if (this.#keys.length < MOST_KEYS) this.#keys.push(key);
  }

  /** What a thread must be told that has heard nothing of it yet. */
  takeAll(): HeardNews[] {
    const atMs = this.parts.clock.now();
    const told = this.known.told.map((news) => ({ news, atMs }));
    return [...told, ...this.#keys.splice(0)];
  }
}

export interface CallEntry {
  readonly token: string;
  /** The call that its class is named after; undefined: an earlier hub has not said. */
  readonly uniqueid: string | undefined;
  /** That Asterisk has started for it, the last one last; they may have ended. */
  readers: readonly ReaderProcess[];
  /** The call that hears it, when it is that one; undefined: not known, or another channel does. */
  own: OwnCall | undefined;
  /** Where it begins, when nothing was heard of its call yet; undefined: anywhere, or that was not asked for. */
  first?: CallState | undefined;
  mixing?: Mixing | undefined;
  /** Under way. */
  beginning?: Promise<undefined> | undefined;
  reading: boolean;
  /** A reader or a name has shown that there is somebody. */
  confirmed: boolean;
  /** Asterisk has said that its music was stopped, or that its call hears another. */
  stopped: boolean;
  /** Since when nobody reads, on the clock. */
  awaySince: number;
  over: boolean;
}

export interface BeginningParts {
  mixers: { pick(): Mixing | undefined };
  catalog: {
    /** The page of a clip that holds a sample. */
    pageAt(clipId: string, sample: number): Promise<Page | undefined>;
    /** One that was not sent after all. */
    giveBack(page: Page): void;
  };
  snapshots: Pick<CallStateCache, 'read'>;
  /** How a call begins whose caller is known; undefined: there is nothing to wait for. Never rejects. */
  welcome(uniqueid: string): Promise<CallState | undefined> | undefined;
  clock: Clock;
  log: Logger;
}

/** The page at which a call goes on: a disk that takes longer costs a moment of its music, milliseconds. */
const PAGE_MS = 100;
/** The same where a hub takes up calls: all of them ask at once, and each hears fallback music meanwhile. */
const RESTORED_PAGE_MS = 1000;

export class Beginnings {
  constructor(private readonly parts: BeginningParts) {}

  /**
   * Gives it to a thread, with what is known of its call; once where that is asked for twice. Never rejects.
   * @param isRestored an earlier hub has played to it
   */
  begin(entry: CallEntry, { isRestored = false } = {}): Promise<undefined> {
    const pageMs = isRestored ? RESTORED_PAGE_MS : PAGE_MS;
    entry.beginning ??= this.#beginNow(entry, pageMs).finally(() => (entry.beginning = undefined));
    return entry.beginning;
  }

  async #beginNow(entry: CallEntry, pageMs: number): Promise<undefined> {
    if (entry.over) return undefined;
    const { token, uniqueid } = entry;
    try {
      const kept = uniqueid === undefined ? undefined : parseCallState(this.parts.snapshots.read(uniqueid));
      const state = kept ?? (entry.first ??= await this.#welcome(uniqueid));
      const page = state?.music && (await this.#pageOf(state.music, pageMs));
      const isNew = !entry.mixing;
      const mixing = entry.over ? undefined : this.#threadOf(entry);
      if (!mixing) {
        if (page) this.parts.catalog.giveBack(page);
        return undefined;
      }
      // Who hears it may have been told meanwhile.
      const { own, readers } = entry;
      mixing.send({
        type: 'begin',
        call: {
          token,
          ...(readers.length > 0 && { readers }),
          ...(own && { uniqueid: own.uniqueid }),
          ...(own?.known.language !== undefined && { language: own.known.language }),
          ...(state && { state }),
          ...(!kept && { fresh: true }),
          pages: page ? [page] : [],
        },
      });
      if (isNew && own) for (const heard of own.takeAll()) mixing.send({ type: 'news', token, ...heard });
    } catch (error) {
      this.parts.log.error({ uniqueid, ...errorFields(error) }, 'a call could not be started');
    }
    return undefined;
  }

  #welcome(uniqueid: string | undefined): Promise<CallState | undefined> | undefined {
    return uniqueid === undefined ? undefined : this.parts.welcome(uniqueid);
  }

  /** The page at which it goes on; a late one is given back. */
  async #pageOf(
    { trackId, sample }: NonNullable<CallState['music']>,
    withinMs: number,
  ): Promise<Page | undefined> {
    const { catalog, clock } = this.parts;
    const page = catalog.pageAt(trackId, sample);
    const inHand = await inTime(clock, withinMs, page);
    if (inHand !== LATE) return inHand;
    void page.then((late) => late && catalog.giveBack(late));
    return undefined;
  }

  #threadOf(entry: CallEntry): Mixing | undefined {
    if (entry.mixing) return entry.mixing;
    const mixing = this.parts.mixers.pick();
    if (mixing) mixing.calls++;
    entry.mixing = mixing;
    return mixing;
  }
}
