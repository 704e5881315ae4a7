// When a process was started, as the kernel tells it: with its number a name that no other process ever has.
// A number alone is not enough: numbers come again, and in a container the first process is always number 1.
import { readFileSync } from 'node:fs';

/** Fields of /proc/<pid>/stat behind the name, which may hold anything: the state is the third of all, this the 22nd. */
const START_TIME = 22 - 3;

export interface ProcessStart {
  /** Clock ticks from the start of the machine; absent: there is no such process, or no /proc. */
  readonly ticks?: string | undefined;
  /** Which start of the machine, a UUID; absent: there is no /proc. */
  readonly boot?: string | undefined;
}

/** Synchronous: two reads that no disk can hold up. Never throws. */
export function processStart(pid: number): ProcessStart {
  const stat = textOf(`/proc/${pid}/stat`);
  return {
    ticks: stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[START_TIME],
    boot: textOf('/proc/sys/kernel/random/boot_id')?.trim(),
  };
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
