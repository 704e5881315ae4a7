// The picture of a call: waveform, level, ducking and what was heard when, as one PNG.
// A person must be able to see the fade under a voice; listening to 90 s of hold music convinces fewer people.
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type * as ResvgWasm from '@resvg/resvg-wasm';
import { isSpecial, writeWhole } from '../util/writeWhole';
import type { CallPicture } from './picture/call';
import { callSvg } from './picture/sheet';

export { callSvg, type CallPicture };

/** A call as a PNG of 1600 × 900 pixels. Throws when the rasteriser or its fonts are not installed. */
export async function callPicture(input: CallPicture): Promise<Uint8Array> {
  const rasterise = await (rasteriser ??= loadRasteriser());
  return rasterise(callSvg(input));
}

/** Writes a picture where a person has asked for it: a file is there whole or not at all. Throws as fs does. */
export function savePicture(path: string, png: Uint8Array): void {
  if (isSpecial(path)) writeFileSync(path, png);
  else writeWhole(path, png, 0o666);
}

type Rasteriser = (svg: string) => Uint8Array;

/** Loaded when the first picture is made: with its fonts it is 2.5 MB that a call never needs. */
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
