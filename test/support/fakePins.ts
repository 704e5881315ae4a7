// A PinLedger in memory, and one that fails as it is told: for what a real store cannot be made to do on demand.
import type { PinLedger } from '../../src/store/store';
import { hashedCaller, LONGEST_PIN_MS } from '../../src/store/sqlPins';

interface Line {
  told: string;
  tries: number;
  atMs: number;
}

export class FakePins implements PinLedger {
  readonly lines = new Map<string, Line>();
  /** Before each question; what it throws is what the ledger throws. */
  before: (method: keyof PinLedger) => Promise<void> | void = () => {};

  constructor(private readonly wall: () => number = Date.now) {}

  counts: PinLedger['counts'] = async (caller, limits) => {
    await this.before('counts');
    this.#sweep(limits.lockMs);
    return this.#counts(hashedCaller(caller, { secret: 'fake' }).who, limits.allMs);
  };

  begin: PinLedger['begin'] = async (caller, limits) => {
    await this.before('begin');
    this.#sweep(limits.lockMs);
    const { who, told } = hashedCaller(caller, { secret: 'fake' });
    const { ofLine, ofAll } = this.#counts(who, limits.allMs);
    const begun = ofLine < limits.tries && ofAll < limits.allTries;
    if (begun) {
      const before = this.lines.get(who);
      const same = before === undefined || before.told === told;
      this.lines.set(who, { told: same ? told : '', tries: ofLine + 1, atMs: this.wall() });
    }
    return { begun, ...this.#counts(who, limits.allMs) };
  };

  end: PinLedger['end'] = async (caller, outcome) => {
    await this.before('end');
    const { who, told } = hashedCaller(caller, { secret: 'fake' });
    const line = this.lines.get(who);
    if (!line) return;
    line.tries--;
    if (line.tries <= 0 || (outcome === 'right' && line.told === told)) this.lines.delete(who);
  };

  /** @returns lines removed */
  purge(): number {
    return this.#sweep(LONGEST_PIN_MS);
  }

  #counts(who: string, allMs: number): { ofLine: number; ofAll: number } {
    let ofAll = 0;
    for (const { tries, atMs } of this.lines.values()) if (atMs > this.wall() - allMs) ofAll += tries;
    return { ofLine: this.lines.get(who)?.tries ?? 0, ofAll };
  }

  #sweep(forMs: number): number {
    let removed = 0;
    for (const [who, line] of this.lines) {
      line.atMs = Math.min(line.atMs, this.wall());
      if (line.atMs <= this.wall() - forMs && this.lines.delete(who)) removed++;
    }
    return removed;
  }
}
