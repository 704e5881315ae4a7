// What a config may hold, checked value by value; every complaint names the key, what was found and what is allowed.
// Imported only when a config is new or changed: zod takes some 90 ms to load.
import { z } from 'zod';
import type { BillingFunction } from '../billing/settings';
import { defaultBand } from '../media/settings';
import { defaultProgramSettings } from '../program/settings';
import { ADVICE_SLOTS } from '../program/adviceSlots';
import type { DayPart } from '../program/adviceSlots';
import { MAKER, type BuiltinAction, type KeyBinding, type KeyFunction } from '../session/actions';
import { spansOf } from './dayPart';
import { matchesName } from './glob';
import { parseListen } from './listen';
import {
  HOUR_MS,
  isCron,
  isHeader,
  isHost,
  isLanguage,
  oneOf,
  path,
  PORT,
  section,
  text,
  within,
} from './pieces';
import { foundText, keyText, typoOf } from './problems';
import type { Problem } from './problems';
import { billing, store, voice as spokenBy } from './services';
import type { AccountName, Config, DayParts, DayWindow, Digit } from './types';

const DIGITS: readonly Digit[] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#'];
const ACTIONS: Record<BuiltinAction, true> = {
  nextTrack: true,
  quiet: true,
  sayPosition: true,
  sayBalance: true,
};

const media = section({
  folder: path('a folder'),
  cache: path('a folder'),
  ffmpeg: path('the path or name of ffmpeg'),
  scanMs: within(500, HOUR_MS, 'ms'),
  musicLufs: within(-50, -10, 'LUFS'),
  speechLufs: within(-50, -10, 'LUFS'),
  peakDbtp: within(-20, 0, 'dBTP'),
  lowHz: within(10, 2000, 'Hz'),
  highHz: within(1000, 24_000, 'Hz'),
});

const music = section({
  order: oneOf('shuffle', 'order', 'loop'),
  crossfadeMs: within(0, 15_000, 'ms'),
  skipMs: within(0, 5000, 'ms'),
  gainDb: within(-40, 12, 'dB'),
});

const duck = section({
  depthDb: within(0, 60, 'dB'),
  attackMs: within(20, 5000, 'ms'),
  holdMs: within(0, 10_000, 'ms'),
  releaseMs: within(20, 10_000, 'ms'),
});

const voice = section({
  gapMs: within(0, 10_000, 'ms'),
  takeOverMs: within(5, 2000, 'ms'),
  gainDb: within(-40, 12, 'dB'),
});

const limiter = section({
  ceilingDb: within(-20, 0, 'dBFS'),
  lookaheadMs: within(1, 20, 'ms'),
  releaseMs: within(1, 2000, 'ms'),
});

const dayWindow = z
  .custom<DayWindow>(
    isWindow,
    "two different times ['HH:MM', 'HH:MM'] from '00:00' to '24:00'; over midnight: ['22:00', '06:00']",
  )
  .optional();

const dayParts = section({
  firstMorning: dayWindow,
  firstDay: dayWindow,
  firstEvening: dayWindow,
}).superRefine(withoutOverlap);

const day = text("a day that exists, 'YYYY-MM-DD'", isDate).optional();

const campaign = section({
  match: text(
    `a file, folder or pattern below media/advices ('last', 'middle/summer-*'), in one of ${ADVICE_SLOTS.join(', ')}`,
    isAdvicePattern,
  ),
  from: day,
  to: day,
  cron: z.string('a cron expression of five fields').superRefine(isCron).optional(),
}).superRefine(inOrder);

const advice = section({
  firstAfterMs: within(0, HOUR_MS, 'ms'),
  everyMs: within(0, HOUR_MS, 'ms'),
  guardMs: within(0, 600_000, 'ms'),
  dayParts: dayParts.optional(),
  campaigns: z.array(campaign, "a list [{ match: 'last' }, …]").optional(),
});

const account = "the name or number of a user: 'stunnel4', 1001, or a list of them";
const isAccount = (value: unknown): boolean =>
  typeof value === 'number'
    ? Number.isInteger(value) && value >= 0 && value < 2 ** 32 - 1
    : typeof value === 'string' && /^[\w.-]{1,64}\$?$/.test(value);
const ami = section({
  host: text('the name or address of a machine', isHost).optional(),
  port: z.int(PORT).min(1, PORT).max(65_535, PORT).optional(),
  user: text('a name as in manager.conf', isHeader).optional(),
  secret: text('the secret as in manager.conf', isHeader).optional(),
  trustUid: z
    .custom<AccountName | readonly AccountName[]>(
      (value) => (Array.isArray(value) ? value.every(isAccount) : isAccount(value)),
      account,
    )
    .optional(),
  connectMs: within(100, 60_000, 'ms'),
  pingMs: within(500, 600_000, 'ms'),
});

const address =
  "a port on this machine ('8099', '127.0.0.1:8099', '[::1]:8099') or the path of a Unix socket";
const isAddress = (value: string): boolean => parseListen(value, '/') !== undefined;
const whole = (least: number, most: number) => {
  const allowed = `a whole number from ${least} to ${most}`;
  return z.int(allowed).min(least, allowed).max(most, allowed).optional();
};
/** As it stands in a request's Host, without a port. */
const isHostName = (value: string): boolean => /^([\w.-]+|\[[\da-f:.]+\])$/i.test(value);
const hostName = text("a name without a port: 'pbx.example', '192.0.2.1'", isHostName);
const hub = section({
  listen: text(address, isAddress).optional(),
  hosts: z.array(hostName, "a list ['pbx.example']").optional(),
  socket: path('the path of a Unix socket'),
  play: oneOf('hub', 'stream', 'fifo'),
  folder: path('a folder'),
  callers: whole(1, 20_000),
  threads: whole(1, 64),
  cacheMb: within(8, 65_536, 'MB'),
  observe: z.union([z.literal(false), z.string().refine(isAddress)], `${address}, or false`).optional(),
});

const calls = section({
  folder: path('a folder'),
  everyMs: within(200, 60_000, 'ms'),
  keepMs: within(10_000, 24 * HOUR_MS, 'ms'),
});

const EVERY = 'a number from 10000 to 3600000 ms, or 0 for never';
const position = section({
  announce: z.boolean('true or false').optional(),
  gapMs: within(0, HOUR_MS, 'ms'),
  everyMs: z
    .number(EVERY)
    .refine((ms) => ms === 0 || (ms >= 10_000 && ms <= HOUR_MS), EVERY)
    .optional(),
  wait: z.boolean('true or false').optional(),
});

const keyTone = section({
  enabled: z.boolean('true or false').optional(),
  hz: within(300, 3000, 'Hz'),
  ms: within(20, 500, 'ms'),
  levelDb: within(-60, -6, 'dBFS'),
});

const key = z
  .custom<KeyBinding | KeyFunction>(
    (value) => isOwnFunction(value) || isBinding(value),
    'nextTrack(), sayPosition(), sayBalance(), quiet() or run(async (session) => …), with { holdOffMs } from 0 to 600000 ms',
  )
  .optional();
const keys = section(Object.fromEntries(DIGITS.map((digit) => [digit, key])) as Record<Digit, typeof key>);

const schema = section({
  language: text("the tag of a language: 'en', 'ru', 'pt-BR'", isLanguage).optional(),
  timeZone: text("an IANA time zone: 'Europe/Moscow', 'UTC'", isTimeZone).optional(),
  media: media.optional(),
  sound: section({ rate: oneOf(8000, 16000, 48000) }).optional(),
  music: music.optional(),
  duck: duck.optional(),
  voice: voice.optional(),
  advice: advice.optional(),
  limiter: limiter.optional(),
  edgeMs: within(1, 100, 'ms'),
  stream: section({ leadMs: within(80, 200, 'ms'), undrainedMs: within(1000, 600_000, 'ms') }).optional(),
  ami: ami.optional(),
  hub: hub.optional(),
  calls: calls.optional(),
  position: position.optional(),
  keyTone: keyTone.optional(),
  voices: z
    .array(spokenBy, "a list [{ recorded: 'voices' }, { asterisk: '/usr/share/asterisk/sounds' }]")
    .optional(),
  billing: billing.optional(),
  store: store.optional(),
  keys: keys.optional(),
  log: section({ level: oneOf('debug', 'info', 'warn', 'error'), file: path('a file') }).optional(),
}).superRefine(bandFits);

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

function isTimeZone(value: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: value })) && !/^[+-]/.test(value);
  } catch {
    return false;
  }
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
  const known = own || (typeof action === 'string' && Object.hasOwn(ACTIONS, action));
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

function inOrder(
  { from, to }: { from?: string | undefined; to?: string | undefined },
  context: z.core.$RefinementCtx<unknown>,
): void {
  if (from !== undefined && to !== undefined && from > to)
    context.addIssue({ code: 'custom', path: ['to'], message: `'${from}' (the day of \`from\`) or later` });
}

function withoutOverlap(parts: DayParts, context: z.core.$RefinementCtx<unknown>): void {
  const windows = Object.entries(parts) as [DayPart, DayWindow | undefined][];
  const seen: [DayPart, DayWindow][] = [];
  for (const [part, window] of windows) {
    if (!window) continue;
    const other = seen.find(([, earlier]) => overlap(earlier, window));
    if (other) {
      const message = `no time that ${other[0]} has already (['${other[1].join("', '")}'])`;
      context.addIssue({ code: 'custom', path: [part], message });
    }
    seen.push([part, window]);
  }
}

function overlap(a: DayWindow, b: DayWindow): boolean {
  return spansOf(a).some(([from, to]) => spansOf(b).some(([start, end]) => from < end && start < to));
}

/** The band must lie below half the rate, edges in order, also where one edge is the default. */
function bandFits(config: Config, context: z.core.$RefinementCtx<unknown>): void {
  const rate = config.sound?.rate ?? defaultProgramSettings.rate;
  const { lowHz, highHz } = defaultBand(rate);
  const [low, high] = [config.media?.lowHz ?? lowHz, config.media?.highHz ?? highHz];
  const complain = (edge: string, message: string): void =>
    context.addIssue({ code: 'custom', path: ['media', edge], message });
  if (high > rate / 2) complain('highHz', `at most ${rate / 2} Hz, half of sound.rate ${rate}`);
  else if (low >= high)
    complain(
      config.media?.lowHz === undefined ? 'highHz' : 'lowHz',
      `an edge below the other: ${low} Hz < ${high} Hz`,
    );
}

/** Every path through a type; compared, since TypeScript assigns a type that lacks an optional key without a word. */
type Paths<T> = T extends
  | string
  | number
  | boolean
  | undefined
  | readonly [string, string]
  | KeyBinding
  | KeyFunction
  | BillingFunction
  ? ''
  : T extends readonly (infer Item)[]
    ? `[]${Paths<Item>}`
    : { [K in keyof T & string]-?: `.${K}${Paths<NonNullable<T[K]>>}` }[keyof T & string];
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
type Input = z.input<typeof schema>;

/** Compiles only while the schema and the documented types are the same thing. */
export const schemaIsConfig: [Same<Input, Config>, Same<Paths<Input>, Paths<Config>>] = [true, true];

/**
 * Everything that is wrong with what a config file exports; empty when nothing is.
 * @param env names the secrets that must not be shown
 */
export function validateConfig(
  value: unknown,
  env: Readonly<Record<string, string | undefined>> = process.env,
): { ok: true } | { ok: false; problems: Problem[] } {
  // zod takes a Promise or a Map for an empty object, which would quietly mean "all defaults".
  const result = schema.safeParse(Object.prototype.toString.call(value) === '[object Object]' ? value : null);
  if (result.success) return { ok: true };
  const problems = result.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((name) => unknownKey(value, issue.path, name, issue.message, env))
      : [{ key: keyText(issue.path), found: foundText(value, issue.path, env), allowed: issue.message }],
  );
  return { ok: false, problems };
}

function unknownKey(
  value: unknown,
  path: readonly PropertyKey[],
  name: string,
  known: string,
  env: Readonly<Record<string, string | undefined>>,
): Problem {
  const full = [...path, name];
  const meant = typoOf(name, known.split(', '));
  const allowed =
    meant === undefined ? `no such option; here are ${known}` : `no such option; did you mean ${meant}?`;
  return { key: keyText(full), found: foundText(value, full, env), allowed };
}
