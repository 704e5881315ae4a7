// The lanes of curves, waveform and level with ducking, and what stands behind all lanes: names, grid, time, tint.
// Music and voice in two colours show at a glance that the one makes room for the other.
import { formatTime } from '../timeline';
import { duckPoints, levelPoints, type Call } from './call';
import { COLOUR, LEFT, RIGHT, label, line, path, rect } from './drawing';
import type { Band, Point, Scale } from './drawing';

/** Vertical tint wherever a voice speaks, behind everything else. */
export function voiceTint(call: Call, scale: Scale, band: Band): string {
  return call.voices
    .filter((voice) => voice.toMs > scale.fromMs && voice.fromMs < scale.toMs)
    .map((voice) =>
      rect(scale.x(voice.fromMs), band, Math.max(1, scale.x(voice.toMs) - scale.x(voice.fromMs)), {
        fill: COLOUR.voicePale,
      }),
    )
    .join('');
}

export function laneName(band: Band, name: string): string {
  const y = band.top + Math.min(band.height / 2, 16) + 5;
  return label(LEFT - 14, y, name, { 'text-anchor': 'end', fill: COLOUR.ink, 'font-weight': 'bold' });
}

/** Horizontal lines at each 10 dB with their labels. */
export function dbGrid(band: Band, floorDb: number, y: (db: number) => number): string {
  const lines: string[] = [];
  for (let db = 0; db >= floorDb; db -= 10) {
    lines.push(line([LEFT, y(db)], [RIGHT, y(db)], { stroke: COLOUR.grid }));
    const text = db === 0 ? '0 dB' : `−${-db}`;
    lines.push(label(LEFT - 14, y(db) + 4, text, { 'text-anchor': 'end', 'font-size': 12 }));
  }
  return lines.join('') + rect(LEFT, band, RIGHT - LEFT, { fill: 'none', stroke: COLOUR.grid });
}

const TICKS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];

/** Ticks and their times along `y`, each with a faint line up to `guides` pixels. */
export function timeAxis(scale: Scale, y: number, guides: number): string {
  const seconds = (scale.toMs - scale.fromMs) / 1000;
  const step = (TICKS_S.find((tick) => seconds / tick <= 15) ?? Math.ceil(seconds / 15)) * 1000;
  const parts: string[] = [];
  for (let i = Math.ceil(scale.fromMs / step); i * step <= scale.toMs + 1e-6; i++) {
    const x = scale.x(i * step);
    parts.push(
      line([x, guides], [x, y], { stroke: COLOUR.grid }),
      line([x, y], [x, y + 6], { stroke: COLOUR.muted }),
      label(x, y + 21, formatTime(i * step), { 'text-anchor': 'middle', 'font-size': 13 }),
    );
  }
  return parts.join('') + line([LEFT, y], [RIGHT, y], { stroke: COLOUR.muted });
}

const LEVEL_FLOOR_DB = -60;

export function levelLane(call: Call, scale: Scale, band: Band): string {
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
    dbGrid(band, LEVEL_FLOOR_DB, y),
    path(under(level, band.top + band.height), { fill: COLOUR.ink, opacity: 0.07 }, true),
    path(under(duck, y(0)), { fill: COLOUR.duck, opacity: 0.12 }, true),
    path(level, { fill: 'none', stroke: COLOUR.ink, 'stroke-width': 1.6, 'stroke-linejoin': 'round' }),
    path(duck, { fill: 'none', stroke: COLOUR.duck, 'stroke-width': 2.2, 'stroke-linejoin': 'round' }),
  ].join('');
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
export function waveform(call: Call, scale: Scale, band: Band, opacity = 1): string {
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
    shapes.push(
      path([...top, ...bottom.reverse()], { fill: voiced ? COLOUR.voice : COLOUR.music, opacity }, true),
    );
    [top, bottom] = [top.slice(-1), bottom.slice(0, 1)];
  };
  for (let x = LEFT; x < RIGHT && sampleAt(x) < samples.length; x++) {
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

export function waveformLane(call: Call, scale: Scale, band: Band): string {
  const middle = band.top + band.height / 2;
  return (
    line([LEFT, middle], [RIGHT, middle], { stroke: COLOUR.grid }) +
    waveform(call, scale, band) +
    laneName(band, 'Waveform')
  );
}
