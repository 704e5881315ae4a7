// Pacer: hands out Frames in real time, a little ahead, on absolute deadlines of a monotonic clock.
// After a stall it neither floods the reader (every key press would come late) nor starves it: it looks how much is
// still unread and goes on from there.
import { FRAME_MS, frameBytes, type SampleRate } from '../audio/frame';
import type { Cancel, Clock } from '../util/clock';
import type { AudioOutput } from '../pipe/pipeOutput';

export interface PacerSettings {
  rate: SampleRate;
  /** Audio that is kept ahead of the reader, milliseconds. */
  leadMs: number;
  /** A reader that takes nothing for this time is gone, milliseconds. */
  undrainedMs: number;
}

export type PacerEnd = 'closed' | 'undrained';

export interface PacerParts {
  clock: Clock;
  output: AudioOutput;
  /** Renders the next Frame into the buffer that the Pacer owns. */
  render(frame: Int16Array): void;
  /** The reader closed its end, or reads no more; nothing is written after it. */
  onEnd(reason: PacerEnd): void;
}

/**
 * The process wakes when this much less than the lead is unread, and fills up to as much more: two Frames at a time,
 * since waking costs more than rendering. The unread audio stays within the lead ± one Frame.
 */
const SWING_MS = FRAME_MS;
/** How much faster than ours a reader's clock may be; one that takes everything at once gets no more than that. */
const MOST_DRIFT = 0.002;

export class Pacer {
  readonly #frame: Int16Array;
  readonly #bytes: Uint8Array;
  #cancel: Cancel | undefined;
  /** When the first Frame began to be heard, on the clock. */
  #origin = 0;
  #startedAt = 0;
  #written = 0;
  /** The Frame in the buffer was rendered but not taken yet. */
  #pending = false;
  #resyncs = 0;
  #consumed = 0;
  /** Time seen to pass without the reader taking anything, milliseconds. */
  #undrainedFor = 0;
  #tickedAt = 0;
  /** The output tells what is unread. */
  #gauged = false;
  #ended = false;

  constructor(
    private settings: PacerSettings,
    private readonly parts: PacerParts,
  ) {
    this.#bytes = new Uint8Array(frameBytes(settings.rate));
    this.#frame = new Int16Array(this.#bytes.buffer);
  }

  /** How often the deadlines were moved after a stall. */
  get resyncs(): number {
    return this.#resyncs;
  }

  get framesWritten(): number {
    return this.#written;
  }

  /** Writes the lead at once and goes on from there. */
  start(): void {
    this.#startedAt = this.parts.clock.now();
    this.#origin = this.#tickedAt = this.#startedAt;
    this.#tick();
  }

  /** From now on with another lead and patience. */
  adjust(settings: Pick<PacerSettings, 'leadMs' | 'undrainedMs'>): void {
    this.settings = { ...this.settings, ...settings };
  }

  stop(): void {
    this.#ended = true;
    this.#cancel?.();
  }

  #tick(): void {
    const now = this.parts.clock.now();
    // A machine that stood still is no proof against the reader: only time in which this ran counts.
    this.#undrainedFor += Math.min(now - this.#tickedAt, 2 * FRAME_MS);
    this.#tickedAt = now;
    if (this.#written > 0) this.#measure(now);
    while (!this.#ended && this.#aheadMs(now) <= this.settings.leadMs + SWING_MS - FRAME_MS) {
      if (!this.#writeFrame()) break;
    }
    if (!this.#ended && this.#undrainedFor > this.settings.undrainedMs) this.#end('undrained');
    if (this.#ended) return;
    const delayMs = this.#aheadMs(now) - (this.settings.leadMs - SWING_MS);
    // Whole milliseconds, rounded up: a timer that fires a fraction early would wake the process for nothing.
    const delay = Math.ceil(Math.min(2 * SWING_MS, Math.max(1, delayMs)));
    this.#cancel = this.parts.clock.after(delay, () => this.#tick());
  }

  /** What should be unread by now if the reader keeps time. */
  #aheadMs(now: number): number {
    return this.#written * FRAME_MS - (now - this.#origin);
  }

  /** Compares the deadlines with what is really unread: this process, the reader or both may have stood still. */
  #measure(now: number): void {
    const queued = this.parts.output.queuedBytes();
    if (queued === 'closed') return this.#end('closed');
    this.#gauged = queued !== undefined;
    if (queued === undefined) {
      if (this.#aheadMs(now) < 0) this.#resync(now, 0);
      return;
    }
    const consumed = this.#written * this.#bytes.length - queued;
    if (consumed > this.#consumed) this.#undrainedFor = 0;
    this.#consumed = consumed;
    const aheadMs = (queued / this.#bytes.length) * FRAME_MS;
    if (Math.abs(aheadMs - this.#aheadMs(now)) > FRAME_MS / 2) this.#resync(now, aheadMs);
  }

  #resync(now: number, aheadMs: number): void {
    const earliest = this.#startedAt - (now - this.#startedAt) * MOST_DRIFT;
    this.#origin = Math.max(earliest, now + aheadMs - this.#written * FRAME_MS);
    this.#resyncs++;
  }

  /** Returns whether the output took it. */
  #writeFrame(): boolean {
    if (!this.#pending) this.parts.render(this.#frame);
    const result = this.parts.output.write(this.#bytes);
    this.#pending = result === 'full';
    if (result === 'closed') this.#end('closed');
    if (result !== 'written') return false;
    this.#written++;
    if (!this.#gauged) this.#undrainedFor = 0;
    return true;
  }

  #end(reason: PacerEnd): void {
    this.stop();
    this.parts.onEnd(reason);
  }
}
