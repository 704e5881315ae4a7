// Would catch: a child that keeps the hub's real-time priority and takes the processor from Asterisk and all callers.
// That the hub itself takes it, in all threads: test/cli/hubCommand.process.test.ts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { getPriority } from 'node:os';
import { setRealTime } from '../../src/util/libc';
import { giveWay } from '../../src/util/priority';
import { priorities, testWithRealTime } from '../support/priority';

testWithRealTime('a program gives way although it was started with real-time priority', () => {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  try {
    const pid = child.pid!;
    expect(setRealTime(pid, 11)).toBe(true);
    expect(priorities(pid)).toEqual([11]);
    giveWay(pid, 15);
    expect(priorities(pid)).toEqual([0]);
    expect(getPriority(pid)).toBe(15);
  } finally {
    child.kill('SIGKILL');
  }
});

test('one that has ended is no mistake', async () => {
  const child = spawn('true');
  await once(child, 'exit');
  expect(() => giveWay(child.pid!, 15)).not.toThrow();
});

test('what the system does not know is refused', () => {
  expect(setRealTime(process.pid, 100)).toBe(false);
});
