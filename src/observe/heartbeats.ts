// Whether the hub's threads are alive: each mixing thread tells its figures once a second, which is its beat; and one there is.
// The service manager restarts a hub whose threads are stuck, so what only looks so must not count: a machine that
// stood still has stopped everybody's beats, and those of the main thread too.
import type { Cancel, Clock } from '../util/clock';
import type { Closeable } from '../util/scope';

export interface HeartbeatOptions {
  /** A thread that has not reported for this time is stuck; there may also be no thread for this time. Milliseconds. */
  silentMs?: number;
  /** Mixing threads that run now; undefined: there are to be none. */
  threads?: () => number | undefined;
}

/** The reason for clients that ask whether the hub is healthy or ready. */
export const NO_THREAD = 'no mixing thread runs';

const LOOK_EVERY_MS = 1000;
/** A delay of the main thread up to this is its own affair; beyond it the others are given the same time more. */
const SLACK_MS = 100;

export class Heartbeats implements Closeable {
  readonly #beats = new Map<number, number>();
  readonly #silentMs: number;
  readonly #threads: () => number | undefined;
  /** Since when no thread runs, as far as it was looked. */
  #noneSince: number | undefined;
  #dueAt = 0;
  #lagMs = 0;
  #next: Cancel = () => {};

  constructor(
    private readonly clock: Clock,
    { silentMs = 5000, threads = () => undefined }: HeartbeatOptions = {},
  ) {
    this.#silentMs = silentMs;
    this.#threads = threads;
  }

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

  /** No thread has run for `silentMs`: nobody could be played to. */
  get threadless(): boolean {
    if (this.#noneSince === undefined || this.#threads() !== 0) return false;
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
    return this.clock.now() - this.#standstill() - this.#silentMs;
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
    if (this.#threads() !== 0) this.#noneSince = undefined;
    else this.#noneSince = this.#noneSince === undefined ? this.clock.now() : this.#noneSince + more;
    this.start();
  }
}
