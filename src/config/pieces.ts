// What config schemas are made of: a range, a choice, a text, a section that knows its keys; and the type of a schema.
// Each piece has the text that says what is allowed.
import * as z from 'zod';
import { baseLanguage } from '../media/names';
import { validateCron } from './cron';

export const HOUR_MS = 3_600_000;
export type Context = z.core.$RefinementCtx<unknown>;

/** A number within a range; `unit` is for the message. */
export function within(min: number, max: number, unit: string) {
  const allowed = `a number from ${min} to ${max} ${unit}`;
  return z.number(allowed).min(min, allowed).max(max, allowed).optional();
}

export function whole(min: number, max: number) {
  const allowed = `a whole number from ${min} to ${max}`;
  return z.int(allowed).min(min, allowed).max(max, allowed).optional();
}

export function oneOf<const T extends readonly (string | number)[]>(...values: T) {
  const allowed = `one of ${values.map((value) => JSON.stringify(value)).join(', ')}`;
  return z.literal(values, allowed).optional();
}

export function flag() {
  return z.boolean('true or false').optional();
}

/** A text that passes `test`; `allowed` says in words what passes. */
export function text(allowed: string, test: (value: string) => boolean) {
  return z.string(allowed).refine(test, allowed);
}

export function path(what: string) {
  return text(`${what}, not empty`, isNotEmpty).optional();
}

export function host(what = 'the name or address of a machine') {
  return text(what, (value) => /^[\w.:%-]{1,253}$/.test(value)).optional();
}

/** What may stand in a header of AMI or HTTP: one line, not empty. */
export function line(what: string) {
  const isLine = (value: string): boolean =>
    isNotEmpty(value) && value.length <= 256 && !/[\x00-\x1f]/.test(value);
  return text(what, isLine).optional();
}

export function password() {
  return text('a password', (value) => value.length <= 256).optional();
}

export function cron() {
  const example = "five fields: minute, hour, day of month, month, day of week ('* 9-17 * * mon-fri')";
  return z
    .string('a cron expression of five fields')
    .superRefine((value, context) => {
      const wrong = validateCron(value);
      if (wrong !== undefined) complain(context, [], `${example}; wrong here: ${wrong}`);
    })
    .optional();
}

/**
 * An object that knows all its keys; for one that it does not know the message lists those it does.
 * @param shape of a class where an editor is to show its comments: published types keep only those of a class's fields
 */
export function section<T extends z.core.$ZodLooseShape>(shape: T) {
  const known = Object.keys(shape).join(', ');
  const error = (issue: { code?: string }): string =>
    issue.code === 'unrecognized_keys' ? known : `an object with any of ${known}`;
  return z.strictObject(shape, { error }) as z.ZodObject<T, z.core.$strict>;
}

export function complain(context: Context, at: PropertyKey[], message: string): void {
  context.addIssue({ code: 'custom', path: at, message });
}

/** What the library can tell from a file's name, so that no language is allowed whose files are never found. */
export function isLanguage(value: string): boolean {
  return baseLanguage(value) !== undefined;
}

export function isNotEmpty(value: string): boolean {
  return value.trim() !== '';
}

/**
 * What an operator may write where `Schema` is. Unlike z.input it keeps the comments of a section's options, which an
 * editor shows.
 */
export type Written<Schema> =
  Schema extends z.ZodOptional<infer Inner>
    ? Written<Inner> | undefined
    : Schema extends z.ZodObject<infer Shape>
      ? WrittenOf<Shape>
      : Schema extends z.ZodArray<infer Item>
        ? Written<Item>[]
        : z.input<Schema>;
export type WrittenOf<Shape> = Optional<Shape, OptionalKeys<Shape>> &
  Required<Shape, Exclude<keyof Shape, OptionalKeys<Shape>>>;
type OptionalKeys<Shape> = {
  [Key in keyof Shape]: Shape[Key] extends z.ZodOptional ? Key : never;
}[keyof Shape];
type Optional<Shape, Keys extends keyof Shape> = { [Key in Keys]?: Written<Shape[Key]> };
type Required<Shape, Keys extends keyof Shape> = { [Key in Keys]: Written<Shape[Key]> };
