// CallPipe: one call's pipe, kept a little ahead of its reader by the clock: filled before he comes, two Frames at a time
// while he reads. A reader that takes nothing costs nobody anything: what he did not take waits, and no more is rendered.
import { FRAME_MS } from '../../audio/frame';
import type { Clock } from '../../util/clock';
import type { AsteriskPipe } from './asteriskPipe';
import type { CallFigures } from './callFigures';
import { FifoWriter, type FifoResult } from './fifoWriter';
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

/** However long nobody looked, a reader is not taken to have come earlier than this before he was seen. */
const MOST_UNSEEN_MS = 80;
/** The call's turn is each second time that it is looked at. */
const TURN_MS = 2 * FRAME_MS;
/** Between two looks at what Asterisk has not read of a call, which are not at the same time for all. */
const LOOK_MS = 8000;
const LOOKS = LOOK_MS / TURN_MS;
/** The same while Asterisk catches up, or its reader stands still: it may be another reader by now, whose pipe is empty. */
const LOOK_AGAIN_MS = 4 * TURN_MS;
/** It reads when it is its time: what it has not read goes up and down by up to 100 ms. */
const MOST_SAW_MS = 120;

export class CallPipe {
  readonly #fifo = new FifoWriter();
  /** Frames written since it was armed. */
  #written = 0;
  /** Rendered, and not taken by the pipe. */
  #pending: { readonly bytes: Uint8Array; readonly frames: number } | undefined;
  /** When the first Frame began to be heard, on the clock, as far as that can be known. */
  #origin = 0;
  #wroteAt = 0;
  /** When nobody read, for the last time. */
  #knockedAt = 0;
  /** For so long nothing was taken. */
  #fullMs = 0;
  /** Keys whose first Frame is not written yet. */
  #keys: { readonly action: string; readonly atMs: number }[] = [];
  #underruns = 0;
  /** When it is looked at what Asterisk has not read. */
  #lookAt = 0;
  /** So much is unread that nothing is played. */
  #waits = false;

  /** @param slot a number that differs from call to call */
  constructor(
    private readonly parts: CallPipeParts,
    private readonly asterisk: AsteriskPipe,
    private readonly slot: number,
  ) {}

  /** How often the reader must have found nothing. */
  get underruns(): number {
    return this.#underruns;
  }

  /** Samples rendered since it was armed. */
  get renderedSamples(): number {
    return this.#written * this.parts.settings().frameSamples + this.pendingSamples;
  }

  /** Samples rendered, and not in the pipe. */
  get pendingSamples(): number {
    return (this.#pending?.frames ?? 0) * this.parts.settings().frameSamples;
  }

  /** What is written and not read if the reader keeps time, milliseconds; less than 0: he has run dry. */
  aheadMs(atMs: number): number {
    return this.#written * FRAME_MS - (atMs - this.#origin);
  }

  /** The same when the reader went, at some moment since the last write: in the middle, as far as can be known. */
  aheadWhenGone(atMs: number): number {
    return Math.max(0, this.aheadMs((this.#wroteAt + atMs) / 2));
  }

  /**
   * Puts the lead into the pipe, and has one Frame ready with which it is tried whether somebody reads.
   * @param open gives what fills it; called once the pipe is open
   * @throws HoldcastError HC_HUB_FIFO; what `open` throws
   */
  arm(path: string, open: () => FrameSource, atMs: number): void {
    this.close();
    this.#written = 0;
    this.#knockedAt = atMs;
    this.#fifo.arm(path, () => this.#fill(open()));
  }

  /** Since it was armed somebody has had it open, as far as was seen. */
  get isHeld(): boolean {
    return this.#pending === undefined;
  }

  /** The same, looked at now. */
  looksHeld(): boolean {
    if (this.#pending) this.#offer(this.#pending);
    return this.isHeld;
  }

  /** Whether somebody reads by now; from then on he is played to. 8 µs while nobody has it open, 20 µs while somebody has. */
  knock(atMs: number): boolean {
    if (!this.looksHeld() || !this.#isRead()) {
      this.#knockedAt = atMs;
      return false;
    }
    // He came between the last look and this one: in the middle of the ticks between them.
    const unseenMs = Math.floor((atMs - this.#knockedAt) / TURN_MS) * FRAME_MS;
    this.#origin = atMs - Math.min(MOST_UNSEEN_MS, unseenMs);
    this.#wroteAt = atMs;
    this.#fullMs = 0;
    this.#lookAt = atMs + (1 + (this.slot % LOOKS)) * TURN_MS;
    this.#waits = false;
    this.parts.figures.frames += this.#written;
    return true;
  }

  /**
   * Writes what is due.
   * @param atMs deadline of the tick; `now`: what the clock says
   * @returns 'gone': nobody reads any more; 'stuck': he has taken nothing for too long
   */
  play(source: FrameSource, atMs: number, now: number): 'going' | 'gone' | 'stuck' {
    if (this.#pending) {
      const result = this.#retry(this.#pending, atMs);
      if (result !== 'going') return result;
      if (this.#pending) return 'going';
    }
    if (atMs >= this.#lookAt) this.#look(atMs);
    const { leadFrames, batchFrames } = this.parts.settings();
    let dueFrames = this.#dueFrames(leadFrames, atMs, now);
    while (dueFrames > 0) {
      const frames = Math.min(batchFrames, dueFrames);
      const result = this.#renderAndWrite(source, frames);
      if (result === 'closed') return 'gone';
      if (result === 'full') return 'going';
      this.parts.figures.frames += frames;
      this.#wroteAt = atMs;
      dueFrames -= frames;
    }
    return 'going';
  }

  /** A key has done something: from the next Frame on that is heard. @param atMs when it was pressed, on the clock */
  pressed(action: string, atMs: number): void {
    this.#keys.push({ action, atMs });
  }

  /** May be called again. */
  close(): void {
    this.#fifo.close();
    this.#pending = undefined;
    this.#keys.length = 0;
  }

  /**
   * Asterisk may have stood still while its pipe took what was played: no more is played until it has read that. Before the
   * call's turn, when a reader that has left nothing in the FIFO has nothing in hand either.
   */
  #look(atMs: number): void {
    this.#lookAt = atMs + LOOK_AGAIN_MS;
    if (this.#fifo.queuedBytes() > 0) return;
    const { frameBytes, leadFrames } = this.parts.settings();
    const bytes = this.asterisk.bytes();
    // Nobody reads who could be asked: the next write tells.
    const unreadMs = ((bytes ?? 0) / frameBytes) * FRAME_MS - MOST_SAW_MS;
    if (unreadMs > Math.max(0, this.aheadMs(atMs)) || this.#waits)
      this.#origin += unreadMs - this.aheadMs(atMs);
    this.#waits = this.aheadMs(atMs) > leadFrames * FRAME_MS + TURN_MS;
    if (!this.#waits) this.#lookAt = atMs + LOOK_MS;
  }

  /** Frames up to the lead and one more: with two Frames a turn, what is ahead stays within the lead ± one Frame. */
  #dueFrames(leadFrames: number, atMs: number, now: number): number {
    const lateMs = now - atMs - this.aheadMs(atMs);
    if (lateMs > 0) {
      this.#underruns++;
      this.parts.figures.underruns++;
      this.parts.figures.framesLate += Math.ceil(lateMs / FRAME_MS);
      this.#origin = atMs - this.#written * FRAME_MS;
    }
    return Math.floor(leadFrames - this.aheadMs(atMs) / FRAME_MS) + 1;
  }

  /** Stays pending while nobody has the pipe open. */
  #offer({ bytes, frames }: { bytes: Uint8Array; frames: number }): void {
    if (this.#fifo.write(bytes) === 'written') this.#took(frames);
  }

  /** A reader that plays plain music has the pipe open too, and reads it when he comes back to it: none waits ahead for him. */
  #isRead(): boolean {
    return this.#fifo.queuedBytes() < this.#written * this.parts.settings().frameBytes;
  }

  #fill(source: FrameSource): void {
    const { leadFrames } = this.parts.settings();
    while (this.#written < leadFrames) if (this.#renderAndWrite(source, 1) !== 'written') return;
    source.render(this.parts.buffer().frames[0]!);
    this.#hold(1);
  }

  /** What is not written is kept. */
  #renderAndWrite(source: FrameSource, frames: number): FifoResult {
    const { frames: buffer, bytes } = this.parts.buffer();
    for (let i = 0; i < frames; i++) source.render(buffer[i]!);
    const result = this.#fifo.write(bytes, frames * this.parts.settings().frameBytes);
    if (result !== 'written') this.#hold(frames);
    else if (this.#keys.length > 0) this.#audible();
    if (result === 'written') this.#written += frames;
    return result;
  }

  #hold(frames: number): void {
    const bytes = this.parts.buffer().bytes.slice(0, frames * this.parts.settings().frameBytes);
    this.#pending = { bytes, frames };
    this.#fullMs = 0;
  }

  #took(frames: number): void {
    this.#pending = undefined;
    this.#written += frames;
  }

  #retry({ bytes, frames }: { bytes: Uint8Array; frames: number }, atMs: number): 'going' | 'gone' | 'stuck' {
    const result = this.#fifo.write(bytes);
    if (result === 'closed') return 'gone';
    if (result === 'full') {
      this.#fullMs += TURN_MS;
      return this.#fullMs > this.parts.settings().undrainedMs ? 'stuck' : 'going';
    }
    this.#took(frames);
    this.parts.figures.frames += frames;
    this.#wroteAt = atMs;
    // He has stood still, and no clock knows for how long: the pipe tells what is unread.
    const queued = Math.floor(this.#fifo.queuedBytes() / this.parts.settings().frameBytes);
    this.#origin = atMs - (this.#written - queued) * FRAME_MS;
    return 'going';
  }

  /** What is written now begins to be heard when all before it was. */
  #audible(): void {
    const heardFromMs = Math.max(this.#origin + this.#written * FRAME_MS, this.parts.clock.now());
    for (const { action, atMs } of this.#keys)
      this.parts.figures.key(action, Math.max(0, heardFromMs - atMs));
    this.#keys.length = 0;
  }
}
