// What the kernel knows about processes: CPU time, memory, and who is still there.
// Processes of a benchmark carry a marker in their environment, which their children inherit, orphans too.
import { readdirSync, readFileSync } from 'node:fs';

/** Ticks a second in /proc/<pid>/stat: USER_HZ, 100 on every Linux that Node runs on. */
const USER_HZ = 100;
export const MARKER = 'HOLDCAST_BENCH';

/** User and system time of a process and of its children that ended, seconds; 0 when it is gone. */
export function cpuSeconds(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return [11, 12, 13, 14].reduce((total, index) => total + Number(fields[index]), 0) / USER_HZ;
  } catch {
    return 0;
  }
}

/** Proportional and unique set size, and what is in no file, MiB; 0 when it is gone. */
export function memoryMib(pid: number): { pss: number; uss: number; anonymous: number } {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    const kib = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0);
    return {
      pss: kib('Pss') / 1024,
      uss: (kib('Private_Clean') + kib('Private_Dirty')) / 1024,
      anonymous: kib('Anonymous') / 1024,
    };
  } catch {
    return { pss: 0, uss: 0, anonymous: 0 };
  }
}

/** Living processes by the value of their marker, those whose marker begins with `prefix`; zombies do not count. */
export function marked(prefix: string): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const marker = markerOf(Number(name));
    if (marker?.startsWith(prefix)) found.set(marker, [...(found.get(marker) ?? []), Number(name)]);
  }
  return found;
}

function markerOf(pid: number): string | undefined {
  try {
    return new RegExp(`(?:^|\\0)${MARKER}=([^\\0]*)`).exec(
      readFileSync(`/proc/${pid}/environ`, 'latin1'),
    )?.[1];
  } catch {
    return undefined;
  }
}

/** Time on a processor of a process with one thread, seconds, exact; by ticks where the kernel does not say it. */
export function exactCpuSeconds(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e9;
  } catch {
    return cpuSeconds(pid);
  }
}

/** CPU seconds of each thread of a process, by thread id; the main thread's id is the process's. */
export function threadSeconds(pid: number): Map<number, number> {
  const found = new Map<number, number>();
  try {
    for (const name of readdirSync(`/proc/${pid}/task`))
      found.set(Number(name), exactCpuSeconds(Number(name)));
  } catch {
    // Gone meanwhile.
  }
  return found;
}

/** Resident set, MiB; 0 when it is gone. */
export function residentMib(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
