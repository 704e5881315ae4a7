// Which part of the day it is for the callers, in the configured time zone.
// Read off the local clock itself, so midnight and daylight-saving switches need no special case.
import type { DayPart } from '../program/adviceSlots';

/** From (inclusive) and to (exclusive), 'HH:MM' each, '00:00' to '24:00'; may cross midnight: ['22:00', '06:00']. */
export type DayWindow = readonly [from: string, to: string];

/** When each part-of-day folder is used. An absent part is never used; gaps are allowed, overlaps are not. */
export type DayParts = { readonly [part in DayPart]?: DayWindow | undefined };

export const DAY_MINUTES = 24 * 60;

const formatters = new Map<string, Intl.DateTimeFormat>();
/** The minute that was asked for last: each call asks once a second, and Intl takes 10 µs. */
let latest:
  { readonly minute: number; readonly timeZone: string | undefined; readonly time: LocalTime } | undefined;

/** The local date and time at an instant, as the clocks on the walls of `timeZone` show them. */
export interface LocalTime {
  /** 'YYYY-MM-DD'; such texts sort by date. */
  date: string;
  /** Minutes since 00:00 on the clock, 0 to 1439. */
  minutes: number;
}

/**
 * @param wallMs milliseconds since 1970
 * @param timeZone absent: the machine's, which Date knows without Intl (whose first use takes 10 ms of a caller's process)
 * @throws RangeError when `timeZone` is not known
 */
export function localTime(wallMs: number, timeZone?: string): LocalTime {
  const minute = Math.floor(wallMs / 60_000);
  if (latest?.minute !== minute || latest.timeZone !== timeZone) {
    const time = timeZone === undefined ? machineTime(new Date(wallMs)) : zoneTime(wallMs, timeZone);
    latest = { minute, timeZone, time };
  }
  return latest.time;
}

function machineTime(date: Date): LocalTime {
  const two = (value: number): string => String(value).padStart(2, '0');
  return {
    date: `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`,
    minutes: date.getHours() * 60 + date.getMinutes(),
  };
}

function zoneTime(wallMs: number, timeZone: string): LocalTime {
  const part = Object.fromEntries(
    formatterFor(timeZone)
      .formatToParts(wallMs)
      .map((p) => [p.type, p.value]),
  );
  return {
    date: `${part['year']}-${part['month']}-${part['day']}`,
    minutes: Number(part['hour']) * 60 + Number(part['minute']),
  };
}

/** The part of the day at `wallMs` (milliseconds since 1970), or undefined in a gap between the windows. */
export function dayPartAt(wallMs: number, dayParts: DayParts, timeZone?: string): DayPart | undefined {
  const { minutes } = localTime(wallMs, timeZone);
  const parts = Object.entries(dayParts) as [DayPart, DayWindow | undefined][];
  return parts.find(
    ([, window]) => window && spansOf(window).some(([from, to]) => minutes >= from && minutes < to),
  )?.[0];
}

/** A window as spans of minutes of one day, each from (inclusive) to (exclusive): two when it crosses midnight. */
export function spansOf([from, to]: DayWindow): [from: number, to: number][] {
  const [start, end] = [minutesOf(from), minutesOf(to)];
  return start < end ? [[start, end]] : [[start, DAY_MINUTES], [0, end]]; // prettier-ignore
}

/** 'HH:MM' as minutes since 00:00. */
function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}

function formatterFor(timeZone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(timeZone);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat('en-US-u-ca-iso8601-nu-latn', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
    });
    formatters.set(timeZone, formatter);
  }
  return formatter;
}
