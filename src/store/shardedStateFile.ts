// ShardedStateFile: what is kept of many calls in a few files, for a process that plays to all of them. A file for each call
// costs a thousand renames in two seconds, on the thread that hears Asterisk; these are written behind it.
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../util/errors';
import { ofWord, wordOf } from '../util/bytesText';
import { seedOf } from '../util/random';
import { unkept, type StateFile } from './stateFile';

/** Files: each is written as a whole, so that the more there are, the less is written for the change of one call. */
export const SHARES = 16;

/** In which of the files a call is kept: 0 to 15. */
export const shareOf = (uniqueid: string): number => seedOf(uniqueid) % SHARES;

/** What is in a file is not taken for granted: undefined where it is no JSON. */
export function stateIn(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What is kept of a call by whomever: a process of its own leaves what is newer than what a hub has. undefined: nothing. */
export const keptOf = (uniqueid: string, own: StateFile, shared: ShardedStateFile): unknown =>
  own.read(uniqueid) ?? shared.find(uniqueid);

export class ShardedStateFile {
  /** @param folder absolute; made with mode 0700 when something is written first */
  constructor(private readonly folder: string) {}

  /** What is kept in one file: the state of each call, as JSON. Never throws; what cannot be read is not there. */
  read(share: number): Map<string, string> {
    const states = new Map<string, string>();
    for (const line of this.#lines(share)) {
      const space = line.indexOf(' ');
      const uniqueid = space > 0 ? ofWord(line.slice(0, space)) : undefined;
      if (uniqueid !== undefined) states.set(uniqueid, line.slice(space + 1));
    }
    return states;
  }

  /** The state of one call; undefined when there is none that can be read. */
  find(uniqueid: string): unknown {
    return stateIn(this.read(shareOf(uniqueid)).get(uniqueid));
  }

  /**
   * Replaces one file, whole or not at all; without states it is removed. Not called again for a file before it has ended.
   * @param states of each call, JSON in one line
   * @throws HoldcastError HC_STATE_UNWRITABLE
   */
  async write(share: number, states: ReadonlyMap<string, string>): Promise<void> {
    const file = this.#file(share);
    const draft = `${file}.${process.pid}`;
    try {
      if (states.size === 0) return await rm(file, { force: true });
      let text = '';
      for (const [uniqueid, state] of states) text += `${wordOf(uniqueid)} ${state}\n`;
      await this.#writeDraft(draft, text);
      await rename(draft, file);
    } catch (error) {
      await rm(draft, { force: true }).catch(() => {});
      throw unkept(this.folder, error);
    }
  }

  async #writeDraft(draft: string, text: string): Promise<void> {
    try {
      await writeFile(draft, text, { mode: 0o600 });
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      await mkdir(this.folder, { recursive: true, mode: 0o700 });
      await writeFile(draft, text, { mode: 0o600 });
    }
  }

  #lines(share: number): string[] {
    try {
      return readFileSync(this.#file(share), 'utf8').split('\n');
    } catch {
      return [];
    }
  }

  #file(share: number): string {
    return join(this.folder, `calls-${String(share).padStart(2, '0')}.states`);
  }
}
