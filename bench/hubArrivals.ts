// When callers come, press keys and go: at random times of a seed, at a rate that holds in the mean.
// A rhythm would fall into step with the hub's own tick, which real callers never do.
import { seededRandom, type Random } from '../src/util/random';
import type { Call, Ending, Exchange } from './hubCallers';
import { monotonicMs } from './hubReader';
import { sleep } from './measure';

const MINUTE_MS = 60_000;
/** What a caller presses, one after the other: next track, place in the queue, balance. */
const DIGITS = ['3', '4', '2'];
/** Beyond so many arrivals under way at once callers wait for their turn, as they do for Asterisk's threads. */
const MOST_AT_ONCE = 50;

/** Times between events of a Poisson process, milliseconds. */
function nextMs(random: Random, perSecond: number): number {
  return (-Math.log(1 - random()) * 1000) / perSecond;
}

export interface Flow {
  count: number;
  perSecond: number;
  seed: number;
  /** Share of callers who hang up within 10 ms, in the middle of their look-up. Default: none. */
  hasty?: number;
}

/**
 * `count` callers arrive, `perSecond` of them in the mean.
 * @param each is told of each that was started
 * @returns arrivals a second that it came to
 */
export async function arrive(
  exchange: Exchange,
  { count, perSecond, seed, hasty = 0 }: Flow,
  each: (call: Call) => void = () => {},
): Promise<number> {
  const random = seededRandom(seed);
  const under = new Set<Promise<void>>();
  const from = monotonicMs();
  let dueMs = from;
  for (let i = 0; i < count; i++) {
    dueMs += nextMs(random, perSecond);
    await sleep(dueMs - monotonicMs());
    while (under.size >= MOST_AT_ONCE) await Promise.race(under);
    const one: Promise<void> = exchange
      .arrive(random() < hasty ? 10 * random() : undefined)
      .then((call) => call && each(call))
      .finally(() => under.delete(one));
    under.add(one);
  }
  await Promise.all(under);
  return (count * 1000) / (monotonicMs() - from);
}

/** Every caller presses one key a minute, at a time of their own. `stop` ends it. */
export class Fingers {
  readonly #random: Random;
  readonly #timers = new Map<Call, NodeJS.Timeout>();
  #presses = 0;

  constructor(
    private readonly exchange: Exchange,
    seed: number,
  ) {
    this.#random = seededRandom(seed);
  }

  /** From now on this caller presses keys. */
  add(call: Call): void {
    this.#wait(call, this.#random() * MINUTE_MS);
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #wait(call: Call, ms: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(call);
      if (call.over) return;
      this.exchange.press(call, DIGITS[this.#presses++ % DIGITS.length]!);
      this.#wait(call, MINUTE_MS);
    }, ms);
    this.#timers.set(call, timer);
  }
}

/** The caller hangs up after a time with this mean, exponentially distributed. */
export function hangUpLater(exchange: Exchange, call: Call, meanMs: number, random: Random): void {
  const heldMs = Math.min(10 * meanMs, -Math.log(1 - random()) * meanMs);
  setTimeout(() => exchange.hangUp(call, endingOf(random())), heldMs).unref();
}

/** Mostly as it should be; one in ten is killed, one in ten has its events first. */
function endingOf(chance: number): Ending {
  if (chance < 0.1) return 'killed';
  return chance < 0.2 ? 'events first' : 'music first';
}
