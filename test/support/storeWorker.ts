// The embedded store's thread, bundled from what src is now: tests don't depend on when dist was built.
// Below node_modules, so that it finds libsql.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { packageRoot } from '../../src/util/packageRoot';

let built: string | undefined;

/** Path of a file that a Worker can run; built once in each process. */
export function storeWorker(): string {
  if (built !== undefined) return built;
  const folder = join(packageRoot(), 'node_modules', '.cache', 'holdcast-tests');
  mkdirSync(folder, { recursive: true });
  built = join(folder, `store-worker-${process.pid}.cjs`);
  buildSync({
    absWorkingDir: packageRoot(),
    entryPoints: ['src/store/embeddedWorker.ts'],
    outfile: built,
    ...{ bundle: true, platform: 'node', target: 'node20', format: 'cjs', packages: 'external' },
  });
  return built;
}
