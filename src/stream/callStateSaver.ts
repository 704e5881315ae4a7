// CallStateSaver: sees to it that a call goes on where it was when Asterisk starts the program again.
// What is kept is written at intervals, in case the process is killed, and once more when it is told to end.
import type { StateFile } from '../store/stateFile';
import type { Cancel, Clock } from '../util/clock';
import { errorFields } from '../util/errors';
import type { Logger } from '../util/log';

export interface CallStateSaverParts {
  states: StateFile;
  uniqueid: string;
  everyMs: number;
  clock: Clock;
  log: Logger;
  /** The call as the caller has heard it up to this moment; anything that JSON can hold. */
  state: () => unknown;
}

export class CallStateSaver {
  #cancel: Cancel = () => {};
  #failed = false;
  #closed = false;

  constructor(private readonly parts: CallStateSaverParts) {
    this.#next();
  }

  /** The call is over: nothing of it is kept any more. */
  over(): void {
    this.stop();
    this.parts.states.forget(this.parts.uniqueid);
  }

  /** Somebody else listens: what was written last stays, and nothing is written any more. */
  stop(): void {
    this.#closed = true;
    this.#cancel();
  }

  /** This process ends, the call may go on: writes once more. A few tenths of a millisecond. */
  close(): void {
    this.#cancel();
    if (this.#closed) return;
    this.#closed = true;
    this.#write();
  }

  #next(): void {
    this.#cancel = this.parts.clock.after(this.parts.everyMs, () => {
      this.#write();
      this.#next();
    });
  }

  /** A folder that cannot be written costs the call its memory, not its music; said once. */
  #write(): void {
    const { states, uniqueid, state, log } = this.parts;
    try {
      states.write(uniqueid, state());
      this.#failed = false;
    } catch (error) {
      if (!this.#failed)
        log.warn(errorFields(error), 'after a restart the call would not resume where it was');
      this.#failed = true;
    }
  }
}
