// Has the store purged once a day, in the minute that the config names; what a sleeping machine missed, after it wakes.
// node-cron says which minutes those are; that one has come, the Clock says: its own timers would not be ours to stop.
import { localTime } from '../config/dayPart';
import type { Cancel, Clock } from '../util/clock';
import { errorFields } from '../util/errors';
import type { Logger } from '../util/log';
import type { Closeable } from '../util/scope';

export interface PurgeParts {
  keeper: { purge(): Promise<void> };
  /** Five cron fields. */
  when: string;
  /** 0: nothing is ever removed. */
  keepDays: number;
  /** Absent: the machine's. */
  timeZone?: string | undefined;
  clock: Clock;
  log: Logger;
}

const MINUTE_MS = 60_000;
/** What was missed longer ago has a minute of its own since. */
const LOOK_BACK_MINUTES = 24 * 60;

/** Starts asking each minute. @throws Error when `when` is not valid, RangeError when the time zone is not */
export async function startPurge(parts: PurgeParts): Promise<DailyPurge> {
  const { cronMatcher } = await import('../config/cron');
  const matches = cronMatcher(parts.when, parts.timeZone);
  matches(parts.clock.wall());
  const purge = new DailyPurge(parts, matches);
  if (parts.keepDays > 0) purge.start();
  return purge;
}

export class DailyPurge implements Closeable {
  #next: Cancel = () => {};
  /** The last minute that was looked at, minutes since 1970. */
  #seen: number;
  /** The day of the last minute for which the store was purged. */
  #doneOn: string | undefined;

  /** @param matches whether an instant lies in a minute in which the store is to be purged */
  constructor(
    private readonly parts: PurgeParts,
    private readonly matches: (wallMs: number) => boolean,
  ) {
    this.#seen = minuteOf(parts.clock.wall()) - 1;
  }

  start(): void {
    this.#look();
    const { clock } = this.parts;
    this.#next = clock.after(MINUTE_MS - (clock.wall() % MINUTE_MS), () => this.start());
  }

  /** A purge that runs is the keeper's. May be called again. */
  close(): void {
    this.#next();
  }

  #look(): void {
    const now = minuteOf(this.parts.clock.wall());
    // A clock that was set back shows minutes for a second time, which are none to purge in again.
    const first = Math.max(Math.min(this.#seen, now) + 1, now - LOOK_BACK_MINUTES + 1);
    this.#seen = now;
    for (let minute = now; minute >= first; minute--)
      if (this.matches(minute * MINUTE_MS)) return this.#purgeFor(minute * MINUTE_MS);
  }

  #purgeFor(wallMs: number): void {
    const { keeper, timeZone, log } = this.parts;
    const { date } = localTime(wallMs, timeZone);
    // Not by order: a clock that was set back must not keep it from being purged until it is that day again.
    if (date === this.#doneOn) return;
    this.#doneOn = date;
    keeper.purge().catch((error: unknown) => log.warn(errorFields(error), 'store not purged'));
  }
}

function minuteOf(wallMs: number): number {
  return Math.floor(wallMs / MINUTE_MS);
}
