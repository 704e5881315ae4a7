// Bundles src into dist: one small file for `stream` (start-up time), one for the commands, one for config files.
// Every dependency that is slow or native stays outside and is imported on demand.
import { build } from 'esbuild';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version, dependencies, optionalDependencies } = JSON.parse(
  readFileSync(`${root}/package.json`, 'utf8'),
);
const entries = {
  stream: 'src/stream/main.ts',
  cli: 'src/cli/main.ts',
  holdcast: 'src/config/index.ts',
  'store-worker': 'src/store/embeddedWorker.ts',
  mixer: 'src/mixer/worker.ts',
  'bench/bench': 'bench/bench.ts',
  'make/make': 'media/make/make.ts',
  // Its tests run the loader of configs as it is built: half the time of each process is its start.
  'test/configLoader': 'test/config/loader.ts',
};
const present = Object.fromEntries(
  Object.entries(entries).filter(([, file]) => existsSync(`${root}/${file}`)),
);

rmSync(`${root}/dist`, { recursive: true, force: true });
const common = {
  absWorkingDir: root,
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  // Saves memory in every process: a bundle whose comments have letters beyond Latin-1 takes two bytes a letter.
  minifyWhitespace: true,
  define: { HOLDCAST_VERSION: JSON.stringify(version) },
  logLevel: 'warning',
};

/**
 * `import()` of a CommonJS package starts Node's loader of ES modules, which reads the whole text for its exports before it runs:
 * 40 ms of processor for esbuild. Packages named by a string are required instead; `import(url)` of a config stays.
 */
function required(text, file) {
  const packageImport = /\bimport\(("[^"]+")\)/g;
  if (packageImport.test(text) && !text.includes('__toESM=')) throw new Error(`${file} has no __toESM`);
  return text.replace(packageImport, 'Promise.resolve().then(()=>__toESM(require($1),1))');
}

async function write(options) {
  const { outputFiles } = await build({ ...common, ...options, write: false });
  for (const { path, text } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, required(text, path));
  }
}

const { stream, ...others } = present;
/**
 * Packages inside the bundles: n2words is an ES module, which older versions of Node 20 cannot require; of zod's 140 files, most of
 * them texts in other languages, few are needed, and loading all takes 45 ms of processor.
 */
const inside = ['n2words', 'zod'];
const packages = Object.keys({ ...dependencies, ...optionalDependencies }).filter(
  (name) => !inside.includes(name),
);
await write({ entryPoints: others, external: packages });

/**
 * Modules that `stream` imports after the caller hears music, each a file of its own: one bundle of all would cost every caller 4 ms
 * before their first sample.
 */
const later = {
  pino: { file: 'stream-log', entry: 'pino' },
  './outside': { file: 'stream-outside', entry: 'src/stream/outside.ts' },
  './bundle': { file: 'stream-bundle', entry: 'src/config/bundle.ts' },
  './schema': { file: 'stream-schema', entry: 'src/config/schema.ts' },
  '../speech/open': { file: 'stream-speech', entry: 'src/speech/open.ts' },
  '../store/writeBehindStore': { file: 'stream-write-behind', entry: 'src/store/writeBehindStore.ts' },
  '../store/open': { file: 'stream-store', entry: 'src/store/open.ts' },
  '../billing/open': { file: 'stream-billing', entry: 'src/billing/open.ts' },
};
const apart = {
  name: 'apart',
  setup({ onResolve }) {
    onResolve({ filter: /.*/ }, ({ path, kind }) =>
      kind === 'dynamic-import' && path in later
        ? { path: `./${later[path].file}.cjs`, external: true }
        : undefined,
    );
  },
};
// pino is bundled: one file to read instead of forty, 9 ms of processor instead of 17 a caller.
const external = packages.filter((name) => name !== 'pino');
const entryPoints = Object.fromEntries(Object.values(later).map(({ file, entry }) => [file, entry]));
await write({
  entryPoints: { stream, ...entryPoints },
  external,
  plugins: [apart],
});
if (process.argv.includes('--types')) {
  execFileSync(
    process.execPath,
    [`${root}/node_modules/typescript/bin/tsc`, '-p', `${root}/tsconfig.types.json`],
    { stdio: 'inherit' },
  );
}
