// Figures of this process under the names that Prometheus' own clients give them, so that every dashboard knows them.
// Read whenever they are asked for; where there is no /proc, what stands there is left out.
import { readdir } from 'node:fs/promises';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Clock } from '../util/clock';
import { readResources } from '../util/resources';

/** Adds them to `registry`. */
export function processFigures(registry: Registry, clock: Pick<Clock, 'wall'>): void {
  const registers = [registry];
  const startSeconds = clock.wall() / 1000 - process.uptime();
  let cpuSeconds = 0;
  const cpu: Counter = new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Processor time, all threads',
    registers,
    collect: () => {
      const { user, system } = process.cpuUsage();
      const now = (user + system) / 1e6;
      cpu.inc(Math.max(0, now - cpuSeconds));
      cpuSeconds = Math.max(now, cpuSeconds);
    },
  });
  const gauge = (
    name: string,
    help: string,
    read: () => number | undefined | Promise<number | undefined>,
  ): void => {
    const made: Gauge = new Gauge({
      name,
      help,
      registers,
      collect: async () => {
        const value = await read();
        if (value !== undefined) made.set(value);
      },
    });
  };
  gauge('process_start_time_seconds', 'When it was started, since 1970', () => startSeconds);
  gauge('process_resident_memory_bytes', 'Memory in use', () => process.memoryUsage.rss());
  gauge('process_open_fds', 'Open descriptors', descriptorsOpen);
  gauge('process_max_fds', 'Most open descriptors', () => readResources().descriptors);
  gauge('holdcast_main_heap_bytes', "Heap of the main thread's engine", () => process.memoryUsage().heapUsed);
}

/** Undefined: there is no /proc. */
export async function descriptorsOpen(): Promise<number | undefined> {
  try {
    // One is the folder that is being read.
    return (await readdir('/proc/self/fd')).length - 1;
  } catch {
    return undefined;
  }
}
