// Which call a stream plays to, and where it begins: with what an earlier process of that call, or a hub that played to it, has left;
// else with the music that the hub has left for the look-up.
import { musicOf, parseCallState, type CallState } from '../session/state';
import type { StateFile } from '../store/stateFile';
import { keptOf, ShardedStateFile } from '../store/shardedStateFile';
import type { Owners } from '../pipe/owners';
import type { Cancel, Clock } from '../util/clock';

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
      ? parseCallState(keptOf(uniqueid, states, new ShardedStateFile(folder)))
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
