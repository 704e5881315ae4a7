// The estimated wait as a caller hears it: a rung of a ladder of ranges, since a number of minutes would be a promise.

export interface WaitRung {
  /** Name of the recorded prompt: "The wait is about three to five minutes." */
  readonly prompt: string;
  /** The rung ends before this many minutes; it begins where the one below ends. */
  readonly belowMinutes: number;
}

export const WAIT_RUNGS: readonly WaitRung[] = [
  { prompt: 'wait-under-1', belowMinutes: 1 },
  { prompt: 'wait-1-2', belowMinutes: 2 },
  { prompt: 'wait-2-3', belowMinutes: 3 },
  { prompt: 'wait-3-5', belowMinutes: 5 },
  { prompt: 'wait-5-10', belowMinutes: 10 },
  { prompt: 'wait-10-15', belowMinutes: 15 },
  { prompt: 'wait-15-20', belowMinutes: 20 },
  { prompt: 'wait-20-30', belowMinutes: 30 },
  { prompt: 'wait-30-45', belowMinutes: 45 },
  { prompt: 'wait-45-60', belowMinutes: 60 },
  { prompt: 'wait-over-60', belowMinutes: Infinity },
];

/**
 * Index of the rung in which the middle of an estimate lies: a longer estimate never gets a lower rung.
 * @param waitMs least and most, milliseconds; below 0 counts as 0
 * @returns undefined when it is not a number
 */
export function waitRung([least, most]: readonly [least: number, most: number]): number | undefined {
  const minutes = (least + most) / 2 / 60_000;
  const rung = WAIT_RUNGS.findIndex(({ belowMinutes }) => minutes < belowMinutes);
  if (rung >= 0) return rung;
  return minutes === Infinity ? WAIT_RUNGS.length - 1 : undefined;
}
