// Runs a new config once in a thread that can be stopped: an endless loop in it must not silence a caller.
// Only a config that ends in time is then run for its values.
import type { Clock } from '../util/clock';

/**
 * Whether the module at `url` ends within `limitMs`, by itself or by an error. What it prints is dropped: it is
 * printed again when the config is run for its values.
 */
export async function endsInTime(url: string, clock: Clock, limitMs: number): Promise<boolean> {
  const { Worker } = await import('node:worker_threads');
  const code = `const end = () => process.exit(0); import(${JSON.stringify(url)}).then(end, end);`;
  const worker = new Worker(code, { eval: true, stdout: true, stderr: true });
  return new Promise<boolean>((resolve) => {
    const cancel = clock.after(limitMs, () => {
      resolve(false);
      void worker.terminate();
    });
    const end = (): void => {
      cancel();
      resolve(true);
    };
    worker.once('exit', end);
    worker.once('error', end);
  });
}
