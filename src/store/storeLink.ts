// StoreLink: the store that is open or on its way back, and what the log says of it. It is opened when it is first asked; after a
// failure again and again, with growing pauses, and nobody waits. One that hangs is left behind.
import type { Cancel, Clock } from '../util/clock';
import { Backoff } from '../util/backoff';
import { errnoOf, errorFields } from '../util/errors';
import { inTime, LATE } from '../util/inTime';
import type { LogFields, Logger } from '../util/log';
import type { Random } from '../util/random';
import { away, tooSlow, type Store, type StoreEntry } from './store';

export interface StoreLinkParts {
  open: () => Promise<Store>;
  clock: Clock;
  log: Logger;
  random: Random;
  /** Told of each entry that will never be in the store. */
  onDropped?: ((type: StoreEntry['type']) => void) | undefined;
  /** What takes longer will not end, milliseconds: the store itself cuts what hangs, sooner. */
  hangMs: number;
  /** It was away, and answers again. */
  onBack: () => void;
  /** It has just done what it was asked for. */
  onWell: () => void;
}

/** First and longest pause before opening again, milliseconds. */
const RETRY_MS = [250, 15_000] as const;
/** Nobody's number. After a failure the store must answer before it is believed: opening a pool asks nobody. */
export const NOBODY = '0';

/** What is dropped is said once in this time. */
const TELL_MS = 3_600_000;
const HINT = 'repair the store; refused choices are in refused.jsonl in the folder store.spool';

/**
 * new: nothing was asked yet. used: it is asked, and perhaps still being opened; until something fails or hangs.
 * away: until the pause is over. trying: it is opened anew and must answer. closed: for good.
 */
type State =
  | { readonly status: 'new' | 'closed' }
  | { readonly status: 'used' | 'trying'; readonly store: Promise<Store> }
  | { readonly status: 'away'; readonly cancel: Cancel };

export class StoreLink {
  #state: State = { status: 'new' };
  readonly #backoff: Backoff;
  /**
   * What does not work is said once, and once that it is over: between the two there may be thousands of attempts, none of which
   * is worth a line. Undefined: it works.
   */
  #outage: { late: number; dropped: number } | undefined;
  #toldAt = -Infinity;

  constructor(private readonly parts: StoreLinkParts) {
    this.#backoff = new Backoff(RETRY_MS, parts.random);
  }

  /** It failed, and has not answered since. */
  get isAway(): boolean {
    return this.#state.status === 'away' || this.#state.status === 'trying';
  }

  /**
   * What `task` brings. Where it fails or hangs, the store is closed and opened anew after a pause.
   * @param limitMs after which it hangs, milliseconds
   * @throws HoldcastError HC_STORE_AWAY, at once while that is known; what `task` throws
   */
  ask<T>(task: (store: Store) => Promise<T>, limitMs = this.parts.hangMs): Promise<T> {
    if (this.#state.status === 'new') this.#state = { status: 'used', store: this.parts.open() };
    if (this.#state.status !== 'used') return Promise.reject(away('the store is away'));
    return this.#ask(this.#state.store, task, limitMs);
  }

  /** May be called again. Resolves when the store is closed. */
  async close(): Promise<void> {
    const state = this.#state;
    this.#state = { status: 'closed' };
    if (state.status === 'away') state.cancel();
    if ('store' in state) await closeQuietly(state.store);
  }

  /** The store does not do what it is for. */
  ails(error: unknown): void {
    if (this.#outage) return;
    this.#outage = { late: 0, dropped: 0 };
    this.parts.log.warn(troubleFields(error), 'the store does not work; calls continue without it');
  }

  /** So many entries are in the store. */
  wrote(entries: number): void {
    if (this.#outage) this.#outage.late += entries;
  }

  /** There is no room for these, the store refuses them, or the process ends. @param error of the store */
  dropped(entries: readonly Pick<StoreEntry, 'type'>[], error?: unknown): void {
    if (entries.length === 0) return;
    const { log, clock, onDropped } = this.parts;
    if (this.#outage) this.#outage.dropped += entries.length;
    for (const { type } of entries) onDropped?.(type);
    if (clock.now() - this.#toldAt < TELL_MS) return;
    this.#toldAt = clock.now();
    const why = error === undefined ? {} : troubleFields(error);
    log.error({ hint: HINT, ...why, entries: entries.length }, 'store: entries are dropped');
  }

  /** It does again, and nothing waits. */
  over(): void {
    const outage = this.#outage;
    this.#outage = undefined;
    if (outage)
      this.parts.log.info({ writtenLate: outage.late, dropped: outage.dropped }, 'the store works again');
  }

  async #ask<T>(store: Promise<Store>, task: (store: Store) => Promise<T>, limitMs: number): Promise<T> {
    let isOpen = false;
    const ask = (opened: Store): Promise<T> => {
      isOpen = true;
      return task(opened);
    };
    try {
      const answer = await inTime(this.parts.clock, limitMs, store.then(ask));
      if (answer === LATE) throw tooSlow('answer', limitMs);
      if (this.#has(store)) this.#works(store);
      return answer;
    } catch (error) {
      // A store that refuses this may do everything else.
      const isOfUse = isOpen && !this.isAway && errnoOf(error) === 'HC_STORE_REFUSED';
      if (this.#has(store) && !isOfUse) this.#lose(store, error);
      throw error;
    }
  }

  #works(store: Promise<Store>): void {
    const wasAway = this.isAway;
    this.#backoff.reset();
    this.#state = { status: 'used', store };
    if (wasAway) this.parts.onBack();
    this.parts.onWell();
  }

  #lose(store: Promise<Store>, error: unknown): void {
    const { clock, open, hangMs } = this.parts;
    this.ails(error);
    void closeQuietly(store);
    const cancel = clock.after(this.#backoff.nextMs(), () => {
      const store = open();
      this.#state = { status: 'trying', store };
      this.#ask(store, (opened) => opened.choice(NOBODY), hangMs).catch(() => {});
    });
    this.#state = { status: 'away', cancel };
  }

  #has(store: Promise<Store>): boolean {
    return 'store' in this.#state && this.#state.store === store;
  }
}

/** One that opens late, too. What cannot be closed is left to the end of the process. */
async function closeQuietly(store: Promise<Store>): Promise<void> {
  await store.then((opened) => opened.close()).catch(() => {});
}

/** What may be logged of an error: words that are not ours may hold what was to be written. */
export function troubleFields(error: unknown): LogFields {
  const code = errnoOf(error);
  if (code?.startsWith('HC_')) return errorFields(error);
  return { error: code ?? (error instanceof Error ? error.name : typeof error) };
}
