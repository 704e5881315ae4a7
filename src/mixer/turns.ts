// Turns: which calls of a mixing thread are served in which tick, so that each has an eighth of the work. Calls come and go
// also while others are being served, and none of those is left out for it.
import { TICKS_A_FRAME } from './ticker';

/** Each call has its turn in each eighth tick, each 80 ms. */
const GROUPS = 2 * TICKS_A_FRAME;
/** Calls that have their turn before somebody else is let in. */
const LET_IN_EVERY = 16;

export interface Service<T> {
  /** @param frame which time of a Frame, 40 ms */
  visit(call: T, frame: number): void;
  /** After some turns. Calls may be added and removed meanwhile. */
  between(): void;
}

export class Turns<T> {
  /** The calls that have their turn in the same ticks. */
  readonly #groups = Array.from({ length: GROUPS }, (): T[] => []);
  /** Who is being served: a group, and an index in it. */
  #served: T[] = [];
  #index = 0;

  /** With those that are the fewest. */
  add(call: T): void {
    this.#groups.reduce((least, group) => (group.length < least.length ? group : least)).push(call);
  }

  /** One that is not there is no mistake. */
  remove(call: T): void {
    for (const group of this.#groups) {
      const index = group.indexOf(call);
      if (index < 0) continue;
      group.splice(index, 1);
      if (group === this.#served && index <= this.#index) this.#index--;
    }
  }

  clear(): void {
    for (const group of this.#groups) group.length = 0;
  }

  /** Those of tick `count`, and those of the `missed` ticks before it, which did not come; each call once at most. */
  serve(count: number, missed: number, service: Service<T>): void {
    for (let tick = count - Math.min(missed, GROUPS - 1); tick <= count; tick++) {
      const frame = Math.floor(tick / TICKS_A_FRAME);
      this.#serve(tick % GROUPS, frame, service);
    }
  }

  #serve(index: number, frame: number, service: Service<T>): void {
    const group = (this.#served = this.#groups[index]!);
    for (this.#index = 0; this.#index < group.length; this.#index++) {
      service.visit(group[this.#index]!, frame);
      if (this.#index % LET_IN_EVERY === 0) service.between();
    }
  }
}
