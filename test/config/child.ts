// Runs test/config/loader.ts as it is built: a config file is loaded by the real loader in a real Node process.
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Problem } from '../../src/config/problems';
import type { ResolvedConfig } from '../../src/config/types';
import { ROOT } from '../support/process';

const LOADER = join(ROOT, 'dist/test/configLoader.cjs');

export interface Outcome {
  config?: ResolvedConfig | null;
  path?: string;
  notKept?: string;
  error?: { code: string; message: string; hint: string; problems?: Problem[]; unexpected?: string };
  exit?: number;
  printed?: string;
  answers?: boolean[];
  /** Milliseconds of each round inside the process. */
  spent: number[];
  /** Files of esbuild and node-cron that were loaded, and zod. */
  loaded: string[];
  stdout: string;
  stderr: string;
  status: number | null;
}

export interface Workshop {
  /** A fresh folder; the cache is below it. */
  folder: string;
  cache: string;
  write(name: string, text: string): string;
  /** @param settings `uid`: as this user, whose the folder becomes for as long */
  run(order: object, settings?: { env?: Record<string, string>; cwd?: string; uid?: number }): Outcome;
  close(): void;
}

/** A folder to put configs in and a loader to load them with. The caller closes it. */
export function workshop(): Workshop {
  const folder = mkdtempSync(join(tmpdir(), 'holdcast-config-'));
  chmodSync(folder, 0o755);
  const cache = join(folder, 'cache');
  return {
    folder,
    cache,
    write(name, text) {
      const file = join(folder, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
      return file;
    },
    run(order, { env = {}, cwd = folder, uid } = {}) {
      if (uid !== undefined) chownSync(folder, uid, uid);
      const result = join(folder, 'result.json');
      const child = spawnSync(
        process.execPath,
        [LOADER, JSON.stringify({ systemFile: join(folder, 'none.ts'), ...order })],
        {
          cwd,
          encoding: 'utf8',
          env: { PATH: process.env['PATH'], HOME: folder, HOLDCAST_CACHE: cache, RESULT: result, ...env },
          ...(uid !== undefined && { uid, gid: uid }),
          timeout: 30_000,
        },
      );
      const { stdout, stderr, status } = child;
      if (uid !== undefined) chownSync(folder, process.getuid!(), process.getgid!());
      const told = JSON.parse(readFileSync(result, 'utf8')) as Outcome;
      rmSync(result);
      return { ...told, stdout, stderr, status };
    },
    close() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
