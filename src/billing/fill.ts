// Fill: puts a caller's number and the like into an operator's URL, headers and body, encoded for where they stand.
// What comes from a channel may be anything; it stays the value of its place and never becomes another part of it.
import type { BillingQuestion } from './billing';
import { BillingFailure } from './failure';
import type { BillingFunction, HttpBilling, SqlBilling } from './settings';

const PLACEHOLDER = /\{(phone|uniqueid|language|pin)\}/g;

type Encode = (value: string) => string;

function fill(text: string, question: BillingQuestion, encode: Encode): string {
  return text.replace(PLACEHOLDER, (_, name: keyof BillingQuestion) => encode(question[name] ?? ''));
}

/** The URL that a template is of, with a word at each of its placeholders. @throws BillingFailure it is none */
export function templateUrl(template: string): URL {
  let url: URL;
  try {
    url = new URL(template.replace(PLACEHOLDER, 'x'));
  } catch {
    throw new BillingFailure('its URL is not one', "write the whole of it: 'https://billing.example/…'");
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new BillingFailure('its URL is neither https: nor http:', 'write it with https:');
  if (url.username !== '' || url.password !== '')
    throw new BillingFailure('its URL has a user in it', 'give `user` and `password` of their own');
  return url;
}

const HINT = 'use placeholders in the path or in the query of the URL, and not as all of its host';

/**
 * Path and query of the filled template, in which each value is one component: none changes the host or leaves its folder.
 * @throws BillingFailure when a value cannot stand where the template has it
 */
export function filledPath(template: string, question: BillingQuestion): string {
  const expected = templateUrl(template);
  const [path = ''] = template.split(/[?#]/);
  if (!path.split('/').every((segment) => staysSegment(segment, question))) throw moved();
  let url: URL;
  try {
    url = new URL(fill(template, question, encodeURIComponent));
  } catch {
    throw new BillingFailure('a value cannot stand in its URL', HINT, { ofOne: true });
  }
  const depth = ({ pathname }: URL): number => pathname.split('/').length;
  if (url.origin !== expected.origin || depth(url) !== depth(expected)) throw moved();
  return url.pathname + url.search;
}

/**
 * Nothing, dots (also before a server's `;parameters`) and slashes name another resource, also encoded: many a server
 * decodes them before it looks.
 */
function staysSegment(template: string, question: BillingQuestion): boolean {
  let hasNothing = false;
  const filled = fill(template, question, (value) => {
    hasNothing ||= value === '';
    return value;
  });
  if (filled === template) return true;
  const decoded = filled.replace(/%(2e|2f|5c)/gi, (code) => decodeURIComponent(code));
  return !hasNothing && !/^\.{1,2}(;|$)/.test(decoded) && !/[/\\\x00-\x1f\x7f]/.test(decoded);
}

function moved(): BillingFailure {
  const hint = `${HINT}; behind its ? any value may stand`;
  return new BillingFailure('a value would change more of its URL than its place', hint, { ofOne: true });
}

/** A header's value: visible ASCII and spaces, so that no value ends its line. */
export function filledHeader(template: string, question: BillingQuestion): string {
  return fill(template, question, (value) => value.replace(/[^\x20-\x7e]/g, ''));
}

/** JSON of a body whose strings, at any depth, are filled. @throws BillingFailure when it cannot be JSON */
export function filledJson(body: unknown, question: BillingQuestion): string {
  const filled = (_: string, value: unknown): unknown =>
    typeof value === 'string' ? fill(value, question, (text) => text) : value;
  try {
    const json = JSON.stringify(body, filled) as string | undefined;
    if (json !== undefined) return json;
  } catch {
    // a cycle or a BigInt: as below
  }
  throw new BillingFailure('its body cannot be sent as JSON', 'use objects, lists, strings and numbers');
}

type PinSource =
  { readonly http: HttpBilling } | { readonly sql: Pick<SqlBilling, 'query' | 'answer'> } | BillingFunction;

/**
 * Whether a config asks callers for a PIN and passes it to nobody: any PIN would do. An operator's own code is trusted to look
 * at it.
 */
export function pinIsLost({ pin, source }: { pin?: unknown; source: PinSource }): boolean {
  if (!pin || typeof source === 'function') return false;
  if ('sql' in source) return source.sql.answer === undefined && !/:pin\b/.test(source.sql.query);
  return source.http.answer === undefined && !sendsPin(source.http);
}

/** Whether what is asked over HTTP has the PIN in it. A body with cycles cannot be sent. */
export function sendsPin({ url, headers, body }: HttpBilling): boolean {
  try {
    return JSON.stringify([url, headers, body]).includes('{pin}');
  } catch {
    return false;
  }
}
