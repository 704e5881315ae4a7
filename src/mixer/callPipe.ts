// CallPipe: keeps one call's pipe a little ahead of Asterisk. In each turn it measures what is unread and writes what is due, so
// that the lead is always right, whatever stood still. Nothing is rendered that Asterisk does not read.
import { FRAME_MS } from '../audio/frame';
import type { ReaderPipe } from '../pipe/readerPipe';
import type { ReaderProcess } from '../pipe/readerProcess';
import type { Clock } from '../util/clock';
import type { CallFigures } from './callFigures';
import type { BatchBuffer, MixSettings } from './mixSettings';

export interface CallPipeParts {
  clock: Clock;
  figures: CallFigures;
  /** As they are now. */
  settings(): MixSettings;
  buffer(): BatchBuffer;
  /** What is kept ahead of Asterisk now, in Frames. */
  leadFrames(): number;
}

/** What fills Frames. */
export interface FrameSource {
  render(frame: Int16Array): void;
}

/** A pipe as the call needs it: a ReaderPipe. */
export type OpenPipe = Pick<
  ReaderPipe,
  'reader' | 'write' | 'unreadBytes' | 'playsFallback' | 'isRead' | 'close'
>;

/** A call has its turn each second time of a Frame. */
const TURN_FRAMES = 2;
const TURN_MS = TURN_FRAMES * FRAME_MS;
/** Read in each turn while Asterisk keeps time: it reads 20 ms at a time, so that four reads are three in some turns. */
const FEWEST_FRAMES = 1.5;

export class CallPipe {
  #pipe: OpenPipe | undefined;
  /** Rendered, and not taken by the pipe. */
  #pending: { readonly bytes: Uint8Array; readonly frames: number } | undefined;
  /** When all that is in the pipe is read if Asterisk keeps time, on the clock; undefined: nothing was written yet. */
  #emptyAt: number | undefined;
  /** Unread behind the last turn, bytes. */
  #unread = 0;
  /** Turns in which nothing was read, milliseconds. */
  #untakenMs = 0;
  /** Asterisk has begun to empty it, and plays nothing of that. */
  #isEmptied = false;
  /** Keys whose first Frame is not written yet. */
  #keys: { readonly action: string; readonly atMs: number }[] = [];
  #underruns = 0;

  constructor(private readonly parts: CallPipeParts) {}

  /** How often Asterisk found the pipe empty. */
  get underruns(): number {
    return this.#underruns;
  }

  /** Whose pipe it is. */
  get reader(): ReaderProcess | undefined {
    return this.#pipe?.reader;
  }

  /** @param pipe closed by this from now on */
  attach(pipe: OpenPipe): void {
    this.close();
    this.#pipe = pipe;
    this.#emptyAt = undefined;
    this.#unread = this.#untakenMs = 0;
    this.#isEmptied = false;
  }

  /**
   * Writes what is due, up to the lead and one Frame.
   * @returns 'gone': Asterisk has closed the pipe, or ended its reader; 'stuck': it has read nothing for too long
   */
  play(source: FrameSource): 'going' | 'gone' | 'stuck' {
    const pipe = this.#pipe;
    if (!pipe) return 'gone';
    const now = this.parts.clock.now();
    const measured = pipe.unreadBytes();
    const unread = measured ?? this.#byClock(now);
    const read = this.#unread - unread;
    const isFaster = read > this.#mostHeard(now);
    // Where nothing can be measured, nothing else would tell.
    const isDoubtful =
      isFaster || read < FEWEST_FRAMES * this.parts.settings().frameBytes || measured === undefined;
    if (isDoubtful && !pipe.isRead) {
      this.#isEmptied = isFaster;
      return 'gone';
    }
    // Where nothing can be measured, what the pipe has not taken tells.
    if (this.#isStuck(measured === undefined ? !this.#pending : unread === 0 || unread < this.#unread))
      return 'stuck';
    this.#unread = unread;
    if (this.#emptyAt === undefined && pipe.playsFallback) return 'going';
    this.#countUnderrun(unread, now);
    const isOpen = (!this.#pending || this.#retry(pipe, this.#pending)) && this.#fill(pipe, source, now);
    this.#emptyAt = now + this.#msOf(this.#unread);
    return isOpen ? 'going' : 'gone';
  }

  /** A key has done something: from the next Frame on that is heard. @param atMs when it was pressed, on the clock */
  pressed(action: string, atMs: number): void {
    this.#keys.push({ action, atMs });
  }

  /** Samples rendered, and not in the pipe. */
  get pendingSamples(): number {
    return (this.#pending?.frames ?? 0) * this.parts.settings().frameSamples;
  }

  /** Samples that were rendered and that Asterisk has not read; also right when it has gone. */
  unreadSamples(): number {
    const { frameBytes, frameSamples } = this.parts.settings();
    return (this.#bytesUnheard() / frameBytes) * frameSamples + this.pendingSamples;
  }

  #bytesUnheard(): number {
    // What is in the pipe before the first Frame is fallback music.
    if (this.#emptyAt === undefined) return 0;
    // Nothing was heard since the last turn: Asterisk reads nothing for 100 ms before it empties a pipe.
    if (this.#isEmptied) return this.#unread;
    return this.#pipe?.unreadBytes() ?? this.#byClock(this.parts.clock.now());
  }

  /** May be called again. */
  close(): void {
    this.#pipe?.close();
    this.#pipe = undefined;
    this.#pending = undefined;
    this.#keys.length = 0;
  }

  /**
   * Bytes that can have been heard since the last turn. When Asterisk stops music, it ends the reader, reads nothing for 100 ms,
   * and then reads everything, faster than it would be heard, until the pipe is closed or 2 s have passed (res_musiconhold.c,
   * moh_class_destructor). So whenever less was read than usual, or more than this, the reader is looked at; a look in each turn
   * would cost more than all else that is done in it.
   */
  #mostHeard(now: number): number {
    if (this.#emptyAt === undefined) return Infinity;
    const sinceMs = now - (this.#emptyAt - this.#msOf(this.#unread));
    return (Math.floor(sinceMs / FRAME_MS) + 1) * this.parts.settings().frameBytes;
  }

  #msOf(bytes: number): number {
    return (bytes / this.parts.settings().frameBytes) * FRAME_MS;
  }

  /** Where nothing can be measured: what is unread if Asterisk keeps time. */
  #byClock(now: number): number {
    const ms = Math.max(0, (this.#emptyAt ?? now) - now);
    return Math.ceil(ms / FRAME_MS) * this.parts.settings().frameBytes;
  }

  /** A machine that stood still proves nothing: only turns count. @param isTaken something was read since the last turn */
  #isStuck(isTaken: boolean): boolean {
    this.#untakenMs = isTaken ? 0 : this.#untakenMs + TURN_MS;
    return this.#untakenMs > this.parts.settings().undrainedMs;
  }

  #countUnderrun(unread: number, now: number): void {
    if (this.#emptyAt === undefined || unread > 0 || now <= this.#emptyAt) return;
    this.#underruns++;
    this.parts.figures.underruns++;
    this.parts.figures.framesLate += Math.ceil((now - this.#emptyAt) / FRAME_MS);
  }

  /** @returns false: Asterisk has closed the pipe */
  #retry(pipe: OpenPipe, { bytes, frames }: { bytes: Uint8Array; frames: number }): boolean {
    const result = pipe.write(bytes);
    if (result === 'written') {
      this.#pending = undefined;
      this.#written(bytes.length, frames);
    }
    return result !== 'closed';
  }

  #written(bytes: number, frames: number): void {
    this.#unread += bytes;
    this.parts.figures.frames += frames;
  }

  /** @returns false: Asterisk has closed the pipe */
  #fill(pipe: OpenPipe, source: FrameSource, now: number): boolean {
    const { batchFrames, frameBytes } = this.parts.settings();
    let dueFrames = Math.floor(this.parts.leadFrames() - this.#unread / frameBytes) + 1;
    while (dueFrames > 0 && !this.#pending) {
      const frames = Math.min(batchFrames, dueFrames);
      dueFrames -= frames;
      const { frames: buffer, bytes } = this.parts.buffer();
      for (let i = 0; i < frames; i++) source.render(buffer[i]!);
      const length = frames * frameBytes;
      const result = pipe.write(bytes, length);
      // What Asterisk does not take is kept: this reader or the next one begins with it.
      if (result !== 'written') this.#pending = { bytes: bytes.slice(0, length), frames };
      if (result === 'closed') return false;
      this.#audible(now);
      if (result === 'written') this.#written(length, frames);
    }
    return true;
  }

  /** What is written now begins to be heard when all before it was. */
  #audible(now: number): void {
    if (this.#keys.length === 0) return;
    const heardFromMs = now + this.#msOf(this.#unread);
    for (const { action, atMs } of this.#keys)
      this.parts.figures.key(action, Math.max(0, heardFromMs - atMs));
    this.#keys.length = 0;
  }
}
