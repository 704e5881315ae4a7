// Breaker: leaves a billing system alone that fails again and again, and then tries it with one question.
// It gets time to recover, and callers hear "not available" at once instead of after seconds.
import type { Clock } from '../util/clock';
import type { Logger } from '../util/log';

export interface BreakerParts {
  /** So many in a row, 1 and more. */
  failures: number;
  /** Length of a pause, milliseconds. */
  restMs: number;
  clock: Clock;
  log: Logger;
}

/** A permit for one request; the holder must settle it exactly once. */
export interface Permit {
  /** There was an answer, whatever it said. */
  answered(): void;
  failed(): void;
  /** Nothing is known of billing: nobody waited for the answer, or only this question failed. */
  abandoned(): void;
}

type State =
  | { readonly status: 'trusted'; readonly failures: number }
  | { readonly status: 'resting'; readonly until: number; readonly trial: boolean };

const TRUSTED: State = { status: 'trusted', failures: 0 };

export class Breaker {
  #state: State = TRUSTED;

  constructor(private readonly parts: BreakerParts) {}

  /** Nobody is given leave: billing rests, or one question tries it just now. */
  get rests(): boolean {
    const state = this.#state;
    return state.status === 'resting' && (state.trial || this.parts.clock.now() < state.until);
  }

  /** Undefined while it rests. */
  leave(): Permit | undefined {
    if (this.rests) return undefined;
    if (this.#state.status === 'trusted') return this.#leave(false);
    this.#state = { ...this.#state, trial: true };
    return this.#leave(true);
  }

  #leave(trial: boolean): Permit {
    return {
      answered: () => (this.#state = TRUSTED),
      failed: () => this.#failed(trial),
      abandoned: () => this.#abandoned(trial),
    };
  }

  #failed(trial: boolean): void {
    const state = this.#state;
    const { failures: most, restMs, clock, log } = this.parts;
    const until = clock.now() + restMs;
    // What was asked before the rest fails in it, too: that does not make it longer.
    if (state.status === 'resting') {
      if (trial) this.#state = { status: 'resting', until, trial: false };
      return;
    }
    const failures = state.failures + 1;
    this.#state = failures < most ? { ...state, failures } : { status: 'resting', until, trial: false };
    if (failures >= most) log.warn({ failures, restMs }, 'billing is paused');
  }

  #abandoned(trial: boolean): void {
    if (trial && this.#state.status === 'resting') this.#state = { ...this.#state, trial: false };
  }
}
