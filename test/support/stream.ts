// `holdcast stream` as Asterisk starts it, and a listener who reads as Asterisk does: 640 bytes every 40 ms.
// Asterisk gives its child a pipe, Node a socket; the audio goes through a FIFO, which is a pipe with a name.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, constants, openSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { frameBytes, type SampleRate } from '../../src/audio/frame';
import { errnoOf } from '../../src/util/errors';
import { HOLDCAST, signalTo, until, type Ended } from './process';

const READ_EVERY_MS = 40;

/** One line of the log. */
export type LogLine = Record<string, unknown> & { level: string; msg: string };

export interface ListenerOptions {
  /** Nobody reads before `listen` is called. */
  deaf?: boolean;
  /** Samples a second that the listener expects; 8000 when absent. */
  rate?: SampleRate;
  /** A descriptor for standard error, which is not kept in `stderr` then. */
  stderr?: number;
}

/** `holdcast stream` in a process group of its own, and somebody who listens as Asterisk does. */
export class Stream {
  readonly #child: ChildProcess;
  readonly #chunks: Buffer[] = [];
  readonly ended: Promise<Ended>;
  readonly startedAt = performance.now();
  readonly #readBytes: number;
  stderr = '';
  bytes = 0;
  /** Reads that found less than a Frame though there had been one before: Asterisk throws these away. */
  shortReads = 0;
  firstByteMs: number | undefined;
  endedAt: number | undefined;
  #told = false;
  #fd: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(folder: string, env: NodeJS.ProcessEnv, args: string[], options: ListenerOptions) {
    this.#readBytes = frameBytes(options.rate ?? 8000);
    const fifo = join(folder, `tmp/fifo-${this.startedAt}`);
    execFileSync('mkfifo', [fifo]);
    this.#fd = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = openSync(fifo, constants.O_WRONLY);
    rmSync(fifo);
    this.#child = spawn(HOLDCAST, ['stream', ...args], {
      cwd: folder,
      env,
      stdio: ['ignore', writer, options.stderr ?? 'pipe'],
      detached: true,
    });
    closeSync(writer);
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.#child.on('exit', () => (this.endedAt = performance.now()));
    this.ended = new Promise((done) => this.#child.on('close', (code, signal) => done({ code, signal })));
    if (!options.deaf) this.listen();
  }

  get pid(): number {
    return this.#child.pid!;
  }

  get endedByItself(): boolean {
    return this.endedAt !== undefined && !this.#told;
  }

  /** From now on 640 bytes are read every 40 ms. */
  listen(): void {
    let due = performance.now();
    const tick = (): void => {
      for (; due <= performance.now(); due += READ_EVERY_MS) this.#read();
      this.#timer = setTimeout(tick, due - performance.now());
    };
    tick();
  }

  /** Nothing is read any more, but the pipe stays open. */
  stopListening(): void {
    clearTimeout(this.#timer);
  }

  #read(): void {
    const buffer = Buffer.alloc(this.#readBytes);
    const count = this.readNow(buffer);
    if (count > 0) {
      this.firstByteMs ??= performance.now() - this.startedAt;
      this.#chunks.push(buffer.subarray(0, count));
      this.bytes += count;
    }
    if (count < this.#readBytes && this.bytes > 0 && this.endedAt === undefined) this.shortReads++;
  }

  /** What is in the pipe, at most what fits into `buffer`. */
  readNow(buffer: Buffer): number {
    try {
      return this.#fd === undefined ? 0 : readSync(this.#fd, buffer);
    } catch (error) {
      if (errnoOf(error) === 'EAGAIN') return 0;
      throw error;
    }
  }

  /** Everything that was read, as samples. */
  get samples(): Int16Array {
    const bytes = Buffer.concat(this.#chunks);
    return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.length & ~1)));
  }

  /** Resolves when `ms` more of audio were heard. */
  async hear(ms: number, limitMs = ms + 10_000): Promise<void> {
    const goal = this.bytes + (ms / READ_EVERY_MS) * this.#readBytes;
    const done = (): boolean => this.bytes >= goal || this.endedByItself;
    await until(() => `${ms} ms of audio; the log ends ${this.stderr.slice(-800)}`, done, limitMs);
    if (this.bytes < goal) throw new Error(`the stream ended by itself: ${this.stderr}`);
  }

  /** Resolves when the log is open: everything stands by then, some time after the first music. */
  async stands(): Promise<void> {
    const said = (): boolean => this.stderr.includes('"stream started"') || this.endedByItself;
    await until(() => `the log is open; it has ${this.stderr.slice(-800)}`, said, 20_000);
  }

  /** What was logged so far; a line that is not JSON fails. */
  get log(): LogLine[] {
    const lines = this.stderr.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as LogLine);
  }

  kill(signal: NodeJS.Signals): void {
    this.#told = true;
    signalTo(-this.pid, signal);
  }

  /** It may end by itself from now on; @returns how it ended */
  async end(): Promise<Ended> {
    this.#told = true;
    return this.ended;
  }

  /** A signal that it is to survive. */
  nudge(signal: 'SIGSTOP' | 'SIGCONT'): void {
    process.kill(this.pid, signal);
  }

  /** Hangs up as Asterisk does: first it reads no more. @returns how it ended, and after how many milliseconds */
  async hangUp(signal: NodeJS.Signals = 'SIGHUP'): Promise<Ended & { afterMs: number }> {
    const at = performance.now();
    this.stopListening();
    this.kill(signal);
    const ended = await this.ended;
    return { ...ended, afterMs: this.endedAt! - at };
  }

  /** The reader goes away: the next write of the stream fails with EPIPE. */
  closeReader(): void {
    this.#told = true;
    clearTimeout(this.#timer);
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  close(): void {
    this.kill('SIGKILL');
    this.closeReader();
  }
}

/** Says a measured time on standard error when HOLDCAST_TIMES is set; no test asserts it, machines differ. */
export function record(what: string, times: readonly number[]): void {
  if (!process.env['HOLDCAST_TIMES']) return;
  const sorted = [...times].sort((a, b) => a - b).map(Math.round);
  process.stderr.write(`${what}: median ${sorted[sorted.length >> 1]} ms, most ${sorted.at(-1)} ms\n`);
}
