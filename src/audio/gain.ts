// Gain is linear inside and dB at the edges.

/** dB to linear gain: 0 dB is 1, −20 dB is 0.1. */
export function gainOfDb(db: number): number {
  return 10 ** (db / 20);
}
