// Guards: what keeps questions off a billing system: it is down, is being asked the same already, or has just said it.
// And what keeps its errors from filling the log. None of them knows what is asked.
import type { Cancel, Clock } from '../util/clock';
import type { BillingParts } from './billing';
import type { BillingSettings } from './settings';

type BreakerParts = Pick<BillingSettings, 'failures' | 'restMs'> & Pick<BillingParts, 'clock' | 'log'>;

/** A permit for one request; the holder must settle it exactly once. */
export interface Permit {
  /** There was an answer, whatever it said. */
  answered(): void;
  failed(): void;
  /** Nothing is known of billing: nobody waited for the answer, or only this question failed. */
  abandoned(): void;
}

/**
 * Leaves alone what fails again and again: it gets time to recover, and callers hear "not available" at once.
 * `trusted` → `resting` after failures in a row; `resting` → `trusted` when one question tries it (`trial`) and is answered.
 */
export class Breaker {
  #state:
    | { readonly status: 'trusted'; readonly failures: number }
    | { readonly status: 'resting'; readonly until: number; readonly trial: boolean } = {
    status: 'trusted',
    failures: 0,
  };

  constructor(private readonly parts: BreakerParts) {}

  /** No permit is given: billing rests, or one question tries it just now. */
  get rests(): boolean {
    const state = this.#state;
    return state.status === 'resting' && (state.trial || this.parts.clock.now() < state.until);
  }

  /** Undefined while it rests. */
  permit(): Permit | undefined {
    if (this.rests) return undefined;
    const trial = this.#state.status === 'resting';
    if (this.#state.status === 'resting') this.#state = { ...this.#state, trial };
    return {
      answered: () => (this.#state = { status: 'trusted', failures: 0 }),
      failed: () => this.#failed(trial),
      abandoned: () => {
        if (trial && this.#state.status === 'resting') this.#state = { ...this.#state, trial: false };
      },
    };
  }

  #failed(trial: boolean): void {
    const state = this.#state;
    const { failures: most, restMs, clock, log } = this.parts;
    // What was asked before the rest fails in it, too: that does not make it longer.
    if (state.status === 'resting' && !trial) return;
    const failures = state.status === 'trusted' ? state.failures + 1 : most;
    if (failures < most) this.#state = { status: 'trusted', failures };
    else this.#state = { status: 'resting', until: clock.now() + restMs, trial: false };
    if (state.status === 'trusted' && failures >= most) log.warn({ failures, restMs }, 'billing is paused');
  }
}

/** The oldest make room: only a flood asks about this many callers within one `keepMs`. */
const MOST_KEPT = 10_000;

/** What was answered a moment ago. Balances are somebody's: at the end of its time each is dropped, not only passed over. */
export class TtlCache<T> {
  /** The oldest first. */
  readonly #kept = new Map<string, { readonly value: T; readonly until: number; readonly cancel: Cancel }>();

  /** @param keepMs 0: nothing is kept */
  constructor(
    private readonly clock: Clock,
    private readonly keepMs: number,
    private readonly most = MOST_KEPT,
  ) {}

  get size(): number {
    return this.#kept.size;
  }

  get(key: string): T | undefined {
    const kept = this.#kept.get(key);
    // Its timer may be late.
    return kept && kept.until > this.clock.now() ? kept.value : undefined;
  }

  put(key: string, value: T): void {
    if (this.keepMs <= 0) return;
    this.#drop(key);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= this.most && oldest !== undefined) this.#drop(oldest);
    const until = this.clock.now() + this.keepMs;
    this.#kept.set(key, { value, until, cancel: this.clock.after(this.keepMs, () => this.#drop(key)) });
  }

  /** Forgets all. May be called again. */
  clear(): void {
    for (const key of [...this.#kept.keys()]) this.#drop(key);
  }

  #drop(key: string): void {
    this.#kept.get(key)?.cancel();
    this.#kept.delete(key);
  }
}

const TOLD_AGAIN_MS = 3_600_000;
/** Texts of each kind; they are few, and when one of them changes each time, there is an end to it. */
const MOST_TOLD = 50;

/**
 * Which errors the log has told already, so that none is told at each press of a key. What is wrong with billing is news again
 * when it has answered in between; what is wrong with one caller, an hour later.
 */
export class SeenErrors {
  /** When each was told, milliseconds. */
  readonly #ofBilling = new Map<string, number>();
  readonly #ofOne = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  /** Whether the log should tell it. @param ofOne one question failed, not billing */
  isNews(text: string, ofOne: boolean): boolean {
    const now = this.clock.now();
    for (const [old, at] of this.#ofOne) if (now - at >= TOLD_AGAIN_MS) this.#ofOne.delete(old);
    const told = ofOne ? this.#ofOne : this.#ofBilling;
    if (told.has(text) || told.size >= MOST_TOLD) return false;
    told.set(text, now);
    return true;
  }

  /** Billing has answered. @returns whether there was trouble with it */
  over(): boolean {
    const was = this.#ofBilling.size > 0;
    this.#ofBilling.clear();
    return was;
  }
}
