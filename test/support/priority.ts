// Real-time priority of processes, as the kernel tells it.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { setRealTime } from '../../src/util/libc';
import { statFields } from '../../src/util/processStart';

/** The 40th field of /proc/<pid>/stat, where the third is the first that is read. */
const REAL_TIME_PRIORITY = 40 - 3;

/** Of each thread; 0: none. */
export function priorities(pid: number): number[] {
  const threads = readdirSync(`/proc/${pid}/task`).map(Number);
  return threads.map((id) => Number(statFields(id)?.[REAL_TIME_PRIORITY]));
}

/** Whether a process of this user may have real-time priority. Told by one that ends at once: it would stay with the tests. */
export function grantsRealTime(): boolean {
  const child = spawn('sleep', ['10'], { stdio: 'ignore' });
  const isGranted = setRealTime(child.pid!, 11);
  child.kill('SIGKILL');
  return isGranted;
}
