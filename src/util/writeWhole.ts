// Writes a file under a name that is new and puts it in its place: nobody reads half of it, and nothing is written through
// what has its name already, which in a folder that users share (/tmp) may be another user's link.
import { renameSync, rmSync, statSync, writeFileSync } from 'node:fs';

/**
 * @param mode for a new file; the umask takes away from it
 * @throws NodeJS.ErrnoException; nothing of it is left then
 */
export function writeWhole(file: string, content: string | Uint8Array, mode: number): void {
  const draft = `${file}.${process.pid}.${process.hrtime().join('')}.tmp`;
  try {
    writeFileSync(draft, content, { mode, flag: 'wx' });
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** Whether there is a device or a pipe at a path: it is written into, and never replaced. */
export function isSpecial(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && !stats.isFile();
}
