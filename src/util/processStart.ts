// What the kernel knows of a process. Its number and its start time together identify it: numbers are used again, and in a
// container the first process is always number 1.
import { closeSync, openSync, readSync } from 'node:fs';

/** The 22nd field of all, see `statFields`. */
const START_TIME = 22 - 3;
/** The 40th. */
const REAL_TIME_PRIORITY = 40 - 3;

/** Which start of the machine this is, a UUID; undefined: there is no /proc. */
export function bootId(): string | undefined {
  return textOf('/proc/sys/kernel/random/boot_id')?.trim();
}

/** Clock ticks from the start of the machine to that of a process; undefined: there is no such process, or no /proc. */
export function startTicks(pid: number): string | undefined {
  return statFields(pid)?.[START_TIME];
}

/**
 * Fields of /proc/<pid>/stat from the third, the state; the name before it may hold anything.
 * @returns undefined: there is no such process, or no /proc
 */
export function statFields(pid: number): string[] | undefined {
  const stat = textOf(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Whether the process that was started then lives. A zombie has nothing open, so it counts as ended. */
export function livesSince(pid: number, ticks: string): boolean {
  const fields = statFields(pid);
  return fields?.[START_TIME] === ticks && fields[0] !== 'Z' && fields[0] !== 'X';
}

/** Real-time priority of a process, or of a thread by its number, 1 to 99; 0: none, or there is no such process. */
export function realTimePriority(pid: number): number {
  return Number(statFields(pid)?.[REAL_TIME_PRIORITY] ?? 0);
}

/** Far longer than any that is read here. */
const buffer = Buffer.alloc(4096);

/** The kernel gives it in one read; a third of what readFileSync takes, which mixing threads would notice. */
function textOf(file: string): string | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(file, 'r');
    return buffer.toString('latin1', 0, readSync(fd, buffer));
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
