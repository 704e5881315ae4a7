// Where Asterisk runs: in a root with another Debian, or straight on this machine; who it runs as, where its parts lie.
// run.mjs has made the spaces and says by environment variables which root it is.
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { chownSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface Place {
  /** Absolute folder of the root; empty: this machine's own. */
  readonly root: string;
  /** "Asterisk 22". */
  readonly label: string;
  /** Absolute folder for this run, seen in the root under the same path. */
  readonly work: string;
  /** The user that Asterisk and the product run as; undefined: the one who runs the tests. */
  readonly user: { readonly name: string; readonly uid: number; readonly gid: number } | undefined;
  /** Asterisk itself, its modules and its data, as seen in the root. */
  readonly asterisk: string;
  readonly modules: string;
  readonly data: string;
}

const MODULES = [
  '/usr/lib/x86_64-linux-gnu',
  '/usr/lib/aarch64-linux-gnu',
  '/usr/lib',
  '/usr/lib64',
  '/usr/local/lib',
];
const DATA = ['/usr/share/asterisk', '/usr/local/share/asterisk', '/var/lib/asterisk'];

/** @throws Error outside of a lab: an Asterisk of the tests must never stand in this machine's own network */
export function placeOf(env: NodeJS.ProcessEnv = process.env): Place {
  const root = env['HOLDCAST_E2E_ROOT'];
  if (root === undefined) throw new Error('tests on a real Asterisk are started by: npm run e2e');
  const modules = MODULES.map((folder) => join(folder, 'asterisk/modules'));
  return {
    root,
    label: env['HOLDCAST_E2E_LABEL'] ?? 'Asterisk',
    work: env['HOLDCAST_E2E_WORK'] ?? tmpdir(),
    user: root === '' ? undefined : userIn(root, 'asterisk'),
    asterisk: join(firstWith(root, ['/usr/sbin', '/usr/local/sbin'], 'asterisk'), 'asterisk'),
    modules: firstWith(root, modules, 'res_musiconhold.so'),
    data: firstWith(root, DATA, 'documentation'),
  };
}

function firstWith(root: string, folders: readonly string[], content: string): string {
  const found = folders.find((folder) => existsSync(join(root, folder, content)));
  if (found === undefined)
    throw new Error(`no ${content} below ${folders.join(', ')} of ${root || 'this machine'}`);
  return found;
}

function userIn(root: string, name: string): Place['user'] {
  const line = readFileSync(join(root, 'etc/passwd'), 'utf8').match(new RegExp(`^${name}:.*$`, 'm'))?.[0];
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined || gid === undefined) throw new Error(`${root} has no user ${name}`);
  return { name, uid: Number(uid), gid: Number(gid) };
}

/**
 * Starts a command where Asterisk runs, as its user, with this environment and no other. The pid is its own. It may have real-time
 * priority, as the hub's unit grants it; by a capability, since a container may not raise the limit.
 */
export function spawnIn(
  place: Place,
  argv: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
  stdio: StdioOptions,
): ChildProcess {
  const { user } = place;
  if (!user) return enter(place, argv, env, stdio);
  const ids = [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
  const granted = hasSysNice() ? ['--inh-caps=+sys_nice', '--ambient-caps=+sys_nice'] : [];
  return enter(place, ['/usr/bin/setpriv', ...ids, ...granted, ...argv], env, stdio);
}

/** CAP_SYS_NICE is the 23rd: linux/capability.h. A container may lack it; Asterisk has no real-time priority there either. */
function hasSysNice(): boolean {
  const [, effective = '0'] = /^CapEff:\s*(\w+)/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return ((BigInt(`0x${effective}`) >> 23n) & 1n) === 1n;
}

/** Starts Asterisk in the foreground as distributions do: with the priority of its own, and then as its own user. */
export function spawnAsterisk(
  place: Place,
  conf: string,
  env: Readonly<Record<string, string>>,
  stdio: StdioOptions,
): ChildProcess {
  const root = process.getuid?.() === 0;
  const rights = [
    ...(root ? ['-p'] : []),
    ...(place.user ? ['-U', place.user.name, '-G', place.user.name] : []),
  ];
  return enter(place, [place.asterisk, '-C', conf, '-f', ...rights], env, stdio);
}

/** chroot and setpriv replace themselves by the command, so that its pid is the child's. */
function enter(
  { root }: Place,
  [command, ...words]: readonly [string, ...string[]],
  env: Readonly<Record<string, string>>,
  stdio: StdioOptions,
): ChildProcess {
  if (root === '') return spawn(command, words, { env, stdio, cwd: '/' });
  return spawn('/usr/sbin/chroot', [root, command, ...words], { env, stdio, cwd: '/' });
}

/** Gives a folder with all that is in it to the user that Asterisk runs as. */
export function giveToAsterisk(place: Place, folder: string): void {
  if (!place.user) return;
  const { uid, gid } = place.user;
  chownSync(folder, uid, gid);
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    chownSync(join(folder, name), uid, gid);
}

/** PATH of what runs there: the folder of this Node, then the usual ones. */
export function searchPath(): string {
  return [
    dirname(process.execPath),
    '/usr/local/sbin',
    '/usr/local/bin',
    '/usr/sbin',
    '/usr/bin',
    '/sbin',
    '/bin',
  ].join(':');
}
