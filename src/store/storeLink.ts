// StoreLink: the store that is open or on its way back. It is opened in the background, when it is first needed; after a
// failure again and again, with growing pauses. One that hangs while it opens is left behind.
import type { Cancel, Clock } from '../util/clock';
import { Backoff } from '../util/backoff';
import { inTime, LATE } from '../util/inTime';
import type { Random } from '../util/random';
import type { Outage } from './outage';
import type { Store } from './store';
import { tooSlow } from './storeErrors';

export interface StoreLinkParts {
  open: () => Promise<Store>;
  clock: Clock;
  random: Random;
  outage: Outage;
  /** Opening takes longer: it hangs, milliseconds. */
  openMs: number;
  onOpen: () => void;
}

/** First and longest pause before opening again, milliseconds. */
const RETRY_MS = [250, 15_000] as const;
/** Nobody's number. After a failure the store must answer before it is believed: opening a pool asks nobody. */
export const NOBODY = '0';

type State =
  | { readonly status: 'new' }
  | { readonly status: 'opening'; readonly done: Promise<Store | undefined> }
  | { readonly status: 'open'; readonly store: Store }
  | { readonly status: 'waiting'; readonly cancel: Cancel }
  | { readonly status: 'closed' };

export class StoreLink {
  #state: State = { status: 'new' };
  #isAway = false;
  readonly #backoff: Backoff;

  constructor(private readonly parts: StoreLinkParts) {
    this.#backoff = new Backoff(RETRY_MS, parts.random);
  }

  get store(): Store | undefined {
    return this.#state.status === 'open' ? this.#state.store : undefined;
  }

  /** It failed, and has done nothing right since. */
  get isAway(): boolean {
    return this.#isAway;
  }

  /** Opens it in the background, unless that was begun before. */
  start(): void {
    if (this.#state.status === 'new') this.#connect();
  }

  /** The store, after it has been opened; undefined, at once: it is known to be away, or closed. Never rejects. */
  async opened(): Promise<Store | undefined> {
    this.start();
    if (this.#state.status === 'opening' && !this.#isAway) return this.#state.done;
    return this.store;
  }

  /** It does what it is for: the next pause is a short one again. */
  works(): void {
    this.#backoff.reset();
  }

  /** `store` failed: it is closed, and another is opened after a pause. */
  lose(store: Store, error: unknown): void {
    if (this.store !== store) return;
    void closeQuietly(store);
    this.#failed(error);
  }

  /** May be called again. Resolves when the store is closed. */
  async close(): Promise<void> {
    const state = this.#state;
    this.#state = { status: 'closed' };
    if (state.status === 'waiting') state.cancel();
    if (state.status === 'open') await closeQuietly(state.store);
  }

  #connect(): void {
    const done = this.#open();
    this.#state = { status: 'opening', done };
  }

  /** @returns the store, or undefined when that went wrong; never rejects */
  async #open(): Promise<Store | undefined> {
    const { clock, openMs, open, onOpen } = this.parts;
    const opening = this.#openAndAsk(open);
    try {
      const store = await inTime(clock, openMs, opening);
      if (store === LATE) throw tooSlow('answer', openMs);
      if (this.#isClosed) return await closeQuietly(store);
      this.#isAway = false;
      this.#state = { status: 'open', store };
      onOpen();
      return store;
    } catch (error) {
      // One that stands late is of no use: another may be opened already.
      opening.then(closeQuietly, () => {});
      if (!this.#isClosed) this.#failed(error);
      return undefined;
    }
  }

  async #openAndAsk(open: () => Promise<Store>): Promise<Store> {
    const store = await open();
    if (!this.#isAway) return store;
    try {
      await store.choice(NOBODY);
      return store;
    } catch (error) {
      void closeQuietly(store);
      throw error;
    }
  }

  #failed(error: unknown): void {
    const { clock, outage } = this.parts;
    outage.begin(error);
    this.#isAway = true;
    const cancel = clock.after(this.#backoff.nextMs(), () => this.#connect());
    this.#state = { status: 'waiting', cancel };
  }

  /** Read anew after each wait. */
  get #isClosed(): boolean {
    return this.#state.status === 'closed';
  }
}

async function closeQuietly(store: Store): Promise<undefined> {
  try {
    await store.close();
  } catch {
    // what cannot be closed is left to the end of the process
  }
}
