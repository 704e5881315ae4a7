// Line: the callers of one queue in their order, as far as they are known.
// What an event tells is checked against it: where the two cannot both be right, somebody must look.

/** Callers of one queue that are remembered; what is said of places behind them is passed over. */
const MOST_CALLERS = 5000;

/** Uniqueids in order; undefined: somebody who is not known by name. */
type Callers = readonly (string | undefined)[];

/** The callers of one queue. A caller not known by name is a gap: their place counts all the same. */
export class Line {
  #callers: (string | undefined)[];
  /** Others may stand behind the last one that is known. */
  #open: boolean;

  /** @param callers all of them; absent: nobody is known yet */
  constructor(callers?: Callers) {
    this.#callers = callers?.slice(0, MOST_CALLERS) ?? [];
    this.#open = callers === undefined || callers.length > MOST_CALLERS;
  }

  /** Nobody is known by name. */
  get isEmpty(): boolean {
    return this.#callers.every((caller) => caller === undefined);
  }

  named(): string[] {
    return this.#callers.filter((caller) => caller !== undefined);
  }

  /** 1 and more; 0: not in this queue. */
  placeOf(uniqueid: string): number {
    return this.#callers.indexOf(uniqueid) + 1;
  }

  /**
   * Somebody joins at `position`, ahead of those who stood there.
   * @param settling who is here already has been seen
   * @returns whether that can be so
   */
  join(uniqueid: string, position: number, settling: boolean): boolean {
    const place = this.placeOf(uniqueid);
    if (place > 0 && (settling || place === position)) return true;
    if (position > MOST_CALLERS) return false;
    if (place > 0) this.remove(uniqueid);
    const fits = place === 0 && (this.#open || position <= this.#callers.length + 1);
    this.#open ||= !fits;
    while (this.#callers.length < position - 1) this.#callers.push(undefined);
    this.#callers.splice(position - 1, 0, uniqueid);
    if (this.#callers.length > MOST_CALLERS) {
      this.#callers.pop();
      this.#open = true;
    }
    return fits;
  }

  /**
   * Somebody leaves from `position`, and those behind move up.
   * @param settling who is not here has been seen to leave
   * @returns whether that can be so
   */
  leave(uniqueid: string, position: number, settling: boolean): boolean {
    const place = this.placeOf(uniqueid);
    if (place > 0) return this.remove(uniqueid) && place === position;
    if (position > this.#callers.length) return this.#open || settling;
    if (this.#callers[position - 1] !== undefined) return settling;
    this.#callers.splice(position - 1, 1);
    return true;
  }

  /** @returns whether the caller was in this queue */
  remove(uniqueid: string): boolean {
    const place = this.placeOf(uniqueid);
    if (place > 0) this.#callers.splice(place - 1, 1);
    return place > 0;
  }
}
