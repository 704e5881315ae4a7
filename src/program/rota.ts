// Advice rota: which advice is due next. Always the first unheard one in this order: everything in `first`, the
// folder of the present part of the day, `middle` in random order, `last`. The set of what was heard is its only
// state, so that a call goes on rightly in another process and in a library that changes.
import type { Clip } from '../audio/source';
import type { Random } from '../util/random';
import type { DayPart, Shelf } from './shelves';

export interface RotaSources {
  /** What can be played from a shelf now, in alphabetical order. */
  advices(shelf: Shelf): readonly Clip[];
  /** The part of the day now; undefined: no such folder is used. */
  dayPart(): DayPart | undefined;
  /** Whether campaigns let this advice be heard now. */
  allowed(advice: Clip): boolean;
  random: Random;
}

export class AdviceRota {
  readonly #heard: Set<string>;

  /** @param heard ids of the advices that this call has heard already */
  constructor(
    private readonly sources: RotaSources,
    heard: Iterable<string> = [],
  ) {
    this.#heard = new Set(heard);
  }

  get heard(): readonly string[] {
    return [...this.#heard];
  }

  /** The next advice, noted as heard; undefined when there is none now. */
  next(): { advice: Clip; shelf: Shelf } | undefined {
    const dayPart = this.sources.dayPart();
    for (const shelf of ['first', dayPart, 'middle', 'last'] as const) {
      const due = shelf ? this.#due(shelf) : [];
      const index = shelf === 'middle' ? Math.floor(this.sources.random() * due.length) : 0;
      const advice = due[index];
      if (advice && shelf) {
        this.#heard.add(advice.id);
        return { advice, shelf };
      }
    }
    return undefined;
  }

  /** It is said for another reason: it need not come again. */
  take(advice: Clip): void {
    this.#heard.add(advice.id);
  }

  /** It was not heard to its end: it may come again. */
  giveBack(advice: Clip): void {
    this.#heard.delete(advice.id);
  }

  #due(shelf: Shelf): Clip[] {
    return this.sources
      .advices(shelf)
      .filter((advice) => !this.#heard.has(advice.id) && this.sources.allowed(advice));
  }
}
