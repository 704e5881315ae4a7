// SVG text to PNG: the resvg rasteriser and the fonts the labels are measured for.
// Both are 2.5 MB that a call never needs, so they are loaded when the first picture is made.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type * as ResvgWasm from '@resvg/resvg-wasm';

export type Rasteriser = (svg: string) => Uint8Array;

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

/** The rasteriser, loaded once. Rejects when it or its fonts are not installed. */
export function loadedRasteriser(): Promise<Rasteriser> {
  return (rasteriser ??= loadRasteriser());
}
