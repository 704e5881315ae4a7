// CallEntry: a look-up and the reader that Asterisk starts for it, as the main thread has them.
// What it is of is told by Asterisk alone, see lookUps.ts.
import type { ReaderProcess } from '../pipe/readerProcess';
import type { CallState } from '../session/state';
import type { Mixing } from './mixerThreads';
import type { OwnCall } from './ownCall';

export interface CallEntry {
  readonly token: string;
  /** The call that its class is named after; undefined: an earlier hub has not said. */
  readonly uniqueid: string | undefined;
  /** That Asterisk has started for it, the last one last; they may have ended. */
  readers: readonly ReaderProcess[];
  /** The call that hears it, when it is that one; undefined: not known, or another channel does. */
  own: OwnCall | undefined;
  /** Where it begins, when nothing was heard of its call yet; undefined: anywhere, or that was not asked for. */
  first?: CallState | undefined;
  mixing?: Mixing | undefined;
  /** Under way. */
  beginning?: Promise<undefined> | undefined;
  reading: boolean;
  /** A reader or a name has shown that there is somebody. */
  confirmed: boolean;
  /** Asterisk has said that its music was stopped, or that its call hears another. */
  stopped: boolean;
  /** Since when nobody reads, on the clock. */
  awaySince: number;
  over: boolean;
}
