// What runs in the lab, as the kernel sees it: processes by the mark in their environment, and their descriptors.
// A child whose parent died keeps the mark, so an orphan is found; a dead one that nobody buried is found by its parent.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Variable that all processes of one lab inherit; its value is the lab's folder. */
export const MARK = 'HOLDCAST_E2E_LAB';

export interface Running {
  readonly pid: number;
  readonly parent: number;
  /** Words of the command line; empty for one that is dead and not buried. */
  readonly argv: readonly string[];
  readonly zombie: boolean;
}

/** Processes with this mark, and dead children of theirs. */
export function marked(mark: string): Running[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => look(Number(name)))
    .filter((one) => one !== undefined);
  const ours = new Set(all.filter(({ pid }) => hasMark(pid, mark)).map(({ pid }) => pid));
  return all.filter(({ pid, parent, zombie }) => ours.has(pid) || (zombie && ours.has(parent)));
}

function look(pid: number): Running | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
    return { pid, parent: Number(parent), argv, zombie: state === 'Z' };
  } catch {
    return undefined;
  }
}

function hasMark(pid: number, mark: string): boolean {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`.includes(`\0${MARK}=${mark}\0`);
  } catch {
    return false;
  }
}

/** Ticks a second in /proc/<pid>/stat: USER_HZ, 100 on every Linux that Node runs on. */
const USER_HZ = 100;

/** User and system time of a process, of all its threads and without its children, seconds; 0 when it is gone. */
export function cpuSeconds(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / USER_HZ;
  } catch {
    return 0;
  }
}

/** How many pipes, sockets and other things without a name, and FIFOs, a process has open; files are not counted. */
export function descriptors(pid: number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const kind = kindOf(readlinkSync(`/proc/${pid}/fd/${fd}`));
      if (kind !== undefined) counts[kind] = (counts[kind] ?? 0) + 1;
    } catch {
      // Closed meanwhile.
    }
  }
  return counts;
}

/** "pipe:[4711]", "/run/holdcast/play/life"; undefined: a file. */
function kindOf(target: string): string | undefined {
  if (/\/(life|arrivals)$/.test(target)) return 'fifo';
  const [kind, rest] = target.split(':');
  return rest === undefined ? undefined : kind;
}

/** How many descriptors of each kind Asterisk and the hub have open. */
export type OpenDescriptors = Record<'asterisk' | 'hub', Record<string, number>>;

/** Kinds of which there are more than there were; a connection that was kept for the next look-up may be gone. */
export function moreThan(before: OpenDescriptors, now: OpenDescriptors): string[] {
  return (['asterisk', 'hub'] as const).flatMap((process) =>
    Object.entries(now[process])
      .filter(([kind, count]) => count > (before[process][kind] ?? 0))
      .map(([kind, count]) => `${process}: ${kind} ${before[process][kind] ?? 0} → ${count}`),
  );
}

/** Sends a signal to a process that may be gone already. */
export function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
