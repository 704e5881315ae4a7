// Asterisk's side of thousands of callers: 640 bytes every 40 ms from each pipe, on absolute deadlines of its own.
// A process by itself, so that what the benchmark does else (spawning, events) makes no read late. It must be cheap.
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { takeRealTime } from '../src/util/priority';
import { beAsterisk } from './caller';
import { ToneWatch } from './hubTone';
import { percentile } from './measure';

export const FRAME_BYTES = 640;
const FRAME_MS = 40;
/** Deadlines are spread over the 40 ms in slots of 2 ms: the slot of a caller is when their first byte came. */
const SLOTS = 20;
const SLOT_MS = FRAME_MS / SLOTS;
/** A tone that has not come by then never comes. */
const UNHEARD_MS = 2500;
/** Beyond this the reader itself came late: what it finds then says nothing about the hub. */
const OWN_LATE_MS = 10;
/**
 * Empty pipes that are tried again in one slot: an exception each, and a reader that takes the processor from a hub which
 * is late already would keep it late.
 */
const MOST_RETRIES = 24;
/** One read in so many is looked at for sound. */
const LOOK_EVERY = 25;
/** A peak below this is no sound. */
const SILENT = 20;

/** Milliseconds of the monotonic clock, the same in all processes. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

export type ToReader =
  /** Pipes by name, to be opened before anybody writes. Answered by `opened`. */
  | { do: 'open'; pipes: { pipe: number; path: string }[] }
  /** A program was started on this pipe. */
  | { do: 'begin'; pipe: number; spawnedAtMs: number }
  | { do: 'press'; pipe: number; atMs: number }
  | { do: 'end'; pipe: number }
  /** What was counted is forgotten: a new window begins. */
  | { do: 'reset' }
  /** Answered by `report`. */
  | { do: 'report' };

/** What was read since the last reset. Times are milliseconds. */
export interface ReaderReport {
  callers: number;
  reads: number;
  /** Their 640 bytes were not there when they were due. */
  late: number;
  /** Of those, completed more than 20 ms after they were due, or not at all. */
  late20: number;
  worstLateMs: number;
  short: number;
  /** Tried more than 10 ms after they were due, by the reader's own fault. */
  ownLate: number;
  ownLagP99Ms: number;
  ownLagWorstMs: number;
  /** Of programs started since: from spawn to the first byte. */
  firstByteMs: number[];
  /** Started, and no byte so far. */
  noByte: number;
  /** Pipes that gave no sound in the window. */
  silent: number;
  /** Pipes whose writer went. */
  ended: number;
  keyMs: number[];
  unheard: number;
}

export type FromReader = { said: 'opened' } | ({ said: 'report' } & ReaderReport);

interface Line {
  readonly pipe: number;
  readonly fd: number;
  readonly spawnedAtMs: number;
  /** Reads since the last reset. */
  reads: number;
  /**
   * When a read was due that is not done. Those that come due meanwhile are late too, but are not made up for: Asterisk's
   * timer forgets the ticks that it missed.
   */
  owedAtMs: number | undefined;
  peak: number;
  slot: Set<Line> | undefined;
  presses: ToneWatch[];
}

export class HubReader {
  readonly #open = new Map<number, number>();
  readonly #lines = new Map<number, Line>();
  /** Started, and no byte so far. */
  readonly #fresh = new Set<Line>();
  readonly #dry = new Set<Line>();
  readonly #slots = Array.from({ length: SLOTS }, () => new Set<Line>());
  readonly #samples = new Int16Array(FRAME_BYTES / 2);
  readonly #bytes = new Uint8Array(this.#samples.buffer);
  #lags: number[] = [];
  #count = fresh();
  /** When the next slot is due, and its number. */
  #dueMs = monotonicMs();
  #slot = 0;

  start(): void {
    this.#tick();
  }

  take(message: ToReader): FromReader | undefined {
    switch (message.do) {
      case 'open':
        for (const { pipe, path } of message.pipes)
          this.#open.set(pipe, openSync(path, constants.O_RDONLY | constants.O_NONBLOCK));
        return { said: 'opened' };
      case 'begin':
        return void this.#begin(message.pipe, message.spawnedAtMs);
      case 'press':
        return void this.#lines.get(message.pipe)?.presses.push(new ToneWatch(message.atMs));
      case 'end':
        return void this.#end(message.pipe);
      case 'reset':
        return void this.#reset();
      case 'report':
        return { said: 'report', ...this.#report() };
    }
  }

  #begin(pipe: number, spawnedAtMs: number): void {
    const fd = this.#open.get(pipe);
    if (fd === undefined) return;
    this.#open.delete(pipe);
    const line = { pipe, fd, spawnedAtMs, reads: 0, owedAtMs: undefined, peak: 0, slot: undefined };
    const made: Line = { ...line, presses: [] };
    this.#lines.set(pipe, made);
    this.#fresh.add(made);
  }

  #end(pipe: number): void {
    const line = this.#lines.get(pipe);
    const fd = line?.fd ?? this.#open.get(pipe);
    if (line) this.#leave(line);
    this.#lines.delete(pipe);
    this.#open.delete(pipe);
    if (fd !== undefined) closeSync(fd);
  }

  #leave(line: Line): void {
    line.slot?.delete(line);
    line.slot = undefined;
    this.#fresh.delete(line);
    this.#dry.delete(line);
  }

  #reset(): void {
    this.#lags = [];
    this.#count = fresh();
    for (const line of this.#lines.values()) Object.assign(line, { reads: 0, peak: 0 });
  }

  #report(): ReaderReport {
    const lines = [...this.#lines.values()];
    const nowMs = monotonicMs();
    return {
      ...this.#count,
      callers: lines.length,
      late20: this.#count.late20 + lines.filter(({ owedAtMs = nowMs }) => nowMs - owedAtMs > 20).length,
      noByte: this.#fresh.size,
      silent: lines.filter((line) => !this.#fresh.has(line) && line.peak < SILENT).length,
      ownLagP99Ms: percentile(this.#lags, 0.99),
      ownLagWorstMs: this.#lags.reduce((worst, lag) => Math.max(worst, lag), 0),
    };
  }

  #tick(): void {
    for (let now = monotonicMs(); now >= this.#dueMs; now = monotonicMs()) {
      this.#lags.push(now - this.#dueMs);
      for (const line of this.#slots[this.#slot]!) this.#due(line);
      this.#dueMs += SLOT_MS;
      this.#slot = (this.#slot + 1) % SLOTS;
    }
    some(this.#fresh, (line) => this.#first(line));
    some(this.#dry, (line) => this.#settle(line));
    const leftMs = this.#fresh.size > 0 ? 1 : this.#dueMs - monotonicMs();
    setTimeout(() => this.#tick(), Math.max(0, leftMs));
  }

  /** The first byte gives a caller their slot, which is the one that comes next: their next read is 40 ms from now. */
  #first(line: Line): void {
    if (!this.#read(line)) return;
    if (!this.#fresh.delete(line)) return;
    this.#count.firstByteMs.push(monotonicMs() - line.spawnedAtMs);
    line.slot = this.#slots[(this.#slot + SLOTS - 1) % SLOTS]!;
    line.slot.add(line);
  }

  #due(line: Line): void {
    if (line.owedAtMs === undefined) {
      if (monotonicMs() - this.#dueMs > OWN_LATE_MS) this.#count.ownLate++;
      if (this.#read(line) || !line.slot) return;
      line.owedAtMs = this.#dueMs;
      this.#dry.add(line);
    }
    this.#count.late++;
  }

  /** Does what is owed, when the pipe gives it. */
  #settle(line: Line): void {
    if (line.owedAtMs === undefined || !this.#read(line)) return;
    const lateMs = monotonicMs() - line.owedAtMs;
    if (lateMs > 20) this.#count.late20++;
    this.#count.worstLateMs = Math.max(this.#count.worstLateMs, lateMs);
    line.owedAtMs = undefined;
    this.#dry.delete(line);
  }

  /** @returns whether something was read; a pipe that has no writer is left alone from then on */
  #read(line: Line): boolean {
    let count: number;
    try {
      count = readSync(line.fd, this.#bytes, 0, FRAME_BYTES, null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false;
      throw error;
    }
    // Before a writer has opened a pipe it seems to be at its end.
    if (count === 0 && !line.slot) return false;
    if (count === 0) {
      this.#count.ended++;
      this.#leave(line);
      return false;
    }
    this.#count.reads++;
    if (count < FRAME_BYTES) this.#count.short++;
    if (line.reads++ % LOOK_EVERY === 0) this.#look(line);
    if (line.presses.length > 0) this.#listen(line);
    return true;
  }

  #look(line: Line): void {
    for (let at = 0; at < this.#samples.length; at += 7)
      line.peak = Math.max(line.peak, Math.abs(this.#samples[at]!));
  }

  #listen(line: Line): void {
    const nowMs = monotonicMs();
    const heardMs = line.presses[0]!.hear(this.#samples, nowMs);
    if (heardMs !== undefined) this.#count.keyMs.push(heardMs);
    else if (nowMs - line.presses[0]!.atMs > UNHEARD_MS) this.#count.unheard++;
    else return;
    line.presses.shift();
  }
}

/** Serves some of the set, those that have waited longest; who is in it still goes to its end. */
function some(set: Set<Line>, serve: (line: Line) => void): void {
  let left = Math.min(set.size, MOST_RETRIES);
  for (const line of set) {
    if (left-- === 0) return;
    serve(line);
    if (set.delete(line)) set.add(line);
  }
}

const fresh = () => ({
  ...{ reads: 0, late: 0, late20: 0, worstLateMs: 0, short: 0, ownLate: 0, ended: 0, unheard: 0 },
  firstByteMs: [] as number[],
  keyMs: [] as number[],
});

/** The real-time priority of Asterisk with `-p`, as distributions start it. */
const ASTERISK = 10;
/** The word on the command line that makes this program the reader. */
export const READER_WORD = '--be-hub-reader';

/** Reads until its parent is gone. */
export function beHubReader(): void {
  // A pipe that is empty is an exception in Node: without its stack it costs a quarter.
  Error.stackTraceLimit = 0;
  if (!takeRealTime(ASTERISK)) beAsterisk();
  const reader = new HubReader();
  process.on('message', (message) => {
    const answer = reader.take(message as ToReader);
    if (answer) process.send?.(answer);
  });
  process.on('disconnect', () => process.exit(0));
  // Ctrl-C is the parent's business.
  process.on('SIGINT', () => {});
  reader.start();
}
