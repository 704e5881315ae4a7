// A script says what happens in a rendered call, and when (keys, positions, advices), and what billing knows of its caller.
// It is JSON so that anyone can write one; a mistake in it is answered with its place and what is allowed.
import * as z from 'zod';
import { MOST_ACCOUNTS } from '../billing/billing';
import { HoldcastError } from '../util/errors';
import { parseJson } from '../util/json';

const TIME = 'a time: seconds (42.5) or "mm:ss"';
/** Seconds, or "mm:ss", or "h:mm:ss", as milliseconds. */
const time = z
  .union([z.number().nonnegative(TIME), z.string().regex(/^(\d+:)?\d+:\d{2}(\.\d+)?$/, TIME)], {
    error: TIME,
  })
  .transform((value) =>
    typeof value === 'number'
      ? value * 1000
      : value.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) * 1000,
  );

const PLACE = 'a place in the queue: 1 to 999';
const at = { at: time };
const eventSchema = z.union(
  [
    z.strictObject({ ...at, key: z.enum(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '*', '#']) }),
    z.strictObject({ ...at, position: z.number().int(PLACE).min(1, PLACE).max(999, PLACE) }),
    z.strictObject({ ...at, advice: z.string().min(1, 'the name of an advice: "advices/middle/x.wav"') }),
  ],
  {
    error:
      'an event: { "at": …, "key": "3" }, { "at": …, "position": 2 } or { "at": …, "advice": "advices/middle/x.wav" }',
  },
);

const ACCOUNT = 'an account: { "number": "000412", "balance": "-12.50", "currency": "EUR" }';
const AMOUNT = 'an amount: "-12.50"';
const accountSchema = z.strictObject(
  {
    number: z.string(ACCOUNT).regex(/^\S(.{0,62}\S)?$/u, ACCOUNT),
    balance: z.union([z.number(), z.string().max(32)], { error: AMOUNT }),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, 'the ISO 4217 code of a currency: "EUR"')
      .optional(),
  },
  { error: ACCOUNT },
);
const OTHERWISE = ['unavailable', 'unknown-caller', 'locked'] as const;

const scriptSchema = z.strictObject({
  seconds: z.number().positive().max(86_400).default(90),
  /** When the call begins, for the part of the day. */
  start: z.iso.datetime({ offset: true }).default('2026-01-05T12:00:00Z'),
  seed: z.number().int().nonnegative().default(1),
  language: z.string().min(2).optional(),
  /** What billing knows of the caller; none: their number is not registered. */
  accounts: z.array(accountSchema).max(MOST_ACCOUNTS).optional(),
  /** Why billing has no accounts to tell. */
  balance: z.enum(OTHERWISE).optional(),
  /** What the caller must enter before they hear a balance. */
  pin: z
    .string()
    .regex(/^\d{3,12}$/, 'a PIN: "4711", 3 to 12 digits')
    .optional(),
  billingMs: z.number().min(0).max(60_000).default(50),
  events: z.array(eventSchema).default([]),
});

export type CallScript = z.output<typeof scriptSchema>;
export type ScriptEvent = CallScript['events'][number];

/** @throws HoldcastError HC_SCRIPT_INVALID with the place, what was wrong and what is allowed */
export function parseScript(text: string, name: string): CallScript {
  const hint = 'see docs/render.md for a script that works';
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (cause) {
    throw new HoldcastError('HC_SCRIPT_INVALID', `${name} is not JSON: ${(cause as Error).message}`, hint, {
      cause,
    });
  }
  const result = scriptSchema.safeParse(value);
  if (result.success) return { ...result.data, events: result.data.events.toSorted((a, b) => a.at - b.at) };
  const problems = result.error.issues.map(
    (issue) => `  ${issue.path.join('.') || '(top)'}: ${issue.message}`,
  );
  throw new HoldcastError('HC_SCRIPT_INVALID', `${name} is not a call script:\n${problems.join('\n')}`, hint);
}
