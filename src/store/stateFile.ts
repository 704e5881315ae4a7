// StateFile: what is kept of calls in progress, one small file for each Uniqueid.
// Asterisk kills and restarts the program in the middle of a call; the next process of the same call takes this up.
import { mkdirSync, promises, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileNameOf } from '../util/bytesText';
import { HoldcastError, messageOf } from '../util/errors';

/** Longer than any state that is written; a larger file is not ours. */
const MOST_BYTES = 64 * 1024;
/** What is written here, and the drafts of processes that were killed; any other file is somebody else's. */
const STATE_FILE = /^([\w.%;+-]+)\.json(?:\.\d+)?$/;
/** Of many calls (sharedStateFile.ts), with their drafts: removed by age alone. */
const SHARED_FILE = /^calls(?:-\d\d)?\.states(?:\.\d+)?$/;

export class StateFile {
  /** @param folder absolute; made with mode 0700 when something is written first */
  constructor(private readonly folder: string) {}

  /** What was written last for this call; undefined when there is nothing that can be read. A few tenths of a ms. */
  read(uniqueid: string): unknown {
    try {
      const text = readFileSync(this.#file(uniqueid), 'utf8');
      return text.length > MOST_BYTES ? undefined : JSON.parse(text);
    } catch {
      return undefined;
    }
  }

  /**
   * Replaces what is kept of this call, whole or not at all, also when the process is killed in the middle.
   * Synchronous: after a HUP there are 100 ms.
   * @param state anything that JSON can hold
   * @throws HoldcastError HC_STATE_UNWRITABLE
   */
  write(uniqueid: string, state: unknown): void {
    const file = this.#file(uniqueid);
    const draft = `${file}.${process.pid}`;
    try {
      const text = JSON.stringify(state);
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
      rmSync(draft, { force: true });
      writeFileSync(draft, text, { mode: 0o600, flag: 'wx' });
      renameSync(draft, file);
    } catch (error) {
      removeQuietly(draft);
      throw unkept(this.folder, error);
    }
  }

  /** The call is over: nothing of it is kept. Never throws. */
  forget(uniqueid: string): void {
    removeQuietly(this.#file(uniqueid));
  }

  /**
   * Removes what no call will take up: what is older than `keepMs`, and what belongs to none of the `living` calls
   * and was not written in the last moments (a call may be so new that the list does not have it). Never throws.
   * @param living Uniqueids of all channels; undefined: not known, age alone counts
   */
  async sweep({ keepMs, nowWall, living }: SweepOptions): Promise<void> {
    const names = living && new Set(Array.from(living, fileNameOf));
    for (const name of await promises.readdir(this.folder).catch(() => [])) {
      const [, call] = STATE_FILE.exec(name) ?? [];
      if (call === undefined && !SHARED_FILE.test(name)) continue;
      const file = join(this.folder, name);
      const stats = await promises.stat(file).catch(() => undefined);
      if (!stats?.isFile()) continue;
      const ageMs = nowWall - stats.mtimeMs;
      const dead = call !== undefined && names?.has(call) === false && ageMs > SETTLED_MS;
      if (dead || ageMs > keepMs) await promises.rm(file, { force: true }).catch(() => {});
    }
  }

  #file(uniqueid: string): string {
    return join(this.folder, `${fileNameOf(uniqueid)}.json`);
  }
}

/** What it means for a call that nothing can be kept of it, and what to do. */
export function unkept(folder: string, error: unknown): HoldcastError {
  const hint = `let this user write to ${folder}, or name another folder in calls.folder`;
  const what = `the state of the call cannot be kept: ${messageOf(error)}`;
  return new HoldcastError('HC_STATE_UNWRITABLE', what, hint, { cause: error });
}

function removeQuietly(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // what cannot be removed now is removed by age
  }
}

export interface SweepOptions {
  keepMs: number;
  /** Milliseconds since 1970. */
  nowWall: number;
  living?: ReadonlySet<string> | undefined;
}

/** A state this young may belong to a call that began after the list of calls was asked for. */
const SETTLED_MS = 5000;
