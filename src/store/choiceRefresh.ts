// A caller's choice is renewed when it is used, so that only those who stay away are forgotten: at most once a day each.
// It is renewed as of a week ago: a newer choice that still waits in some file wins all the same.
import type { Clock } from '../util/clock';
import { DAY_MS } from './purging';
import type { Phone, StoreEntry } from './store';

/** Callers who are remembered as renewed; another is renewed once more, which does no harm. */
const MOST = 10_000;
const BACK_DAYS = 7;

export class ChoiceRefresh {
  /** Monotonic, milliseconds; the oldest first. */
  readonly #renewedAt = new Map<Phone, number>();

  constructor(
    private readonly clock: Clock,
    private readonly keepDays: number,
  ) {}

  /** What is to be remembered of a choice that was used; undefined: nothing. */
  entry(phone: Phone, track: string): StoreEntry | undefined {
    const { clock, keepDays } = this;
    const now = clock.now();
    if (keepDays === 0 || now - (this.#renewedAt.get(phone) ?? -Infinity) < DAY_MS) return undefined;
    this.#renewedAt.delete(phone);
    this.#renewedAt.set(phone, now);
    const [oldest] = this.#renewedAt.keys();
    if (this.#renewedAt.size > MOST && oldest !== undefined) this.#renewedAt.delete(oldest);
    const backMs = Math.min(BACK_DAYS, keepDays / 2) * DAY_MS;
    return { type: 'choice', phone, track, wallMs: Math.max(0, Math.trunc(clock.wall() - backMs)) };
  }
}
