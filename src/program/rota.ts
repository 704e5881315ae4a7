// Advice rota: which advice is due next. Always the first unheard one in this order: everything in `first`, the
// folder of the present part of the day, `middle` in random order, `last`. An advice that was cut off comes once more,
// and not again: a caller who presses keys would hear its beginning each time. What was heard and what was cut off is
// its only state, so that a call goes on rightly in another process and in a library that changes.
import type { Clip } from '../audio/source';
import type { Random } from '../util/random';
import type { DayPart, AdviceSlot } from './adviceSlots';

export interface RotaSources {
  /** What can be played from a shelf now, in alphabetical order. */
  advices(shelf: AdviceSlot): readonly Clip[];
  /** The part of the day now; undefined: no such folder is used. */
  dayPart(): DayPart | undefined;
  /** Whether campaigns let this advice be heard now. */
  allowed(advice: Clip): boolean;
  random: Random;
}

/** What a call knows of its advices, by their ids. */
export interface RotaState {
  /** Not to be said any more. */
  readonly heard: readonly string[];
  /** Cut off once; those that are not `heard` come once more. */
  readonly cut: readonly string[];
}

export class AdviceRota {
  readonly #heard: Set<string>;
  readonly #cut: Set<string>;

  /** @param before what earlier processes of this call have left */
  constructor(
    private readonly sources: RotaSources,
    before: Partial<RotaState> = {},
  ) {
    this.#heard = new Set(before.heard);
    this.#cut = new Set(before.cut);
  }

  get heard(): readonly string[] {
    return [...this.#heard];
  }

  /** How things stand where the call is cut off now. @param unheard of which less than half was heard: whether they have begun */
  stateWhere(unheard: ReadonlyMap<string, boolean>): RotaState {
    const comes = (id: string): boolean => unheard.has(id) && !(unheard.get(id) && this.#cut.has(id));
    const begun = [...unheard.keys()].filter((id) => unheard.get(id));
    return {
      heard: this.heard.filter((id) => !comes(id)),
      cut: [...new Set([...this.#cut, ...begun])],
    };
  }

  /** The next advice, noted as heard; undefined when there is none now. */
  next(): { advice: Clip; shelf: AdviceSlot } | undefined {
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

  /** It has not begun: it may come as if nothing had been. */
  giveBack(advice: Clip): void {
    this.#heard.delete(advice.id);
  }

  /** It was cut off: it comes once more, unless it has been cut off before. */
  cutOff(advice: Clip): void {
    if (!this.#cut.has(advice.id)) this.#heard.delete(advice.id);
    this.#cut.add(advice.id);
  }

  #due(shelf: AdviceSlot): Clip[] {
    return this.sources
      .advices(shelf)
      .filter((advice) => !this.#heard.has(advice.id) && this.sources.allowed(advice));
  }
}
