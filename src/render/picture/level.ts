// The lane of level and ducking: how loud the call was, and by how much the music was turned down.
// Both on one dB scale, since the question is whether the level follows the gain.
import type { Call } from './call';
import { dbGrid } from './grid';
import { duckPoints, levelPoints } from './measure';
import { DUCK, INK, LEFT, type Band, type Point, type Scale } from './paper';
import { path } from './svg';

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
    dbGrid(band, LEVEL_FLOOR_DB, y, 'dB'),
    path(under(level, band.top + band.height), { fill: INK, opacity: 0.07 }, true),
    path(under(duck, y(0)), { fill: DUCK, opacity: 0.12 }, true),
    path(level, { fill: 'none', stroke: INK, 'stroke-width': 1.6, 'stroke-linejoin': 'round' }),
    path(duck, { fill: 'none', stroke: DUCK, 'stroke-width': 2.2, 'stroke-linejoin': 'round' }),
  ].join('');
}
