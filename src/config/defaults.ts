// Turns what the operator wrote into settings without gaps: defaults filled in, paths absolute.
// Cheap on purpose (no validation library, no parsing): it stands between a caller and his first sample.
import { accessSync, constants, existsSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { defaultBand, defaultPrepareSettings } from '../media/settings';
import type { MediaSettings } from '../media/settings';
import { defaultProgramSettings } from '../program/settings';
import type { ProgramSettings } from '../program/settings';
import { nextTrack, quiet, sayPosition } from '../session/actions';
import { packageRoot } from '../util/packageRoot';
import type { Config, DayParts, MediaOptions, ResolvedConfig, StreamOptions } from './types';

export type Env = Readonly<Record<string, string | undefined>>;

export interface ResolveContext {
  /** Absolute folder that relative paths in the config start from: the config file's own. */
  configDir: string;
  env: Env;
}

export const defaultDayParts: DayParts = {
  firstMorning: ['00:00', '10:00'],
  firstDay: ['10:00', '21:00'],
  firstEvening: ['21:00', '24:00'],
};

export const defaultStream: StreamOptions = { leadMs: 160, undrainedMs: 10_000 };
export const DEFAULT_SCAN_MS = 5000;

/** Every default in place. Trusts `config` to be valid; touches the disk only to choose the cache folder. */
export function resolveConfig(config: Config, { configDir, env }: ResolveContext): ResolvedConfig {
  const program = resolveProgram(config);
  const { level = 'info', file } = config.log ?? {};
  return {
    language: config.language ?? 'en',
    ...(config.timeZone !== undefined && { timeZone: config.timeZone }),
    program,
    media: resolveMedia(config.media ?? {}, program, configDir, env),
    stream: filled(defaultStream, config.stream),
    advice: {
      dayParts: config.advice?.dayParts ?? defaultDayParts,
      campaigns: config.advice?.campaigns ?? [],
    },
    keys: filled({}, config.keys ?? { '3': nextTrack(), '4': sayPosition(), '0': quiet() }),
    log: file === undefined ? { level } : { level, file: resolve(configDir, file) },
  };
}

function resolveProgram(config: Config): ProgramSettings {
  const { firstAfterMs, everyMs, guardMs } = config.advice ?? {};
  const base = defaultProgramSettings;
  return {
    rate: config.sound?.rate ?? base.rate,
    music: filled(base.music, config.music),
    duck: filled(base.duck, config.duck),
    voice: filled(base.voice, config.voice),
    advice: filled(base.advice, { firstAfterMs, everyMs, guardMs }),
    limiter: filled(base.limiter, config.limiter),
    edgeMs: config.edgeMs ?? base.edgeMs,
  };
}

function resolveMedia(
  media: { [K in keyof MediaOptions]?: MediaOptions[K] | undefined },
  { rate }: ProgramSettings,
  configDir: string,
  env: Env,
): MediaSettings {
  const { folder, cache, ffmpeg, ...figures } = media;
  return {
    rate,
    ...filled({ ...defaultPrepareSettings, ...defaultBand(rate), scanMs: DEFAULT_SCAN_MS }, figures),
    folder: folder === undefined ? join(packageRoot(), 'media') : resolve(configDir, folder),
    cache: cache === undefined ? defaultCacheFolder(env) : resolve(configDir, cache),
    ...(ffmpeg !== undefined && { ffmpeg: ffmpeg.includes('/') ? resolve(configDir, ffmpeg) : ffmpeg }),
  };
}

/** `defaults` with those of `given` that are not undefined. */
function filled<T extends object>(defaults: T, given: { [K in keyof T]?: T[K] | undefined } = {}): T {
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(set) };
}

/**
 * The absolute cache folder when the config names none: HOLDCAST_CACHE, else /var/cache/holdcast where it may be
 * written, else the user's cache folder, else a folder below the temporary one. Not created here.
 */
export function defaultCacheFolder(env: Env, systemFolder = '/var/cache/holdcast'): string {
  if (env['HOLDCAST_CACHE']) return resolve(env['HOLDCAST_CACHE']);
  if (existsSync(systemFolder) && writable(systemFolder)) return systemFolder;
  const xdg = env['XDG_CACHE_HOME'];
  if (xdg && isAbsolute(xdg) && creatable(join(xdg, 'holdcast'))) return join(xdg, 'holdcast');
  const own = join(env['HOME'] ?? homedir(), '.cache', 'holdcast');
  if (isAbsolute(own) && creatable(own)) return own;
  return join(env['TMPDIR'] ?? tmpdir(), `holdcast-${process.getuid?.() ?? 'user'}`);
}

/** Whether the nearest folder above that exists may be written. */
function creatable(folder: string): boolean {
  if (existsSync(folder)) return writable(folder);
  const parent = dirname(folder);
  return parent !== folder && creatable(parent);
}

function writable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
