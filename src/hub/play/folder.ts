// The folder that the hub shares with the readers of its callers, and what lies in it. bin/holdcast-reader, a shell script,
// knows the same names.
import { join } from 'node:path';

/** All names in the folder; a token is checked by isPipeName before it comes here. */
export const playFolder = (folder: string) => ({
  folder,
  /** While a hub plays: its process id and when that process was started (field 22 of /proc/<pid>/stat), "4711 893411\n". */
  hub: join(folder, 'hub'),
  /** Music for whom no hub plays: raw samples as Asterisk reads them, whole Frames, a minute or so that can be repeated. */
  plain: join(folder, 'plain.raw'),
  /** The FIFO of a look-up, by its token. */
  fifo: (token: string) => join(folder, `fifo.${token}`),
  /** A line for each of its readers: the process id, "4711\n", or "4711 plain\n" where it plays `plain`. */
  reader: (token: string) => join(folder, `reader.${token}`),
  /** The Uniqueid of the call that hears it, where Asterisk has said so: what the next hub believes, and nothing else. */
  owner: (token: string) => join(folder, `owner.${token}`),
  /** FIFOs that wait for a call. */
  spare: (number: number | '') => join(folder, `spare.${number}`),
});

/** What bin/holdcast-reader takes for the end of a name: a token, or a Uniqueid that a hub before tokens has passed. */
export function isPipeName(text: string): boolean {
  return /^[A-Za-z0-9_][\w.-]{0,63}$/.test(text) && !text.includes('..');
}

export type PlayFolder = ReturnType<typeof playFolder>;
