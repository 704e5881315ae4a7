// SQL with `:names` for its parameters, turned into question marks in order.
// Own code, since the driver's takes an apostrophe in a comment for the beginning of a string.
import { refused } from './storeErrors';

export type Value = string | number | bigint | boolean | null;
export type Params = readonly Value[] | Readonly<Record<string, Value>>;

/** What is left alone: strings, quoted names, comments, `:=`; else a name, or a question mark. */
const TOKEN =
  /'(?:[^'\\]|\\[^]|'')*'|"(?:[^"\\]|\\[^]|"")*"|`[^`]*`|--(?=\s)[^\n]*|#[^\n]*|\/\*[^]*?\*\/|:=|:([A-Za-z_]\w*)/g;

/**
 * @param params in the order of the question marks, or by the names in the query; a name may come twice
 * @throws HoldcastError HC_STORE_REFUSED: a name that is not given
 */
export function numbered(sql: string, params: Params): { sql: string; values: readonly Value[] } {
  if (isList(params)) return { sql, values: params };
  const values: Value[] = [];
  const text = sql.replace(TOKEN, (token, name?: string) => {
    if (name === undefined) return token;
    if (!Object.hasOwn(params, name)) throw refused(`the query has :${name}, which it is not given`);
    values.push(params[name]!);
    return '?';
  });
  return { sql: text, values };
}

function isList(params: Params): params is readonly Value[] {
  return Array.isArray(params);
}
