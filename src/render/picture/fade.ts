// The fades of the music under a voice, found in the gain curve: how deep, how fast down, how fast up.
// What the picture says about a fade is measured here, never copied from the configuration.
import { FRAME_MS } from './call';

/** One way of the music down and up again, milliseconds from the beginning of the call. */
export interface Fade {
  downFromMs: number;
  downToMs: number;
  upFromMs: number;
  upToMs: number;
  depthDb: number;
}

/** Every complete way down and up of the ducking gain. To 0.005 dB, since smooth curves end flat. */
export function fadesOf(duckGainDb: Float32Array): Fade[] {
  const fades: Fade[] = [];
  const restDb = -0.005;
  for (let i = 1; i < duckGainDb.length; i++) {
    if (duckGainDb[i]! >= restDb || duckGainDb[i - 1]! < restDb) continue;
    let end = i;
    while (end < duckGainDb.length && duckGainDb[end]! < restDb) end++;
    if (end === duckGainDb.length) break;
    const depthDb = duckGainDb.subarray(i, end).reduce((lowest, value) => Math.min(lowest, value), 0);
    let [down, up] = [i, end - 1];
    while (duckGainDb[down]! > depthDb + 0.005) down++;
    while (duckGainDb[up]! > depthDb + 0.005) up--;
    fades.push({
      downFromMs: (i - 1) * FRAME_MS,
      downToMs: down * FRAME_MS,
      upFromMs: up * FRAME_MS,
      upToMs: end * FRAME_MS,
      depthDb,
    });
    i = end;
  }
  return fades.filter((fade) => fade.depthDb < -3);
}

/** The fade that is shown close up: the shortest, since there the slopes are widest on the paper. */
export function clearestFade(fades: Fade[]): Fade | undefined {
  const length = (fade: Fade): number => fade.upToMs - fade.downFromMs;
  return [...fades].sort((a, b) => length(a) - length(b))[0];
}
