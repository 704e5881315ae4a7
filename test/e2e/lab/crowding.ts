// Whether this machine is crowded: figures that hold on a quiet one are judged with that in mind, and only with that.
// Measured where the tests wait anyway: by what is left of its processors, and by how late the tests' own timers come.
import { cpus } from 'node:os';
import { sleep } from './wait';

const STEP_MS = 10;
/** A quiet machine wakes a process within a few milliseconds; one of two cores with two Asterisks on it, within 30. */
const LATE_MS = 40;
/** Three streams that start take two cores for half a second: over three seconds more than half is idle. */
const IDLE = 0.25;

interface Spent {
  readonly idle: number;
  readonly all: number;
}

export class Crowding {
  readonly #before = spent();
  #worstMs = 0;
  #watching = true;

  private constructor() {}

  /** From now until `stop`, some seconds. */
  static watch(): Crowding {
    const crowding = new Crowding();
    void crowding.#watch();
    return crowding;
  }

  /** @returns whether somebody else had the processors, so that a program could not always answer in time */
  stop(): boolean {
    this.#watching = false;
    const { idle, all } = spent();
    const share = (idle - this.#before.idle) / Math.max(1, all - this.#before.all);
    return this.#worstMs >= LATE_MS || share < IDLE;
  }

  async #watch(): Promise<void> {
    while (this.#watching) {
      const askedAt = performance.now();
      await sleep(STEP_MS);
      this.#worstMs = Math.max(this.#worstMs, performance.now() - askedAt - STEP_MS);
    }
  }
}

/** By all processors since they were started. */
function spent(): Spent {
  const times = cpus().map((cpu) => cpu.times);
  const all = times.flatMap((time) => Object.values(time)).reduce((sum, value) => sum + value, 0);
  return { idle: times.reduce((sum, { idle }) => sum + idle, 0), all };
}
