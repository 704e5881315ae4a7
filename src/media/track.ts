// Track: a prepared file as a Clip, read in pages by the same Reader as in a mixing thread.
// While a caller listens, it never waits: what the disk has not brought is silence, counted, and the rest in step.
import { closeSync, constants, fstat, fstatSync, openSync, read, readSync, type Stats } from 'node:fs';
import { littleEndian } from '../audio/frame';
import { PAGE_SAMPLES } from '../audio/page';
import { PagedReader } from '../audio/pagedReader';
import { PageTable } from '../audio/pageTable';
import type { Reader } from '../audio/source';
import { HoldcastError, messageOf } from '../util/errors';
import type { Logger } from '../util/log';
import type { PlayableClip, Purpose } from './playable';

/** `ahead`: in the background, for a caller. `sync`: at once, where a clock may outrun the disk and nobody listens. */
export type ReadMode = 'ahead' | 'sync';

/** Where the samples of a Track lie. */
export interface PcmLocation {
  /** Absolute path of a PCM 16-bit little-endian mono WAV. */
  readonly wav: string;
  /** Byte offset of the first sample. */
  readonly dataOffset: number;
  readonly samples: number;
  /** The samples lie in a file of the operator's; prepared files, which are only ever replaced whole, have none. */
  readonly own?: OwnFile;
}

/** An operator may write over a file of theirs while it is heard, or take its drive away. */
export interface OwnFile {
  /** Folder that it must lie in (see `openInside`). */
  readonly within: string;
  /** Time of modification that it must have all the while it is read. */
  readonly mtimeMs: number;
}

export interface TrackOptions {
  readonly id: string;
  readonly title: string;
  readonly rate: number;
  readonly pcm: PcmLocation;
  readonly purpose: Purpose;
  readonly readMode: ReadMode;
  readonly log: Logger;
}

/** What may have been put in the place of a file since it was looked at must not hold up a caller. */
const READING = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

export class Track implements PlayableClip {
  readonly id: string;
  readonly title: string;
  readonly samples: number;
  readonly durationMs: number;
  readonly purpose: Purpose;
  readonly #options: TrackOptions;
  #lateReads = 0;
  #failed = false;

  constructor(options: TrackOptions) {
    this.#options = options;
    this.id = options.id;
    this.title = options.title;
    this.samples = options.pcm.samples;
    this.durationMs = (options.pcm.samples * 1000) / options.rate;
    this.purpose = options.purpose;
  }

  /** How often a Reader of this Track had to yield silence since the disk was late. */
  get lateReads(): number {
    return this.#lateReads;
  }

  /** Whether opening or reading has failed: the library then looks again whether the file is ready. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Told by code that reads its samples in another way than by `open`, and failed. */
  markFailed(): void {
    this.#failed = true;
  }

  /** Where its samples lie. */
  get pcm(): PcmLocation {
    return this.#options.pcm;
  }

  /** Whether the samples lie in the operator's own file, not in the cache. */
  get playsItsFile(): boolean {
    return this.#options.pcm.own !== undefined;
  }

  /**
   * Starts a playing at `fromSample`, in [0, samples). One short synchronous read.
   * @throws HoldcastError HC_MEDIA_UNREADABLE when the file is gone or is another one by now
   */
  open(fromSample = 0): Reader {
    try {
      return new FileReader(this.#options.pcm, fromSample, this.#options.readMode, {
        late: () => this.#lateReads++,
        broken: (error) => this.#broken(error),
      });
    } catch (cause) {
      this.#failed = true;
      const hint = 'Run `holdcast media prepare`; the next scan uses the file again.';
      const text = `${this.id} cannot be opened: ${messageOf(cause)}`;
      throw new HoldcastError('HC_MEDIA_UNREADABLE', text, hint, { cause });
    }
  }

  #broken(error: unknown): void {
    if (!this.#failed)
      this.#options.log.error(
        { file: this.id, code: 'HC_MEDIA_UNREADABLE', message: messageOf(error) },
        'media file ended early: reading failed',
      );
    this.#failed = true;
  }
}

/** Why samples of a file are not played: it is another one by now. */
export const changed = (): Error => new Error('the file was changed while it was played');
export const shorter = (): Error => new Error('the file became shorter');

interface ReaderEvents {
  late(): void;
  broken(error: unknown): void;
}

/** One playing of a file, which fetches its pages; owns its descriptor. */
class FileReader implements Reader {
  readonly #pages = new PageTable((_key, index) => this.#fetch(index));
  readonly #reader: PagedReader;
  readonly #fd: number;
  #opened = false;
  #reading = 0;
  #closed = false;

  constructor(
    private readonly pcm: PcmLocation,
    fromSample: number,
    private readonly mode: ReadMode,
    private readonly events: ReaderEvents,
  ) {
    this.#fd = openSync(pcm.wav, READING);
    try {
      const source = { key: 0, samples: pcm.samples };
      this.#reader = new PagedReader(source, this.#pages, () => events.late(), fromSample);
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
  }

  read(out: Float32Array, offset: number, length: number): number {
    return this.#reader.read(out, offset, length);
  }

  /** Closes the descriptor, at once or when the read in flight is back. Idempotent. */
  close(): void {
    this.#reader.close();
    if (!this.#closed && this.#reading === 0) closeSync(this.#fd);
    this.#closed = true;
  }

  /** The first page is read at once: who opens is told what is wrong. */
  #fetch(index: number): void {
    if (this.mode === 'ahead' && this.#opened) return this.#fetchAhead(index);
    try {
      this.#put(index, this.#readNow(index));
    } catch (error) {
      if (!this.#opened) throw error;
      this.#failed(index, error);
    }
    this.#opened = true;
  }

  #fetchAhead(index: number): void {
    const { samples, position } = this.#place(index);
    const settle = (error: Error | null): void => {
      if (--this.#reading === 0 && this.#closed) closeSync(this.#fd);
      if (this.#closed) return;
      if (error) this.#failed(index, error);
      else this.#put(index, samples);
    };
    this.#reading++;
    read(this.#fd, samples, 0, samples.byteLength, position, (error, bytes) => {
      if (error || bytes < samples.byteLength) return settle(error ?? shorter());
      if (!this.pcm.own) return settle(null);
      // What was read from a file that can be written over is believed only if it was not.
      fstat(this.#fd, (failure, stats) => settle(failure ?? this.#changeIn(stats)));
    });
  }

  #readNow(index: number): Int16Array<ArrayBuffer> {
    const { samples, position } = this.#place(index);
    const bytes = readSync(this.#fd, samples, 0, samples.byteLength, position);
    const problem = this.#changeIn(fstatSync(this.#fd)) ?? (bytes < samples.byteLength ? shorter() : null);
    if (problem) throw problem;
    return samples;
  }

  #changeIn({ mtimeMs }: Stats): Error | null {
    const { own } = this.pcm;
    return own && mtimeMs !== own.mtimeMs ? changed() : null;
  }

  /** Room for a page, and its position in the file, bytes. */
  #place(index: number): { samples: Int16Array<ArrayBuffer>; position: number } {
    const from = index * PAGE_SAMPLES;
    const samples = new Int16Array(Math.min(PAGE_SAMPLES, this.pcm.samples - from));
    return { samples, position: this.pcm.dataOffset + from * samples.BYTES_PER_ELEMENT };
  }

  #put(index: number, samples: Int16Array<ArrayBuffer>): void {
    littleEndian(samples);
    this.#pages.put({ key: 0, index, samples: samples.buffer });
  }

  #failed(index: number, error: unknown): void {
    this.#pages.put({ key: 0, index, samples: undefined });
    this.events.broken(error);
  }
}
