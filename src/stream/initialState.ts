// Where a stream begins: with what an earlier process of its call, or a hub that played to it, has left; else with the music
// that the hub has left for the look-up.
import { musicOf, parseCallState, type CallState } from '../session/state';
import type { StateFile } from '../store/stateFile';
import { keptOf, ShardedStateFile } from '../store/shardedStateFile';

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
