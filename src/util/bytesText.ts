// Bytes from Asterisk as text, and text for places that allow only some characters. Asterisk's names are bytes in any encoding;
// the same bytes must be the same text wherever they come from, or a call is not found.
import { hash64 } from './hash';

/** UTF-8; bytes that are not UTF-8 are read as Latin-1. */
export function textOf(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  }
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The bytes of %XX and of the characters between; undefined if a % lacks its two hexadecimal digits.
 * @param encoding of the characters between
 */
export function percentDecoded(text: string, encoding: 'utf8' | 'latin1'): Buffer | undefined {
  if (/%(?![0-9A-Fa-f]{2})/.test(text)) return undefined;
  const parts = text.split(/%([0-9A-Fa-f]{2})/);
  return Buffer.concat(parts.map((part, i) => Buffer.from(part, i % 2 === 1 ? 'hex' : encoding)));
}

/** Each byte as %XX, except the characters that `kept` matches. */
export function percentEncoded(value: string | Uint8Array, kept: RegExp): string {
  let text = '';
  for (const byte of typeof value === 'string' ? Buffer.from(value) : value) {
    const character = String.fromCharCode(byte);
    text += kept.test(character) ? character : `%${byte.toString(16).padStart(2, '0').toUpperCase()}`;
  }
  return text;
}

/** As one word of a command line that is split at spaces, neither an option nor a path; `ofWord` undoes it. */
export function wordOf(text: string): string {
  if (/^[\w.;+][\w.;+-]*$/.test(text)) return text; // as nearly all are
  return percentEncoded(text, /[\w.;+-]/).replace(/^-/, '%2D');
}

/** The text of which `wordOf` made this word; undefined: there is none. */
export function ofWord(word: string): string | undefined {
  const bytes = percentDecoded(word, 'utf8');
  return bytes && textOf(bytes);
}

/** Linux allows 255 bytes; endings (".json.4194304") need the rest. */
const LONGEST_NAME = 230;

/**
 * As the name of a file, or its beginning: two texts never have the same name, even on a file system that ignores case. Lower-case letters
 * and digits stay as they are; no name begins with a dot, has a slash, or is too long.
 */
export function fileNameOf(text: string): string {
  const name = percentEncoded(text, /[a-z0-9_.;+-]/).replace(/^\./, '%2E');
  return name.length <= LONGEST_NAME ? name : `${name.slice(0, LONGEST_NAME - 18)}%%${hash64(text)}`;
}
