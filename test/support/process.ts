// Processes of their own for tests: the built program, run to its end or found again by its environment.
// The product is what Asterisk starts, so it is tested through bin/holdcast, built anew when its sources are newer.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { errnoOf } from '../../src/util/errors';

export const ROOT = resolve(__dirname, '../..');
export const HOLDCAST = join(ROOT, 'bin/holdcast');

export const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Waits until `condition` holds; fails, saying what did not happen, after `limitMs` of real time. */
export async function until(what: () => string, condition: () => boolean, limitMs = 10_000): Promise<void> {
  const end = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${limitMs} ms: ${what()}`);
    await sleep(10);
  }
}

function mtimeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Builds dist when it is older than its sources; test files that want it at once take turns, and one does it. */
beforeAll(() => {
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
  const newest = Math.max(...sources.map((file) => mtimeOf(join(ROOT, 'src', file))));
  if (mtimeOf(join(ROOT, 'dist/cli.cjs')) > newest) return;
  const lock = join(tmpdir(), `holdcast-build-${createHash('md5').update(ROOT).digest('hex')}`);
  execFileSync('flock', [lock, process.execPath, join(ROOT, 'bin/setup.mjs'), '--build'], {
    stdio: 'inherit',
  });
}, 60_000);

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface Outcome extends Ended {
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Told of the process as soon as it runs. */
  onStart?: (pid: number) => void;
}

/** Runs a program to its end, at most 50 s. */
export function run(command: string, args: string[], { cwd, env, onStart }: RunOptions): Promise<Outcome> {
  return new Promise((done, failed) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 50_000 });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', failed);
    child.on('close', (code, signal) => done({ code, signal, stdout, stderr }));
    if (child.pid !== undefined) onStart?.(child.pid);
  });
}

/** Pids of all processes whose environment has `name` with `value`, whoever their parents are. */
export function processesWith(name: string, value: string): number[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && `\0${environment(pid)}`.includes(`\0${name}=${value}\0`))
    .map(Number);
}

function environment(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch {
    return '';
  }
}

/** Sends a signal to a process (or to a group, negative) that may be gone already. */
export function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}
