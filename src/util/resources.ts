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
  const kib = numberIn(textIfReadable(join(root, 'proc/meminfo')), /^MemAvailable:\s+(\d+) kB/m) ?? Infinity;
  const bytes = Math.min(kib * 1024, cgroupMemory(root));
  return bytes === Infinity ? undefined : bytes;
}

/** The least that this process's cgroup and those above it allow (cgroup 2; version 1 is not read); Infinity: no limit is known. */
function cgroupMemory(root: string): number {
  const own = /^0::(\/.*)$/m.exec(textIfReadable(join(root, 'proc/self/cgroup')) ?? '')?.[1];
  let least = Infinity;
  for (let path = own; path !== undefined; path = path === '/' ? undefined : dirname(path))
    least = Math.min(least, freeIn(join(root, 'sys/fs/cgroup', path)));
  return least;
}

/** Memory that the kernel would reclaim by itself (inactive files) counts as free. */
function freeIn(folder: string): number {
  const number = (name: string, pattern = /^(\d+)$/m): number | undefined =>
    numberIn(textIfReadable(join(folder, name)), pattern);
  const limit = Math.min(number('memory.max') ?? Infinity, number('memory.high') ?? Infinity);
  const used = number('memory.current');
  if (used === undefined) return Infinity;
  const droppable = number('memory.stat', /^inactive_file (\d+)$/m) ?? 0;
  return Math.max(0, limit - used + droppable);
}

function numberIn(text: string | undefined, pattern: RegExp): number | undefined {
  const digits = text === undefined ? undefined : pattern.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
