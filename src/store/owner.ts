// The store's folders are made for their owner alone, and root makes nothing in another user's: a link that lies there would
// have it made, or its owner changed, anywhere. Commands that root starts become that user before (src/util/privileges.ts).
import { HoldcastError } from '../util/errors';
import { keeperOf } from '../util/pathTrust';
import { isRoot } from '../util/privileges';

/** @throws HoldcastError HC_NOT_AS_ROOT when this is root and something on the way to `path` is another user's */
export function refuseAsRoot(path: string): void {
  if (!isRoot()) return;
  const { uid, because } = keeperOf(path);
  if (uid === 0) return;
  const hint = 'run it as that user: sudo -u asterisk holdcast …';
  throw new HoldcastError(
    'HC_NOT_AS_ROOT',
    `${because} belongs to uid ${uid}: root writes nothing there`,
    hint,
  );
}
