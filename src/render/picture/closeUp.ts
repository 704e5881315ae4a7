// One fade close up: the panel at the bottom of the picture and the beam that shows where it comes from.
// On the sheet of a whole call a fade of 300 ms is five pixels wide; here its slopes can be seen and read.
import { formatLength, formatTime } from '../timeline';
import { duckPoints, type Call, type Fade } from './call';
import { dbGrid, voiceTint, waveform } from './curves';
import { COLOUR, LEFT, RIGHT, fitted, label, line, path, rect, scaleOf } from './drawing';
import type { Band, Point, Scale } from './drawing';

/** The stretch that shows all of a fade with some music on both sides. */
export function closeUpScale(fade: Fade, lengthMs: number): Scale {
  const margin = Math.max(1500, (fade.upToMs - fade.downFromMs) * 0.32);
  return scaleOf(Math.max(0, fade.downFromMs - margin), Math.min(lengthMs, fade.upToMs + margin));
}

/** A duration measured in Frames, without pretending to know it better: to 100 ms, from 200 ms up. */
function roughLength(ms: number): string {
  return formatLength(ms < 200 ? ms : Math.round(ms / 100) * 100);
}

function arrow(from: Point, to: Point): string {
  const angle = Math.atan2(to[1] - from[1], to[0] - from[0]);
  const wing = (turn: number): Point => [
    to[0] - 10 * Math.cos(angle + turn),
    to[1] - 10 * Math.sin(angle + turn),
  ];
  return (
    line(from, to, { stroke: COLOUR.duck, 'stroke-width': 1.8 }) +
    path([wing(0.42), to, wing(-0.42)], { fill: COLOUR.duck }, true)
  );
}

/** Words beside one slope of the fade and an arrow to its middle. `side` −1: to the left, 1: to the right. */
function slopeNote(text: string, middle: Point, side: -1 | 1, note: string): string {
  const from: Point = [middle[0] + side * 74, middle[1]];
  const at = from[0] + side * 8;
  const anchor = side < 0 ? 'end' : 'start';
  const big = { 'font-size': 19, 'font-weight': 'bold', fill: COLOUR.duck, 'text-anchor': anchor };
  const halo = { stroke: COLOUR.card, 'stroke-width': 5, 'stroke-linejoin': 'round', opacity: 0.85 };
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
  const stroke = { stroke: COLOUR.duck, 'stroke-width': 1.5 };
  return (
    line([fromX, y], [toX, y], stroke) +
    line([fromX, y - 5], [fromX, y + 5], stroke) +
    line([toX, y - 5], [toX, y + 5], stroke)
  );
}

/** Where the close-up comes from: a frame over the lanes above, widening into the panel at `panelTop`. */
export function magnifier(scale: Scale, zoom: Scale, from: Band, panelTop: number): string {
  const [left, right] = [scale.x(zoom.fromMs), scale.x(zoom.toMs)];
  const bottom = from.top + from.height;
  const beam: Point[] = [
    [left, bottom],
    [right, bottom],
    [RIGHT, panelTop],
    [LEFT, panelTop],
  ];
  return (
    path(beam, { fill: COLOUR.duck, opacity: 0.07 }, true) +
    rect(left, from, right - left, { fill: COLOUR.duck, opacity: 0.05 }) +
    rect(left, from, right - left, {
      fill: 'none',
      stroke: COLOUR.duck,
      'stroke-dasharray': '4 4',
      opacity: 0.7,
    })
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

/** The column between the two times where the gain is nearest to half of the fade. */
function middleOfSlope(call: Call, fade: Fade, zoom: Scale, fromMs: number, toMs: number): number {
  const points = duckPoints(call.input.duckGainDb, zoom, (db) => db);
  const slope = points.filter(([x]) => x >= zoom.x(fromMs) && x <= zoom.x(toMs));
  const nearest = slope.sort(
    (a, b) => Math.abs(a[1] - fade.depthDb / 2) - Math.abs(b[1] - fade.depthDb / 2),
  )[0];
  return nearest?.[0] ?? zoom.x(fromMs);
}

/** The ways down and up, named and measured from the gain curve itself. */
function slopes(call: Call, fade: Fade, zoom: Scale, y: (db: number) => number): string {
  const { downFromMs, downToMs, upFromMs, upToMs, depthDb } = fade;
  const middle = (fromMs: number, toMs: number): Point => [
    middleOfSlope(call, fade, zoom, fromMs, toMs),
    y(depthDb / 2),
  ];
  const down = `−${Math.round(-depthDb)} dB in ${roughLength(downToMs - downFromMs)}`;
  const up = `back up in ${roughLength(upToMs - upFromMs)}`;
  return (
    dimension(zoom.x(downFromMs), zoom.x(downToMs), y(depthDb) + 16) +
    dimension(zoom.x(upFromMs), zoom.x(upToMs), y(depthDb) + 16) +
    slopeNote(down, middle(downFromMs, downToMs), -1, 'before the first syllable') +
    slopeNote(up, middle(upFromMs, upToMs), 1, 'after the last')
  );
}

/** The panel with one fade: what is heard, and over it what the ducking does to the music. */
export function closeUp(call: Call, fade: Fade, zoom: Scale, band: Band): string {
  const plot: Band = { top: band.top + 34, height: band.height - 34 };
  const floorDb = Math.min(-10, fade.depthDb * 1.25);
  const y = (db: number): number => plot.top + 14 + ((plot.height - 28) * Math.max(floorDb, db)) / floorDb;
  const range = `${formatTime(zoom.fromMs)} – ${formatTime(zoom.toMs)}`;
  const curve = duckPoints(call.input.duckGainDb, zoom, y);
  return [
    rect(LEFT, plot, RIGHT - LEFT, { fill: COLOUR.card }),
    voiceTint(call, zoom, plot),
    dbGrid(plot, floorDb, y),
    waveform(call, zoom, plot, 0.5),
    voiceTitles(call, zoom, plot),
    path(curve, { fill: 'none', stroke: COLOUR.duck, 'stroke-width': 3.2, 'stroke-linejoin': 'round' }),
    slopes(call, fade, zoom, y),
    label(LEFT, band.top + 22, 'One fade, close up', {
      fill: COLOUR.ink,
      'font-size': 17,
      'font-weight': 'bold',
    }),
    label(LEFT + 190, band.top + 22, `${range}: what the ducking does to the music`, { 'font-size': 14 }),
  ].join('');
}
