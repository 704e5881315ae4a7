// The waveform: the lowest and the highest sample of each pixel column, in the colour of who is heard.
// Music and voice in two colours show at a glance that the one makes room for the other.
import type { Call } from './call';
import { laneName } from './grid';
import { GRID, LEFT, MUSIC, RIGHT, VOICE, type Band, type Point, type Scale } from './paper';
import { line, path } from './svg';

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

export function waveformLane(call: Call, scale: Scale, band: Band): string {
  const middle = band.top + band.height / 2;
  return (
    line([LEFT, middle], [RIGHT, middle], { stroke: GRID }) +
    waveform(call, scale, band) +
    laneName(band, 'Waveform')
  );
}
