// Asterisk's side of many callers: 640 bytes every 40 ms on absolute deadlines, from one process.
// A late read is blamed on the caller's process only when its pipe was empty when the read was tried.
import { readSync } from 'node:fs';
import type { Caller } from './caller';

export const FRAME_BYTES = 640;
const FRAME_MS = 40;
/** An empty pipe is tried again so often, milliseconds. */
const RETRY_MS = 4;
export const LATE_MS = 60;

/** What one caller's pipe gave. Times are milliseconds. */
export interface Heard {
  caller: Caller;
  /** From spawn to the first byte; undefined when none came. To RETRY_MS. */
  firstByteMs: number | undefined;
  reads: number;
  /** The pipe was empty at a read's first try: Asterisk would have waited. */
  dry: number;
  /** Asterisk would have discarded it. */
  short: number;
  /** Completed more than 60 ms after they were due, the pipe having been empty. */
  late: number;
  /** Late too, but with the audio there: the reader itself came late. */
  readerLate: number;
  worstLateMs: number;
  /** When the last late read completed, after the caller's spawn. */
  lastLateMs: number;
  /** Sum of squared samples, and how many samples: is there music? */
  energy: number;
  samples: number;
  ended: boolean;
  /** When the reads that have not completed were due, oldest first. */
  owed: number[];
  /** The oldest of them found the pipe empty. */
  wasDry: boolean;
}

export class AsteriskReader {
  readonly heard: Heard[] = [];
  /** How late each tick of the reader itself began. */
  readonly lags: number[] = [];
  readonly #buffer = Buffer.alloc(FRAME_BYTES);
  #running = false;

  add(caller: Caller): void {
    this.heard.push({
      caller,
      firstByteMs: undefined,
      reads: 0,
      dry: 0,
      short: 0,
      late: 0,
      readerLate: 0,
      worstLateMs: 0,
      lastLateMs: 0,
      energy: 0,
      samples: 0,
      ended: false,
      owed: [],
      wasDry: false,
    });
  }

  start(): void {
    this.#running = true;
    this.#tick(performance.now());
  }

  stop(): void {
    this.#running = false;
  }

  /** Forgets what was counted so far, so that arrival and steady state can be told apart. */
  reset(): void {
    this.lags.length = 0;
    for (const one of this.heard) {
      Object.assign(one, { reads: 0, dry: 0, short: 0, late: 0, readerLate: 0, worstLateMs: 0 });
    }
  }

  #tick(due: number): void {
    if (!this.#running) return;
    this.lags.push(performance.now() - due);
    for (const one of this.heard) {
      if (one.ended) continue;
      if (one.firstByteMs !== undefined) one.owed.push(due);
      this.#serve(one);
    }
    this.#wait(due + FRAME_MS);
  }

  /** Sleeps until the next tick, looking after empty pipes meanwhile. */
  #wait(next: number): void {
    const pending = this.heard.filter(
      (one) => !one.ended && (one.owed.length > 0 || one.firstByteMs === undefined),
    );
    for (const one of pending) this.#serve(one);
    const left = next - performance.now();
    if (left <= 0) setImmediate(() => this.#tick(next));
    else if (pending.length > 0 && left > RETRY_MS)
      setTimeout(() => this.#running && this.#wait(next), RETRY_MS);
    else setTimeout(() => this.#tick(next), left);
  }

  #serve(one: Heard): void {
    if (one.firstByteMs === undefined) {
      if (this.#read(one) > 0) one.firstByteMs = performance.now() - one.caller.spawnedAt;
      return;
    }
    while (one.owed.length > 0) {
      const count = this.#read(one);
      if (count < 0) {
        if (!one.wasDry) one.dry++;
        one.wasDry = true;
        return;
      }
      if (count === 0) return;
      this.#account(one, performance.now() - one.owed.shift()!, count);
    }
  }

  #account(one: Heard, lateMs: number, count: number): void {
    one.reads++;
    if (count < FRAME_BYTES) one.short++;
    if (lateMs > LATE_MS) {
      if (one.wasDry) {
        one.late++;
        one.lastLateMs = performance.now() - one.caller.spawnedAt;
      } else one.readerLate++;
    }
    if (one.wasDry) one.worstLateMs = Math.max(one.worstLateMs, lateMs);
    one.wasDry = false;
  }

  /** Bytes read; −1 when the pipe is empty, 0 when the writer is gone. */
  #read(one: Heard): number {
    let count: number;
    try {
      count = readSync(one.caller.read, this.#buffer);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return -1;
      throw error;
    }
    if (count === 0) one.ended = true;
    for (let at = 0; at + 1 < count; at += 2) one.energy += this.#buffer.readInt16LE(at) ** 2;
    one.samples += count >> 1;
    return count;
  }
}

/** Root mean square of what a caller heard, dBFS; −Infinity for silence. */
export function levelDb(one: Heard): number {
  return one.samples === 0 ? -Infinity : 10 * Math.log10(one.energy / one.samples / 32768 ** 2);
}
