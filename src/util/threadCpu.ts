// Processor time of the calling thread. Node has only that of the whole process (that of a thread since 23.9).
import { textIfReadable } from './ifReadable';

/** Nanoseconds on a processor, nanoseconds waiting for one, and how often: Documentation/scheduler/sched-stats.rst. */
const SCHEDSTAT = '/proc/thread-self/schedstat';

/** Milliseconds since the thread began; undefined if the kernel does not tell. One read, some 10 µs. */
export function threadCpuMs(): number | undefined {
  const ns = Number(textIfReadable(SCHEDSTAT)?.split(' ')[0]);
  return ns > 0 ? ns / 1e6 : undefined;
}
