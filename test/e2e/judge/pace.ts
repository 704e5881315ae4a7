// Whether a stream of sound kept its pace, seen from its listener, when thirty listen at the same time.
// When Asterisk itself stands still for a moment, all of them fall behind together: only what one alone lacks is the
// fault of the program that plays to them.

/** Of several things at the same time the one in the middle. @param values at least one */
export function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

/**
 * For each listener the most that they were behind all others, milliseconds, at least 0.
 * @param lags of each listener, second by second, the same seconds for all
 */
export function behindTheOthers(lags: readonly (readonly number[])[]): number[] {
  const seconds = Math.min(...lags.map(({ length }) => length));
  const common = Array.from({ length: seconds }, (_, i) => middle(lags.map((lag) => lag[i]!)));
  return lags.map((lag) => Math.max(0, ...common.map((shared, i) => lag[i]! - shared)));
}
