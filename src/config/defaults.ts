// Turns what the operator wrote into settings without gaps: defaults filled in, paths absolute.
// Cheap on purpose (no validation library, no parsing): it stands between a caller and their first sample.
import { accessSync, constants, existsSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { defaultAmiSettings, type AmiSettings } from '../asterisk/settings';
import { defaultBilling, defaultPin, type BillingSettings } from '../billing/settings';
import { defaultBand, defaultPrepareSettings, type MediaSettings } from '../media/settings';
import { defaultProgramSettings, type ProgramSettings } from '../program/settings';
import { nextTrack, quiet, run, sayBalance, sayPosition, type KeyBinding } from '../session/actions';
import { defaultPositionRules } from '../session/positionWords';
import { DEFAULT_VOICE_MS, type VoiceSettings } from '../speech/voice';
import { defaultDatabase, defaultStore, type DatabaseSettings, type StoreSettings } from '../store/settings';
import { packageRoot } from '../util/packageRoot';
import { parseListen } from './listen';
import type { Digit } from './callOptions';
import type { DayParts } from './dayPart';
import type { Config } from './schema';

type Keys = { readonly [digit in Digit]?: KeyBinding };
/** What is written of a section. */
type Given<Section extends keyof Config> = NonNullable<Config[Section]>;
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

export const defaultStream = { leadMs: 160, undrainedMs: 30_000 };
const DEFAULT_LANGUAGE = 'en';
const DEFAULT_SCAN_MS = 5000;
const DEFAULT_LISTEN = '127.0.0.1:8099';
const DEFAULT_OBSERVE = '127.0.0.1:9463';
const defaultHub = { callers: 4000, cacheMb: 128 };
const defaultCalls = { everyMs: 2000, keepMs: 3_600_000 };
const defaultKeys = {
  '2': sayBalance(),
  '3': nextTrack(),
  '4': sayPosition(),
  '0': quiet(),
} satisfies Keys;

/** Every default in place. Trusts `config` to be valid; touches the disk only to choose the cache folder. */
export function resolveConfig(config: Config, { configDir, env }: ResolveContext) {
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
    log: { level, ...(file !== undefined && { file: resolve(configDir, file) }) },
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
function resolveKeys(keys: Config['keys'] = defaultKeys): Keys {
  const bound = Object.entries(keys).flatMap(([digit, action]): [string, KeyBinding][] => {
    if (action === undefined) return [];
    return [[digit, typeof action === 'function' ? run(action) : action]];
  });
  return Object.fromEntries(bound);
}

/** Without a secret nobody can log in, so there is no connection. */
function resolveAmi({ secret, trustUid, ...given }: Given<'ami'> = {}): AmiSettings | undefined {
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
  { http, sql, ask, country, phone = 'e164', pin, ...figures }: Given<'billing'>,
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
  { database, tls, ca, serverPublicKey, ...given }: NonNullable<Given<'store'>['mysql']>,
  configDir: string,
): DatabaseSettings {
  const file = (name: string): string => (name.includes('-----BEGIN ') ? name : resolve(configDir, name));
  return {
    ...filled<Omit<DatabaseSettings, 'database'>>(defaultDatabase, given),
    database,
    tls: tls ?? (ca !== undefined || given.tlsName !== undefined),
    ...(ca !== undefined && { ca: file(ca) }),
    ...(serverPublicKey !== undefined && { serverPublicKey: file(serverPublicKey) }),
  };
}

function resolveStore(
  { mysql, file, ...figures }: Given<'store'>,
  configDir: string,
  env: Env,
  cache: string,
): StoreSettings {
  const found = resolve(configDir, file ?? join(defaultDataFolder(env, cache), 'holdcast.db'));
  return {
    ...filled(defaultStore, figures),
    ...(mysql && { mysql: filledDatabase(mysql, configDir) }),
    file: found,
    spool: join(dirname(found), 'spool'),
  };
}

function resolveCalls({ folder, ...times }: Given<'calls'>, configDir: string, env: Env, cache: string) {
  const found = folder ?? join(defaultRunFolder(env, cache), 'calls');
  return { folder: resolve(configDir, found), ...filled(defaultCalls, times) };
}

function resolveHub(
  { listen, observe = DEFAULT_OBSERVE, hosts = [], folder, play, ...given }: Given<'hub'>,
  configDir: string,
  calls: { folder: string },
) {
  const { callers, cacheMb, threads } = given;
  const observed = observe === false ? undefined : parseListen(observe, configDir);
  return {
    ...filled(defaultHub, { callers, cacheMb }),
    /** Absent: one a core. */
    ...(threads !== undefined && { threads }),
    // 'fifo' is the old name of 'hub'.
    play: play === 'stream' ? ('stream' as const) : ('hub' as const),
    listen: parseListen(listen ?? DEFAULT_LISTEN, configDir)!,
    hosts: hosts.map((name) => name.toLowerCase()),
    folder: resolve(configDir, folder ?? join(dirname(calls.folder), 'play')),
    ...(observed && { observe: observed }),
  };
}

function resolveMedia(
  { folder, cache, ffmpeg, ...figures }: Given<'media'>,
  { rate }: ProgramSettings,
  configDir: string,
  env: Env,
): MediaSettings {
  return {
    rate,
    ...filled({ ...defaultPrepareSettings, ...defaultBand(rate), scanMs: DEFAULT_SCAN_MS }, figures),
    folder: resolve(configDir, folder ?? join(packageRoot(), 'media')),
    cache: resolve(configDir, cache ?? defaultCacheFolder(env)),
    ...(ffmpeg !== undefined && { ffmpeg: ffmpeg.includes('/') ? resolve(configDir, ffmpeg) : ffmpeg }),
  };
}

/** The config with every default in place and every path absolute. What is absent is as its option says. */
export type ResolvedConfig = ReturnType<typeof resolveConfig>;
export type HubSettings = ResolvedConfig['hub'];

/** `defaults` with those of `given` that are not undefined. */
function filled<T extends object>(defaults: T, given: Part<T> = {}): T {
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(set) };
}

/**
 * The absolute cache folder when the config names none: HOLDCAST_CACHE, else /var/cache/holdcast where it may be
 * written, else the user's cache folder, else a folder below the temporary one. Not created here.
 */
export function defaultCacheFolder(env: Env, ofSystem = '/var/cache/holdcast'): string {
  const last = join(env['TMPDIR'] ?? tmpdir(), `holdcast-${process.getuid?.() ?? 'user'}`);
  const own = usersFolder(env, 'XDG_CACHE_HOME', '.cache');
  return systemFolder(env, 'HOLDCAST_CACHE', ofSystem) ?? own ?? last;
}

/** Absolute: HOLDCAST_DATA, else /var/lib/holdcast where it may be written, else the user's. Not created here. */
function defaultDataFolder(env: Env, cache: string): string {
  const own = usersFolder(env, 'XDG_DATA_HOME', '.local/share');
  return systemFolder(env, 'HOLDCAST_DATA', '/var/lib/holdcast') ?? own ?? join(cache, 'data');
}

/** Absolute: HOLDCAST_RUN, else /run/holdcast where it may be written, else a folder in the cache. Not created here. */
function defaultRunFolder(env: Env, cache: string): string {
  return systemFolder(env, 'HOLDCAST_RUN', '/run/holdcast') ?? join(cache, 'run');
}

function systemFolder(env: Env, variable: string, folder: string): string | undefined {
  if (env[variable]) return resolve(env[variable]);
  return existsSync(folder) && writable(folder) ? folder : undefined;
}

/** The user's own, where it can be made. */
function usersFolder(env: Env, variable: string, below: string): string | undefined {
  const bases = [env[variable] ?? '', join(env['HOME'] ?? homedir(), below)];
  return bases
    .filter(isAbsolute)
    .map((base) => join(base, 'holdcast'))
    .find(creatable);
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
