// The store's folders are made for their owner alone, and root makes nothing in another user's: a link that lies there would
// have it made, or its owner changed, anywhere. Commands that root starts become that user before (src/util/privileges.ts).
import { mkdirSync } from 'node:fs';
import { HoldcastError } from '../util/errors';
import { keeperOf } from '../util/pathTrust';
import { isRoot } from '../util/privileges';

/**
 * Makes a folder that only its owner may enter, and those above it.
 * @throws NodeJS.ErrnoException; HoldcastError HC_NOT_AS_ROOT
 */
export function makeFolder(folder: string): void {
  refuseAsRoot(folder);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
}

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
