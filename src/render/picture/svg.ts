// SVG as text: elements, lines, rectangles, paths and labels, escaped and rounded in one place.
// Titles come from other people's configuration; whatever they hold, the picture stays well-formed.
import { MUTED, type Band, type Point } from './paper';

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
  return element('text', { x, y, 'font-size': 14, fill: MUTED, ...attributes }, escapeXml(text));
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
