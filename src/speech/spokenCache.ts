// Sentences that a program has spoken, kept for the next time: small WAVs under names that do not tell the words.
// They are personal (a balance): nobody else may read them, and they are kept for a day and in a limited number.
import { createHash } from 'node:crypto';
import { promises } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseWavHeader } from '../audio/wav';
import { missingFromWav } from '../media/claimedLength';
import { isPlayable } from '../media/ready';
import type { Clock } from '../util/clock';
import { inBatches } from '../util/batches';
import { messageOf } from '../util/errors';
import type { Logger } from '../util/log';
import { bootId, startTicks } from '../util/processStart';

const DAY_MS = 24 * 60 * 60_000;
const MOST_FILES = 500;
/** A run is over long before: its process was killed, and perhaps the program was not. */
const LEFT_OVER_MS = 2 * 60_000;
const SWEEP_EVERY_MS = 10 * 60_000;
const SENTENCE = /^[0-9a-f]{40}\.wav$/;
const WORK = 'work-';
/** Its time of modification is when any process swept last. */
const STAMP = '.swept';

/** Where spoken sentences are kept in a cache folder. */
export function spokenFolder(cache: string): string {
  return join(cache, 'speech');
}

/** Name of a sentence: from it nobody tells the words. */
export function sentenceKey(...about: readonly string[]): string {
  return createHash('sha256').update(about.join('\0')).digest('hex').slice(0, 40);
}

export class SpokenCache {
  readonly #folder: string;
  #kept = 0;
  #told = false;

  /** @param cache the media cache, absolute; there or not */
  constructor(
    private readonly cache: string,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {
    this.#folder = spokenFolder(cache);
  }

  /** Samples at `rate` of a sentence that was kept; undefined when there is none. */
  async get(key: string, rate: number): Promise<Int16Array | undefined> {
    const wav = join(this.#folder, `${key}.wav`);
    try {
      if (this.#isOld((await promises.stat(wav)).mtimeMs)) return undefined;
      const bytes = await promises.readFile(wav);
      const info = parseWavHeader(bytes, bytes.length);
      if (!isPlayable(info, rate) || missingFromWav(bytes, bytes.length).bytes > 0) return undefined;
      return Int16Array.from({ length: info.samples }, (_, i) => bytes.readInt16LE(info.dataOffset + 2 * i));
    } catch {
      return undefined;
    }
  }

  /** Keeps a WAV from a `work` folder, whole or not at all. Never throws; what goes wrong is logged once. */
  async put(key: string, wav: string): Promise<void> {
    if (!wav.startsWith(this.#folder)) return;
    try {
      await promises.chmod(wav, 0o600);
      await promises.rename(wav, join(this.#folder, `${key}.wav`));
      this.#kept++;
      await this.sweep(this.#kept > MOST_FILES / 10);
    } catch (error) {
      this.#tell(error);
    }
  }

  /**
   * An empty folder that only this user may read, for one run of a program; who calls removes it. In the cache, so that
   * what comes out need not be copied; where that cannot be written, in the machine's folder for temporary files.
   * @throws what the file system throws
   */
  async work(): Promise<string> {
    try {
      await promises.mkdir(this.cache, { recursive: true });
      await promises.mkdir(this.#folder, { mode: 0o700 }).catch(() => {});
      return await promises.mkdtemp(join(this.#folder, WORK));
    } catch (error) {
      this.#tell(error);
      return promises.mkdtemp(join(tmpdir(), 'holdcast-speech-'));
    }
  }

  /**
   * Ends programs whose process was killed and removes what they left; removes what is old and what is too many, that at
   * most once in ten minutes unless `now`. Never throws.
   */
  async sweep(now = false): Promise<void> {
    try {
      const names = await promises.readdir(this.#folder);
      await inBatches(
        names.filter((name) => name.startsWith(WORK)),
        (name) => this.#endRun(join(this.#folder, name)),
      );
      const stamp = join(this.#folder, STAMP);
      const swept = await promises.stat(stamp).catch(() => undefined);
      if (!now && swept && Math.abs(this.clock.wall() - swept.mtimeMs) < SWEEP_EVERY_MS) return;
      const seconds = this.clock.wall() / 1000;
      await promises.writeFile(stamp, '', { mode: 0o600 });
      await promises.utimes(stamp, seconds, seconds);
      this.#kept = 0;
      await this.#sweep(names);
    } catch {
      // There is no such folder, or another process is at it.
    }
  }

  async #sweep(names: readonly string[]): Promise<void> {
    const found = await inBatches(names, async (name) => {
      const stats = await promises.stat(join(this.#folder, name)).catch(() => undefined);
      return { name, mtimeMs: stats?.mtimeMs ?? -Infinity };
    });
    const sentences = found.filter(({ name }) => SENTENCE.test(name)).sort((a, b) => b.mtimeMs - a.mtimeMs);
    const tooMany = new Set(sentences.slice(MOST_FILES));
    const gone = sentences.filter((file) => tooMany.has(file) || this.#isOld(file.mtimeMs));
    await inBatches(gone, ({ name }) =>
      promises.rm(join(this.#folder, name), { force: true }).catch(() => {}),
    );
  }

  async #endRun(folder: string): Promise<void> {
    const { mtimeMs } = await promises.stat(folder).catch(() => ({ mtimeMs: NaN }));
    if (!(Math.abs(this.clock.wall() - mtimeMs) > LEFT_OVER_MS)) return;
    await endProgram(folder);
    await promises.rm(folder, { recursive: true, force: true }).catch(() => {});
  }

  /** A clock that was set back does not keep a balance for ever. */
  #isOld(mtimeMs: number): boolean {
    return Math.abs(this.clock.wall() - mtimeMs) > DAY_MS;
  }

  #tell(error: unknown): void {
    if (this.#told) return;
    this.#told = true;
    const hint = `Give this user the right to write in ${this.#folder}.`;
    this.log.warn({ error: messageOf(error), hint }, 'spoken sentences are not kept');
  }
}

const NOTE = 'program';

/**
 * Notes a program in the folder of its run: a process that is killed at once cannot end what it has started, and the next
 * one that uses the cache does. Never rejects: without a note the program is ended as long as this process lives.
 */
export async function noteProgram(pid: number, folder: string): Promise<void> {
  try {
    const mark = markOf(pid);
    if (mark !== undefined) await promises.writeFile(join(folder, NOTE), mark, { mode: 0o600 });
  } catch {
    // It has ended already, or the disk is full.
  }
}

/** Kills the program that is noted in a folder, with its group, if it is still the same. Never rejects. */
async function endProgram(folder: string): Promise<void> {
  try {
    const mark = await promises.readFile(join(folder, NOTE), 'utf8');
    const pid = Number(/^[1-9]\d{0,9}(?= )/.exec(mark)?.[0]);
    // Of 0 and 1 the group would be our own, or everybody.
    if (pid > 1 && markOf(pid) === mark) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

/** Number, when it was started, which start of the machine: no other process ever has it. Undefined without /proc. */
function markOf(pid: number): string | undefined {
  const [ticks, boot] = [startTicks(pid), bootId()];
  return ticks && boot && `${pid} ${ticks} ${boot}`;
}
