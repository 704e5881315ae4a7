// What there is for this process, from files as the kernel writes them.
// A limit read wrongly ends in EMFILE or in the kernel's killing the hub: then all callers lose their music.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readResources } from '../../src/util/resources';
import { tempFolder } from '../hub/fixtures';

const MIB = 1024 * 1024;

/** A machine whose kernel has these files. */
function machine(files: Record<string, string>): string {
  const root = tempFolder();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max processes             63432                63432                processes
Max open files            1024                 524288               files
`;

test('the soft limit of descriptors and the memory that is free', () => {
  const root = machine({
    'proc/self/limits': LIMITS,
    'proc/meminfo': 'MemTotal:       8000000 kB\nMemFree:          100000 kB\nMemAvailable:    2048000 kB\n',
  });
  expect(readResources(root)).toEqual({ descriptors: 1024, memoryBytes: 2_048_000 * 1024 });
});

test('the tightest cgroup above the process counts, less what it uses, more what can be dropped', () => {
  const slice = 'sys/fs/cgroup/system.slice';
  const root = machine({
    'proc/meminfo': 'MemAvailable:    2048000 kB\n',
    'proc/self/cgroup': '0::/system.slice/holdcast-hub.service\n',
    [`${slice}/holdcast-hub.service/memory.max`]: 'max\n',
    [`${slice}/holdcast-hub.service/memory.high`]: `${900 * MIB}\n`,
    [`${slice}/holdcast-hub.service/memory.current`]: `${100 * MIB}\n`,
    [`${slice}/memory.max`]: `${600 * MIB}\n`,
    [`${slice}/memory.current`]: `${300 * MIB}\n`,
    [`${slice}/memory.stat`]: `anon 1\ninactive_file ${50 * MIB}\nactive_file 7\n`,
  });
  expect(readResources(root).memoryBytes).toBe(350 * MIB);
});

test('a container, whose cgroup is the root of what it sees', () => {
  const root = machine({
    'proc/self/cgroup': '0::/\n',
    'sys/fs/cgroup/memory.max': `${256 * MIB}\n`,
    'sys/fs/cgroup/memory.current': `${300 * MIB}\n`,
  });
  expect(readResources(root).memoryBytes).toBe(0);
});

test.each([
  ['no files at all', {}],
  [
    'no limits',
    { 'proc/self/limits': LIMITS.replace(' 1024 ', ' unlimited '), 'proc/self/cgroup': '0::/\n' },
  ],
  [
    'files of another form',
    { 'proc/self/limits': '\0', 'proc/meminfo': 'MemAvailable: ? kB', 'proc/self/cgroup': '4:memory:/x\n' },
  ],
])('%s: nothing is known', (_, files) => {
  expect(readResources(machine(files))).toEqual({ descriptors: undefined, memoryBytes: undefined });
});

test('of this machine something is known', () => {
  const { descriptors, memoryBytes } = readResources();
  expect(descriptors).toBeGreaterThan(100);
  expect(memoryBytes).toBeGreaterThan(MIB);
});
