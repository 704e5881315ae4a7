// Compiles a config from TypeScript into one module, with esbuild. The only file that knows it.
// What lies beside the config is compiled in; packages stay where they are and are imported from there.
import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BuildFailure, OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from 'esbuild';
import { HoldcastError, messageOf } from '../util/errors';
import { hash64 } from '../util/hash';
import { packageRoot } from '../util/packageRoot';
import type { Input } from './compiled';
import { refusal } from './locate';

export interface Bundle {
  /** An ES module that imports nothing but builtins and absolute file URLs. */
  code: string;
  /** Source map of `code`, JSON. */
  map: string;
  inputs: Input[];
}

let running = 0;

/** Why a file must not be run; undefined: it may be. */
export type Refuse = (file: string) => string | undefined;

/**
 * @param configFile absolute real path
 * @param refuse asked of every file of the config before it is read; what is Holdcast's own is not asked about
 * @throws HoldcastError HC_CONFIG_SYNTAX with file, line, column and the line itself; as `refusal` for a refused file
 */
export async function bundleConfig(configFile: string, refuse: Refuse = () => undefined): Promise<Bundle> {
  const esbuild = await import('esbuild');
  const inputs: Input[] = [];
  const refused: HoldcastError[] = [];
  const isRefused = (file: string): boolean => {
    const reason = file.startsWith(packageRoot() + sep) ? undefined : refuse(file);
    if (reason !== undefined) refused.push(refusal(configFile, reason));
    return reason !== undefined;
  };
  running++;
  try {
    const { outputFiles } = await esbuild.build({
      entryPoints: [configFile],
      absWorkingDir: dirname(configFile),
      outfile: join(dirname(configFile), 'config.mjs'),
      write: false,
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'esm',
      sourcemap: 'external',
      sourcesContent: false,
      tsconfigRaw: {},
      logLevel: 'silent',
      plugins: [resolution(isRefused), recordInputs(inputs, isRefused)],
      ...whereItLies(configFile),
    });
    if (refused[0]) throw refused[0];
    const ending = (end: string): string => outputFiles.find(({ path }) => path.endsWith(end))?.text ?? '';
    return { code: ending('.mjs'), map: ending('.map'), inputs };
  } catch (error) {
    throw refused[0] ?? syntaxError(configFile, error);
  } finally {
    if (--running === 0) await esbuild.stop(); // its helper process must not outlive the need for it
  }
}

/** A compiled config still finds itself: import.meta, __dirname and require() are those of its source. */
function whereItLies(configFile: string) {
  const url = JSON.stringify(pathToFileURL(configFile).href);
  const [file, folder] = [JSON.stringify(configFile), JSON.stringify(dirname(configFile))];
  return {
    define: {
      'import.meta.url': url,
      'import.meta.filename': file,
      'import.meta.dirname': folder,
      __filename: file,
      __dirname: folder,
    },
    banner: {
      js: `import { createRequire as hcRequire } from 'node:module'; const require = hcRequire(${url});`,
    },
  };
}

/** Notes the hash of exactly what is compiled, also if a file is being saved meanwhile. */
function recordInputs(inputs: Input[], isRefused: (file: string) => boolean): Plugin {
  return {
    name: 'record-inputs',
    setup(build) {
      build.onLoad({ filter: /.*/, namespace: 'file' }, ({ path }) => {
        if (isRefused(path)) return { contents: '' };
        const contents = readFileSync(path);
        inputs.push({ path, hash: hash64(contents) });
        return { contents, loader: 'default' };
      });
    },
  };
}

function resolution(isRefused: (file: string) => boolean): Plugin {
  const own = Symbol('asked by this plugin');
  return {
    name: 'resolution',
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, (args) => {
        if (args.kind === 'entry-point' || args.pluginData === own) return undefined;
        if (args.path === 'holdcast') return { path: ownModule() };
        if (isBuiltin(args.path) || /^\w+:/.test(args.path)) return { path: args.path, external: true };
        return packageFile(build, args, { own, isRefused });
      });
    },
  };
}

/** A package is imported from where it lies, not compiled in: native parts and dynamic requires stay whole. */
async function packageFile(
  build: PluginBuild,
  args: OnResolveArgs,
  { own, isRefused }: { own: symbol; isRefused: (file: string) => boolean },
): Promise<OnResolveResult> {
  const { path, kind, importer, resolveDir } = args;
  const found = await build.resolve(path, { kind, importer, resolveDir, pluginData: own });
  if (found.errors.length > 0 || /\.[cm]?tsx?$/.test(found.path)) return found;
  isRefused(found.path);
  const byPath = kind === 'require-call' || kind === 'require-resolve';
  return { path: byPath ? found.path : pathToFileURL(found.path).href, external: true };
}

/** What `import … from 'holdcast'` is: beside a built program the built module, else the source. */
function ownModule(): string {
  const root = packageRoot();
  const built = `${__dirname}${sep}`.startsWith(join(root, 'dist') + sep);
  return join(root, built ? 'dist/holdcast.cjs' : 'src/config/index.ts');
}

function syntaxError(configFile: string, error: unknown): HoldcastError {
  const failure = error as Partial<BuildFailure>;
  const first = failure.errors?.[0];
  if (!first) {
    const hint = 'esbuild did not run: install holdcast again with its dependencies (npm ci)';
    return new HoldcastError(
      'HC_CONFIG_INVALID',
      `${configFile} cannot be compiled: ${messageOf(error)}`,
      hint,
      {
        cause: error,
      },
    );
  }
  const { location, text } = first;
  const file = location ? join(dirname(configFile), location.file) : configFile;
  const place = location ? `${file}:${location.line}:${location.column + 1}` : file;
  const shown = location ? `\n  ${location.lineText}\n  ${' '.repeat(location.column)}^` : '';
  const more = (failure.errors?.length ?? 1) - 1;
  const others = more > 0 ? `\n(and ${more} more)` : '';
  return new HoldcastError(
    'HC_CONFIG_SYNTAX',
    `${place}: ${text}${shown}${others}`,
    'correct the line, then try `holdcast config check`',
    { cause: error },
  );
}
