// The picture of a call: waveform, level, ducking and what was heard when, as one PNG.
// A person must be able to see the fade under a voice; listening to 90 s of hold music convinces fewer people.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type * as ResvgWasm from '@resvg/resvg-wasm';
import { formatLength, formatTime, type TimelineEvent } from './timeline';

export interface CallPicture {
  /** What the caller heard, mono. */
  samples: Int16Array;
  /** Samples a second. */
  rate: number;
  events: readonly TimelineEvent[];
  /** The ducking gain applied to the music, dB (0 and less), one value a Frame of 40 ms. */
  duckGainDb: Float32Array;
  title: string;
  subtitle?: string;
}

const WIDTH = 1600;
const HEIGHT = 900;
const LEFT = 100;
const RIGHT = 1560;
const FRAME_MS = 40;
const LEVEL_WINDOW_MS = 400;
const LEVEL_FLOOR_DB = -60;

const PAPER = '#fcfbf8';
const CARD = '#ffffff';
const INK = '#1f2a37';
const MUTED = '#66717e';
const GRID = '#e5e1d8';
const MUSIC = '#2b8a7e';
const VOICE = '#dd5631';
const VOICE_PALE = '#fbe6dd';
const ANNOUNCEMENT = '#b8479b';
const DUCK = '#4a3fa3';
const KEY = '#1d6fb8';

type Attributes = Record<string, string | number>;
type Point = readonly [x: number, y: number];

/** A stretch of time on the paper: `fromMs` at `left`, `toMs` at `right` (pixels). */
interface Scale {
  fromMs: number;
  toMs: number;
  left: number;
  right: number;
  x(ms: number): number;
  ms(x: number): number;
}

/** A stretch of paper, pixels. */
interface Band {
  top: number;
  height: number;
}

interface Block {
  event: TimelineEvent;
  fromMs: number;
  toMs: number;
}

/** A call with what the drawing functions all need worked out once. */
interface Call {
  input: CallPicture;
  lengthMs: number;
  tracks: Block[];
  voices: Block[];
  marks: TimelineEvent[];
  /** Linear, 0..1: the loudest sample; the waveform is drawn to this height. */
  peak: number;
}

/** One way of the music down and up again, milliseconds from the beginning of the call. */
interface Fade {
  downFromMs: number;
  downToMs: number;
  upFromMs: number;
  upToMs: number;
  depthDb: number;
}

// ── SVG ────────────────────────────────────────────────────────────────────────────────────────────────

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

function element(name: string, attributes: Attributes, ...children: string[]): string {
  const list = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${typeof value === 'number' ? Number(value.toFixed(2)) : escapeXml(value)}"`,
  );
  return children.length > 0
    ? `<${name}${list.join('')}>${children.join('')}</${name}>`
    : `<${name}${list.join('')}/>`;
}

function label(x: number, y: number, text: string, attributes: Attributes = {}): string {
  return element('text', { x, y, 'font-size': 14, fill: MUTED, ...attributes }, escapeXml(text));
}

function line(from: Point, to: Point, attributes: Attributes): string {
  return element('line', { x1: from[0], y1: from[1], x2: to[0], y2: to[1], ...attributes });
}

function rect(x: number, band: Band, width: number, attributes: Attributes): string {
  return element('rect', { x, y: band.top, width: Math.max(0, width), height: band.height, ...attributes });
}

function pathOf(points: readonly Point[], closed = false): string {
  const steps = points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`);
  return steps.join('') + (closed ? 'Z' : '');
}

function path(points: readonly Point[], attributes: Attributes, closed = false): string {
  return points.length > 1 ? element('path', { d: pathOf(points, closed), ...attributes }) : '';
}

/** How wide DejaVu Sans sets a character, in ems; on the safe side. */
function charWidth(char: string): number {
  if (/[ijlIft.,:;'|!()[\]\-]/.test(char)) return 0.41;
  if (/[mwMW@%…—ЖШЩЫЮМжшщыюмф]/.test(char)) return 0.98;
  if (/\p{Lu}/u.test(char)) return 0.76;
  return char === ' ' ? 0.33 : /[^\u0020-\u052f]/.test(char) ? 1 : 0.64;
}

function textWidth(text: string, fontPx: number): number {
  let ems = 0;
  for (const char of text) ems += charWidth(char);
  return ems * fontPx;
}

/** `text`, cut with "…" so that it is no wider than `widthPx`; empty when not even three letters fit. */
function fitted(text: string, widthPx: number, fontPx: number): string {
  const clean = text.replace(/\s+/g, ' ').trim();
  if (textWidth(clean, fontPx) <= widthPx) return clean;
  const chars = [...clean.slice(0, 400)];
  while (chars.length > 0 && textWidth(`${chars.join('')}…`, fontPx) > widthPx) chars.pop();
  return chars.length >= 3 ? `${chars.join('').trimEnd()}…` : '';
}

function scaleOf(fromMs: number, toMs: number, left = LEFT, right = RIGHT): Scale {
  const perMs = (right - left) / (toMs - fromMs);
  return {
    fromMs,
    toMs,
    left,
    right,
    x: (ms) => left + (Math.min(toMs, Math.max(fromMs, ms)) - fromMs) * perMs,
    ms: (x) => fromMs + (x - left) / perMs,
  };
}

// ── What is heard when ─────────────────────────────────────────────────────────────────────────────────

function isVoice(event: TimelineEvent): boolean {
  return event.kind === 'advice' || event.kind === 'announcement';
}

/** Events with a length as blocks inside the call; `endOf` says when one without `untilMs` ended. */
function blocksOf(
  events: TimelineEvent[],
  lengthMs: number,
  endOf: (event: TimelineEvent) => number,
): Block[] {
  return events
    .map((event) => ({
      event,
      fromMs: Math.max(0, event.atMs),
      toMs: Math.min(lengthMs, event.untilMs ?? endOf(event)),
    }))
    .filter((block) => block.toMs > block.fromMs);
}

/** The largest magnitude. Plain comparisons: a call of two hours has 57 million samples. */
function peakOf(samples: Int16Array): number {
  let peak = 0;
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i]!;
    if (sample > peak) peak = sample;
    else if (-sample > peak) peak = -sample;
  }
  return peak;
}

function understand(input: CallPicture): Call {
  const lengthMs = (input.samples.length / input.rate) * 1000;
  const events = [...input.events].sort((a, b) => a.atMs - b.atMs);
  const after = (event: TimelineEvent, kind: TimelineEvent['kind']): number =>
    events.find((other) => other.kind === kind && other.atMs > event.atMs)?.atMs ?? lengthMs;
  const music = events.filter((event) => event.kind === 'music');
  return {
    input,
    lengthMs,
    tracks: blocksOf(music, lengthMs, (event) => after(event, 'music')),
    voices: blocksOf(events.filter(isVoice), lengthMs, (event) => after(event, 'voice-end')),
    marks: events.filter((event) => ['key', 'position', 'note'].includes(event.kind)),
    peak: peakOf(input.samples) / 32768,
  };
}

/** Every complete way down and up of the ducking gain. To 0.005 dB, since smooth curves end flat. */
function fadesOf(duckGainDb: Float32Array): Fade[] {
  const fades: Fade[] = [];
  const restDb = -0.005;
  for (let i = 1; i < duckGainDb.length; i++) {
    if (duckGainDb[i]! >= restDb || duckGainDb[i - 1]! < restDb) continue;
    let end = i;
    while (end < duckGainDb.length && duckGainDb[end]! < restDb) end++;
    if (end === duckGainDb.length) break;
    const depthDb = duckGainDb.subarray(i, end).reduce((lowest, value) => Math.min(lowest, value), 0);
    let [down, up] = [i, end - 1];
    while (duckGainDb[down]! > depthDb + 0.005) down++;
    while (duckGainDb[up]! > depthDb + 0.005) up--;
    fades.push({
      downFromMs: (i - 1) * FRAME_MS,
      downToMs: down * FRAME_MS,
      upFromMs: up * FRAME_MS,
      upToMs: end * FRAME_MS,
      depthDb,
    });
    i = end;
  }
  return fades.filter((fade) => fade.depthDb < -3);
}

/** The fade that is shown close up: the shortest, since there the slopes are widest on the paper. */
function clearestFade(fades: Fade[]): Fade | undefined {
  const length = (fade: Fade): number => fade.upToMs - fade.downFromMs;
  return [...fades].sort((a, b) => length(a) - length(b))[0];
}

/** A duration measured in Frames, without pretending to know it better: to 100 ms, from 200 ms up. */
function roughLength(ms: number): string {
  return formatLength(ms < 200 ? ms : Math.round(ms / 100) * 100);
}

// ── Measuring ──────────────────────────────────────────────────────────────────────────────────────────

/** Sums of squares up to each 10 ms, so that the RMS of any stretch costs two look-ups. */
function energySums(samples: Int16Array, rate: number): { hop: number; sums: Float64Array } {
  const hop = Math.max(1, Math.round(rate / 100));
  const sums = new Float64Array(Math.ceil(samples.length / hop) + 1);
  for (let block = 0; block + 1 < sums.length; block++) {
    let sum = 0;
    const end = Math.min(samples.length, (block + 1) * hop);
    for (let i = block * hop; i < end; i++) sum += samples[i]! * samples[i]!;
    sums[block + 1] = sums[block]! + sum;
  }
  return { hop, sums };
}

/** Level in dBFS at each pixel column: RMS over 400 ms around it, or over the column where that is longer. */
function levelPoints(call: Call, scale: Scale, y: (db: number) => number): Point[] {
  const { samples, rate } = call.input;
  const { hop, sums } = energySums(samples, rate);
  const halfMs = Math.max(LEVEL_WINDOW_MS, scale.ms(scale.left + 1) - scale.fromMs) / 2;
  const blockAt = (ms: number): number =>
    Math.max(0, Math.min(sums.length - 1, Math.round((ms / 1000) * (rate / hop))));
  const points: Point[] = [];
  for (let x = scale.left; x <= scale.x(call.lengthMs); x++) {
    const [from, to] = [blockAt(scale.ms(x) - halfMs), blockAt(scale.ms(x) + halfMs)];
    const count = Math.max(1, Math.min(samples.length, to * hop) - from * hop);
    const rms = Math.sqrt((sums[to]! - sums[from]!) / count) / 32768;
    points.push([x, y(rms > 0 ? 20 * Math.log10(rms) : -Infinity)]);
  }
  return points;
}

/** The gain curve; where a column holds many Frames, the deepest, so that no duck is lost in a long call. */
function duckPoints(gains: Float32Array, scale: Scale, y: (db: number) => number): Point[] {
  const points: Point[] = [];
  const frameAt = (x: number): number => scale.ms(x) / FRAME_MS;
  for (let x = scale.left; x <= scale.right && frameAt(x) < gains.length; x++) {
    const [at, next] = [frameAt(x), frameAt(x + 1)];
    const first = gains[Math.floor(at)] ?? 0;
    const share = at - Math.floor(at);
    let value = first + ((gains[Math.floor(at) + 1] ?? first) - first) * share;
    for (let i = Math.ceil(at); i < next && i < gains.length; i++) value = Math.min(value, gains[i]!);
    points.push([x, y(value)]);
  }
  return points;
}

// ── Lanes ──────────────────────────────────────────────────────────────────────────────────────────────

/** Vertical tint wherever a voice speaks, behind everything else. */
function voiceTint(call: Call, scale: Scale, band: Band): string {
  return call.voices
    .filter((voice) => voice.toMs > scale.fromMs && voice.fromMs < scale.toMs)
    .map((voice) =>
      rect(scale.x(voice.fromMs), band, Math.max(1, scale.x(voice.toMs) - scale.x(voice.fromMs)), {
        fill: VOICE_PALE,
      }),
    )
    .join('');
}

/** The lowest and the highest of 0 and `samples[from, to)`. */
function extremes(samples: Int16Array, from: number, to: number): [low: number, high: number] {
  const end = Math.min(to, samples.length);
  let [low, high] = [0, 0];
  for (let i = from; i < end; i++) {
    const sample = samples[i]!;
    if (sample > high) high = sample;
    else if (sample < low) low = sample;
  }
  return [low, high];
}

/** Min and max of each pixel column as one outline for each run of columns that sound the same. */
function waveform(call: Call, scale: Scale, band: Band, opacity = 1): string {
  const { samples, rate } = call.input;
  const middle = band.top + band.height / 2;
  const height = band.height / 2 / (Math.max(call.peak, 0.05) * 32768);
  const sampleAt = (x: number): number =>
    Math.max(0, Math.min(samples.length, Math.round((scale.ms(x) * rate) / 1000)));
  const speaks = (x: number): boolean =>
    call.voices.some((voice) => voice.fromMs <= scale.ms(x) && scale.ms(x) < voice.toMs);
  const shapes: string[] = [];
  let [top, bottom, voiced]: [Point[], Point[], boolean] = [[], [], false];
  const flush = (): void => {
    shapes.push(path([...top, ...bottom.reverse()], { fill: voiced ? VOICE : MUSIC, opacity }, true));
    [top, bottom] = [top.slice(-1), bottom.slice(0, 1)];
  };
  for (let x = scale.left; x < scale.right && sampleAt(x) < samples.length; x++) {
    if (speaks(x) !== voiced) {
      flush();
      voiced = !voiced;
    }
    const [low, high] = extremes(samples, sampleAt(x), Math.max(sampleAt(x) + 1, sampleAt(x + 1)));
    top.push([x, middle - Math.max(0.4, high * height)]);
    bottom.push([x, middle + Math.max(0.4, -low * height)]);
  }
  flush();
  return shapes.join('');
}

function laneName(band: Band, name: string, note = ''): string {
  const y = band.top + Math.min(band.height / 2, 16) + 5;
  return (
    label(LEFT - 14, y, name, { 'text-anchor': 'end', fill: INK, 'font-weight': 'bold' }) +
    (note && label(LEFT - 14, y + 17, note, { 'text-anchor': 'end', 'font-size': 12 }))
  );
}

function waveformLane(call: Call, scale: Scale, band: Band): string {
  const middle = band.top + band.height / 2;
  return (
    line([LEFT, middle], [RIGHT, middle], { stroke: GRID }) +
    waveform(call, scale, band) +
    laneName(band, 'Waveform')
  );
}

/** Horizontal lines at each 10 dB with their labels. */
function dbGrid(band: Band, floorDb: number, y: (db: number) => number, unit: string): string {
  const lines: string[] = [];
  for (let db = 0; db >= floorDb; db -= 10) {
    lines.push(line([LEFT, y(db)], [RIGHT, y(db)], { stroke: GRID }));
    const text = db === 0 ? `0 ${unit}` : `−${-db}`;
    lines.push(label(LEFT - 14, y(db) + 4, text, { 'text-anchor': 'end', 'font-size': 12 }));
  }
  return lines.join('') + rect(LEFT, band, RIGHT - LEFT, { fill: 'none', stroke: GRID });
}

function levelLane(call: Call, scale: Scale, band: Band): string {
  const y = (db: number): number =>
    band.top + (band.height * Math.min(0, Math.max(LEVEL_FLOOR_DB, db))) / LEVEL_FLOOR_DB;
  const level = levelPoints(call, scale, y);
  const duck = duckPoints(call.input.duckGainDb, scale, y);
  const under = (points: Point[], base: number): Point[] => [
    [points[0]?.[0] ?? LEFT, base],
    ...points,
    [points.at(-1)?.[0] ?? LEFT, base],
  ];
  return [
    dbGrid(band, LEVEL_FLOOR_DB, y, 'dB'),
    path(under(level, band.top + band.height), { fill: INK, opacity: 0.07 }, true),
    path(under(duck, y(0)), { fill: DUCK, opacity: 0.12 }, true),
    path(level, { fill: 'none', stroke: INK, 'stroke-width': 1.6, 'stroke-linejoin': 'round' }),
    path(duck, { fill: 'none', stroke: DUCK, 'stroke-width': 2.2, 'stroke-linejoin': 'round' }),
  ].join('');
}

/** A block with the equal-power ramps of its crossfades: `inMs` after its beginning, `outMs` before its end. */
function rampShape(block: Block, inMs: number, outMs: number, scale: Scale, band: Band): Point[] {
  const bottom = band.top + band.height;
  const shape: Point[] = [];
  const steps = 12;
  for (let i = 0; i <= steps; i++) {
    const up = Math.sin(((i / steps) * Math.PI) / 2);
    shape.push([scale.x(block.fromMs + (inMs * i) / steps), inMs > 0 ? bottom - up * band.height : band.top]);
  }
  for (let i = 0; i <= steps; i++) {
    const down = Math.cos(((i / steps) * Math.PI) / 2);
    const x = scale.x(block.toMs - outMs + (outMs * i) / steps);
    shape.push([x, outMs > 0 ? bottom - down * band.height : band.top]);
  }
  return [[scale.x(block.fromMs), bottom], ...shape, [scale.x(block.toMs), bottom]];
}

function trackLane(call: Call, scale: Scale, band: Band): string {
  const overlap = (one: Block | undefined, two: Block | undefined): number =>
    one && two ? Math.max(0, Math.min(one.toMs, two.toMs) - two.fromMs) : 0;
  const shapes = call.tracks.map((track, i) => {
    const [inMs, outMs] = [overlap(call.tracks[i - 1], track), overlap(track, call.tracks[i + 1])];
    const [from, to] = [scale.x(track.fromMs + inMs), scale.x(track.toMs - outMs)];
    const title = fitted(track.event.title, to - from - 20, 15);
    return (
      path(
        rampShape(track, inMs, outMs, scale, band),
        { fill: i % 2 === 0 ? MUSIC : '#56a89d', opacity: 0.55, stroke: MUSIC, 'stroke-width': 1 },
        true,
      ) +
      (title && label(from + 10, band.top + band.height / 2 + 5, title, { fill: '#0d3a34', 'font-size': 15 }))
    );
  });
  return laneName(band, 'Music') + shapes.join('');
}

/** Voices as blocks, each with its name underneath as far as there is room before the next one. */
function voiceLane(call: Call, scale: Scale, band: Band): string {
  const bar: Band = { top: band.top, height: 20 };
  let freeFrom = 0;
  const shapes = call.voices.map((voice, i) => {
    const [from, to] = [scale.x(voice.fromMs), scale.x(voice.toMs)];
    const colour = voice.event.kind === 'advice' ? VOICE : ANNOUNCEMENT;
    const next = call.voices[i + 1];
    const room = (next ? scale.x(next.fromMs) : WIDTH - 10) - from - 10;
    const title = from >= freeFrom ? fitted(voice.event.title, room, 14) : '';
    const detailFrom = from + textWidth(title, 14) + 8;
    const detail = title && fitted(voice.event.detail ?? '', from + room - detailFrom, 12);
    if (title) freeFrom = from + textWidth(title, 14) + 8;
    return (
      rect(from, bar, Math.max(2, to - from), { fill: colour, rx: Math.min(4, (to - from) / 2) }) +
      (title && label(from, band.top + 38, title, { fill: INK })) +
      (detail && label(from, band.top + 55, detail, { 'font-size': 12 }))
    );
  });
  return laneName({ ...band, height: 20 }, 'Voice') + shapes.join('');
}

/** "position 3", "hung up (detail)": what stands beside a mark that is not a key. */
function nameOfMark({ kind, title, detail }: TimelineEvent): string {
  const name = kind === 'position' && /^\d+$/.test(title) ? `position ${title}` : title;
  return detail ? `${name} (${detail})` : name;
}

/** Keys, positions and notes; a label only where the one before leaves room. */
function markLane(call: Call, scale: Scale, band: Band): string {
  const y = band.top + band.height / 2;
  let freeFrom = 0;
  const shapes = call.marks.map((mark, i) => {
    const x = scale.x(mark.atMs);
    const key = mark.kind === 'key';
    const text = key ? fitted(mark.title, 60, 13) : '';
    const width = Math.max(22, textWidth(text, 13) + 12);
    const shape = key
      ? rect(x - width / 2, { top: y - 11, height: 22 }, width, { rx: 11, fill: KEY }) +
        label(x, y + 4.5, text, {
          fill: CARD,
          'font-size': 13,
          'text-anchor': 'middle',
          'font-weight': 'bold',
        })
      : element('path', { d: `M${x} ${y - 6}l6 6l-6 6l-6 -6Z`, fill: KEY });
    const right = call.marks[i + 1] ? scale.x(call.marks[i + 1]!.atMs) - 14 : WIDTH - 10;
    const start = x + (key ? width / 2 : 7) + 5;
    const words = start >= freeFrom ? (key ? (mark.detail ?? '') : nameOfMark(mark)) : '';
    const shown = fitted(words, right - start, 13);
    if (shown) freeFrom = start + textWidth(shown, 13);
    return shape + (shown && label(start, y + 4.5, shown, { fill: INK, 'font-size': 13 }));
  });
  return laneName(band, 'Events') + shapes.join('');
}

const TICKS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];

/** Ticks and their times along `y`; `guides` draws a faint line up to `guides` pixels. */
function timeAxis(scale: Scale, y: number, guides: number): string {
  const seconds = (scale.toMs - scale.fromMs) / 1000;
  const step = (TICKS_S.find((tick) => seconds / tick <= 15) ?? Math.ceil(seconds / 15)) * 1000;
  const parts: string[] = [];
  for (let i = Math.ceil(scale.fromMs / step); i * step <= scale.toMs + 1e-6; i++) {
    const x = scale.x(i * step);
    parts.push(line([x, guides], [x, y], { stroke: GRID }), line([x, y], [x, y + 6], { stroke: MUTED }));
    parts.push(
      label(x, y + 21, formatTime(i * step, { tenths: step < 1000 }), {
        'text-anchor': 'middle',
        'font-size': 13,
      }),
    );
  }
  return parts.join('') + line([scale.left, y], [scale.right, y], { stroke: MUTED });
}

// ── Close up ───────────────────────────────────────────────────────────────────────────────────────────

function arrow(from: Point, to: Point): string {
  const angle = Math.atan2(to[1] - from[1], to[0] - from[0]);
  const wing = (turn: number): Point => [
    to[0] - 10 * Math.cos(angle + turn),
    to[1] - 10 * Math.sin(angle + turn),
  ];
  return (
    line(from, to, { stroke: DUCK, 'stroke-width': 1.8 }) +
    path([wing(0.42), to, wing(-0.42)], { fill: DUCK }, true)
  );
}

/** Words beside one slope of the fade and an arrow to its middle. `side` −1: to the left, 1: to the right. */
function slopeNote(text: string, middle: Point, side: -1 | 1, note: string): string {
  const from: Point = [middle[0] + side * 74, middle[1]];
  const at = from[0] + side * 8;
  const anchor = side < 0 ? 'end' : 'start';
  const big = { 'font-size': 19, 'font-weight': 'bold', fill: DUCK, 'text-anchor': anchor };
  const halo = { stroke: CARD, 'stroke-width': 5, 'stroke-linejoin': 'round', opacity: 0.85 };
  return (
    label(at, from[1] + 6, text, { ...big, ...halo }) +
    label(at, from[1] + 26, note, { 'font-size': 13, 'text-anchor': anchor, ...halo }) +
    label(at, from[1] + 6, text, big) +
    label(at, from[1] + 26, note, { 'font-size': 13, 'text-anchor': anchor }) +
    arrow(from, [middle[0] + side * 7, middle[1]])
  );
}

/** A dimension line under a slope: from tick to tick. */
function dimension(fromX: number, toX: number, y: number): string {
  const stroke = { stroke: DUCK, 'stroke-width': 1.5 };
  return (
    line([fromX, y], [toX, y], stroke) +
    line([fromX, y - 5], [fromX, y + 5], stroke) +
    line([toX, y - 5], [toX, y + 5], stroke)
  );
}

/** Where the close-up comes from: a frame over the lanes above, widening into the panel at `panelTop`. */
function magnifier(scale: Scale, zoom: Scale, from: Band, panelTop: number): string {
  const [left, right] = [scale.x(zoom.fromMs), scale.x(zoom.toMs)];
  const bottom = from.top + from.height;
  const beam: Point[] = [
    [left, bottom],
    [right, bottom],
    [RIGHT, panelTop],
    [LEFT, panelTop],
  ];
  return (
    path(beam, { fill: DUCK, opacity: 0.07 }, true) +
    rect(left, from, right - left, { fill: DUCK, opacity: 0.05 }) +
    rect(left, from, right - left, { fill: 'none', stroke: DUCK, 'stroke-dasharray': '4 4', opacity: 0.7 })
  );
}

/** The name of each voice at the bottom of its tint. */
function voiceTitles(call: Call, scale: Scale, band: Band): string {
  const titles = call.voices.map((voice) => {
    const [from, to] = [scale.x(voice.fromMs), scale.x(voice.toMs)];
    const title = fitted(voice.event.title, to - from - 24, 15);
    return title && label(from + 12, band.top + band.height - 9, title, { fill: '#7a2c15', 'font-size': 15 });
  });
  return titles.join('');
}

/** The panel with one fade, its ways down and up named and measured from the gain curve itself. */
function closeUp(call: Call, fade: Fade, zoom: Scale, band: Band): string {
  const plot: Band = { top: band.top + 34, height: band.height - 34 };
  const floorDb = Math.min(-10, fade.depthDb * 1.25);
  const y = (db: number): number => plot.top + 14 + ((plot.height - 28) * Math.max(floorDb, db)) / floorDb;
  const middle = (fromMs: number, toMs: number): Point => {
    const points = duckPoints(call.input.duckGainDb, zoom, (db) => db);
    const slope = points.filter(([x]) => x >= zoom.x(fromMs) && x <= zoom.x(toMs));
    const nearest = slope.sort(
      (a, b) => Math.abs(a[1] - fade.depthDb / 2) - Math.abs(b[1] - fade.depthDb / 2),
    )[0];
    return [nearest?.[0] ?? zoom.x(fromMs), y(fade.depthDb / 2)];
  };
  const depth = `−${Math.round(-fade.depthDb)} dB`;
  const range = `${formatTime(zoom.fromMs)} – ${formatTime(zoom.toMs)}`;
  const curve = duckPoints(call.input.duckGainDb, zoom, y);
  return [
    rect(LEFT, plot, RIGHT - LEFT, { fill: CARD }),
    voiceTint(call, zoom, plot),
    dbGrid(plot, floorDb, y, 'dB'),
    waveform(call, zoom, plot, 0.5),
    voiceTitles(call, zoom, plot),
    path(curve, { fill: 'none', stroke: DUCK, 'stroke-width': 3.2, 'stroke-linejoin': 'round' }),
    dimension(zoom.x(fade.downFromMs), zoom.x(fade.downToMs), y(fade.depthDb) + 16),
    dimension(zoom.x(fade.upFromMs), zoom.x(fade.upToMs), y(fade.depthDb) + 16),
    slopeNote(
      `${depth} in ${roughLength(fade.downToMs - fade.downFromMs)}`,
      middle(fade.downFromMs, fade.downToMs),
      -1,
      'before the first syllable',
    ),
    slopeNote(
      `back up in ${roughLength(fade.upToMs - fade.upFromMs)}`,
      middle(fade.upFromMs, fade.upToMs),
      1,
      'after the last',
    ),
    label(LEFT, band.top + 22, 'One fade, close up', { fill: INK, 'font-size': 17, 'font-weight': 'bold' }),
    label(LEFT + 190, band.top + 22, `${range}: what the ducking does to the music`, { 'font-size': 14 }),
  ].join('');
}

// ── The sheet ──────────────────────────────────────────────────────────────────────────────────────────

function heading(call: Call): string {
  const { title, subtitle } = call.input;
  const items: [name: string, colour: string][] = [
    ['music', MUSIC],
    ['voice', VOICE],
    ['level (RMS 400 ms, dBFS)', INK],
    ['ducking of the music (dB)', DUCK],
  ];
  let x = RIGHT;
  const legend = items.reverse().map(([name, colour]) => {
    x -= textWidth(name, 14) - 4;
    const words = label(x, 74, name, { fill: INK });
    x -= 22;
    const swatch = rect(x, { top: 63, height: 12 }, 15, { fill: colour, rx: 3 });
    x -= 20;
    return words + swatch;
  });
  return (
    label(LEFT, 44, fitted(title, RIGHT - LEFT, 26), { fill: INK, 'font-size': 26, 'font-weight': 'bold' }) +
    label(LEFT, 74, fitted(subtitle ?? '', x - LEFT - 20, 15), { 'font-size': 15 }) +
    legend.join('')
  );
}

/** Where each lane stands. Without a fade to show close up, the other lanes take its room. */
function layout(
  call: Call,
  zoomed: boolean,
): Record<'wave' | 'level' | 'tracks' | 'voices' | 'marks' | 'zoom', Band> {
  const bottom = zoomed ? 590 : 852;
  const marks: Band = { top: bottom - 34, height: call.marks.length > 0 ? 26 : 0 };
  const voices: Band = { top: bottom - (call.marks.length > 0 ? 98 : 64), height: 58 };
  const tracks: Band = { top: voices.top - 44, height: 34 };
  const room = tracks.top - 96 - 40;
  const wave: Band = { top: 96, height: room * 0.4 };
  const level: Band = { top: wave.top + wave.height + 22, height: room * 0.6 };
  return { wave, level, tracks, voices, marks, zoom: { top: 622, height: 250 } };
}

/** The stretch that shows all of a fade with some music on both sides. */
function closeUpScale(fade: Fade, lengthMs: number): Scale {
  const margin = Math.max(1500, (fade.upToMs - fade.downFromMs) * 0.32);
  return scaleOf(Math.max(0, fade.downFromMs - margin), Math.min(lengthMs, fade.upToMs + margin));
}

/** The picture as SVG text, 1600 × 900. Pure: for the same call the same text. */
export function callSvg(input: CallPicture): string {
  const call = understand(input);
  const scale = scaleOf(0, Math.max(1000, call.lengthMs));
  const fade = clearestFade(fadesOf(input.duckGainDb));
  const lanes = layout(call, fade !== undefined);
  const bottom = fade ? 590 : 852;
  const zoom = fade && closeUpScale(fade, call.lengthMs);
  const body = [
    element('rect', { width: WIDTH, height: HEIGHT, fill: PAPER }),
    voiceTint(call, scale, { top: lanes.wave.top, height: bottom - lanes.wave.top }),
    heading(call),
    zoom
      ? magnifier(
          scale,
          zoom,
          { top: lanes.wave.top - 6, height: bottom - lanes.wave.top + 6 },
          lanes.zoom.top + 34,
        )
      : '',
    timeAxis(scale, bottom, lanes.wave.top),
    waveformLane(call, scale, lanes.wave),
    levelLane(call, scale, lanes.level),
    trackLane(call, scale, lanes.tracks),
    voiceLane(call, scale, lanes.voices),
    call.marks.length > 0 ? markLane(call, scale, lanes.marks) : '',
    fade && zoom ? closeUp(call, fade, zoom, lanes.zoom) : '',
    call.lengthMs === 0
      ? label((LEFT + RIGHT) / 2, lanes.wave.top + 60, 'Nothing was played', {
          'text-anchor': 'middle',
          'font-size': 20,
        })
      : '',
  ];
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      width: WIDTH,
      height: HEIGHT,
      'font-family': 'DejaVu Sans',
    },
    ...body,
  );
}

/** Rasteriser and fonts, loaded when the first picture is made: 2.5 MB that a call never needs. */
type Rasteriser = (svg: string) => Uint8Array;
let rasteriser: Promise<Rasteriser> | undefined;

async function loadRasteriser(): Promise<Rasteriser> {
  // Not `import()`: the same line must work in the bundle and under Jest, which has no native dynamic import.
  const load = createRequire(__filename);
  const { Resvg, initWasm } = load('@resvg/resvg-wasm') as typeof ResvgWasm;
  const file = (name: string): Promise<Buffer> => readFile(load.resolve(name));
  await initWasm(await file('@resvg/resvg-wasm/index_bg.wasm'));
  const fontBuffers = await Promise.all(
    ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((name) => file(`dejavu-fonts-ttf/ttf/${name}`)),
  );
  return (svg) => {
    const image = new Resvg(svg, { font: { fontBuffers, defaultFontFamily: 'DejaVu Sans' } });
    const png = image.render();
    try {
      return png.asPng();
    } finally {
      png.free();
      image.free();
    }
  };
}

/** A call as a PNG of 1600 × 900 pixels. Throws when the rasteriser or its fonts are not installed. */
export async function callPicture(input: CallPicture): Promise<Uint8Array> {
  rasteriser ??= loadRasteriser();
  return (await rasteriser)(callSvg(input));
}
