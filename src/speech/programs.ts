// Programs that speak, noted on disk while they run: a stream that is killed at once cannot end what it has started.
// The next process that uses the cache finds the note and ends the program, if it is still the same and not another of its number.
import { promises } from 'node:fs';
import { join } from 'node:path';
import { bootId, startTicks } from '../util/processStart';

const NOTE = 'program';

/** Notes a program in the folder of its run. Never rejects: without a note it is ended as long as this process lives. */
export async function noteProgram(pid: number, folder: string): Promise<void> {
  try {
    const mark = markOf(pid);
    if (mark !== undefined) await promises.writeFile(join(folder, NOTE), mark, { mode: 0o600 });
  } catch {
    // It has ended already, or the disk is full.
  }
}

/** Kills the program that is noted in a folder, with all of its group. Never rejects; none, or one that ended, is none. */
export async function endProgram(folder: string): Promise<void> {
  try {
    const mark = await promises.readFile(join(folder, NOTE), 'utf8');
    const pid = Number(/^[1-9]\d{0,9}(?= )/.exec(mark)?.[0]);
    // Of 0 and 1 the group would be our own, or everybody.
    if (pid > 1 && markOf(pid) === mark) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

/** Number, when it was started, which start of the machine: no other process ever has it. Undefined without /proc. */
function markOf(pid: number): string | undefined {
  const [ticks, boot] = [startTicks(pid), bootId()];
  return ticks && boot && `${pid} ${ticks} ${boot}`;
}
