// Whether the hub's mixing threads are alive: each sends its figures once a second, which is its beat; and there must be one.
// The service manager restarts a hub whose threads are stuck, so a machine that stood still must not count: it has
// stopped everybody's beats, and those of the main thread too.
import type { Cancel, Clock } from '../util/clock';
import type { Closeable } from '../util/scope';

/** The reason for clients that ask whether the hub is healthy or ready. */
export const NO_THREAD = 'no mixing thread runs';

/** A thread that has not reported for this time is stuck; there may also be no thread for this time. */
const SILENT_MS = 5000;
const LOOK_EVERY_MS = 1000;
/** A delay of the main thread up to this is its own affair; beyond it the others are given the same time more. */
const SLACK_MS = 100;

export class Heartbeats implements Closeable {
  readonly #beats = new Map<number, number>();
  /** Since when no thread runs, as far as it was looked. */
  #noneSince: number | undefined;
  #dueAt = 0;
  #lagMs = 0;
  #next: Cancel = () => {};

  /** @param threads mixing threads that run now; undefined: there are to be none */
  constructor(
    private readonly clock: Clock,
    private readonly threads: () => number | undefined = () => undefined,
  ) {}

  /** Begins to watch the main thread's own delay. */
  start(): void {
    this.#dueAt = this.clock.now() + LOOK_EVERY_MS;
    this.#next = this.clock.after(LOOK_EVERY_MS, () => this.#look());
  }

  /** The thread is there and alive: from its start on, and at each of its figures. */
  beat(thread: number): void {
    this.#beats.set(thread, this.clock.now());
  }

  /** The thread is meant to be away: no beat is expected. */
  gone(thread: number): void {
    this.#beats.delete(thread);
  }

  /** By how much the main thread's last look was late, milliseconds. */
  get lagMs(): number {
    return this.#lagMs;
  }

  /** No thread has run for five seconds: nobody could be played to. */
  get threadless(): boolean {
    if (this.#noneSince === undefined || this.threads() !== 0) return false;
    return this.#noneSince <= this.#oldest();
  }

  /** In words; none: all threads beat. */
  problems(): string[] {
    const oldest = this.#oldest();
    const stuck = [...this.#beats]
      .filter(([, at]) => at < oldest)
      .map(([thread, at]) => {
        const seconds = Math.round((this.clock.now() - at) / 1000);
        return `mixing thread ${thread} has not reported for ${seconds} s`;
      });
    return this.threadless ? [NO_THREAD, ...stuck] : stuck;
  }

  get healthy(): boolean {
    return this.problems().length === 0;
  }

  close(): void {
    this.#next();
  }

  /** What is older than this has been so for too long. */
  #oldest(): number {
    return this.clock.now() - this.#standstill() - SILENT_MS;
  }

  /** So long the main thread has stood still until now: what the others sent meanwhile it has not read yet. */
  #standstill(): number {
    const late = this.#dueAt === 0 ? 0 : this.clock.now() - this.#dueAt;
    return late > SLACK_MS ? late : 0;
  }

  #look(): void {
    this.#lagMs = Math.max(0, this.clock.now() - this.#dueAt);
    const more = this.#standstill();
    if (more > 0) for (const [thread, at] of this.#beats) this.#beats.set(thread, at + more);
    if (this.threads() !== 0) this.#noneSince = undefined;
    else this.#noneSince = this.#noneSince === undefined ? this.clock.now() : this.#noneSince + more;
    this.start();
  }
}
