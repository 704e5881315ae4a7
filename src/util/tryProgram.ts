// Runs a program to its end and returns its output: without a terminal, with limits of time and output.
// It has a session of its own: a program that another user has chosen could otherwise type into the terminal (ioctl TIOCSTI), and its own
// children end with it.
import { spawn } from 'node:child_process';
import { systemClock } from './clock';

export interface TryOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** It is killed after this, milliseconds. */
  readonly limitMs: number;
  /** Only root may start it as somebody else. */
  readonly as?: { readonly uid: number; readonly gid: number } | undefined;
}

export interface Said {
  readonly stdout: string;
  readonly stderr: string;
}

/** Characters of either stream that are kept. */
const MOST = 1 << 20;

/**
 * @throws the error of starting it (ENOENT, EACCES); Error with the first line of standard error, or with how it ended, if that was not
 *   with 0
 */
export function tryProgram(
  file: string,
  words: readonly string[],
  { env, limitMs, as }: TryOptions,
): Promise<Said> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, words, {
      env: { ...env },
      cwd: '/',
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(as && { uid: as.uid, gid: as.gid }),
    });
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        if (said[name].length < MOST) said[name] += text;
      });
    let late = false;
    const cancel = systemClock().after(limitMs, () => {
      late = true;
      endSession(child.pid);
    });
    child.once('error', (error) => {
      cancel();
      reject(error);
    });
    child.once('close', (code, signal) => {
      cancel();
      if (code === 0) return resolve(said);
      const how = late ? `nothing came of it within ${limitMs / 1000} s` : `it ended with ${signal ?? code}`;
      reject(new Error(said.stderr.trim().split('\n')[0] || how));
    });
  });
}

function endSession(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // it has ended
  }
}
