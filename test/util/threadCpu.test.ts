// A thread's own processor time: what decides whether another mixing thread is needed. Wall time would count what others take.
import { Worker } from 'node:worker_threads';
import { threadCpuMs } from '../../src/util/threadCpu';

const burn = (ms: number): void => {
  const until = process.cpuUsage().user + ms * 1000;
  while (process.cpuUsage().user < until);
};

test('it counts what is computed, and nothing while the thread waits', async () => {
  const from = threadCpuMs()!;
  burn(60);
  const computed = threadCpuMs()! - from;
  expect(computed).toBeGreaterThan(30);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(threadCpuMs()! - from - computed).toBeLessThan(100);
});

test('what another thread computes is not counted', async () => {
  const code = `const until = process.cpuUsage().user + 200e3; while (process.cpuUsage().user < until);`;
  const from = threadCpuMs()!;
  const worker = new Worker(code, { eval: true });
  await new Promise((resolve) => worker.once('exit', resolve));
  expect(threadCpuMs()! - from).toBeLessThan(150);
});
