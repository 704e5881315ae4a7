// Turns what the operator wrote into settings without gaps: defaults filled in, paths absolute.
// Cheap on purpose (no validation library, no parsing): it stands between a caller and their first sample.
import { accessSync, constants, existsSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { defaultAmiSettings, type AmiSettings } from '../asterisk/settings';
import { defaultBilling, defaultPin, type BillingSettings } from '../billing/settings';
import { defaultBand, defaultPrepareSettings } from '../media/settings';
import type { MediaSettings } from '../media/settings';
import { defaultProgramSettings } from '../program/settings';
import type { ProgramSettings } from '../program/settings';
import { nextTrack, quiet, run, sayBalance, sayPosition, type KeyBinding } from '../session/actions';
import { defaultPositionRules } from '../session/position';
import { DEFAULT_VOICE_MS, type VoiceSettings } from '../speech/voice';
import { defaultDatabase, defaultStore, type DatabaseSettings, type StoreSettings } from '../store/settings';
import { packageRoot } from '../util/packageRoot';
import { parseListen } from './listen';
import type {
  CallsOptions,
  Config,
  DatabaseOptions,
  DayParts,
  HubSettings,
  MediaOptions,
  ResolvedConfig,
  StreamOptions,
} from './types';

/** Anything an operator may leave out. */
type Part<T> = { [K in keyof T]?: T[K] | undefined };

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

export const defaultStream: StreamOptions = { leadMs: 160, undrainedMs: 30_000 };
const DEFAULT_LANGUAGE = 'en';
export const DEFAULT_SCAN_MS = 5000;
export const DEFAULT_LISTEN = '127.0.0.1:8099';
export const DEFAULT_OBSERVE = '127.0.0.1:9463';
export const defaultHub: Pick<HubSettings, 'play' | 'callers' | 'cacheMb'> = {
  play: 'fifo',
  callers: 4000,
  cacheMb: 128,
};
export const defaultCalls = { everyMs: 2000, keepMs: 3_600_000 };
const defaultKeys = {
  '2': sayBalance(),
  '3': nextTrack(),
  '4': sayPosition(),
  '0': quiet(),
} satisfies ResolvedConfig['keys'];

/** Every default in place. Trusts `config` to be valid; touches the disk only to choose the cache folder. */
export function resolveConfig(config: Config, { configDir, env }: ResolveContext): ResolvedConfig {
  const program = resolveProgram(config);
  const { level = 'info', file } = config.log ?? {};
  const media = resolveMedia(config.media ?? {}, program, configDir, env);
  const calls = resolveCalls(config.calls ?? {}, configDir, env, media.cache);
  const ami = resolveAmi(config.ami);
  const billing = resolveBilling(config.billing ?? {}, configDir);
  return {
    language: config.language ?? DEFAULT_LANGUAGE,
    ...(config.timeZone !== undefined && { timeZone: config.timeZone }),
    program,
    media,
    calls,
    hub: resolveHub(config.hub ?? {}, configDir, calls),
    ...(ami && { ami }),
    position: filled(defaultPositionRules, config.position),
    voices: resolveVoices(config, configDir),
    store: resolveStore(config.store ?? {}, configDir, env, media.cache),
    ...(billing && { billing }),
    stream: filled(defaultStream, config.stream),
    advice: {
      dayParts: config.advice?.dayParts ?? defaultDayParts,
      campaigns: config.advice?.campaigns ?? [],
    },
    keys: resolveKeys(config.keys),
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
    keyTone: filled(base.keyTone, config.keyTone),
    edgeMs: config.edgeMs ?? base.edgeMs,
  };
}

/** A function written for a key is bound with the usual hold-off and time limit. */
function resolveKeys(keys: Config['keys'] = defaultKeys): ResolvedConfig['keys'] {
  const bound = Object.entries(keys).flatMap(([digit, action]): [string, KeyBinding][] => {
    if (action === undefined) return [];
    return [[digit, typeof action === 'function' ? run(action) : action]];
  });
  return Object.fromEntries(bound);
}

/** Without a secret nobody can log in, so there is no connection. */
function resolveAmi({ secret, trustUid, ...given }: NonNullable<Config['ami']> = {}):
  AmiSettings | undefined {
  if (secret === undefined) return undefined;
  const trusted = trustUid === undefined ? {} : { trustUid: [trustUid].flat() as (string | number)[] };
  return { ...filled(defaultAmiSettings, given), secret, ...trusted };
}

function resolveVoices({ voices, language = DEFAULT_LANGUAGE }: Config, configDir: string): VoiceSettings[] {
  if (!voices) return [{ recorded: join(packageRoot(), 'media/voices/standard') }];
  return voices.flatMap(({ recorded, asterisk, command, ...rest }): VoiceSettings[] => {
    if (recorded !== undefined) return [{ recorded: resolve(configDir, recorded) }];
    if (asterisk !== undefined) return [{ asterisk: resolve(configDir, asterisk) }];
    const { languages = [language], limitMs = DEFAULT_VOICE_MS } = rest;
    return command ? [{ command, languages, limitMs }] : [];
  });
}

/** Without anybody to ask there is no billing. */
function resolveBilling(
  { http, sql, ask, country, phone = 'e164', pin, ...figures }: NonNullable<Config['billing']>,
  configDir: string,
): BillingSettings | undefined {
  const source =
    (sql && { sql: { ...sql, database: filledDatabase(sql.database, configDir) } }) ??
    (http && { http: { ...http, ...(http.ca !== undefined && { ca: resolve(configDir, http.ca) }) } }) ??
    ask;
  if (!source) return undefined;
  return {
    source,
    ...filled(defaultBilling, figures),
    phone: { format: phone, ...(country !== undefined && { country }) },
    ...(pin && { pin: filled(defaultPin, pin) }),
  };
}

function filledDatabase(
  { database, password, socket, tls, ca, tlsName, serverPublicKey, ...given }: DatabaseOptions,
  configDir: string,
): DatabaseSettings {
  const file = (name: string): string => (name.includes('-----BEGIN ') ? name : resolve(configDir, name));
  return {
    ...filled(defaultDatabase, given),
    database,
    ...(password !== undefined && { password }),
    ...(socket !== undefined && { socket }),
    tls: tls ?? (ca !== undefined || tlsName !== undefined),
    ...(ca !== undefined && { ca: file(ca) }),
    ...(tlsName !== undefined && { tlsName }),
    ...(serverPublicKey !== undefined && { serverPublicKey: file(serverPublicKey) }),
  };
}

function resolveStore(
  { mysql, file, ...figures }: NonNullable<Config['store']>,
  configDir: string,
  env: Env,
  cache: string,
): StoreSettings {
  const data = file === undefined ? defaultDataFolder(env, cache) : dirname(resolve(configDir, file));
  return {
    ...filled(defaultStore, figures),
    ...(mysql && { mysql: filledDatabase(mysql, configDir) }),
    file: file === undefined ? join(data, 'holdcast.db') : resolve(configDir, file),
    spool: join(data, 'spool'),
  };
}

function resolveCalls(
  { folder, ...times }: Part<CallsOptions>,
  configDir: string,
  env: Env,
  cache: string,
): CallsOptions {
  return {
    folder: folder === undefined ? join(defaultRunFolder(env, cache), 'calls') : resolve(configDir, folder),
    ...filled(defaultCalls, times),
  };
}

function resolveHub(given: NonNullable<Config['hub']>, configDir: string, calls: CallsOptions): HubSettings {
  const {
    listen = DEFAULT_LISTEN,
    observe = DEFAULT_OBSERVE,
    hosts = [],
    folder,
    threads,
    play,
    callers,
    cacheMb,
  } = given;
  const run = dirname(calls.folder);
  const observed = observe === false ? undefined : parseListen(observe, configDir);
  return {
    ...filled(defaultHub, { play, callers, cacheMb }),
    listen: parseListen(listen, configDir) ?? parseListen(DEFAULT_LISTEN, configDir)!,
    hosts: hosts.map((name) => name.toLowerCase()),
    folder: folder === undefined ? join(run, 'play') : resolve(configDir, folder),
    ...(threads !== undefined && { threads }),
    ...(observed && { observe: observed }),
  };
}

function resolveMedia(
  media: Part<MediaOptions>,
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
function filled<T extends object>(defaults: T, given: Part<T> = {}): T {
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

/** Absolute: HOLDCAST_DATA, else /var/lib/holdcast where it may be written, else the user's. Not created here. */
function defaultDataFolder(env: Env, cache: string, systemFolder = '/var/lib/holdcast'): string {
  if (env['HOLDCAST_DATA']) return resolve(env['HOLDCAST_DATA']);
  if (existsSync(systemFolder) && writable(systemFolder)) return systemFolder;
  const xdg = env['XDG_DATA_HOME'];
  const own =
    xdg && isAbsolute(xdg) ? join(xdg, 'holdcast') : join(env['HOME'] ?? homedir(), '.local/share/holdcast');
  return isAbsolute(own) && creatable(own) ? own : join(cache, 'data');
}

/** Absolute: HOLDCAST_RUN, else /run/holdcast where it may be written, else a folder in the cache. Not created here. */
function defaultRunFolder(env: Env, cache: string, systemFolder = '/run/holdcast'): string {
  if (env['HOLDCAST_RUN']) return resolve(env['HOLDCAST_RUN']);
  return existsSync(systemFolder) && writable(systemFolder) ? systemFolder : join(cache, 'run');
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
