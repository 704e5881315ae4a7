// The picture of a call: waveform, level, ducking and what was heard when, as one PNG.
// A person must be able to see the fade under a voice; listening to 90 s of hold music convinces fewer people.
import { writeFileSync } from 'node:fs';
import { isSpecial, writeWhole } from '../util/writeWhole';
import type { CallPicture } from './picture/call';
import { loadedRasteriser } from './picture/rasterise';
import { callSvg } from './picture/sheet';

export { callSvg, type CallPicture };

/** A call as a PNG of 1600 × 900 pixels. Throws when the rasteriser or its fonts are not installed. */
export async function callPicture(input: CallPicture): Promise<Uint8Array> {
  const rasterise = await loadedRasteriser();
  return rasterise(callSvg(input));
}

/** Writes a picture where a person has asked for it: a file is there whole or not at all. Throws as fs does. */
export function savePicture(path: string, png: Uint8Array): void {
  if (isSpecial(path)) writeFileSync(path, png);
  else writeWhole(path, png, 0o666);
}
