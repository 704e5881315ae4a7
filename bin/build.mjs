// Bundles src into dist: one small file for `stream` (start-up time), one for the commands, one for config files.
// Every dependency that is slow or native stays outside and is imported on demand.
import { build } from 'esbuild';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
const entries = {
  stream: 'src/stream/main.ts',
  cli: 'src/cli/main.ts',
  holdcast: 'src/config/index.ts',
  'bench/bench': 'bench/bench.ts',
  'make/make': 'media/make/make.ts',
};
const present = Object.fromEntries(Object.entries(entries).filter(([, file]) => existsSync(`${root}/${file}`)));

rmSync(`${root}/dist`, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: present,
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  packages: 'external',
  define: { HOLDCAST_VERSION: JSON.stringify(version) },
  logLevel: 'warning',
});
if (process.argv.includes('--types')) {
  execFileSync(process.execPath, [`${root}/node_modules/typescript/bin/tsc`, '-p', `${root}/tsconfig.types.json`], { stdio: 'inherit' });
}
