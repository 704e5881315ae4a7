// How wide a text will be and where it must be cut, without a font to ask.
// SVG neither wraps nor clips a label: a long title would run over the one beside it.

/** How wide DejaVu Sans sets a character, in ems; on the safe side. */
function charWidth(char: string): number {
  if (/[ijlIft.,:;'|!()[\]\-]/.test(char)) return 0.41;
  if (/[mwMW@%…—ЖШЩЫЮМжшщыюмф]/.test(char)) return 0.98;
  if (/\p{Lu}/u.test(char)) return 0.76;
  return char === ' ' ? 0.33 : /[^\u0020-\u052f]/.test(char) ? 1 : 0.64;
}

export function textWidth(text: string, fontPx: number): number {
  let ems = 0;
  for (const char of text) ems += charWidth(char);
  return ems * fontPx;
}

/** `text`, cut with "…" so that it is no wider than `widthPx`; empty when not even three letters fit. */
export function fitted(text: string, widthPx: number, fontPx: number): string {
  const clean = text.replace(/\s+/g, ' ').trim();
  if (textWidth(clean, fontPx) <= widthPx) return clean;
  const chars = [...clean.slice(0, 400)];
  while (chars.length > 0 && textWidth(`${chars.join('')}…`, fontPx) > widthPx) chars.pop();
  return chars.length >= 3 ? `${chars.join('').trimEnd()}…` : '';
}
