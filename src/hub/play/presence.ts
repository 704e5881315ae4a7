// Whether a hub plays from a folder: one file with its process id and time of start, read by every reader that starts.
// The number alone would do for a hub that is dead when another process has got its number since.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { HoldcastError, messageOf } from '../../util/errors';
import { hasEnded, processStart } from '../../util/processStart';
import { playFolder } from './folder';

/**
 * From now on readers that start wait for this process to play to them. Its FIFOs are there, and have a writing end open.
 * @throws HoldcastError HC_HUB_FIFO
 */
export function announce(folder: string): void {
  const { hub } = playFolder(folder);
  const draft = `${hub}.${process.pid}`;
  try {
    writeFileSync(draft, ownLine(), { mode: 0o600 });
    renameSync(draft, hub);
  } catch (error) {
    rmSync(draft, { force: true });
    const hint =
      'let the hub write to that folder, and see that its disk is not full; or set another hub.folder';
    const what = `callers cannot be told that the hub is here: ${messageOf(error)}`;
    throw new HoldcastError('HC_HUB_FIFO', what, hint, { cause: error });
  }
}

/**
 * Readers that start from now on play plain music. To be called before FIFOs are closed: a reader that finds a living
 * hub and nobody writing would end at once, again and again. Never throws, and leaves the file of another hub alone.
 */
export function withdraw(folder: string): void {
  const { hub } = playFolder(folder);
  try {
    if (readFileSync(hub, 'utf8') === ownLine()) rmSync(hub, { force: true });
  } catch {
    // what cannot be removed is of no use to readers once this process is gone
  }
}

/** Process id of another hub that lives and plays from this folder; undefined when there is none. */
export function otherHub(folder: string): number | undefined {
  try {
    const line = readFileSync(playFolder(folder).hub, 'utf8');
    const [, pid = '', ticks] = /^(\d+) (\d+)\n$/.exec(line) ?? [];
    if (line === ownLine() || ticks === undefined) return undefined;
    return processStart(Number(pid)).ticks === ticks && !hasEnded(Number(pid)) ? Number(pid) : undefined;
  } catch {
    return undefined;
  }
}

function ownLine(): string {
  const { ticks } = processStart(process.pid);
  if (ticks === undefined) throw new Error('this machine has no /proc to tell processes apart');
  return `${process.pid} ${ticks}\n`;
}
