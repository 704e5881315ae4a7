// The system that the doctor looks at: Asterisk's user, its environment as far as it can be read, its files, its console.
// Everything is gathered once; a test builds its own.
import { join } from 'node:path';
import type { Env } from '../config/defaults';
import { findAccount, type Account } from '../util/account';
import type { Clock } from '../util/clock';
import type { Logger } from '../util/log';
import { tryProgram } from '../util/tryProgram';
import { findAsterisk, type Running, type Stranger } from './asteriskProcess';
import { readConf, type Conf } from './confFile';
import type { ConfigState } from './configState';

export interface Site {
  /** Asterisk's folder of .conf files, absolute. */
  readonly etc: string;
  /** Absolute path of bin/holdcast. */
  readonly program: string;
  /** The name of the user that runs Asterisk; `account` is undefined when there is none of that name. */
  readonly user: string;
  readonly account: Account | undefined;
  readonly asterisk: AsteriskProcess;
  readonly config: ConfigState;
  /** A .conf file with its includes, read once. Rejects as opening it does. */
  readonly conf: (file: string) => Promise<Conf>;
  /** What Asterisk's console prints for a command; undefined when it cannot be asked. Never rejects. */
  readonly console: (command: string) => Promise<string | undefined>;
  /** This process's own. */
  readonly env: Env;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What the streams that Asterisk starts are given. */
export interface AsteriskProcess {
  /** Its environment; when it cannot be read, what a system service usually has. */
  readonly env: Env;
  /** Its working folder; undefined: not known. */
  readonly cwd?: string;
  /** Whether these are read from a running Asterisk. */
  readonly known: boolean;
  /** Its process; undefined: none of this user's was found. */
  readonly pid?: number;
  /** A process that is called so, and is not believed. */
  readonly stranger?: Stranger;
}

/** What systemd gives a service that names no PATH. */
const USUAL_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Not the operator's own: there may be anything on it. */
const CONSOLE_PATH = '/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin';
const CONSOLE_MS = 5000;
const USUAL_USER = 'asterisk';
const USUAL_ETC = '/etc/asterisk';

export interface Whereabouts {
  readonly etc: string;
  readonly program: string;
  /** As given by --user; absent: "asterisk". What runs here is not asked: anybody may call a process so. */
  readonly user?: string | undefined;
  readonly env: Env;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where processes are looked for; tests have another. */
  readonly proc?: string;
}

/**
 * @param load loads the config, given the environment of the streams
 * @param become told as whom to go on, before anything of the operator's or Asterisk's is run or opened
 */
export async function openSite(
  where: Whereabouts,
  load: (ofAsterisk: Env, home: string | undefined) => Promise<ConfigState>,
  become: (account: Account) => void = () => {},
): Promise<Site> {
  const { user = USUAL_USER, proc = '/proc' } = where;
  const account = findAccount(user);
  // Before root is given up: only root may read the environment of an Asterisk that has changed its user.
  const asterisk = processOf(await findAsterisk(proc, account?.uid), account);
  if (account) become(account);
  const config = await load(asterisk.env, account?.home);
  const confs = new Map<string, Promise<Conf>>();
  return {
    ...where,
    config,
    user,
    account,
    asterisk,
    conf(file) {
      const known = confs.get(file);
      if (known) return known;
      const reading = readConf(where.etc, file);
      confs.set(file, reading);
      return reading;
    },
    console: (command) => askConsole(command, where.etc),
  };
}

function processOf(
  { running, stranger }: { running?: Running; stranger?: Stranger },
  account: Account | undefined,
): AsteriskProcess {
  const usual = { PATH: USUAL_PATH, ...(account && { HOME: account.home }) };
  if (!running) return { env: usual, known: false, ...(stranger && { stranger }) };
  const { pid, env, cwd } = running;
  return {
    ...(env ? { env, known: true } : { env: usual, known: false }),
    ...(cwd !== undefined && { cwd }),
    pid,
  };
}

/**
 * The environment for a program that is run as this process's user: Asterisk's own only as Asterisk's user, and never as
 * root, since that user may have chosen what stands in it.
 */
export function environmentFor({ asterisk, account }: Pick<Site, 'asterisk' | 'account'>): Env {
  const uid = process.geteuid?.();
  return uid !== 0 && uid === account?.uid ? asterisk.env : { PATH: USUAL_PATH };
}

/** Needs to be Asterisk's own user or root, who may open its socket. */
async function askConsole(command: string, etc: string): Promise<string | undefined> {
  const own = etc === USUAL_ETC ? [] : ['-C', join(etc, 'asterisk.conf')];
  try {
    const options = { env: { PATH: CONSOLE_PATH }, limitMs: CONSOLE_MS };
    return (await tryProgram('asterisk', [...own, '-rx', command], options)).stdout;
  } catch {
    return undefined;
  }
}
