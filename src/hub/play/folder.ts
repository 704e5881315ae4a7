// The folder that the hub shares with the readers of its callers, and what lies in it. bin/holdcast-reader, a shell script,
// knows the same names.
import { join } from 'node:path';

/** All names in the folder; a Uniqueid is checked by isUniqueid before it comes here. */
export const playFolder = (folder: string) => ({
  folder,
  /** While a hub plays: its process id and when that process was started (field 22 of /proc/<pid>/stat), "4711 893411\n". */
  hub: join(folder, 'hub'),
  /** Music for whom no hub plays: raw samples as Asterisk reads them, whole Frames, a minute or so that can be repeated. */
  plain: join(folder, 'plain.raw'),
  /** A call's FIFO. */
  fifo: (uniqueid: string) => join(folder, `fifo.${uniqueid}`),
  /** A line for each of its readers: the process id, "4711\n", or "4711 plain\n" where it plays `plain`. */
  reader: (uniqueid: string) => join(folder, `reader.${uniqueid}`),
  /** FIFOs that wait for a call. */
  spare: (number: number | '') => join(folder, `spare.${number}`),
});

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

export type PlayFolder = ReturnType<typeof playFolder>;
