// Which call a stream plays to, and where it begins: with what an earlier process of that call, or a hub that played to it, has left;
// else with the music that the hub has left for the look-up. CallStateSaver: what the next process of the call begins with.
import { musicOf, parseCallState, type CallState } from '../session/state';
import type { StateFile } from '../store/stateFile';
import { keptOf, SharedStateFile } from '../store/sharedStateFile';
import type { Owners } from '../pipe/owners';
import type { Cancel, Clock } from '../util/clock';
import { errorFields } from '../util/errors';
import type { Logger } from '../util/log';

/** Which call listens. Nothing that is kept of a call is another's: it is read where the Uniqueid is certain. */
export interface Listener {
  /** Undefined: it is not known (yet). */
  readonly uniqueid: string | undefined;
  readonly certain: boolean;
}

/**
 * @param folder config.calls.folder
 * @param token of the look-up; what was left for it is taken
 */
export function initialState(
  { uniqueid, certain }: Listener,
  token: string | undefined,
  states: StateFile,
  folder: string,
): CallState | undefined {
  const left = token === undefined ? undefined : parseCallState(states.read(token));
  if (token !== undefined) states.forget(token);
  const own =
    certain && uniqueid !== undefined
      ? parseCallState(keptOf(uniqueid, states, new SharedStateFile(folder)))
      : undefined;
  return own ?? (left && musicOf(left));
}

export interface NameWatch {
  owners: Pick<Owners, 'of'>;
  token: string;
  /** As it is known already; undefined: nobody is named. */
  uniqueid: string | undefined;
  clock: Pick<Clock, 'after'>;
  /** Called once. */
  named: (uniqueid: string) => void;
  /** It is noted no more, or another is: somebody else listens. Called once, and nothing is called after it. */
  lost: () => void;
}

/** A look takes some 30 µs. Before a balance is said, the note is read once more in any case. */
const EVERY_MS = 200;

/**
 * `nameless` → `named` when a call is noted; → `lost` when that is so no more, for good: what a note that comes and goes means
 * nobody can know.
 */
export function watchName({ owners, token, uniqueid, clock, named, lost }: NameWatch): Cancel {
  let known = uniqueid;
  let cancel: Cancel = () => {};
  const look = (): void => {
    const noted = owners.of(token);
    if (known !== undefined && noted !== known) return lost();
    cancel = clock.after(EVERY_MS, look);
    if (noted === known) return;
    known = noted;
    named(noted!);
  };
  look();
  return () => cancel();
}

export interface CallStateSaverParts {
  states: StateFile;
  uniqueid: string;
  everyMs: number;
  clock: Clock;
  log: Logger;
  /** The call as the caller has heard it up to this moment; anything that JSON can hold. */
  state: () => unknown;
}

/** What is kept is written at intervals, in case the process is killed, and once more when it is told to end. */
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
