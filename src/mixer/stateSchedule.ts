// StateSchedule: when the state of a call is told to the main thread, which keeps it for the time after a crash: at regular
// intervals, each call in another Frame, and soon after something has happened in it.
import type { MixSettings } from './mixSettings';

/** Frames after the lead, in which what was rendered when it happened is heard. */
const HEARD_FRAMES = 3;

export class StateSchedule {
  /** Both in times of a Frame. */
  #count = 0;
  #dueAt = 0;

  /** @param slot a number that differs from call to call */
  constructor(
    private readonly settings: () => MixSettings,
    private readonly slot: number,
  ) {}

  get isDue(): boolean {
    return this.#count >= this.#dueAt;
  }

  /** @param count now, in times of a Frame */
  at(count: number): void {
    this.#count = count;
  }

  /** Its first track has begun, which need not be told soon. */
  began(): void {
    this.#dueAt = this.#count + 1 + (this.slot % this.settings().stateTicks);
  }

  /** Once the caller has heard what is rendered by now. */
  soon(): void {
    this.#dueAt = Math.min(this.#dueAt, this.#count + this.settings().leadFrames + HEARD_FRAMES);
  }

  told(): void {
    this.#dueAt = this.#count + this.settings().stateTicks;
  }
}
