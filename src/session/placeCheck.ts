// PlaceCheck: has Asterisk asked whether the place in the queue is still right, before it is said. One question at a time,
// with a limit: a place that nobody confirms in time is not known.
import type { Clock } from '../util/clock';
import { inTime } from '../util/inTime';

/** Asterisk answers within a few ms. After a second a caller would be asked for a moment, milliseconds. */
const LIMIT_MS = 1000;

export class PlaceCheck {
  /** The question that counts. */
  #asked: symbol | undefined;

  /** @param confirm see `CallerRecords.confirmPlace`; undefined: there is nobody to ask */
  constructor(
    private readonly clock: Clock,
    private readonly confirm: () => Promise<boolean> | undefined,
  ) {}

  get busy(): boolean {
    return this.#asked !== undefined;
  }

  /**
   * @param told called once, later, if nothing else is asked before: whether the place is right
   * @returns false: there is nobody to ask, and `told` is not called
   */
  ask(told: (confirmed: boolean) => void): boolean {
    const answer = this.confirm();
    if (!answer) return false;
    const asked = (this.#asked = Symbol());
    const tell = (confirmed: boolean): void => {
      if (this.#asked !== asked) return;
      this.#asked = undefined;
      told(confirmed);
    };
    inTime(this.clock, LIMIT_MS, answer).then(
      (confirmed) => tell(confirmed === true),
      () => tell(false),
    );
    return true;
  }

  /** What was asked is not wanted any more. May be called again. */
  close(): void {
    this.#asked = undefined;
  }
}
