// Runs a program to its end: without a shell or a terminal, within limits, and gone when it must be.
// It has a session of its own: a program that another user has chosen could otherwise type into the terminal (ioctl TIOCSTI), and its own
// children end with it.
import { spawn } from 'node:child_process';
import { systemClock, type Cancel, type Clock } from './clock';

interface Invocation {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Only root may start it as somebody else. */
  readonly as?: { readonly uid: number; readonly gid: number } | undefined;
}

export interface TryOptions extends Invocation {
  /** It is killed after this, milliseconds. */
  readonly limitMs: number;
}

export interface RunOptions extends Invocation {
  readonly cwd?: string;
  /** On its standard input; absent: nothing. */
  readonly input?: string | undefined;
  /** Descriptor that is its standard output. Default: what it writes there is kept. */
  readonly out?: number | 'ignore';
  /** Aborted, it is killed with all that it started. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly onStart?: (pid: number) => void;
}

export interface Said {
  readonly stdout: string;
  readonly stderr: string;
}

export interface Ended extends Said {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Characters of either stream that are kept. */
const MOST = 1 << 20;
/** After the kill, for its end to be seen. */
const GRACE_MS = 1000;

/**
 * @returns how it ended, and the beginning of what it said
 * @throws the error of starting it (ENOENT, EACCES); the reason of `signal`
 */
export function runProgram(file: string, words: readonly string[], options: RunOptions): Promise<Ended> {
  const { env, cwd, as, input, out = 'pipe', signal, clock, onStart } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(file, words, {
      env: { ...env },
      cwd,
      detached: true,
      stdio: [input === undefined ? 'ignore' : 'pipe', out, 'pipe'],
      ...(as && { uid: as.uid, gid: as.gid }),
    });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name]?.setEncoding('utf8').on('data', (text: string) => {
        if (said[name].length < MOST) said[name] += text;
      });
    child.stdin?.on('error', () => {}).end(input);
    if (child.pid !== undefined) onStart?.(child.pid);
    let cancelGrace: Cancel = () => {};
    const fail = (): void => reject(signal.reason as Error);
    const onAbort = (): void => {
      endSession(child.pid);
      // Neither who holds its pipes outside its session is waited for, nor a process that does not die.
      child.stdout?.destroy();
      child.stderr?.destroy();
      cancelGrace = clock.after(GRACE_MS, fail);
    };
    const over = (): void => {
      cancelGrace();
      signal.removeEventListener('abort', onAbort);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    child.once('error', (error) => {
      over();
      reject(error);
    });
    child.once('close', (code, killed) => {
      over();
      if (signal.aborted) fail();
      else resolve({ ...said, code, signal: killed });
    });
  });
}

/**
 * @throws the error of starting it (ENOENT, EACCES); Error with the first line of standard error, or with how it ended, if that was not
 *   with 0
 */
export async function tryProgram(
  file: string,
  words: readonly string[],
  { env, limitMs, as }: TryOptions,
): Promise<Said> {
  const clock = systemClock();
  const stop = new AbortController();
  const late = new Error(`nothing came of it within ${limitMs / 1000} s`);
  const cancel = clock.after(limitMs, () => stop.abort(late));
  const given = { env, as, cwd: '/', signal: stop.signal, clock };
  const ended = await runProgram(file, words, given).finally(cancel);
  if (ended.code === 0) return ended;
  throw new Error(ended.stderr.trim().split('\n')[0] || `it ended with ${ended.signal ?? ended.code}`);
}

function endSession(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended
  }
}
