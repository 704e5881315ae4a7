// JSON from files that people write: some editors put a byte order mark in front, which JSON.parse rejects.

/** @throws SyntaxError */
export function parseJson(text: string): unknown {
  return JSON.parse(text.startsWith('\ufeff') ? text.slice(1) : text);
}
