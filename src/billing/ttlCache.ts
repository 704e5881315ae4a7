// TtlCache: what billing said a moment ago. Who presses a key twice is answered at once.
// Balances are somebody's: at the end of its time each is dropped, not only passed over.
import type { Cancel, Clock } from '../util/clock';

/** The oldest make room: only a flood asks about this many callers within one `keepMs`. */
const MOST = 10_000;

export class TtlCache<T> {
  /** In the order of their ends. */
  readonly #kept = new Map<string, { readonly value: T; readonly until: number }>();
  #cancel: Cancel = () => {};

  /** @param keepMs 0: nothing is kept */
  constructor(
    private readonly clock: Clock,
    private readonly keepMs: number,
    private readonly most = MOST,
  ) {}

  get size(): number {
    return this.#kept.size;
  }

  get(key: string): T | undefined {
    const kept = this.#kept.get(key);
    return kept && kept.until > this.clock.now() ? kept.value : undefined;
  }

  put(key: string, value: T): void {
    if (this.keepMs <= 0) return;
    this.#kept.delete(key);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= this.most && oldest !== undefined) this.#kept.delete(oldest);
    this.#kept.set(key, { value, until: this.clock.now() + this.keepMs });
    if (this.#kept.size === 1) this.#wait();
  }

  /** Forgets all. May be called again. */
  clear(): void {
    this.#cancel();
    this.#kept.clear();
  }

  /** One timer for all: it runs until the end of the oldest. */
  #wait(): void {
    const [first] = this.#kept.values();
    this.#cancel();
    if (first) this.#cancel = this.clock.after(first.until - this.clock.now(), () => this.#drop());
  }

  #drop(): void {
    const now = this.clock.now();
    for (const [key, { until }] of this.#kept) {
      if (until > now) break;
      this.#kept.delete(key);
    }
    this.#wait();
  }
}
