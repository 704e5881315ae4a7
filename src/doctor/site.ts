// The system that the doctor examines: Asterisk's user, its environment if that can be read, its files, its console, and the config
// that streams and hub would use. Everything is gathered once; a test builds its own.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Env } from '../config/defaults';
import { loadConfig } from '../config/load';
import type { ResolvedConfig } from '../config/types';
import { findAccount, type Account } from '../util/account';
import type { Clock } from '../util/clock';
import { errnoOf, messageOf, type HoldcastError } from '../util/errors';
import type { Logger } from '../util/log';
import { readRegularSync } from '../util/regularFile';
import { tryProgram } from '../util/tryProgram';
import { findAsterisk, type AsteriskProcess } from './asteriskProcess';
import { expected, NotChecked } from './check';
import { readConf, type Conf } from './confFile';

export type ConfigState =
  | { readonly config: ResolvedConfig; readonly path?: string | undefined; readonly error?: undefined }
  | { readonly error: HoldcastError; readonly config?: undefined; readonly path?: undefined };

export interface Site {
  /** Asterisk's folder of .conf files, absolute. */
  readonly etc: string;
  /** Absolute path of bin/holdcast. */
  readonly program: string;
  /** The name of the user that runs Asterisk; `account` is undefined when there is none of that name. */
  readonly user: string;
  readonly account: Account | undefined;
  /** The Asterisk that runs here. `env`: the environment of what it starts; if it is not `known`, that of a system service. */
  readonly asterisk: AsteriskProcess & { readonly env: Env; readonly known: boolean };
  readonly config: ConfigState;
  /** A .conf file with its includes, read once. Rejects as opening it does. */
  readonly conf: (file: string) => Promise<Conf>;
  /** The output of a command on Asterisk's console; undefined: it does not answer. Never rejects. */
  readonly console: (command: string) => Promise<string | undefined>;
  /** This process's own. */
  readonly env: Env;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What systemd gives a service that names no PATH. */
const USUAL_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** The operator's own PATH is not trusted. */
const CONSOLE_PATH = '/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin';
const CONSOLE_MS = 5000;
const USUAL_ETC = '/etc/asterisk';

export interface Whereabouts {
  readonly etc: string;
  readonly program: string;
  /** As given by --user. Running processes do not decide it: any user may name a process so. */
  readonly user: string;
  /** The config as given by --config, absolute; undefined: it is looked for. */
  readonly file: string | undefined;
  readonly env: Env;
  readonly clock: Clock;
  readonly log: Logger;
}

/** As in packaging/systemd/holdcast-hub.service: the AMI password is there if it is not in the config itself. */
export const HUB_ENVIRONMENT = '/etc/holdcast/environment';

/** Sets in `env` what the file names and `env` lacks: an operator's shell does not have it. Never throws. */
export function adoptHubEnvironment(env: NodeJS.ProcessEnv, file = HUB_ENVIRONMENT): void {
  let text: string;
  try {
    text = readRegularSync(file, 1 << 20).toString('utf8');
  } catch {
    return;
  }
  for (const line of text.split('\n')) {
    const [, name, value = ''] = /^\s*(HOLDCAST_\w+)=(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined) env[name] ??= value.replace(/^(["'])(.*)\1$/, '$2');
  }
}

/**
 * @param become receives the user to become, before any file of the operator's or Asterisk's is run or opened; what it returns keeps
 *   the config from being loaded
 */
export async function openSite(
  where: Whereabouts,
  become: (account: Account) => HoldcastError | undefined = () => undefined,
): Promise<Site> {
  const { user } = where;
  const account = findAccount(user);
  // Before this process gives up root: only root may read the environment of an Asterisk that has changed its user.
  const found = await findAsterisk('/proc', account?.uid);
  const usual = { PATH: USUAL_PATH, ...(account && { HOME: account.home }) };
  const asterisk = { ...found, env: found.env ?? usual, known: found.env !== undefined };
  const refused = account && become(account);
  const config = refused ? { error: refused } : await configFor(where, asterisk.env, account?.home);
  const confs = new Map<string, Promise<Conf>>();
  return {
    ...where,
    config,
    account,
    asterisk,
    conf(file) {
      const reading = confs.get(file) ?? readConf(where.etc, file);
      confs.set(file, reading);
      return reading;
    },
    console: (command) => askConsole(command, where.etc),
  };
}

/** Loaded without writing anything, with the folders of the user that runs Asterisk. */
async function configFor({ file, ...where }: Whereabouts, ofAsterisk: Env, home = '/'): Promise<ConfigState> {
  const env = { ...where.env, ...foldersFor(ofAsterisk, home) };
  try {
    const { config, path } = await loadConfig(file, { env, clock: where.clock, keep: false });
    return { config, path };
  } catch (error) {
    return { error: expected(error) };
  }
}

/** Where an installed system has its cache and its state. */
export const SYSTEM_CACHE = '/var/cache/holdcast';
export const SYSTEM_RUN = '/run/holdcast';

/** The default folders of Asterisk's user, as src/config/defaults.ts chooses them; whether that user may write there is a check of its own. */
function foldersFor(ofAsterisk: Env, home: string): Env {
  const usual = (name: string, system: string, own: string | undefined): string | undefined =>
    ofAsterisk[name] || (existsSync(system) ? system : own);
  return {
    HOLDCAST_CACHE: usual('HOLDCAST_CACHE', SYSTEM_CACHE, join(home, '.cache/holdcast')),
    HOLDCAST_DATA: usual('HOLDCAST_DATA', '/var/lib/holdcast', join(home, '.local/share/holdcast')),
    // Without one it is in the cache of the config.
    HOLDCAST_RUN: usual('HOLDCAST_RUN', SYSTEM_RUN, undefined),
  };
}

/** @throws NotChecked: the config is invalid */
export function configOf({ config: { config } }: Pick<Site, 'config'>): ResolvedConfig {
  if (!config) throw new NotChecked('the config is invalid');
  return config;
}

/** The user that runs Asterisk. @throws NotChecked: this system has no such user */
export function userOf({ account, user }: Site): Account {
  if (account) return account;
  const todo = 'Name the user that runs Asterisk with --user, or run this where Asterisk runs.';
  throw new NotChecked(`this system has no user ${user}`, todo);
}

/** One of Asterisk's files; undefined: there is none. @throws NotChecked: it cannot be read */
export async function confOf({ conf, etc }: Site, file: string): Promise<Conf | undefined> {
  try {
    return await conf(file);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw new NotChecked(`${etc}/${file}: ${errnoOf(error) ?? messageOf(error)}`, 'Run this as root.');
  }
}

/** The output of a command on Asterisk's console. @throws NotChecked: it does not answer */
export async function consoleText({ console: ask }: Site, command: string): Promise<string> {
  const text = await ask(command);
  if (text !== undefined) return text;
  const todo = 'Run this as root where Asterisk runs: sudo holdcast doctor';
  throw new NotChecked("cannot tell: Asterisk's console does not answer", todo);
}

/**
 * The environment for a program that this process runs: Asterisk's own only if the process has Asterisk's user, and never as root, since
 * that user may have chosen its values.
 */
export function environmentFor({ asterisk, account }: Pick<Site, 'asterisk' | 'account'>): Env {
  const uid = process.geteuid?.();
  return uid !== 0 && uid === account?.uid ? asterisk.env : { PATH: USUAL_PATH };
}

/** Only root and Asterisk's own user may open its socket. */
async function askConsole(command: string, etc: string): Promise<string | undefined> {
  const own = etc === USUAL_ETC ? [] : ['-C', join(etc, 'asterisk.conf')];
  try {
    const options = { env: { PATH: CONSOLE_PATH }, limitMs: CONSOLE_MS };
    return (await tryProgram('asterisk', [...own, '-rx', command], options)).stdout;
  } catch {
    return undefined;
  }
}
