// Real-time priority of processes, as the kernel tells it.
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { setRealTime } from '../../src/util/libc';
import { realTimePriority } from '../../src/util/processStart';

/** Of each thread; 0: none. */
export function priorities(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).map((id) => realTimePriority(Number(id)));
}

/** Whether a process of this user may have real-time priority. Tried on one that ends at once: it would stay with the tests. */
export function grantsRealTime(): boolean {
  const child = spawn('sleep', ['10'], { stdio: 'ignore' });
  const isGranted = setRealTime(child.pid!, 11);
  child.kill('SIGKILL');
  return isGranted;
}

/** Skipped where nobody may have real-time priority: in a container without CAP_SYS_NICE, or as a user without the limit. */
export const testWithRealTime = grantsRealTime() ? test : test.skip;
