// Descriptors and memory that are available to this process, according to the kernel and its cgroups.
// A hub that took more would fail every caller, so hub/limits.ts derives the number of callers from it.
import { dirname, join } from 'node:path';
import { textIfReadable } from './ifReadable';

/** Undefined: unknown, so it limits nothing. */
export interface Resources {
  /** Most open descriptors. */
  readonly descriptors: number | undefined;
  /** Memory available without swapping, bytes. */
  readonly memoryBytes: number | undefined;
}

/**
 * Synchronous: it reads files of the kernel. Never throws.
 * @param root of all paths; tests have another
 */
export function readResources(root = '/'): Resources {
  return { descriptors: openFiles(root), memoryBytes: freeMemory(root) };
}

/** The soft limit; "unlimited" is none. Node has raised it to the hard one by now. */
function openFiles(root: string): number | undefined {
  return numberIn(textIfReadable(join(root, 'proc/self/limits')), /^Max open files\s+(\d+)/m);
}

function freeMemory(root: string): number | undefined {
  const kib = numberIn(textIfReadable(join(root, 'proc/meminfo')), /^MemAvailable:\s+(\d+) kB/m);
  const found = [kib === undefined ? undefined : kib * 1024, cgroupMemory(root)];
  const known = found.filter((bytes) => bytes !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** The least that this process's cgroup and those above it allow (cgroup 2; version 1 is not read). */
function cgroupMemory(root: string): number | undefined {
  const own = /^0::(\/.*)$/m.exec(textIfReadable(join(root, 'proc/self/cgroup')) ?? '')?.[1];
  if (own === undefined) return undefined;
  const free: number[] = [];
  for (let path = own; ; path = dirname(path)) {
    const bytes = freeIn(join(root, 'sys/fs/cgroup', path));
    if (bytes !== undefined) free.push(bytes);
    if (path === '/' || path === '.') break;
  }
  return free.length === 0 ? undefined : Math.min(...free);
}

/** Memory that the kernel would reclaim by itself (inactive files) counts as free. */
function freeIn(folder: string): number | undefined {
  const limits = ['memory.max', 'memory.high'].map((name) =>
    numberIn(textIfReadable(join(folder, name)), /^(\d+)$/m),
  );
  const known = limits.filter((bytes) => bytes !== undefined);
  const used = numberIn(textIfReadable(join(folder, 'memory.current')), /^(\d+)$/m);
  if (known.length === 0 || used === undefined) return undefined;
  const droppable = numberIn(textIfReadable(join(folder, 'memory.stat')), /^inactive_file (\d+)$/m) ?? 0;
  return Math.max(0, Math.min(...known) - used + droppable);
}

function numberIn(text: string | undefined, pattern: RegExp): number | undefined {
  const digits = text === undefined ? undefined : pattern.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
