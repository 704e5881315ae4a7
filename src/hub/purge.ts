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
export async function startPurge(parts: PurgeParts): Promise<Closeable> {
  const { keeper, when, keepDays, timeZone, clock, log } = parts;
  const { cronMatcher } = await import('../config/cron');
  const matches = cronMatcher(when, timeZone);
  matches(clock.wall());
  /** The last minute that was looked at, minutes since 1970. */
  let seen = minuteOf(clock.wall()) - 1;
  /** The day of the last minute for which the store was purged. */
  let doneOn: string | undefined;
  let cancel: Cancel = () => {};
  const purgeFor = (wallMs: number): void => {
    const { date } = localTime(wallMs, timeZone);
    // Not by order: a clock that was set back must not keep it from being purged until it is that day again.
    if (date === doneOn) return;
    doneOn = date;
    keeper.purge().catch((error: unknown) => log.warn(errorFields(error), 'store not purged'));
  };
  const look = (): void => {
    const now = minuteOf(clock.wall());
    // A clock that was set back shows minutes for a second time, which are none to purge in again.
    const first = Math.max(Math.min(seen, now) + 1, now - LOOK_BACK_MINUTES + 1);
    seen = now;
    let minute = now;
    while (minute >= first && !matches(minute * MINUTE_MS)) minute--;
    if (minute >= first) purgeFor(minute * MINUTE_MS);
    cancel = clock.after(MINUTE_MS - (clock.wall() % MINUTE_MS), look);
  };
  if (keepDays > 0) look();
  // A purge that runs is the keeper's.
  return { close: () => cancel() };
}

function minuteOf(wallMs: number): number {
  return Math.floor(wallMs / MINUTE_MS);
}
