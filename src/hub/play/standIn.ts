// StandIn: plain music for callers while no hub plays to them, and their way back when one does. It is written ahead, since
// who dies writes nothing.
import { readFile } from 'node:fs/promises';
import type { ProgramSettings } from '../../program/settings';
import type { Cancel, Clock } from '../../util/clock';
import { errorFields } from '../../util/errors';
import type { Logger } from '../../util/log';
import type { Closeable } from '../../util/scope';
import { playFolder } from './folder';
import { Pieces } from './pieces';
import { writePlainMusic, type PlainTrack } from './plainMusic';
import { announce, withdraw } from './presence';
import type { Readers } from './readers';

export interface StandInParts {
  /** Absolute, of the callers' pipes. */
  folder: string;
  readers: Pick<Readers, 'endPlain' | 'openPipes' | 'endStrays'>;
  /** What plain music is made of now. */
  material: () => { settings: ProgramSettings; music: () => readonly PlainTrack[] };
  clock: Clock;
  log: Logger;
}

/** Everybody is called back by then. A hub that dies before that leaves silence until there is another. */
const CALLING_BACK_MS = 3000;

export class StandIn implements Closeable {
  readonly #pieces: Pieces;
  /** Lets readers that are called back find plain music again. */
  #calledBack: { cancel: Cancel; end: () => Promise<void> } | undefined;
  #writing: Promise<void> = Promise.resolve();
  /** What there is was written by this hub. */
  #isFresh = false;
  #closed = false;

  constructor(private readonly parts: StandInParts) {
    this.#pieces = new Pieces(parts.folder);
  }

  /**
   * Sees to it that there is plain music before the first caller: what an earlier hub has written, or, where there was none,
   * music that is written now, in a second or so.
   */
  async prepare(): Promise<void> {
    if (!(await this.#pieces.mend())) await this.write();
  }

  /**
   * The hub plays: readers see that it lives, and those that play plain music come back to their pipes, which must be there.
   * Plain music is written anew when they are back.
   * @param readers whether there may be any
   */
  async over(readers: boolean): Promise<void> {
    announce(this.parts.folder);
    // Who was started while there was no hub; Asterisk starts him again at once.
    this.parts.readers.endPlain();
    await this.#endCallingBack();
    const end = readers ? await this.#callBack() : undefined;
    // Readers in one of the longer pieces, 40 s after the hub died, would be back in a minute.
    if (readers) this.parts.readers.endStrays();
    if (!end) return this.#isFresh ? undefined : void this.write();
    const cancel = this.parts.clock.after(
      CALLING_BACK_MS,
      () => void this.#endCallingBack().then(() => this.write()),
    );
    this.#calledBack = { cancel, end };
  }

  async #callBack(): ReturnType<Pieces['callBack']> {
    const emptyPipes = this.parts.readers.openPipes();
    try {
      return await this.#pieces.callBack();
    } finally {
      emptyPipes();
    }
  }

  /** The hub plays no more: readers go over to plain music when their pipes are closed. */
  async begin(): Promise<void> {
    await this.#endCallingBack();
    withdraw(this.parts.folder);
  }

  /** Writes plain music anew, but not while readers are called back: that comes after it. Never rejects. */
  write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  /** Nothing is written any more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.begin();
  }

  async #write(): Promise<void> {
    if (this.#isOff) return;
    const { folder, material, clock, log } = this.parts;
    const { settings, music } = material();
    const { plain } = playFolder(folder);
    try {
      await writePlainMusic(plain, { settings, music, clock, log });
      this.#isFresh = true;
      if (!this.#isOff) await this.#pieces.write(await readFile(plain), settings.rate);
    } catch (error) {
      log.error(errorFields(error), 'plain music could not be written');
    }
  }

  /** Read anew after each wait. */
  get #isOff(): boolean {
    return this.#closed || this.#calledBack !== undefined;
  }

  async #endCallingBack(): Promise<void> {
    const calledBack = this.#calledBack;
    this.#calledBack = undefined;
    calledBack?.cancel();
    await calledBack?.end();
  }
}
