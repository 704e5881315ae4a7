// Admission: which look-ups get a pipe and a place in a mixing thread. Anybody on the machine can ask for calls that are not
// there; those must not take the place of real ones.
import type { Clock } from '../../util/clock';
import { inTime } from '../../util/inTime';

export interface AdmissionParts {
  /** Whether one more is admitted beside so many. */
  admits(callers: number): boolean;
  /** Whether Asterisk has such a call, where that can be found out; asked only in a crowd. Never rejects. */
  exists(uniqueid: string): boolean | Promise<boolean>;
  clock: Clock;
}

/**
 * Look-ups that nobody reads and nobody is named to hear. Asterisk starts a reader, or names who hears it, within some ten ms,
 * so that real calls need few of them; beyond them, those are admitted of which Asterisk has the call.
 */
export const MOST_UNCONFIRMED = 64;
/** In a crowd a call is looked for so long, milliseconds: its look-up waits. */
const EXISTS_MS = 100;

export class Admission {
  constructor(private readonly parts: AdmissionParts) {}

  /**
   * @param all how many there are
   * @param unconfirmed how many of them nobody reads and nobody is named to hear
   */
  admits(uniqueid: string, all: number, unconfirmed: number): boolean | Promise<boolean> {
    const { parts } = this;
    if (!parts.admits(all)) return false;
    if (unconfirmed < MOST_UNCONFIRMED) return true;
    const there = parts.exists(uniqueid);
    return typeof there === 'boolean'
      ? there
      : inTime(parts.clock, EXISTS_MS, there).then((found) => found === true);
  }
}
