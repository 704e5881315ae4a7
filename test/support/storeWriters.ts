// Starts processes that write to a store, and remembers what each was told is kept.
// Real processes, since only those can be killed in the middle of a write.
import { spawn, type ChildProcess } from 'node:child_process';
import { buildSync } from 'esbuild';
import { packageRoot } from '../../src/util/packageRoot';
import type { StoreSettings } from '../../src/store/settings';
import { storeWorker } from './storeWorker';

let built: string | undefined;

function program(): string {
  if (built !== undefined) return built;
  built = storeWorker().replace('store-worker', 'store-child');
  buildSync({
    absWorkingDir: packageRoot(),
    entryPoints: ['test/support/storeChild.ts'],
    outfile: built,
    ...{ bundle: true, platform: 'node', target: 'node20', format: 'cjs', packages: 'external' },
  });
  return built;
}

export interface Writer {
  /** The newest choice of each caller that is said to be kept: number → serial. */
  readonly kept: ReadonlyMap<string, number>;
  /** Resolves when so many writes are acknowledged. Rejects when it ends before. */
  acknowledged(count: number): Promise<void>;
  kill(): Promise<void>;
  /** Resolves with its exit code. */
  ended(): Promise<number | null>;
}

export function startWriter(
  settings: StoreSettings,
  task: { prefix: string; callers: number; together: number; most?: number },
): Writer {
  const child: ChildProcess = spawn(
    process.execPath,
    [program(), JSON.stringify({ settings, worker: storeWorker(), ...task })],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const kept = new Map<string, number>();
  let count = 0;
  let rest = '';
  const hearing = new Set<() => void>();
  // `close`: everything that it wrote has been read.
  const gone = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [phone = '', at] = line.split(':');
      kept.set(phone, Math.max(kept.get(phone) ?? -1, Number(at)));
      count++;
    }
    for (const heard of hearing) heard();
  });
  return {
    kept,
    acknowledged: (wanted) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (count >= wanted) resolve();
        };
        hearing.add(look);
        look();
        void gone.then((code) => reject(new Error(`it ended with ${code} after ${count} writes`)));
      }),
    kill: async () => {
      child.kill('SIGKILL');
      await gone;
    },
    ended: () => gone,
  };
}
