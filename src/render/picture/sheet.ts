// The whole sheet as SVG text: heading, where each lane stands, and the lanes in the order they are painted.
// Kept apart from the rasteriser, so that a test reads what the picture says without making a PNG.
import { clearestFade, fadesOf, understand, type Call, type CallPicture, type Fade } from './call';
import { closeUp, closeUpScale, magnifier } from './closeUp';
import { levelLane, timeAxis, voiceTint, waveformLane } from './curves';
import {
  COLOUR,
  HEIGHT,
  LEFT,
  RIGHT,
  WIDTH,
  element,
  fitted,
  label,
  rect,
  scaleOf,
  textWidth,
} from './drawing';
import type { Band } from './drawing';
import { markLane, trackLane, voiceLane } from './heard';

/** Where each lane stands; the time axis is at `bottom`. */
interface Layout extends Record<'wave' | 'level' | 'tracks' | 'voices' | 'marks' | 'zoom', Band> {
  bottom: number;
}

function heading(call: Call): string {
  const { title } = call.input;
  const items: [name: string, colour: string][] = [
    ['music', COLOUR.music],
    ['voice', COLOUR.voice],
    ['level (RMS 400 ms, dBFS)', COLOUR.ink],
    ['ducking of the music (dB)', COLOUR.duck],
  ];
  let x = RIGHT;
  const legend = items.reverse().map(([name, colour]) => {
    x -= textWidth(name, 14) - 4;
    const words = label(x, 74, name, { fill: COLOUR.ink });
    x -= 22;
    const swatch = rect(x, { top: 63, height: 12 }, 15, { fill: colour, rx: 3 });
    x -= 20;
    return words + swatch;
  });
  return (
    label(LEFT, 44, fitted(title, RIGHT - LEFT, 26), {
      fill: COLOUR.ink,
      'font-size': 26,
      'font-weight': 'bold',
    }) + legend.join('')
  );
}

/** Where each lane stands. Without a fade to show close up, the other lanes take its room. */
function layout(call: Call, zoomed: boolean): Layout {
  const bottom = zoomed ? 590 : 852;
  const marks: Band = { top: bottom - 34, height: call.marks.length > 0 ? 26 : 0 };
  const voices: Band = { top: bottom - (call.marks.length > 0 ? 98 : 64), height: 58 };
  const tracks: Band = { top: voices.top - 44, height: 34 };
  const room = tracks.top - 96 - 40;
  const wave: Band = { top: 96, height: room * 0.4 };
  const level: Band = { top: wave.top + wave.height + 22, height: room * 0.6 };
  return { bottom, wave, level, tracks, voices, marks, zoom: { top: 622, height: 250 } };
}

function nothingPlayed(y: number): string {
  return label((LEFT + RIGHT) / 2, y, 'Nothing was played', { 'text-anchor': 'middle', 'font-size': 20 });
}

/** All that is on the paper, in the order it is painted. */
function content(call: Call, fade: Fade | undefined): string[] {
  const scale = scaleOf(0, Math.max(1000, call.lengthMs));
  const zoom = fade && closeUpScale(fade, call.lengthMs);
  const lanes = layout(call, fade !== undefined);
  const { top } = lanes.wave;
  const height = lanes.bottom - top;
  return [
    element('rect', { width: WIDTH, height: HEIGHT, fill: COLOUR.paper }),
    voiceTint(call, scale, { top, height }),
    heading(call),
    zoom ? magnifier(scale, zoom, { top: top - 6, height: height + 6 }, lanes.zoom.top + 34) : '',
    timeAxis(scale, lanes.bottom, top),
    waveformLane(call, scale, lanes.wave),
    levelLane(call, scale, lanes.level),
    trackLane(call, scale, lanes.tracks),
    voiceLane(call, scale, lanes.voices),
    call.marks.length > 0 ? markLane(call, scale, lanes.marks) : '',
    fade && zoom ? closeUp(call, fade, zoom, lanes.zoom) : '',
    call.lengthMs === 0 ? nothingPlayed(top + 60) : '',
  ];
}

/** The picture as SVG text, 1600 × 900. Pure: for the same call the same text. */
export function callSvg(input: CallPicture): string {
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    width: WIDTH,
    height: HEIGHT,
    'font-family': 'DejaVu Sans',
  };
  return element('svg', attributes, ...content(understand(input), clearestFade(fadesOf(input.duckGainDb))));
}
