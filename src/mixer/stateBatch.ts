// StateBatch: states of calls on their way to the main thread, which keeps them for the time after a crash: one message a tick.
import type { CallState } from '../session/state';

/** Most in one tick, but for those that are the last for a while. */
const MOST_STATES = 16;

/** Token and state, as JSON. */
export type ToldState = readonly [token: string, state: string];

export class StateBatch {
  #states: ToldState[] = [];

  /** @param post false: it could not be sent */
  constructor(private readonly post: (states: readonly ToldState[]) => boolean) {}

  get isEmpty(): boolean {
    return this.#states.length === 0;
  }

  /** @returns false: not in this tick, there are too many. `isLast`: the next one follows only after a while */
  add(token: string, state: CallState, isLast: boolean): boolean {
    if (this.#states.length >= MOST_STATES && !isLast) return false;
    this.#states.push([token, JSON.stringify(state)]);
    return true;
  }

  /** Also where there are none. One that cannot be sent does not block the others. */
  send(): void {
    const states = this.#states;
    this.clear();
    if (!this.post(states)) for (const state of states) this.post([state]);
  }

  clear(): void {
    this.#states = [];
  }
}
