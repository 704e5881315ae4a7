// What tests of readers share: bin/holdcast-reader as Asterisk starts it, Asterisk's end of its pipe, and a hub that is only a
// process and can be killed. All are ended with the test.
import { spawn, type ChildProcess } from 'node:child_process';
import {
  closeSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pipeFolder, preparePipeFolder, type PipeFolder } from '../../src/pipe/folder';
import { writePieces } from '../../src/pipe/fallbackPieces';
import { errnoOf } from '../../src/util/errors';
import { owned, tempFolder } from '../hub/fixtures';
import { realPipe } from '../../bench/realPipe';

export const SCRIPT = resolve(__dirname, '../../bin/holdcast-reader');
export const TOKEN = 'n7Hq-1_z.0';
export const PIECE_BYTES = 3200;

/** A piece's sample is its number and 1000; each minute is the same. */
export const fallbackSample = (at: number): number => 1000 + (Math.floor(at / 1600) % 300);

let written: string | undefined;
afterAll(() => {
  if (written !== undefined) rmSync(written, { recursive: true });
});

/** A folder as a hub makes it, with fallback music, which is written once for all tests of a file. */
export async function prepared({ pieces = true } = {}): Promise<PipeFolder> {
  const folder = pipeFolder(tempFolder());
  preparePipeFolder(folder.folder);
  if (!pieces) return folder;
  if (written === undefined) {
    written = mkdtempSync(join(tmpdir(), 'pieces-'));
    const minute = Int16Array.from({ length: 480_000 }, (_, at) => fallbackSample(at));
    await writePieces(written, Buffer.from(minute.buffer), 8000);
  }
  mkdirSync(folder.fallback);
  for (const name of readdirSync(written)) linkSync(join(written, name), join(folder.fallback, name));
  return folder;
}

/** Processes of a group, without zombies. */
export function groupOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return Number(group) === pid && state !== 'Z';
      } catch {
        return false; // it ended
      }
    })
    .map(Number);
}

export const commandOf = (pid: number): string => readFileSync(`/proc/${pid}/comm`, 'utf8').trim();

/** A process that holds `life`. */
export class FakeHub {
  readonly #process: ChildProcess;

  private constructor(life: string) {
    const text = 'exec 3<>"$0"; echo; exec sleep 600';
    this.#process = spawn('sh', ['-c', text, life], { stdio: ['ignore', 'pipe', 'inherit'] });
    owned({ close: () => this.kill() });
  }

  static async start({ life }: PipeFolder): Promise<FakeHub> {
    const hub = new FakeHub(life);
    await new Promise((done) => hub.#process.stdout!.once('data', done));
    return hub;
  }

  /** As kill -9. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = new Promise((done) => this.#process.once('exit', done));
    this.#process.kill('SIGKILL');
    await gone;
  }
}

export interface StartOptions {
  /** What runs the script; absent: its first line. */
  shell?: readonly string[];
  program?: string;
  env?: NodeJS.ProcessEnv;
}

/** Asterisk's side of one caller: a started application, and the end of its pipe. */
export class Started {
  readonly process: ChildProcess;
  readonly ended: Promise<unknown>;
  readonly #fd: number;
  #isOpen = true;

  constructor(args: readonly string[], { shell = [], program = SCRIPT, env = {} }: StartOptions = {}) {
    const { reading, writing } = realPipe({ waits: true });
    this.#fd = reading;
    const [command, ...rest] = [...shell, program, ...args];
    this.process = spawn(command!, rest, {
      stdio: ['ignore', writing, 'ignore'],
      detached: true,
      env: { ...process.env, ...env },
    });
    closeSync(writing);
    this.ended = new Promise((done) => this.process.once('exit', done));
    owned({
      close: () => {
        this.signal('SIGKILL');
        this.closePipe();
      },
    });
  }

  get pid(): number {
    return this.process.pid!;
  }

  get over(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /** As Asterisk signals: the group. */
  signal(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal);
    } catch {
      // nobody is left
    }
  }

  /** One read of Asterisk; what is there at once. */
  read(bytes = 640): Buffer {
    const buffer = Buffer.alloc(bytes);
    try {
      return buffer.subarray(0, readSync(this.#fd, buffer));
    } catch (error) {
      if (errnoOf(error) === 'EAGAIN') return buffer.subarray(0, 0);
      throw error;
    }
  }

  /** Nothing is in the pipe, and nobody can write to it. */
  get isAtEnd(): boolean {
    try {
      return readSync(this.#fd, Buffer.alloc(1)) === 0;
    } catch {
      return false;
    }
  }

  closePipe(): void {
    if (this.#isOpen) closeSync(this.#fd);
    this.#isOpen = false;
  }
}

/** What lasts a moment of real time. */
export const moment = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

export const samplesOf = (bytes: Buffer): Int16Array => new Int16Array(Uint8Array.from(bytes).buffer);
