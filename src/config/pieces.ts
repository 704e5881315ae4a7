// What config schemas are made of: a range, a choice, a text, a section that knows its keys.
// Each piece carries the words in which it is complained of.
import { z } from 'zod';
import { baseLanguage } from '../media/names';
import { validateCron } from './cron';

export const HOUR_MS = 3_600_000;
export const PORT = 'a whole number from 1 to 65535';

/** A number within a range; `unit` is for the message. */
export function within(min: number, max: number, unit: string) {
  const allowed = `a number from ${min} to ${max} ${unit}`;
  return z.number(allowed).min(min, allowed).max(max, allowed).optional();
}

export function oneOf<const T extends readonly (string | number)[]>(...values: T) {
  const allowed = `one of ${values.map((value) => JSON.stringify(value)).join(', ')}`;
  return z.literal(values, allowed).optional();
}

/** A text that passes `test`; `allowed` says in words what passes. */
export function text(allowed: string, test: (value: string) => boolean) {
  return z.string(allowed).refine(test, allowed);
}

export function path(what: string) {
  return text(`${what}, not empty`, (value) => value.trim() !== '').optional();
}

/** An object that knows all its keys; for one that it does not know the message lists those it does. */
export function section<T extends z.core.$ZodLooseShape>(shape: T) {
  const known = Object.keys(shape).join(', ');
  const error = (issue: { code?: string }): string =>
    issue.code === 'unrecognized_keys' ? known : `an object with any of ${known}`;
  return z.strictObject(shape, { error });
}

/** What the library can tell from a file's name, so that no language is allowed whose files are never found. */
export function isLanguage(value: string): boolean {
  return baseLanguage(value) !== undefined;
}

export function isHost(value: string): boolean {
  return /^[\w.:%-]{1,253}$/.test(value);
}

/** What may stand in a header of AMI: one line, not empty. */
export function isHeader(value: string): boolean {
  return value.trim() !== '' && value.length <= 256 && !/[\x00-\x1f]/.test(value);
}

export function isCron(value: string, context: z.core.$RefinementCtx<string>): void {
  const wrong = validateCron(value);
  const example = "five fields: minute, hour, day of month, month, day of week ('* 9-17 * * mon-fri')";
  if (wrong !== undefined) context.addIssue({ code: 'custom', message: `${example}; wrong here: ${wrong}` });
}
