// Pin: whether a PIN that callers must enter reaches the system that checks it. If not, any PIN would do.
import type { BillingFunction, HttpBilling, SqlBilling } from './settings';

type PinSource =
  { readonly http: HttpBilling } | { readonly sql: Pick<SqlBilling, 'query' | 'answer'> } | BillingFunction;

/** A config that asks for a PIN and passes it to nobody; an operator's own code is trusted to look at it. */
export function pinIsLost({ pin, source }: { pin?: unknown; source: PinSource }): boolean {
  if (!pin || typeof source === 'function') return false;
  if ('sql' in source) return source.sql.answer === undefined && !/:pin\b/.test(source.sql.query);
  return source.http.answer === undefined && !sendsPin(source.http);
}

/** Whether what is asked over HTTP has the PIN in it. */
export function sendsPin({ url, headers, body }: HttpBilling): boolean {
  return [url, ...texts(headers), ...texts(body)].some((text) => text.includes('{pin}'));
}

/** All strings in a body, at any depth. A body with cycles cannot be sent, and has none. */
function texts(body: unknown): readonly string[] {
  const found: string[] = [];
  try {
    JSON.stringify(body, (_, value: unknown) => {
      if (typeof value === 'string') found.push(value);
      return value;
    });
  } catch {
    return [];
  }
  return found;
}
