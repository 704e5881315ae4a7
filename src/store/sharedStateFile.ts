// SharedStateFile: what is kept of all calls in one file, for a process that plays to all of them. A file for each call costs a
// thousand renames in two seconds, on the thread that hears Asterisk.
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf } from '../util/errors';
import { ofWord, wordOf } from '../util/bytesText';
import { unkept, type StateFile } from './stateFile';

const NAME = 'calls.states';
/** Sixteen files of the version before; read, and removed when the first state is written. */
const OLD_NAME = /^calls-\d\d\.states$/;

/** What is in a file is not taken for granted: undefined where it is no JSON. */
export function stateIn(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What is kept of a call by whomever: a process of its own leaves what is newer than what a hub has. undefined: nothing. */
export const keptOf = (uniqueid: string, own: StateFile, shared: SharedStateFile): unknown =>
  own.read(uniqueid) ?? stateIn(shared.read().get(uniqueid));

export class SharedStateFile {
  #mayHaveOld = true;

  /** @param folder absolute; made with mode 0700 when something is written first */
  constructor(private readonly folder: string) {}

  /** The state of each call, as JSON. Never throws; what cannot be read is not there. */
  read(): Map<string, string> {
    const states = new Map<string, string>();
    for (const line of this.#lines()) {
      const space = line.indexOf(' ');
      const uniqueid = space > 0 ? ofWord(line.slice(0, space)) : undefined;
      if (uniqueid !== undefined) states.set(uniqueid, line.slice(space + 1));
    }
    return states;
  }

  /**
   * Replaces the file, whole or not at all; without states it is removed. Not called again before it has ended.
   * @param states of each call, JSON in one line
   * @throws HoldcastError HC_STATE_UNWRITABLE
   */
  async write(states: ReadonlyMap<string, string>): Promise<void> {
    const file = join(this.folder, NAME);
    const draft = `${file}.${process.pid}`;
    try {
      if (states.size === 0) await rm(file, { force: true });
      else {
        let text = '';
        for (const [uniqueid, state] of states) text += `${wordOf(uniqueid)} ${state}\n`;
        await this.#writeDraft(draft, text);
        await rename(draft, file);
      }
      if (this.#mayHaveOld) await this.#removeOld();
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

  async #removeOld(): Promise<void> {
    const names = await readdir(this.folder).catch(() => []);
    for (const name of names) if (OLD_NAME.test(name)) await rm(join(this.folder, name), { force: true });
    this.#mayHaveOld = false;
  }

  #lines(): string[] {
    try {
      const names = readdirSync(this.folder).filter((name) => name === NAME || OLD_NAME.test(name));
      // The old ones ("calls-…") come first: what is new counts.
      return names.sort().flatMap((name) => readFileSync(join(this.folder, name), 'utf8').split('\n'));
    } catch {
      return [];
    }
  }
}
