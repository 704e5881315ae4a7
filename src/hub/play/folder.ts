// The folder that the hub shares with the readers of its callers, and what lies in it. bin/holdcast-reader, a shell script,
// knows the same names.
import { join } from 'node:path';
import { wordOf } from '../../util/bytesText';

/** All names in the folder; a Uniqueid may have anything in it, a slash too. */
export const playFolder = (folder: string) => ({
  folder,
  /** While a hub plays: its process id and when that process was started (field 22 of /proc/<pid>/stat), "4711 893411\n". */
  hub: join(folder, 'hub'),
  /** Music for whom no hub plays: raw samples as Asterisk reads them, whole Frames, a minute or so that can be repeated. */
  plain: join(folder, 'plain.raw'),
  /** A call's FIFO. */
  fifo: (uniqueid: string) => join(folder, `fifo.${wordOf(uniqueid)}`),
  /** A line for each of its readers: the process id, "4711\n", or "4711 plain\n" where it plays `plain`. */
  reader: (uniqueid: string) => join(folder, `reader.${wordOf(uniqueid)}`),
  /** FIFOs that wait for a call. */
  spare: (number: number | '') => join(folder, `spare.${number}`),
});

export type PlayFolder = ReturnType<typeof playFolder>;
