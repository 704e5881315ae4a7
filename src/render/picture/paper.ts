// The sheet of the picture: its size, its colours, and how time becomes pixels.
// Lanes that stand under each other agree only if they all ask the same ruler.

export const WIDTH = 1600;
export const HEIGHT = 900;
export const LEFT = 100;
export const RIGHT = 1560;

export const PAPER = '#fcfbf8';
export const CARD = '#ffffff';
export const INK = '#1f2a37';
export const MUTED = '#66717e';
export const GRID = '#e5e1d8';
export const MUSIC = '#2b8a7e';
export const VOICE = '#dd5631';
export const VOICE_PALE = '#fbe6dd';
export const ANNOUNCEMENT = '#b8479b';
export const DUCK = '#4a3fa3';
export const KEY = '#1d6fb8';

export type Point = readonly [x: number, y: number];

/** A stretch of time on the paper: `fromMs` at `left`, `toMs` at `right` (pixels). */
export interface Scale {
  fromMs: number;
  toMs: number;
  left: number;
  right: number;
  x(ms: number): number;
  ms(x: number): number;
}

/** A stretch of paper, pixels. */
export interface Band {
  top: number;
  height: number;
}

export function scaleOf(fromMs: number, toMs: number, left = LEFT, right = RIGHT): Scale {
  const perMs = (right - left) / (toMs - fromMs);
  return {
    fromMs,
    toMs,
    left,
    right,
    x: (ms) => left + (Math.min(toMs, Math.max(fromMs, ms)) - fromMs) * perMs,
    ms: (x) => fromMs + (x - left) / perMs,
  };
}
