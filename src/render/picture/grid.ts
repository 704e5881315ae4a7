// What stands behind and beside the lanes: names, lines at each 10 dB, the time axis, the tint of the voices.
// The lanes and the close-up share it, so that the same thing looks the same in both.
import { formatTime } from '../timeline';
import type { Call } from './call';
import { GRID, INK, LEFT, MUTED, RIGHT, VOICE_PALE, type Band, type Scale } from './paper';
import { label, line, rect } from './svg';

/** Vertical tint wherever a voice speaks, behind everything else. */
export function voiceTint(call: Call, scale: Scale, band: Band): string {
  return call.voices
    .filter((voice) => voice.toMs > scale.fromMs && voice.fromMs < scale.toMs)
    .map((voice) =>
      rect(scale.x(voice.fromMs), band, Math.max(1, scale.x(voice.toMs) - scale.x(voice.fromMs)), {
        fill: VOICE_PALE,
      }),
    )
    .join('');
}

export function laneName(band: Band, name: string, note = ''): string {
  const y = band.top + Math.min(band.height / 2, 16) + 5;
  return (
    label(LEFT - 14, y, name, { 'text-anchor': 'end', fill: INK, 'font-weight': 'bold' }) +
    (note && label(LEFT - 14, y + 17, note, { 'text-anchor': 'end', 'font-size': 12 }))
  );
}

/** Horizontal lines at each 10 dB with their labels. */
export function dbGrid(band: Band, floorDb: number, y: (db: number) => number, unit: string): string {
  const lines: string[] = [];
  for (let db = 0; db >= floorDb; db -= 10) {
    lines.push(line([LEFT, y(db)], [RIGHT, y(db)], { stroke: GRID }));
    const text = db === 0 ? `0 ${unit}` : `−${-db}`;
    lines.push(label(LEFT - 14, y(db) + 4, text, { 'text-anchor': 'end', 'font-size': 12 }));
  }
  return lines.join('') + rect(LEFT, band, RIGHT - LEFT, { fill: 'none', stroke: GRID });
}

const TICKS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];

/** Ticks and their times along `y`; `guides` draws a faint line up to `guides` pixels. */
export function timeAxis(scale: Scale, y: number, guides: number): string {
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
