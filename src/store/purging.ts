// When what is old may be removed: before which instant, and not while the clock is in doubt. And what keeps a choice young.
// A wall clock that jumps ahead (a bad time server, a typing error) would make everything old at once.
import type { Clock } from '../util/clock';
import { setNewest } from '../util/setNewest';
import type { Phone, StoreEntry } from './store';

export const DAY_MS = 86_400_000;

/** What happened before this instant is older than `keepDays`; both in wall time, milliseconds since 1970. */
export function purgeBefore(wallMs: number, keepDays: number): number {
  return wallMs - keepDays * DAY_MS;
}

/** Daily and small corrections are none; a machine that slept longer waits a day as well. */
const JUMP_MS = 2 * DAY_MS;
/** A purge of the next day finds its day complete, also where a minute of it is missing. */
const AGREED_MS = DAY_MS - 3_600_000;

/** Compares the wall clock with the monotonic one since it was made. */
export class ClockDoubt {
  /** Wall time less monotonic time, as it is trusted. */
  #agreed: number;
  #doubt: { readonly offset: number; readonly since: number } | undefined;

  constructor(private readonly clock: Clock) {
    this.#agreed = this.#offset;
  }

  /**
   * `sure`: they agree, or the wall clock has been right by itself for a day. `jumped`: it ran ahead since it was last
   * asked for. `doubted`: that is known already.
   */
  judge(): 'sure' | 'jumped' | 'doubted' {
    const offset = this.#offset;
    const now = this.clock.now();
    if (offset - this.#agreed <= JUMP_MS) {
      this.#doubt = undefined;
      return 'sure';
    }
    if (!this.#doubt || offset - this.#doubt.offset > JUMP_MS) {
      const isNew = !this.#doubt;
      this.#doubt = { offset, since: now };
      return isNew ? 'jumped' : 'doubted';
    }
    if (now - this.#doubt.since < AGREED_MS) return 'doubted';
    this.#agreed = this.#doubt.offset;
    this.#doubt = undefined;
    return 'sure';
  }

  get #offset(): number {
    return this.clock.wall() - this.clock.now();
  }
}

/** Callers who are remembered as renewed; another is renewed once more, which does no harm. */
const MOST = 10_000;
const BACK_DAYS = 7;

/**
 * A caller's choice is renewed when it is used, so that only those who stay away are forgotten: at most once a day each. It is
 * renewed as of a week ago: a newer choice that still waits in some file wins all the same.
 */
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
    setNewest(this.#renewedAt, phone, now, MOST);
    const backMs = Math.min(BACK_DAYS, keepDays / 2) * DAY_MS;
    return { type: 'choice', phone, track, wallMs: Math.max(0, Math.trunc(clock.wall() - backMs)) };
  }
}
