// Runs a compiled config: within a time limit, and with whatever it prints sent to stderr.
// stdout is a caller's ear while a stream runs, so a forgotten console.log would be heard as noise.
import { dirname, resolve } from 'node:path';
import { HoldcastError, messageOf } from '../util/errors';
import { inTime, LATE } from '../util/inTime';
import type { Clock } from '../util/clock';

let isRedirected = false;

/** In an object, so that a config that exports a promise is not waited for beyond the limit, but refused. */
export interface Exported {
  value: unknown;
}

/**
 * What the module at `url` exports as default.
 * @param limitMs how long its top-level awaits may take; an endless loop without await cannot be stopped here, see endsInTime
 * @throws HoldcastError HC_CONFIG_INVALID after `limitMs` or without a default export; whatever the module throws
 */
export async function evaluate(
  url: string,
  configFile: string,
  clock: Clock,
  limitMs: number,
): Promise<Exported> {
  redirectConsole();
  const module = await inTime(clock, limitMs, import(url) as Promise<{ default?: unknown }>);
  if (module === LATE) throw tooSlow(configFile, limitMs);
  if (!('default' in module)) throw withoutExport(configFile);
  return { value: module.default };
}

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

/** An error that a config threw while it ran, with the place in its source. */
export async function thrownByConfig(
  error: unknown,
  configFile: string,
  map: string,
): Promise<HoldcastError> {
  if (error instanceof HoldcastError) return error;
  const place = (await placeOf(error, configFile, map)) ?? configFile;
  return new HoldcastError(
    'HC_CONFIG_INVALID',
    `${place}: the config threw ${error instanceof Error ? error.name : 'an error'}: ${messageOf(error)}`,
    'correct what it says, then try `holdcast config check`',
    { cause: error },
  );
}

/** 'file:line:column' of the first line of the stack that lies in the config, by its source map. */
async function placeOf(error: unknown, configFile: string, map: string): Promise<string | undefined> {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const [, line, column] = /data:text\/javascript[^\s)]*:(\d+):(\d+)/.exec(stack) ?? [];
  if (line === undefined || column === undefined) return undefined;
  const { SourceMap } = await import('node:module');
  const payload = JSON.parse(map) as ConstructorParameters<typeof SourceMap>[0];
  const entry = new SourceMap(payload).findEntry(Number(line) - 1, Number(column) - 1);
  if (!('originalSource' in entry)) return undefined;
  return `${resolve(dirname(configFile), entry.originalSource)}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
}

export function tooSlow(configFile: string, limitMs: number): HoldcastError {
  return new HoldcastError(
    'HC_CONFIG_INVALID',
    `${configFile} had not ended after ${limitMs} ms (a loop, or a top-level await)`,
    'let the config export plain values; slow work belongs elsewhere',
  );
}

function withoutExport(configFile: string): HoldcastError {
  return new HoldcastError(
    'HC_CONFIG_INVALID',
    `${configFile} has no default export`,
    "end it with `export default defineConfig({ … })`; `import { defineConfig } from 'holdcast'` first",
  );
}

/** For good: what a config has started, or its functions, may print later. Standard error is opened when somebody does. */
function redirectConsole(): void {
  if (isRedirected) return;
  isRedirected = true;
  const stderr = { write: (text: string) => process.stderr.write(text) } as NodeJS.WritableStream;
  globalThis.console = new globalThis.console.Console({ stdout: stderr, stderr, ignoreErrors: false });
}
