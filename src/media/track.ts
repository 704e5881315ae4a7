// Track: a prepared file as a Clip. Read in chunks ahead of need for one caller, or held whole for a thousand.
// A Reader never waits: what the disk has not brought in time is silence, counted, and the rest stays in step.
import { closeSync, constants, fstat, fstatSync, openSync, read, readSync, readFileSync } from 'node:fs';
import { BYTES_PER_SAMPLE } from '../audio/frame';
import type { Clip, Reader } from '../audio/source';
import { HoldcastError, messageOf } from '../util/errors';
import type { Logger } from '../util/log';

/** `stream`: one caller, little memory. `memory`: loaded on the first open, shared by all that play it. */
export type ReadMode = 'stream' | 'memory';

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
  /** The file in the media folder, absolute. */
  readonly file: string;
  readonly rate: number;
  readonly pcm: PcmLocation;
  readonly language?: string;
  readonly licence?: string;
  readonly readMode: ReadMode;
  readonly log: Logger;
}

/** Bytes in one read from disk: two seconds at 8 kHz, a third of one at 48 kHz. */
const CHUNK_BYTES = 32 * 1024;
const BIG_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 0;
const SCALE = 1 / 32768;
/** What may have been put in the place of a file since it was looked at must not hold up a caller. */
const READING = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;

export class Track implements Clip {
  readonly id: string;
  readonly title: string;
  readonly file: string;
  readonly samples: number;
  readonly durationMs: number;
  readonly language?: string;
  readonly licence?: string;
  readonly #options: TrackOptions;
  #whole: Int16Array | undefined;
  #lateReads = 0;
  #failed = false;

  constructor(options: TrackOptions) {
    this.#options = options;
    this.id = options.id;
    this.title = options.title;
    this.file = options.file;
    this.samples = options.pcm.samples;
    this.durationMs = (options.pcm.samples * 1000) / options.rate;
    if (options.language !== undefined) this.language = options.language;
    if (options.licence !== undefined) this.licence = options.licence;
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

  /** Whether the samples lie in `file` itself, not in the cache. */
  get playsItsFile(): boolean {
    return this.#options.pcm.own !== undefined;
  }

  /**
   * Starts a playing at `fromSample`, in [0, samples). One short synchronous read.
   * @throws HoldcastError HC_MEDIA_UNREADABLE when the file is gone or is another one by now
   */
  open(fromSample = 0): Reader {
    try {
      if (this.#options.readMode === 'memory') return new MemoryReader(this.#load(), fromSample);
      return new FileReader(this.#options.pcm, fromSample, {
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

  /** All samples, read once, synchronously. */
  #load(): Int16Array {
    if (this.#whole) return this.#whole;
    const { wav, dataOffset, samples, own } = this.#options.pcm;
    const fd = openSync(wav, READING);
    try {
      const bytes = readFileSync(fd);
      if (bytes.length < dataOffset + samples * BYTES_PER_SAMPLE) throw new Error('the file became shorter');
      checkUnchanged(fstatSync(fd).mtimeMs, own?.mtimeMs);
      this.#whole = new Int16Array(samples);
      const target = new Uint8Array(this.#whole.buffer);
      target.set(bytes.subarray(dataOffset, dataOffset + target.length));
      toNative(target, target.length);
      return this.#whole;
    } finally {
      closeSync(fd);
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

function checkUnchanged(mtimeMs: number, expected: number | undefined): void {
  if (expected !== undefined && mtimeMs !== expected)
    throw new Error('the file was changed while it was played');
}

/** Samples in `bytes[0, length)` from little-endian to the machine's order, in place. */
function toNative(bytes: Uint8Array, length: number): void {
  if (BIG_ENDIAN) Buffer.from(bytes.buffer, bytes.byteOffset, length).swap16();
}

class MemoryReader implements Reader {
  readonly #samples: Int16Array;
  #at: number;

  constructor(samples: Int16Array, fromSample: number) {
    this.#samples = samples;
    this.#at = fromSample;
  }

  read(out: Float32Array, offset: number, length: number): number {
    const count = Math.max(0, Math.min(length, this.#samples.length - this.#at));
    for (let i = 0; i < count; i++) out[offset + i] = this.#samples[this.#at + i]! * SCALE;
    this.#at += count;
    return count;
  }

  close(): void {}
}

interface ReaderEvents {
  late(): void;
  broken(error: unknown): void;
}

/** A buffer of samples as it comes from disk. */
class Chunk {
  readonly samples: Int16Array;
  readonly bytes: Uint8Array;
  /** Samples in it, and how many of them are used up. */
  count = 0;
  at = 0;

  constructor() {
    this.samples = new Int16Array(CHUNK_BYTES / BYTES_PER_SAMPLE);
    this.bytes = new Uint8Array(this.samples.buffer);
  }
}

/** Reads a file in chunks; owns its descriptor. */
class FileReader implements Reader {
  readonly #pcm: PcmLocation;
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

  constructor(pcm: PcmLocation, fromSample: number, events: ReaderEvents) {
    this.#pcm = pcm;
    this.#events = events;
    this.#left = this.#unread = Math.max(0, pcm.samples - Math.max(0, fromSample));
    this.#fd = openSync(pcm.wav, READING);
    try {
      this.#readFirst();
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

  #readFirst(): void {
    checkUnchanged(fstatSync(this.#fd).mtimeMs, this.#pcm.own?.mtimeMs);
    const got = readSync(this.#fd, this.#current.bytes, 0, this.#wanted(), this.#position());
    if (got < BYTES_PER_SAMPLE && this.#unread > 0) throw new Error('the file became shorter');
    this.#filled(this.#current, got);
  }

  #filled(chunk: Chunk, bytes: number): void {
    chunk.count = Math.floor(bytes / BYTES_PER_SAMPLE);
    chunk.at = 0;
    this.#unread -= chunk.count;
    toNative(chunk.bytes, chunk.count * BYTES_PER_SAMPLE);
  }

  /** Starts reading into the next chunk. */
  #readAhead(): void {
    this.#ahead = 'ended';
    if (this.#unread <= 0) return;
    this.#ahead = 'reading';
    read(this.#fd, this.#next.bytes, 0, this.#wanted(), this.#position(), (error, bytes) => {
      if (error || bytes < BYTES_PER_SAMPLE) this.#settle(error ?? new Error('the file became shorter'), 0);
      else if (!this.#pcm.own || this.#closed) this.#settle(null, bytes);
      else this.#confirm(bytes);
    });
  }

  /** What was read from a file that can be written over is believed only if it was not. */
  #confirm(bytes: number): void {
    fstat(this.#fd, (error, stats) => {
      const changed = !error && stats.mtimeMs !== this.#pcm.own?.mtimeMs;
      this.#settle(changed ? new Error('the file was changed while it was played') : error, bytes);
    });
  }

  #settle(error: Error | null, bytes: number): void {
    this.#ahead = error ? 'ended' : 'ready';
    if (this.#closed) return closeSync(this.#fd);
    if (error) this.#events.broken(error);
    else this.#filled(this.#next, bytes);
  }
}
