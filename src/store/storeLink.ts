// StoreLink: the store that is open or on its way back. It is opened when it is first asked; after a failure again and
// again, with growing pauses, and nobody waits. One that hangs is left behind.
import type { Cancel, Clock } from '../util/clock';
import { Backoff } from '../util/backoff';
import { errnoOf } from '../util/errors';
import { inTime, LATE } from '../util/inTime';
import type { Random } from '../util/random';
import type { Outage } from './outage';
import type { Store } from './store';
import { away, tooSlow } from './store';

export interface StoreLinkParts {
  open: () => Promise<Store>;
  clock: Clock;
  random: Random;
  outage: Outage;
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
    const { clock, open, outage, hangMs } = this.parts;
    outage.begin(error);
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
