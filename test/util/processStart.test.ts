// What the kernel tells of a process, whatever that process is called.
// Would catch: a name that looks like further fields, and makes a living hub dead or a stranger the reader of a call.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTicks, statFields } from '../../src/util/processStart';

test('a name with brackets and spaces moves no field', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdcast-stat-'));
  const program = join(folder, 'a) Z 1 (1');
  symlinkSync(process.execPath, program);
  const child = spawn(program, ['-e', 'console.log(); setInterval(() => {}, 1000)'], { detached: true });
  try {
    await once(child.stdout, 'data');
    const [state, parent, group] = statFields(child.pid!)!;
    expect(state).toMatch(/^[RSD]$/);
    expect([parent, group]).toEqual([String(process.pid), String(child.pid)]);
    expect(Number(startTicks(child.pid!))).toBeGreaterThanOrEqual(Number(startTicks(process.pid)));
  } finally {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
});

test('of a process that is not there nothing is told', () => {
  expect(statFields(4_194_999)).toBeUndefined();
  expect(startTicks(4_194_999)).toBeUndefined();
});
