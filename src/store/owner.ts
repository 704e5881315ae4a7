// Files that root makes in a folder of the hub's user are that user's: else the hub could not open what
// `holdcast store` has made as root.
import { chownSync, mkdirSync, promises, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Gives a file or folder that root has made to the owner of its folder; as another user: nothing. Never throws. */
export function giveToFolderOwner(path: string): void {
  if (process.geteuid?.() !== 0) return;
  try {
    const { uid, gid } = statSync(dirname(path));
    if (uid !== 0 && statSync(path).uid === 0) chownSync(path, uid, gid);
  } catch {
    // it is not there, or may not be changed: `store check` tells
  }
}

/** The same without blocking. Never rejects. */
export async function giveToFolderOwnerLater(path: string): Promise<void> {
  if (process.geteuid?.() !== 0) return;
  try {
    const { uid, gid } = await promises.stat(dirname(path));
    if (uid !== 0 && (await promises.stat(path)).uid === 0) await promises.chown(path, uid, gid);
  } catch {
    // as above
  }
}

/** Makes a folder that only its owner may enter, and those above it. @throws NodeJS.ErrnoException */
export function makeFolder(folder: string): void {
  const first = mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  const made: string[] = [];
  for (let at = folder; at.length >= first.length; at = dirname(at)) made.unshift(at);
  for (const path of made) giveToFolderOwner(path);
}
