// FallbackPieces: fallback music on disk, cut into the pieces that bin/holdcast-reader names: short ones, so that a caller's own
// music is soon back when a hub is, and for a long outage longer ones, since each word costs every reader memory.
import { access, mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FRAME_MS, frameBytes, type SampleRate } from '../audio/frame';
import { errorFields, HoldcastError, messageOf } from '../util/errors';
import type { Logger } from '../util/log';
import type { Closeable } from '../util/scope';
import { renderFallbackMusic, type FallbackOptions } from './fallbackMusic';
import { pipeFolder } from './folder';

/** 000 to 299. One in a reader's hand and those in its pipe, 0.51 s, are heard when a hub is back: within 0.7 s. */
export const SHORT_PIECES = 300;
export const SHORT_MS = 200;
/** a to o: the same minute. */
const LONG_NAMES = 'abcdefghijklmno';
const LONG_MS = 4000;
const MINUTE_MS = 60_000;

export interface FallbackParts {
  /** Absolute. */
  folder: string;
  /** What fallback music is made of now. */
  material: () => Omit<FallbackOptions, 'clock' | 'log'>;
  clock: FallbackOptions['clock'];
  log: Logger;
}

export class FallbackPieces implements Closeable {
  readonly #folder: string;
  #writing: Promise<void> = Promise.resolve();
  /** What there is was written by this hub. */
  #isFresh = false;
  #closed = false;

  constructor(private readonly parts: FallbackParts) {
    this.#folder = pipeFolder(parts.folder).fallback;
  }

  /**
   * Sees to it that there is fallback music before the first caller: what an earlier hub has written, or, where there was none,
   * music that is rendered now, in a second or so. Never rejects.
   */
  async prepare(): Promise<void> {
    // The one that is written last.
    const isThere = access(join(this.#folder, shortName(SHORT_PIECES - 1))).then(() => true);
    if (!(await isThere.catch(() => false))) await this.write();
  }

  /** Renders it anew, where an earlier hub has written it. Never rejects. */
  renew(): Promise<void> {
    return this.#isFresh ? Promise.resolve() : this.write();
  }

  /** Renders it anew. What cannot be written stays as it was. Never rejects. */
  write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  /** Nothing is written any more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#writing;
  }

  async #write(): Promise<void> {
    const { clock, log } = this.parts;
    try {
      if (this.#closed) return;
      const material = this.parts.material();
      const { bytes } = await renderFallbackMusic({ ...material, clock, log });
      await writePieces(this.#folder, bytes, material.settings.rate, () => this.#closed);
      this.#isFresh = true;
    } catch (error) {
      log.error(errorFields(unwritable(this.#folder, error)), 'fallback music could not be written');
    }
  }
}

/**
 * Each piece is replaced in one step, whole or not at all; shorter music is repeated. A reader that plays just then may go from
 * the music before to the new one in the middle.
 * @param music samples as Asterisk reads them, whole Frames
 * @throws what the file system throws
 */
export async function writePieces(
  folder: string,
  music: Buffer,
  rate: SampleRate,
  isOff: () => boolean = () => false,
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const minute = Buffer.alloc((MINUTE_MS / FRAME_MS) * frameBytes(rate), music);
  const piece = (index: number, ms: number): Buffer => {
    const bytes = (ms / FRAME_MS) * frameBytes(rate);
    return minute.subarray(index * bytes, (index + 1) * bytes);
  };
  const replace = async (name: string, bytes: Buffer): Promise<void> => {
    if (isOff()) return;
    const draft = join(folder, 'draft');
    await writeFile(draft, bytes, { mode: 0o600 });
    await rename(draft, join(folder, name));
  };
  for (const [index, name] of [...LONG_NAMES].entries()) await replace(name, piece(index, LONG_MS));
  for (let index = 0; index < SHORT_PIECES; index++) await replace(shortName(index), piece(index, SHORT_MS));
}

function shortName(index: number): string {
  return String(index).padStart(3, '0');
}

function unwritable(folder: string, error: unknown): HoldcastError {
  const hint =
    'let the hub write to that folder and see that its disk is not full, or set another hub.folder';
  const what = `fallback music cannot be written to ${folder}: ${messageOf(error)}`;
  return new HoldcastError('HC_HUB_FIFO', what, hint, { cause: error });
}
