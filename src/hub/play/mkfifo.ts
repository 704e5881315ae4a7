// Makes and opens FIFOs, and makes the folder for them: Node has no call for the first, and the second must be nobody else's, since
// whoever can put a file there hears what a caller is told.
import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import {
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
} from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../../util/clock';
import { HoldcastError, messageOf } from '../../util/errors';
import type { Closeable } from '../../util/scope';
import { otherHub } from './presence';

/** A disk that does not answer must not keep a caller waiting for ever. */
const LIMIT_MS = 5000;
const OTHERS_WRITE = 0o022;
const { O_RDONLY, O_WRONLY, O_RDWR, O_NONBLOCK } = constants;

/**
 * For each line "<first> <last>" that it reads makes the FIFOs <path><first> to <path><last>, and says "made", or else why
 * not. It ends with its standard input.
 */
const MAKER = `path=$1
newline='
'
while read -r number last; do
  set --
  while [ "$number" -le "$last" ]; do
    set -- "$@" "$path$number"
    number=$((number + 1))
  done
  if said=$(mkfifo -m 600 -- "$@" 2>&1); then echo made; else echo "\${said%%"$newline"*}"; fi
done`;

/**
 * Makes FIFOs with mode 0600 through a shell that was started once: to start a program, a hub with a thousand callers
 * stands still for some 20 ms, or 80 on a busy machine (2 cores, 2026-11-21).
 */
export class FifoMaker implements Closeable {
  #shell: ChildProcessByStdio<Writable, Readable, null> | undefined;
  #said: (answer: string | undefined) => void = () => {};

  /** @param path absolute; what stands before the number */
  constructor(
    private readonly path: string,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes those with the numbers `first` to `last`. Called again only when it has ended.
   * @throws Error with what mkfifo says; some may be made then
   */
  async make(first: number, last: number): Promise<void> {
    const shell = (this.#shell ??= this.#start());
    const answer = new Promise<string | undefined>((resolve) => (this.#said = resolve));
    const late = `mkfifo has not ended after ${LIMIT_MS} ms`;
    const cancel = this.clock.after(LIMIT_MS, () => this.#end(shell, late));
    shell.stdin.write(`${first} ${last}\n`);
    const said = await answer;
    cancel();
    if (said !== 'made') throw new Error(said);
  }

  close(): void {
    if (this.#shell) this.#end(this.#shell, 'the hub is closing');
  }

  #start(): ChildProcessByStdio<Writable, Readable, null> {
    const env = { PATH: ['/usr/bin', '/bin', process.env['PATH']].filter(Boolean).join(':'), LC_ALL: 'C' };
    const shell = spawn('/bin/sh', ['-c', MAKER, 'holdcast-fifos', this.path], {
      env,
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
    });
    shell.once('error', (error) => this.#end(shell, messageOf(error)));
    // Without descriptors it is not even begun, whatever its type says.
    if (!(shell.stdout as Readable | undefined))
      throw new Error('no shell can be started: descriptors are used up');
    let answer = '';
    shell.stdout.setEncoding('utf8').on('data', (part: string) => {
      answer += part;
      const end = answer.indexOf('\n');
      if (end < 0) return;
      this.#said(answer.slice(0, end));
      answer = '';
    });
    shell.stdin.on('error', (error) => this.#end(shell, messageOf(error)));
    shell.once('exit', () => this.#end(shell, 'the shell that makes FIFOs has ended'));
    return shell;
  }

  #end(shell: ChildProcess, reason: string): void {
    if (this.#shell !== shell) return;
    this.#shell = undefined;
    killGroup(shell.pid);
    this.#said(reason);
  }
}

/** The shell, and a mkfifo that hangs. */
function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // ended meanwhile
  }
}

/**
 * Makes the folder with mode 0700 where there is none.
 * @returns the names in it
 * @throws HoldcastError HC_HUB_FIFO
 */
export function prepareFolder(folder: string): string[] {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const stats = statSync(folder);
    if (stats.uid !== process.getuid?.()) throw unsafe(folder, 'it belongs to another user', 'chown');
    if ((stats.mode & OTHERS_WRITE) !== 0) throw unsafe(folder, 'others may write there', 'chmod 700');
    const other = otherHub(folder);
    if (other === undefined) return readdirSync(folder);
    const hint =
      'end that hub first, or give this one another calls.folder (and hub.folder, where that is set)';
    throw new HoldcastError('HC_HUB_FIFO', `another hub (process ${other}) plays from ${folder}`, hint);
  } catch (error) {
    if (error instanceof HoldcastError) throw error;
    const hint = 'set hub.folder to a folder that this user can make and write to, on a local file system';
    const what = `the folder for FIFOs cannot be used: ${messageOf(error)}`;
    throw new HoldcastError('HC_HUB_FIFO', what, hint, { cause: error });
  }
}

/** Whether a FIFO is there, and not what only leads to one. */
export function isFifo(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFIFO() ?? false;
}

/** A writing end, for which somebody must read at that moment. @throws what the file system throws */
export function openToWrite(path: string): number {
  const both = openSync(path, O_RDWR | O_NONBLOCK);
  try {
    return openSync(path, O_WRONLY | O_NONBLOCK);
  } finally {
    closeSync(both);
  }
}

/**
 * Whether no process has a FIFO open. One that had it as another call's would hear this caller, or be heard by him;
 * nobody can open it by that call's name any more.
 */
export function isUnused(path: string): boolean {
  try {
    closeSync(openSync(path, O_WRONLY | O_NONBLOCK));
    return false; // somebody reads
  } catch {
    // nobody reads
  }
  let fd: number | undefined;
  try {
    fd = openSync(path, O_RDONLY | O_NONBLOCK);
    return readSync(fd, Buffer.alloc(1)) === 0; // end of file: nobody writes, and nothing is left
  } catch {
    return false;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** What an error of the file system means here, and what to do. */
export function unusable(folder: string, error: unknown): HoldcastError {
  const what = `no FIFO can be made in ${folder}: ${messageOf(error)}`;
  const hint = `see that ${folder} is writable, its disk not full (blocks and inodes: df -h, df -i) and descriptors are left`;
  return new HoldcastError('HC_HUB_FIFO', what, hint, { cause: error });
}

function unsafe(folder: string, why: string, command: string): HoldcastError {
  const hint = `${command} it if it is the hub's alone, or set hub.folder to one that does not exist yet`;
  return new HoldcastError('HC_HUB_FIFO', `${folder} is not safe for FIFOs: ${why}`, hint);
}
