// The system that the doctor looks at: Asterisk's user, its environment as far as it can be read, its files, its console.
// Everything is gathered once; a test builds its own.
import { execFile } from 'node:child_process';
import { promises } from 'node:fs';
import { join } from 'node:path';
import type { Env } from '../../config/defaults';
import type { Clock } from '../../util/clock';
import type { Logger } from '../../util/log';
import { readConf, type Conf } from './confFile';
import type { ConfigState } from './configState';
import { accountOf, type Account } from './rights';

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
}

/** What systemd gives a service that names no PATH. */
const USUAL_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const CONSOLE_MS = 5000;
const USUAL_ETC = '/etc/asterisk';

export interface Whereabouts {
  readonly etc: string;
  readonly program: string;
  /** As given by --user; absent: that of the running Asterisk, else "asterisk". */
  readonly user?: string | undefined;
  readonly env: Env;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where processes are looked for; tests have another. */
  readonly proc?: string;
}

/** @param load loads the config, given the environment of the streams */
export async function openSite(
  where: Whereabouts,
  load: (ofAsterisk: Env, home: string | undefined) => Promise<ConfigState>,
): Promise<Site> {
  const running = await findAsterisk(where.proc ?? '/proc');
  const [passwd, group] = await Promise.all(['/etc/passwd', '/etc/group'].map(textOf));
  const wanted = where.user ?? running?.uid ?? 'asterisk';
  const account = accountOf(wanted, passwd ?? '', group ?? '');
  const asterisk = processOf(running, account);
  const config = await load(asterisk.env, account?.home);
  const confs = new Map<string, Promise<Conf>>();
  return {
    ...where,
    config,
    user: account?.name ?? String(wanted),
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

interface Running {
  readonly uid: number;
  readonly environ?: string;
  readonly cwd?: string;
}

/** The first Asterisk of this system (not of a container); its environment only root and its own user may read. */
async function findAsterisk(proc: string): Promise<Running | undefined> {
  for (const pid of await promises.readdir(proc).catch(() => [])) {
    if (!/^\d+$/.test(pid)) continue;
    const folder = join(proc, pid);
    if ((await textOf(`${folder}/comm`))?.trim() !== 'asterisk' || (await isElsewhere(proc, pid))) continue;
    const status = await textOf(`${folder}/status`);
    const uid = Number(/^Uid:\s+\d+\s+(\d+)/m.exec(status ?? '')?.[1]);
    if (!Number.isInteger(uid)) continue;
    const environ = await textOf(`${folder}/environ`);
    const cwd = await linkOf(`${folder}/cwd`);
    return { uid, ...(environ !== undefined && { environ }), ...(cwd !== undefined && { cwd }) };
  }
  return undefined;
}

/** Whether a process sees other files or other processes than this one, as far as that may be known. */
async function isElsewhere(proc: string, pid: string): Promise<boolean> {
  const [root, namespace, own] = await Promise.all(
    [`${pid}/root`, `${pid}/ns/pid`, 'self/ns/pid'].map((name) => linkOf(join(proc, name))),
  );
  return (root !== undefined && root !== '/') || (namespace !== undefined && namespace !== own);
}

function linkOf(path: string): Promise<string | undefined> {
  return promises.readlink(path).catch(() => undefined);
}

function processOf(running: Running | undefined, account: Account | undefined): AsteriskProcess {
  const cwd = running?.cwd === undefined ? {} : { cwd: running.cwd };
  if (running?.environ === undefined)
    return { env: { PATH: USUAL_PATH, ...(account && { HOME: account.home }) }, ...cwd, known: false };
  const pairs = running.environ.split('\0').map((pair) => {
    const at = pair.indexOf('=');
    return [pair.slice(0, at), pair.slice(at + 1)] as const;
  });
  return { env: Object.fromEntries(pairs.filter(([name]) => name !== '')), ...cwd, known: true };
}

function textOf(file: string): Promise<string | undefined> {
  return promises.readFile(file, 'utf8').catch(() => undefined);
}

/** Needs to be root or Asterisk's own user, who may open its socket. */
function askConsole(command: string, etc: string): Promise<string | undefined> {
  const own = etc === USUAL_ETC ? [] : ['-C', join(etc, 'asterisk.conf')];
  const options = {
    timeout: CONSOLE_MS,
    killSignal: 'SIGKILL' as const,
    env: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin` },
  };
  return new Promise((resolve) => {
    execFile('asterisk', [...own, '-rx', command], options, (error, stdout) =>
      resolve(error ? undefined : stdout),
    );
  });
}
