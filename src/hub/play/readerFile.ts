// What readers of a call have written into its file, and whether a process is one of them: its number may be another's by now.
import { readlinkSync } from 'node:fs';

export interface CallReader {
  readonly pid: number;
  /** It repeats plain music. */
  readonly plain: boolean;
}

/** What readers of a call have written into its file, each once, the last one last; they may have ended since. */
export function readersIn(text: string): CallReader[] {
  const found = new Map<number, CallReader>();
  for (const [, digits, plain] of text.matchAll(/^([1-9]\d{0,9})( plain)?\n/gm)) {
    const pid = Number(digits);
    found.delete(pid);
    found.set(pid, { pid, plain: plain !== undefined });
  }
  return [...found.values()];
}

/** Whether this process is a `cat` on this FIFO, or on one that was removed since. */
export function isCatOn(fifo: string, pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/fd/0`).replace(/ \(deleted\)$/, '') === fifo;
  } catch {
    return false;
  }
}
