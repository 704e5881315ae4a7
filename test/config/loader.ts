// Runs the loader in a process of its own: Jest cannot import() a module that was written a moment ago.
// Input: JSON on the command line { way, path, env… }; output: one JSON object in the file that RESULT names.
import { writeFileSync } from 'node:fs';
import { configCheck } from '../../src/cli/configCommand';
import { campaignFilter } from '../../src/config/campaigns';
import { ConfigProblems, loadConfig, loadConfigWarm } from '../../src/config/load';
import type { Campaign } from '../../src/config/callOptions';
import { HoldcastError, messageOf } from '../../src/util/errors';

interface Order {
  way: 'warm' | 'cold' | 'check' | 'campaigns';
  path?: string;
  systemFile: string;
  json?: boolean;
  times?: number;
  /** For `campaigns`: what to ask, as [adviceId, ISO time]. */
  campaigns?: Campaign[];
  timeZone?: string;
  ask?: [string, string][];
}

const order = JSON.parse(process.argv[2] ?? '') as Order;
const context = { systemFile: order.systemFile };

async function run(): Promise<unknown> {
  if (order.way === 'warm') return { config: (await loadConfigWarm(order.path, context)) ?? null };
  if (order.way === 'cold') return loadConfig(order.path, context);
  if (order.way === 'campaigns') {
    const allowed = await campaignFilter(order.campaigns ?? [], order.timeZone ?? 'UTC');
    return { answers: order.ask?.map(([id, time]) => allowed(id, Date.parse(time))) };
  }
  const printed: string[] = [];
  const out = { write: (text: string) => void printed.push(text), isTTY: false };
  const { path, json = false } = order;
  const exit = await configCheck({ ...(path !== undefined && { config: path }), json }, { out, ...context });
  return { exit, printed: printed.join('') };
}

function failure(error: unknown): unknown {
  if (!(error instanceof HoldcastError)) return { unexpected: messageOf(error) };
  const problems = error.cause instanceof ConfigProblems ? error.cause.problems : undefined;
  return { code: error.code, message: error.message, hint: error.hint, problems };
}

void (async () => {
  let result: unknown;
  const spent: number[] = [];
  for (let i = 0; i < (order.times ?? 1); i++) {
    const start = performance.now();
    result = await run().then(
      (value) => ({ ...(value as object) }),
      (error: unknown) => ({ error: failure(error) }),
    );
    spent.push(performance.now() - start);
  }
  const loaded = Object.keys(require.cache).filter((file) =>
    /node_modules\/(esbuild|node-cron)\//.test(file),
  );
  // It is in the bundle, and this is the first thing that it makes.
  if ('__zod_globalConfig' in globalThis) loaded.push('zod');
  writeFileSync(process.env['RESULT']!, JSON.stringify({ ...(result as object), spent, loaded }));
})();
