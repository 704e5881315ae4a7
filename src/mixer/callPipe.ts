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
}

/** What fills Frames. */
export interface FrameSource {
  render(frame: Int16Array): void;
}

/** A pipe as the call needs it: a ReaderPipe. */
export type OpenPipe = Pick<
  ReaderPipe,
  'reader' | 'write' | 'queuedBytes' | 'unreadAtEnd' | 'playsFallback' | 'isAlive' | 'close'
>;

/** A call has its turn each second time of a Frame. */
const TURN_MS = 2 * FRAME_MS;

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
    const measured = pipe?.queuedBytes();
    if (!pipe || measured === 'closed') return 'gone';
    const now = this.parts.clock.now();
    const unread = measured ?? this.#byClock(now);
    if (this.#isUneven(measured) && !pipe.isAlive) {
      this.#isEmptied = this.#isFaster(measured, now);
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
    return this.#pipe?.unreadAtEnd() ?? this.#byClock(this.parts.clock.now());
  }

  /** May be called again. */
  close(): void {
    this.#pipe?.close();
    this.#pipe = undefined;
    this.#pending = undefined;
    this.#keys.length = 0;
  }

  /**
   * Whether other than two Frames were read since the last turn, or that is not known. When Asterisk stops music, it ends the
   * reader, reads nothing for 100 ms, and then reads everything, faster than it would be heard, until the pipe is closed or 2 s
   * have passed (res_musiconhold.c, moh_class_destructor). So the pipe must be closed before; checking each time would be expensive.
   */
  #isUneven(measured: number | undefined): boolean {
    const { frameBytes } = this.parts.settings();
    return measured === undefined || this.#unread - measured !== (TURN_MS / FRAME_MS) * frameBytes;
  }

  /** Whether more was read since the last turn than can be heard in that time. */
  #isFaster(measured: number | undefined, now: number): boolean {
    if (measured === undefined || this.#emptyAt === undefined) return false;
    const sinceMs = now - (this.#emptyAt - this.#msOf(this.#unread));
    const most = (Math.floor(sinceMs / FRAME_MS) + 1) * this.parts.settings().frameBytes;
    return this.#unread - measured > most;
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
      this.#unread += bytes.length;
      this.parts.figures.frames += frames;
    }
    return result !== 'closed';
  }

  /** @returns false: Asterisk has closed the pipe */
  #fill(pipe: OpenPipe, source: FrameSource, now: number): boolean {
    const { leadFrames, batchFrames, frameBytes } = this.parts.settings();
    let dueFrames = Math.floor(leadFrames - this.#unread / frameBytes) + 1;
    while (dueFrames > 0 && !this.#pending) {
      const frames = Math.min(batchFrames, dueFrames);
      dueFrames -= frames;
      const { frames: buffer, bytes } = this.parts.buffer();
      for (let i = 0; i < frames; i++) source.render(buffer[i]!);
      const length = frames * frameBytes;
      const batch = bytes.subarray(0, length);
      const result = pipe.write(batch);
      if (result === 'closed') {
        // Asterisk has not read them: the next reader begins with them.
        this.#pending = { bytes: batch.slice(), frames };
        return false;
      }
      this.#audible(now);
      if (result === 'full') this.#pending = { bytes: batch.slice(), frames };
      else this.parts.figures.frames += frames;
      if (result === 'written') this.#unread += length;
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
