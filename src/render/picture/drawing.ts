// What a picture is drawn with: the sheet's size and colours, time as pixels, elements of SVG, the width of words.
// Titles come from other people's configuration; whatever they hold, the picture stays well-formed.

export const WIDTH = 1600;
export const HEIGHT = 900;
export const LEFT = 100;
export const RIGHT = 1560;

export const COLOUR = {
  paper: '#fcfbf8',
  card: '#ffffff',
  ink: '#1f2a37',
  muted: '#66717e',
  grid: '#e5e1d8',
  music: '#2b8a7e',
  voice: '#dd5631',
  voicePale: '#fbe6dd',
  announcement: '#b8479b',
  duck: '#4a3fa3',
  key: '#1d6fb8',
};

export type Point = readonly [x: number, y: number];

/** A stretch of time on the paper: `fromMs` at LEFT, `toMs` at RIGHT. */
export interface Scale {
  fromMs: number;
  toMs: number;
  x(ms: number): number;
  ms(x: number): number;
}

/** A stretch of paper, pixels. */
export interface Band {
  top: number;
  height: number;
}

export function scaleOf(fromMs: number, toMs: number): Scale {
  const perMs = (RIGHT - LEFT) / (toMs - fromMs);
  return {
    fromMs,
    toMs,
    x: (ms) => LEFT + (Math.min(toMs, Math.max(fromMs, ms)) - fromMs) * perMs,
    ms: (x) => fromMs + (x - LEFT) / perMs,
  };
}

type Attributes = Record<string, string | number>;

/** Text as XML character data: specials escaped, what XML 1.0 forbids (controls, lone surrogates) dropped. */
function escapeXml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text
    .replace(/[\t\n\r]+/g, ' ')
    .replace(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, '')
    .replace(/[&<>"']/g, (special) => entities[special]!);
}

export function element(name: string, attributes: Attributes, ...children: string[]): string {
  const list = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${typeof value === 'number' ? Number(value.toFixed(2)) : escapeXml(value)}"`,
  );
  return children.length > 0
    ? `<${name}${list.join('')}>${children.join('')}</${name}>`
    : `<${name}${list.join('')}/>`;
}

export function label(x: number, y: number, text: string, attributes: Attributes = {}): string {
  return element('text', { x, y, 'font-size': 14, fill: COLOUR.muted, ...attributes }, escapeXml(text));
}

export function line(from: Point, to: Point, attributes: Attributes): string {
  return element('line', { x1: from[0], y1: from[1], x2: to[0], y2: to[1], ...attributes });
}

export function rect(x: number, band: Band, width: number, attributes: Attributes): string {
  return element('rect', { x, y: band.top, width: Math.max(0, width), height: band.height, ...attributes });
}

function pathOf(points: readonly Point[], closed = false): string {
  const steps = points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`);
  return steps.join('') + (closed ? 'Z' : '');
}

export function path(points: readonly Point[], attributes: Attributes, closed = false): string {
  return points.length > 1 ? element('path', { d: pathOf(points, closed), ...attributes }) : '';
}

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
