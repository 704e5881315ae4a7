// Pipes for tests of pacing: one that is a model, one that is the kernel's; and a caller who reads them in step.
// The Pacer must do the same on both, so one suite of tests runs on both (they are driven by a manual clock).
import { closeSync, readSync } from 'node:fs';
import { FRAME_MS, frameBytes, type SampleRate } from '../../src/audio/frame';
import { PipeOutput, type AudioOutput, type WriteResult } from '../../src/pipe/pipeOutput';
import { Pacer, type PacerEnd } from '../../src/stream/pacer';
import { ManualClock } from '../../src/util/clock';
import { errnoOf } from '../../src/util/errors';
import { realPipe } from '../../bench/realPipe';

export interface TestPipe {
  readonly output: AudioOutput;
  /** At most `count` bytes, what is there at once. */
  read(count: number): Buffer;
  closeReader(): void;
  close(): void;
}

/** What a pipe does, in memory. */
export class ModelPipe implements TestPipe, AudioOutput {
  #bytes = Buffer.alloc(0);
  #closed = false;
  readonly output = this;

  /** @param gauge whether `queuedBytes` can be known */
  constructor(
    private readonly capacity = 65_536,
    private readonly gauge = true,
  ) {}

  write(bytes: Uint8Array): WriteResult {
    if (this.#closed) return 'closed';
    if (this.#bytes.length + bytes.length > this.capacity) return 'full';
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    return 'written';
  }

  queuedBytes(): number | 'closed' | undefined {
    if (this.gauge && this.#closed) return 'closed';
    return this.gauge ? this.#bytes.length : undefined;
  }

  read(count: number): Buffer {
    const read = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return read;
  }

  closeReader(): void {
    this.#closed = true;
  }

  close(): void {}
}

/** The kernel's pipe. */
export class RealPipe implements TestPipe {
  readonly output: PipeOutput;
  #reader: number | undefined;

  constructor() {
    const { reading, writing } = realPipe();
    this.#reader = reading;
    this.output = new PipeOutput(writing);
  }

  read(count: number): Buffer {
    const buffer = Buffer.alloc(count);
    try {
      return buffer.subarray(0, readSync(this.#reader!, buffer));
    } catch (error) {
      if (errnoOf(error) === 'EAGAIN') return buffer.subarray(0, 0);
      throw error;
    }
  }

  closeReader(): void {
    if (this.#reader !== undefined) closeSync(this.#reader);
    this.#reader = undefined;
  }

  close(): void {
    this.closeReader();
    this.output.close();
  }
}

export interface LinePlan {
  rate?: SampleRate;
  leadMs?: number;
  undrainedMs?: number;
  /** When the caller reads for the first time, milliseconds. */
  firstReadMs?: number;
  /** How often they read one Frame's length; 40 unless their clock is wrong. */
  readEveryMs?: number;
}

/** A Pacer, its pipe and a caller, in steps of a millisecond; any of them may stand still. */
export class Line {
  readonly clock = new ManualClock();
  readonly ends: PacerEnd[] = [];
  readonly pacer: Pacer;
  readonly frameBytes: number;
  readonly #readEveryMs: number;
  #rendered = 0;
  #heard = Buffer.alloc(0);
  #readBytes = 0;
  #nowMs = 0;
  #readAtMs: number;
  /** Reads that found less than a Frame. */
  underruns = 0;
  /** The most timers that waited at once. */
  mostTimers = 0;

  constructor(
    readonly pipe: TestPipe,
    plan: LinePlan = {},
  ) {
    const { rate = 8000, leadMs = 160, undrainedMs = 10_000, firstReadMs = 7, readEveryMs = FRAME_MS } = plan;
    this.frameBytes = frameBytes(rate);
    this.#readAtMs = firstReadMs;
    this.#readEveryMs = readEveryMs;
    this.pacer = new Pacer(
      { rate, leadMs, undrainedMs },
      {
        clock: this.clock,
        output: pipe.output,
        render: (frame) => frame.fill((this.#rendered++ % 30_000) + 1),
        onEnd: (why) => this.ends.push(why),
      },
    );
  }

  /** What is in the pipe, by what was written and what was read. */
  get depthMs(): number {
    return ((this.pacer.framesWritten * this.frameBytes - this.#readBytes) / this.frameBytes) * FRAME_MS;
  }

  /** `ms` pass. @returns the least and the most that was in the pipe at the end of each millisecond */
  pass(ms: number, { writer = true, reader = true } = {}): { least: number; most: number } {
    let [least, most] = [Infinity, -Infinity];
    for (let i = 0; i < ms; i++) {
      this.#nowMs++;
      if (writer) this.clock.advance(1);
      else this.clock.stall(1);
      if (this.#nowMs >= this.#readAtMs) {
        this.#readAtMs += this.#readEveryMs;
        if (reader) this.readFrame();
      }
      least = Math.min(least, this.depthMs);
      most = Math.max(most, this.depthMs);
      this.mostTimers = Math.max(this.mostTimers, this.clock.pending);
    }
    return { least, most };
  }

  readFrame(): void {
    const bytes = this.pipe.read(this.frameBytes);
    this.#readBytes += bytes.length;
    if (bytes.length < this.frameBytes) this.underruns++;
    this.#heard = Buffer.concat([this.#heard, bytes]);
    this.#check();
  }

  /** Every Frame that was rendered is heard once, whole and in order. */
  #next = 0;
  #check(): void {
    for (; this.#heard.length >= this.frameBytes; this.#heard = this.#heard.subarray(this.frameBytes)) {
      const value = (this.#next++ % 30_000) + 1;
      if (this.#heard.readInt16LE(0) !== value || this.#heard.readInt16LE(this.frameBytes - 2) !== value)
        throw new Error(`Frame ${this.#next - 1} is lost, torn or twice there`);
    }
  }

  close(): void {
    this.pacer.stop();
    this.pipe.close();
  }
}
