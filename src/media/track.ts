// Track: a prepared file as a Clip, read in chunks.
// While a caller listens, a Reader never waits: what the disk has not brought is silence, counted, and the rest in step.
import { closeSync, constants, fstat, fstatSync, openSync, read, readSync } from 'node:fs';
import { BYTES_PER_SAMPLE, littleEndian } from '../audio/frame';
import type { Clip, Reader } from '../audio/source';
import { HoldcastError, messageOf } from '../util/errors';
import type { Logger } from '../util/log';

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
  readonly language?: string;
  readonly readMode: ReadMode;
  readonly log: Logger;
}

/** Bytes in one read from disk: two seconds at 8 kHz, a third of one at 48 kHz. */
const CHUNK_BYTES = 32 * 1024;
const SCALE = 1 / 32768;
/** What may have been put in the place of a file since it was looked at must not hold up a caller. */
const READING = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

export class Track implements Clip {
  readonly id: string;
  readonly title: string;
  readonly samples: number;
  readonly durationMs: number;
  readonly language?: string;
  readonly #options: TrackOptions;
  #lateReads = 0;
  #failed = false;

  constructor(options: TrackOptions) {
    this.#options = options;
    this.id = options.id;
    this.title = options.title;
    this.samples = options.pcm.samples;
    this.durationMs = (options.pcm.samples * 1000) / options.rate;
    if (options.language !== undefined) this.language = options.language;
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

/** A buffer of samples as it comes from disk. */
class Chunk {
  readonly samples = new Int16Array(CHUNK_BYTES / BYTES_PER_SAMPLE);
  readonly bytes = new Uint8Array(this.samples.buffer);
  /** Samples in it, and how many of them are used up. */
  count = 0;
  at = 0;
}

/** Reads a file in chunks; owns its descriptor. */
class FileReader implements Reader {
  readonly #pcm: PcmLocation;
  readonly #mode: ReadMode;
  readonly #events: ReaderEvents;
  readonly #fd: number;
  #current = new Chunk();
  #next = new Chunk();
  /** `ready`: the next chunk is filled; `reading`: the disk is at it; `ended`: there is no next chunk. */
  #ahead: 'ready' | 'reading' | 'ended' = 'ended';
  /** Samples still to be yielded, and still to be read from disk. */
  #left: number;
  #unread: number;
  /** Samples for which silence was yielded: they are skipped when they come. */
  #owed = 0;
  #closed = false;

  constructor(pcm: PcmLocation, fromSample: number, mode: ReadMode, events: ReaderEvents) {
    this.#pcm = pcm;
    this.#mode = mode;
    this.#events = events;
    this.#left = this.#unread = Math.max(0, pcm.samples - Math.max(0, fromSample));
    this.#fd = openSync(pcm.wav, READING);
    try {
      this.#filled(this.#current, this.#readNow(this.#current));
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
    this.#readAhead();
  }

  /** Fills from what is there; what is late comes as silence and is counted. */
  read(out: Float32Array, offset: number, length: number): number {
    if (this.#closed) return 0;
    const end = offset + Math.min(length, this.#left);
    let at = offset;
    while (at < end) {
      const chunk = this.#current;
      const count = Math.min(end - at, chunk.count - chunk.at);
      for (let i = 0; i < count; i++) out[at + i] = chunk.samples[chunk.at + i]! * SCALE;
      chunk.at += count;
      at += count;
      if (at < end && !this.#turnOver()) break;
    }
    if (at < end && this.#ahead === 'reading') {
      this.#owed += end - at;
      this.#events.late();
      out.fill(0, at, end);
      at = end;
    }
    this.#left = at < end ? 0 : this.#left - (at - offset);
    return at - offset;
  }

  /** Closes the descriptor, at once or when the read in flight is back. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#ahead !== 'reading') closeSync(this.#fd);
  }

  /** Makes the next chunk the current one if it is there; skips what silence stood for. */
  #turnOver(): boolean {
    if (this.#ahead !== 'ready') return false;
    [this.#current, this.#next] = [this.#next, this.#current];
    const skipped = Math.min(this.#owed, this.#current.count);
    this.#current.at = skipped;
    this.#owed -= skipped;
    this.#readAhead();
    return true;
  }

  /** Byte position and length of the next read. */
  #position(): number {
    return this.#pcm.dataOffset + (this.#pcm.samples - this.#unread) * BYTES_PER_SAMPLE;
  }

  #wanted(): number {
    return Math.min(CHUNK_BYTES, this.#unread * BYTES_PER_SAMPLE);
  }

  /** Bytes that were read into `chunk`. */
  #readNow(chunk: Chunk): number {
    const bytes = readSync(this.#fd, chunk.bytes, 0, this.#wanted(), this.#position());
    if (this.#pcm.own && fstatSync(this.#fd).mtimeMs !== this.#pcm.own.mtimeMs) throw changed();
    if (bytes < BYTES_PER_SAMPLE && this.#unread > 0) throw shorter();
    return bytes;
  }

  #filled(chunk: Chunk, bytes: number): void {
    chunk.count = Math.floor(bytes / BYTES_PER_SAMPLE);
    chunk.at = 0;
    this.#unread -= chunk.count;
    littleEndian(chunk.samples.subarray(0, chunk.count));
  }

  /** Starts reading into the next chunk. */
  #readAhead(): void {
    this.#ahead = 'ended';
    if (this.#unread <= 0) return;
    this.#ahead = 'reading';
    if (this.#mode === 'sync') return this.#readNext();
    read(this.#fd, this.#next.bytes, 0, this.#wanted(), this.#position(), (error, bytes) => {
      if (error || bytes < BYTES_PER_SAMPLE) this.#settle(error ?? shorter(), 0);
      else if (!this.#pcm.own || this.#closed) this.#settle(null, bytes);
      else this.#confirm(bytes);
    });
  }

  #readNext(): void {
    try {
      this.#settle(null, this.#readNow(this.#next));
    } catch (error) {
      this.#settle(error as Error, 0);
    }
  }

  /** What was read from a file that can be written over is believed only if it was not. */
  #confirm(bytes: number): void {
    fstat(this.#fd, (error, stats) => {
      const isSame = error !== null || stats.mtimeMs === this.#pcm.own?.mtimeMs;
      this.#settle(isSame ? error : changed(), bytes);
    });
  }

  #settle(error: Error | null, bytes: number): void {
    this.#ahead = error ? 'ended' : 'ready';
    if (this.#closed) return closeSync(this.#fd);
    if (error) this.#events.broken(error);
    else this.#filled(this.#next, bytes);
  }
}
