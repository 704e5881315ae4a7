// PinTries: how often a wrong PIN was keyed in for a number, over all its calls that this process serves. The hub serves
// all: who guesses gets a few tries and then none for an hour, one after the other or in many calls at once. A stream
// without a hub serves one call: each new call has its tries.
import type { Clock } from '../util/clock';
import type { PinRules } from './settings';

/** Numbers that are remembered; those whose last wrong try is the longest ago make room. */
const MOST = 10_000;

interface Kept {
  readonly wrong: number;
  /** Then all is forgotten: `lockMs` after the last wrong try. */
  readonly until: number;
}

/** One PIN that is being checked. Whoever began it ends it, exactly once. */
export interface PinTry {
  wrong(): void;
  right(): void;
  /** Nobody knows whether it was right. */
  unknown(): void;
}

export class PinTries {
  /** In the order of their ends. */
  readonly #kept = new Map<string, Kept>();
  /** Being checked just now: each may turn out wrong. */
  readonly #open = new Map<string, number>();

  constructor(
    private readonly rules: Pick<PinRules, 'tries' | 'lockMs'>,
    private readonly clock: Clock,
    private readonly most = MOST,
  ) {}

  get size(): number {
    return this.#kept.size;
  }

  isLocked(phone: string): boolean {
    return this.#wrong(phone) >= this.rules.tries;
  }

  /** Undefined: together with those that are being checked there would be too many. */
  begin(phone: string): PinTry | undefined {
    if (this.#wrong(phone) + this.#checking(phone) >= this.rules.tries) return undefined;
    this.#open.set(phone, this.#checking(phone) + 1);
    return {
      wrong: () => {
        this.#end(phone);
        this.#count(phone);
      },
      right: () => {
        this.#end(phone);
        this.#kept.delete(phone);
      },
      unknown: () => this.#end(phone),
    };
  }

  #wrong(phone: string): number {
    const kept = this.#kept.get(phone);
    return kept && kept.until > this.clock.now() ? kept.wrong : 0;
  }

  #checking(phone: string): number {
    return this.#open.get(phone) ?? 0;
  }

  #end(phone: string): void {
    const left = this.#checking(phone) - 1;
    if (left > 0) this.#open.set(phone, left);
    else this.#open.delete(phone);
  }

  #count(phone: string): void {
    const wrong = this.#wrong(phone) + 1;
    this.#kept.delete(phone);
    this.#makeRoom();
    this.#kept.set(phone, { wrong, until: this.clock.now() + this.rules.lockMs });
  }

  #makeRoom(): void {
    for (const [phone, { until }] of this.#kept) {
      if (until > this.clock.now() && this.#kept.size < this.most) return;
      this.#kept.delete(phone);
    }
  }
}
