// HeldCallParts: what the Mixer gives each of its calls.
// A file of its own: parts of a HeldCall are named in it that no reader of its state machine needs.
import type { ReaderProcess } from '../pipe/readerProcess';
import type { PlayableMedia } from '../session/assemble';
import type { CallState } from '../session/state';
import type { Logger } from '../util/log';
import type { Random } from '../util/random';
import type { CallPipeParts, OpenPipe } from './callPipe';
import type { FromMixer } from './messages';
import type { MixerOutside } from './outsidePort';

export interface HeldCallParts extends CallPipeParts {
  log: Logger;
  media: PlayableMedia;
  outside: MixerOutside;
  random: (seed: number) => Random;
  post: (message: FromMixer) => void;
  /** Passes a call's state on; false: not in this tick, there are too many. `last`: the next one follows only after a while. */
  keep(token: string, state: CallState, last: boolean): boolean;
  /** Opens Asterisk's pipe of a reader. @throws HoldcastError HC_HUB_FIFO: there is none any more */
  openPipe(reader: ReaderProcess): OpenPipe;
  /** The call is due to be opened as soon as there is time. */
  onDue(token: string): void;
  /** Asterisk has read nothing of a pipe for too long, and its reader was ended. */
  onStuck(uniqueid: string | undefined): void;
}
