// What tests of readers share: real processes, started as Asterisk starts them, and a hub that is only a process.
// Each leads its own process group, and all are ended with the test.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, constants, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { playFolder, type PlayFolder } from '../../../src/hub/play/folder';
import { processStart } from '../../../src/util/processStart';
import { owned, tempFolder, until } from '../fixtures';

export const SCRIPT = resolve(__dirname, '../../../bin/holdcast-reader');

/** A folder with plain music ("P…"). */
export function playing({ plain = true } = {}): PlayFolder {
  const folder = playFolder(tempFolder());
  if (plain) writeFileSync(folder.plain, 'P'.repeat(640 * 200));
  return folder;
}

export function makeFifo(path: string): string {
  execFileSync('mkfifo', ['-m', '600', path]);
  return path;
}

/** Processes of a group, without zombies. */
export function groupOf(pid: number): number[] {
  const found: number[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (Number(group) === pid && state !== 'Z') found.push(Number(name));
    } catch {
      // it ended
    }
  }
  return found;
}

/** A process that could be a hub: it is announced, and has writing ends of FIFOs open for as long as it lives. */
export class FakeHub {
  readonly #process: ChildProcess;

  constructor(
    private readonly folder: PlayFolder,
    fifos: readonly string[] = [],
  ) {
    const opening = fifos.map((path, i) => `exec 3<>'${path}' ${i + 4}>'${path}' 3>&-;`).join(' ');
    this.#process = spawn('sh', ['-c', `${opening} echo; exec sleep 600`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    owned({ close: () => this.kill() });
  }

  get pid(): number {
    return this.#process.pid!;
  }

  /** Its FIFOs are open, and readers are told. */
  async announce({ ticks = '' } = {}): Promise<this> {
    await new Promise((done) => this.#process.stdout!.once('data', done));
    writeFileSync(this.folder.hub, `${this.pid} ${ticks || processStart(this.pid).ticks}\n`);
    return this;
  }

  /** As kill -9, and whoever started it has noticed. */
  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = new Promise((done) => this.#process.once('exit', done));
    this.#process.kill('SIGKILL');
    await gone;
  }
}

/** What a mixer does: writes without waiting, to a FIFO that has a reader or whose reader comes. */
export function mix(fifo: string, text: string): void {
  const fd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  writeSync(fd, text);
  closeSync(fd);
}

export interface StartOptions {
  env?: NodeJS.ProcessEnv;
  /** What runs the script; absent: its first line. */
  shell?: readonly string[];
}

/** Asterisk's side of one caller: a started application, and the end of its pipe. */
export class Started {
  readonly process: ChildProcess;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly ended: Promise<{ code: number | null; signal: string | null }>;

  constructor(args: readonly string[], { env = {}, shell = [] }: StartOptions = {}) {
    const [program, ...rest] = [...shell, SCRIPT, ...args];
    const stdio = ['ignore', 'pipe', 'ignore'] as const;
    this.process = spawn(program!, rest, {
      stdio: [...stdio],
      detached: true,
      env: { ...process.env, ...env },
    });
    this.#chunks = this.process.stdout!.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer>;
    this.ended = new Promise((done) => this.process.once('exit', (code, signal) => done({ code, signal })));
    owned({ close: () => this.signal('SIGKILL') });
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

  /** The next bytes; '' when it ended. What is not asked for stays in the pipe, but for some 64 KiB. */
  async read(): Promise<string> {
    const next = await this.#chunks.next();
    return next.done === true ? '' : next.value.toString('latin1');
  }

  /** All that is in the pipe until it ends. */
  async drain(): Promise<string> {
    let all = '';
    for (let text = await this.read(); text !== ''; text = await this.read()) all += text;
    return all;
  }

  closePipe(): void {
    this.process.stdout!.destroy();
  }

  async nobodyLeft(): Promise<void> {
    await this.ended;
    await until(`nobody of group ${this.pid}`, () => groupOf(this.pid).length === 0);
  }
}

/** A program of another name in the PATH. */
export function pathWith(name: string, text: string): string {
  const folder = tempFolder();
  writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return `${folder}:${process.env['PATH']}`;
}
