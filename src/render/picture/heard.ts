// The lanes of what was heard and pressed: tracks with their crossfades, voices, and keys, positions, notes.
// The curves above say how it sounded; these say what it was, by the names the operator gave.
import type { TimelineEvent } from '../timeline';
import type { Block, Call } from './call';
import { laneName } from './curves';
import { COLOUR, WIDTH, element, fitted, label, path, rect, textWidth } from './drawing';
import type { Band, Point, Scale } from './drawing';

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

export function trackLane(call: Call, scale: Scale, band: Band): string {
  const overlap = (one: Block | undefined, two: Block | undefined): number =>
    one && two ? Math.max(0, Math.min(one.toMs, two.toMs) - two.fromMs) : 0;
  const shapes = call.tracks.map((track, i) => {
    const [inMs, outMs] = [overlap(call.tracks[i - 1], track), overlap(track, call.tracks[i + 1])];
    const [from, to] = [scale.x(track.fromMs + inMs), scale.x(track.toMs - outMs)];
    const title = fitted(track.event.title, to - from - 20, 15);
    return (
      path(
        rampShape(track, inMs, outMs, scale, band),
        {
          fill: i % 2 === 0 ? COLOUR.music : '#56a89d',
          opacity: 0.55,
          stroke: COLOUR.music,
          'stroke-width': 1,
        },
        true,
      ) +
      (title && label(from + 10, band.top + band.height / 2 + 5, title, { fill: '#0d3a34', 'font-size': 15 }))
    );
  });
  return laneName(band, 'Music') + shapes.join('');
}

/** Voices as blocks, each with its name underneath as far as there is room before the next one. */
export function voiceLane(call: Call, scale: Scale, band: Band): string {
  const bar: Band = { top: band.top, height: 20 };
  let freeFrom = 0;
  const shapes = call.voices.map((voice, i) => {
    const [from, to] = [scale.x(voice.fromMs), scale.x(voice.toMs)];
    const colour = voice.event.kind === 'advice' ? COLOUR.voice : COLOUR.announcement;
    const next = call.voices[i + 1];
    const room = (next ? scale.x(next.fromMs) : WIDTH - 10) - from - 10;
    const title = from >= freeFrom ? fitted(voice.event.title, room, 14) : '';
    const detailFrom = from + textWidth(title, 14) + 8;
    const detail = title && fitted(voice.event.detail ?? '', from + room - detailFrom, 12);
    if (title) freeFrom = from + textWidth(title, 14) + 8;
    return (
      rect(from, bar, Math.max(2, to - from), { fill: colour, rx: Math.min(4, (to - from) / 2) }) +
      (title && label(from, band.top + 38, title, { fill: COLOUR.ink })) +
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
export function markLane(call: Call, scale: Scale, band: Band): string {
  const y = band.top + band.height / 2;
  let freeFrom = 0;
  const shapes = call.marks.map((mark, i) => {
    const x = scale.x(mark.atMs);
    const key = mark.kind === 'key';
    const text = key ? fitted(mark.title, 60, 13) : '';
    const width = Math.max(22, textWidth(text, 13) + 12);
    const shape = key
      ? rect(x - width / 2, { top: y - 11, height: 22 }, width, { rx: 11, fill: COLOUR.key }) +
        label(x, y + 4.5, text, {
          fill: COLOUR.card,
          'font-size': 13,
          'text-anchor': 'middle',
          'font-weight': 'bold',
        })
      : element('path', { d: `M${x} ${y - 6}l6 6l-6 6l-6 -6Z`, fill: COLOUR.key });
    const right = call.marks[i + 1] ? scale.x(call.marks[i + 1]!.atMs) - 14 : WIDTH - 10;
    const start = x + (key ? width / 2 : 7) + 5;
    const words = start >= freeFrom ? (key ? (mark.detail ?? '') : nameOfMark(mark)) : '';
    const shown = fitted(words, right - start, 13);
    if (shown) freeFrom = start + textWidth(shown, 13);
    return shape + (shown && label(start, y + 4.5, shown, { fill: COLOUR.ink, 'font-size': 13 }));
  });
  return laneName(band, 'Events') + shapes.join('');
}
