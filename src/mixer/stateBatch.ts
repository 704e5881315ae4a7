// StateBatch: states of calls on their way to the main thread, which keeps them for the time after a crash. They travel a few times a
// second, since each message wakes that thread.
import type { CallState } from '../session/state';

/** Most in one tick, but for those that are the last for a while. */
const MOST_STATES = 16;
/** Between two messages, unless a state is the last for a while. */
const EVERY_MS = 250;

/** Token and state, as JSON. */
export type ToldState = readonly [token: string, state: string];

export class StateBatch {
  /** The newest of each call. */
  readonly #states = new Map<string, string>();
  #inTick = 0;
  /** On the clock. */
  #sentAt = -Infinity;
  #isUrgent = false;

  /** @param post false: it could not be sent */
  constructor(private readonly post: (states: readonly ToldState[]) => boolean) {}

  get isEmpty(): boolean {
    return this.#states.size === 0;
  }

  /** @returns false: not in this tick, there are too many. `isLast`: it is sent in this tick, the next one follows only after a while */
  add(token: string, state: CallState, isLast: boolean): boolean {
    if (this.#inTick >= MOST_STATES && !isLast) return false;
    this.#inTick++;
    this.#isUrgent ||= isLast;
    this.#states.set(token, JSON.stringify(state));
    return true;
  }

  /** The end of a tick. @param now on the clock */
  tick(now: number): void {
    this.#inTick = 0;
    if (this.isEmpty || (!this.#isUrgent && now - this.#sentAt < EVERY_MS)) return;
    this.#sentAt = now;
    this.send();
  }

  /** Also where there are none. One that cannot be sent does not block the others. */
  send(): void {
    const states = [...this.#states];
    this.clear();
    if (!this.post(states)) for (const state of states) this.post([state]);
  }

  clear(): void {
    this.#states.clear();
    this.#isUrgent = false;
  }
}
