// When a caller hears his place in the queue, and how long the wait may be.

export interface PositionRules {
  /** Whether a place is said by itself: a better one, and the same again every `everyMs`. Else only when he asks. */
  readonly announce: boolean;
  /** Not more often than this by itself, milliseconds; counted from when it was last said, for whatever reason. */
  readonly gapMs: number;
  /** Said again when it has not been said for so long, milliseconds; 0: never. */
  readonly everyMs: number;
  /** Whether an estimated wait is said with it. */
  readonly wait: boolean;
}

export const defaultPositionRules: PositionRules = {
  announce: true,
  gapMs: 20_000,
  everyMs: 120_000,
  wait: false,
};
