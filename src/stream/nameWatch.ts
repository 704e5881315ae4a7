// watchName: which call a stream plays to, where it was started with a token: as the hub has noted it, and for as long as that
// is so. Looked at, not waited for: a watch on the folder would wake every stream of the machine for each call.
import type { Owners } from '../pipe/owners';
import type { Cancel, Clock } from '../util/clock';

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
