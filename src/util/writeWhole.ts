// Writes a file under a new name and renames it: no reader sees half of it, and an existing entry of that name, which in a shared
// folder (/tmp) may be another user's link, is never written through.
import { renameSync, rmSync, statSync, writeFileSync } from 'node:fs';

/**
 * @param mode for a new file; the umask takes away from it
 * @throws NodeJS.ErrnoException; nothing is left behind
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

/** Whether a path is a device or a pipe: these are written into, never replaced. */
export function isSpecial(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && !stats.isFile();
}
