// HoldTimeEstimator: how fast each queue moves, from the calls that agents took of late.
// A wait is told from it as a range, since no single number would come true.
import type { Clock } from '../util/clock';
import { setNewest } from '../util/setNewest';

/** Calls of a queue that are remembered, and for how long, milliseconds. */
const KEPT = 20;
const KEPT_MS = 3_600_000;
/** Fewer say nothing. */
const NEEDED = 3;
/** Queues that are remembered; the one without an answer for longest is forgotten first. */
const QUEUES = 1000;

interface Answered {
  readonly atMs: number;
  /** Time that the call waited for each place that it moved up, milliseconds. */
  readonly perPlaceMs: number;
}

/**
 * Asterisk's own average (Holdtime of QueueParams) is not used, not even at the start: it is one number over calls that
 * joined at any place, and over days; no range can be had from it.
 */
export class HoldTimeEstimator {
  /** The queue with the latest answer stands last. */
  readonly #answered = new Map<string, Answered[]>();

  constructor(private readonly clock: Clock) {}

  /** Queues of which something is remembered. */
  get queues(): number {
    return this.#answered.size;
  }

  /**
   * An agent took a call.
   * @param position the place at which it joined, 1 and more
   */
  answered(queue: string, holdMs: number, position: number): void {
    if (!(holdMs >= 0 && holdMs < Infinity && position >= 1 && position < Infinity)) return;
    const others = this.#answered.get(queue) ?? [];
    const latest = { atMs: this.clock.now(), perPlaceMs: holdMs / position };
    setNewest(this.#answered, queue, [...others.slice(1 - KEPT), latest], QUEUES);
  }

  /**
   * How long a caller at `position` may still wait, milliseconds: the middle half of what the last calls of this queue
   * waited for each place. Undefined when fewer than three were answered within the hour.
   */
  waitMs(queue: string, position: number): readonly [least: number, most: number] | undefined {
    const since = this.clock.now() - KEPT_MS;
    const recent = (this.#answered.get(queue) ?? []).filter(({ atMs }) => atMs > since);
    if (recent.length < NEEDED) return undefined;
    const sorted = recent.map(({ perPlaceMs }) => perPlaceMs).sort((a, b) => a - b);
    return [position * quantile(sorted, 0.25), position * quantile(sorted, 0.75)];
  }
}

function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const below = sorted[Math.floor(at)]!;
  const above = sorted[Math.ceil(at)]!;
  return below + (above - below) * (at - Math.floor(at));
}
