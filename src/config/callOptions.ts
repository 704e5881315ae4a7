// The options of what a call does: advices with parts of the day and campaigns, places in the queue, keys.
// What an option may be is checked here and nowhere else; an editor shows its comment with unit, range and default.
import * as z from 'zod';
import { ADVICE_SLOTS, type DayPart } from '../program/adviceSlots';
import {
  BUILTIN_ACTIONS,
  MAKER,
  type BuiltinAction,
  type KeyBinding,
  type KeyFunction,
} from '../session/actions';
import { spansOf, type DayParts, type DayWindow } from './dayPart';
import { matchesName } from './glob';
import { complain, cron, flag, HOUR_MS, section, text, within, type Context, type WrittenOf } from './pieces';

const dayWindow = z
  .custom<DayWindow>(
    isWindow,
    "two different times ['HH:MM', 'HH:MM'] from '00:00' to '24:00'; over midnight: ['22:00', '06:00']",
  )
  .optional();

const day = text("a day that exists, 'YYYY-MM-DD'", isDate).optional();

/** Limits some advices to dates and to times. An advice that no campaign matches is always allowed. */
export class CampaignOptions {
  /**
   * File, folder or pattern below media/advices: 'last', 'middle/offer.en.mp3', 'middle/offer' (with any ending and in
   * any language), 'middle/summer-*' (`*`: any text, `?`: one character).
   */
  match = text(
    `a file, folder or pattern below media/advices ('last', 'middle/summer-*'), in one of ${ADVICE_SLOTS.join(', ')}`,
    isAdvicePattern,
  );
  /** First day, 'YYYY-MM-DD' in `timeZone`. Default: no limit. */
  from = day;
  /** Last day, inclusive, 'YYYY-MM-DD' in `timeZone`. Default: no limit. */
  to = day;
  /**
   * The minutes in which it may be heard, a five-field cron expression in `timeZone`: '* 9-17 * * mon-fri'.
   * Day of month and day of week must both match. Default: always.
   */
  cron = cron();
}

export type Campaign = WrittenOf<CampaignOptions>;

export class AdviceOptions {
  /** From the beginning of the call to the first advice, ms, 0 to 3,600,000. Default 20000. */
  firstAfterMs = within(0, HOUR_MS, 'ms');
  /** From the end of any voice to the next advice, ms, 0 to 3,600,000. Default 20000. */
  everyMs = within(0, HOUR_MS, 'ms');
  /** Shortest distance between an advice and another voice, ms, 0 to 600,000. Default 3000. */
  guardMs = within(0, 600_000, 'ms');
  /**
   * When advices/firstMorning, firstDay and firstEvening are used. Replaces the default set as a whole.
   * Default `{ firstMorning: ['00:00', '10:00'], firstDay: ['10:00', '21:00'], firstEvening: ['21:00', '24:00'] }`.
   */
  dayParts = section({ firstMorning: dayWindow, firstDay: dayWindow, firstEvening: dayWindow })
    .superRefine(withoutOverlap)
    .optional();
  /** Limits files or folders to dates and times. An advice in several campaigns is heard when any of them allows it. Default none. */
  campaigns = z
    .array(section(new CampaignOptions()).superRefine(inOrder), "a list [{ match: 'last' }, …]")
    .optional();
}

const EVERY = 'a number from 10000 to 3600000 ms, or 0 for never';
export class PositionOptions {
  /** true: says the first place, each better one, and repeats at intervals. false: only on a key. Default true. */
  announce = flag();
  /** Shortest time between two announcements, ms, 0 to 3,600,000. Default 20000. */
  gapMs = within(0, HOUR_MS, 'ms');
  /** Repeats an unchanged place after this time, ms, 10,000 to 3,600,000; 0: never. Default 120000. */
  everyMs = z
    .number(EVERY)
    .refine((ms) => ms === 0 || isBetween(ms, 10_000, HOUR_MS), EVERY)
    .optional();
  /** Adds an estimated wait, from the queue's recent hold times. Default false. */
  wait = flag();
}

/** A key of the telephone. */
export type Digit = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9' | '*' | '#';
const DIGITS: readonly Digit[] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#'];

const key = z
  .custom<KeyBinding | KeyFunction>(
    (value) => isOwnFunction(value) || isBinding(value),
    'nextTrack(), sayPosition(), sayBalance(), quiet() or run(async (session) => …), with { holdOffMs } from 0 to 600000 ms',
  )
  .optional();
export const keys = section(
  Object.fromEntries(DIGITS.map((digit) => [digit, key])) as Record<Digit, typeof key>,
);

function isWindow(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 2 || value[0] === value[1]) return false;
  const [from, to] = value as unknown[];
  const time = /^([01]\d|2[0-3]):[0-5]\d$/;
  return (
    typeof from === 'string' && typeof to === 'string' && time.test(from) && (time.test(to) || to === '24:00')
  );
}

function isDate(value: string): boolean {
  const time = Date.parse(`${value}T00:00:00Z`);
  return (
    /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(time) && new Date(time).toISOString().startsWith(value)
  );
}

/** A pattern that can name an advice at all: a typing error here would lift the campaign's limits silently. */
function isAdvicePattern(value: string): boolean {
  const [shelf = '', ...rest] = value.replace(/\/$/, '').split('/');
  return (
    ADVICE_SLOTS.some((name) => matchesName(shelf, name)) &&
    rest.every((step) => step !== '' && step !== '.' && step !== '..') &&
    !/\*\*|[\\{}]/.test(value)
  );
}

function isBinding(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { action, holdOffMs, music, timeoutMs, ...rest } = value as Record<string, unknown>;
  const own = isOwnFunction(action);
  const known = own || BUILTIN_ACTIONS.includes(action as BuiltinAction);
  const limit = own ? isBetween(timeoutMs, 100, 60_000) : timeoutMs === undefined;
  const silences = music === undefined || (typeof music === 'boolean' && action === 'quiet');
  return known && limit && silences && isBetween(holdOffMs, 0, 600_000) && !Object.keys(rest).length;
}

/** Not `nextTrack` where `nextTrack()` is meant. */
function isOwnFunction(value: unknown): boolean {
  return typeof value === 'function' && !(MAKER in value);
}

function isBetween(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && value >= min && value <= max;
}

function inOrder({ from, to }: { from?: string | undefined; to?: string | undefined }, context: Context) {
  if (from !== undefined && to !== undefined && from > to)
    complain(context, ['to'], `'${from}' (the day of \`from\`) or later`);
}

function withoutOverlap(parts: DayParts, context: Context): void {
  const windows = Object.entries(parts) as [DayPart, DayWindow | undefined][];
  const seen: [DayPart, DayWindow][] = [];
  for (const [part, window] of windows) {
    if (!window) continue;
    const [name, taken] = seen.find(([, earlier]) => overlap(earlier, window)) ?? [];
    if (taken) complain(context, [part], `no time that ${name} has already (['${taken.join("', '")}'])`);
    seen.push([part, window]);
  }
}

function overlap(a: DayWindow, b: DayWindow): boolean {
  return spansOf(a).some(([from, to]) => spansOf(b).some(([start, end]) => from < end && start < to));
}
