// Bytes from Asterisk as text, and text where only some characters may stand. Asterisk's names are bytes in whatever
// encoding its files have; the same bytes must be the same text wherever they come from, or a call is not found.
import { hash64 } from './hash';

/** UTF-8; bytes that are none are Latin-1, each a character. */
export function textOf(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  }
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The bytes behind %XX and the characters between; undefined where a % has no two hexadecimal digits.
 * @param encoding of the characters between
 */
export function percentDecoded(text: string, encoding: 'utf8' | 'latin1'): Buffer | undefined {
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return undefined;
  const parts = text.split(/%([0-9A-Fa-f]{2})/);
  return Buffer.concat(parts.map((part, i) => Buffer.from(part, i % 2 === 1 ? 'hex' : encoding)));
}

/** Every byte that is not one of the characters that `kept` matches as %XX. */
export function percentEncoded(value: string | Uint8Array, kept: RegExp): string {
  let text = '';
  for (const byte of typeof value === 'string' ? Buffer.from(value) : value) {
    const character = String.fromCharCode(byte);
    text += kept.test(character) ? character : `%${byte.toString(16).padStart(2, '0').toUpperCase()}`;
  }
  return text;
}

/** As one word of a command line that is split at spaces, which is no option and no path: `ofWord` undoes it. */
export function wordOf(text: string): string {
  if (/^[\w.;+][\w.;+-]*$/.test(text)) return text; // as nearly all are
  return percentEncoded(text, /[\w.;+-]/).replace(/^-/, '%2D');
}

/** What `wordOf` was given; undefined where it was given nothing that makes this word. */
export function ofWord(word: string): string | undefined {
  const bytes = percentDecoded(word, 'utf8');
  return bytes && textOf(bytes);
}

/** Linux allows 255 bytes; what is appended (".json.4194304") needs the rest. */
const LONGEST_NAME = 230;

/**
 * As the name of a file, or its beginning: two texts never have the same, also where upper and lower case are alike. A
 * text of letters in lower case and digits stays as it is; none begins with a dot, has a slash, or is too long.
 */
export function fileNameOf(text: string): string {
  const name = percentEncoded(text, /[a-z0-9_.;+-]/).replace(/^\./, '%2E');
  return name.length <= LONGEST_NAME ? name : `${name.slice(0, LONGEST_NAME - 18)}%%${hash64(text)}`;
}
