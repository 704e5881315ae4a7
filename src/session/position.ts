// When callers hear their place in the queue, and how long the wait may be.

export interface PositionRules {
  /** Whether a place is said without a key: a better one, and the same again every `everyMs`. Otherwise only on a key. */
  readonly announce: boolean;
  /** Not more often than this by itself, milliseconds; counted from when it was last said, for whatever reason. */
  readonly gapMs: number;
  /** Said again after this time without an announcement, milliseconds; 0: never. */
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
