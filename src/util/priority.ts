// Priority of processes whose delay callers hear. Asterisk usually runs at real-time priority itself (-p: SCHED_RR, 10), and takes all
// processors whenever many callers arrive; niceness counts for nothing beside it.
import { readdirSync } from 'node:fs';
import { setPriority } from 'node:os';
import { setRealTime } from './libc';

/** Above Asterisk's: of equals, each would wait for the others' slices of 100 ms. */
const ABOVE_ASTERISK = 11;

/**
 * Gives this process real-time priority; what it starts from then on inherits it. Every thread needs it, the engine's own too: they
 * collect garbage, and hold locks for which the others wait.
 * @param priority 1 to 99
 * @returns false: the system does not grant it (systemd: LimitRTPRIO=11), or knows no such priority; nothing changes
 */
export function takeRealTime(priority = ABOVE_ASTERISK): boolean {
  if (!setRealTime(process.pid, priority)) return false;
  for (const thread of readdirSync('/proc/self/task')) setRealTime(Number(thread), priority);
  return true;
}

/**
 * Takes real-time priority from a process that this one has just started, and lets it give way to others. One that has ended is no mistake.
 * @param niceness 0 to 19
 */
export function giveWay(pid: number, niceness: number): void {
  try {
    setRealTime(pid, 0);
    setPriority(pid, niceness);
  } catch {
    // It has ended.
  }
}
