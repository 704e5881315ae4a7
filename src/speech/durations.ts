// A length of time, rounded as one says it on the telephone: seconds below a minute, then minutes, then hours too.
// The words stand in the language's own file.
import { LARGEST_NUMBER } from './numbers';

/** Below a minute: seconds alone, 1 to 59. */
export type LengthOfTime =
  | { readonly seconds: number }
  | { readonly hours: number; readonly minutes: number; readonly seconds?: undefined };

/** @param ms 0 and more. @throws RangeError for what is no length of time, or more hours than anybody can count to */
export function lengthOfTime(ms: number): LengthOfTime {
  if (!(ms >= 0) || ms / 3_600_000 > Number(LARGEST_NUMBER)) throw new RangeError('no length of time');
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 60) return { seconds };
  const minutes = Math.round(ms / 60_000);
  return { hours: Math.floor(minutes / 60), minutes: minutes % 60 };
}
