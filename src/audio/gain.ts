// Gain is linear inside and dB at the edges.

/** dB to linear gain: 0 dB is 1, −20 dB is 0.1. */
export function gainOfDb(db: number): number {
  return 10 ** (db / 20);
}

/** Linear gain to dB; 0 is −Infinity. */
export function dbOfGain(gain: number): number {
  return 20 * Math.log10(gain);
}
