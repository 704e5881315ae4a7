// Asterisk roots: a small Debian with its Asterisk in a folder, one for each version the product is proven on.
// Built once with debootstrap from the mirror that apt already uses, then kept; a build that was interrupted is no root.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** Raised when roots are built differently: older ones are built anew. */
const RECIPE = 1;

/** Debian suites, the newest Asterisk first. */
export const SUITES = { sid: 'Asterisk 22', bullseye: 'Asterisk 16' };

const PACKAGES = ['asterisk', 'asterisk-modules', 'asterisk-config'];
const DEBOOTSTRAP_MS = 15 * 60_000;

/** A version that cannot be had here, for a reason that is not the product's: said in one line. */
export class Unavailable extends Error {}

/** Absolute folder in which roots are kept: HOLDCAST_E2E_CACHE, else below the user's cache folder. */
export function cacheFolder(env = process.env) {
  if (env.HOLDCAST_E2E_CACHE) return env.HOLDCAST_E2E_CACHE;
  const cache = env.XDG_CACHE_HOME;
  return join(cache && isAbsolute(cache) ? cache : join(homedir(), '.cache'), 'holdcast-e2e');
}

/** Whether this user on this machine can build and enter a root. */
export function canHaveRoots() {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && works('apt-get', ['--version']);
}

/**
 * Absolute folder of a suite's root, built where there is none yet (some minutes).
 * @throws Unavailable when the mirror does not have the suite; Error when building fails for any other reason
 */
export function provideRoot(suite, say) {
  const cache = cacheFolder();
  const root = join(cache, `${suite}-${RECIPE}`);
  if (existsSync(join(root, 'usr/sbin/asterisk'))) return root;
  mkdirSync(cache, { recursive: true });
  removeHalfBuilt(cache);
  say(`building the root of Debian ${suite} (${SUITES[suite]}) in ${root}, some minutes`);
  const draft = join(cache, `building-${process.pid}-${suite}`);
  try {
    build(suite, draft);
    renameSync(draft, root);
  } catch (error) {
    if (!existsSync(join(root, 'usr/sbin/asterisk'))) throw error; // else another run has built it meanwhile
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return root;
}

function removeHalfBuilt(cache) {
  for (const name of readdirSync(cache)) {
    const pid = /^building-(\d+)-/.exec(name)?.[1];
    if (pid && !existsSync(`/proc/${pid}`)) rmSync(join(cache, name), { recursive: true, force: true });
  }
}

function build(suite, root) {
  const mirror = mirrorOfApt();
  checkSuite(suite, mirror);
  const env = { ...process.env, ...proxyOfApt(), DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  const include = mirror.startsWith('https:') ? ['--include=ca-certificates'] : [];
  run('debootstrap', ['--variant=minbase', ...include, suite, root, mirror], env);
  writeFileSync(join(root, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  const old = ['-o', 'Acquire::Check-Valid-Until=false'];
  run('chroot', [root, 'apt-get', ...old, 'update', '-qq'], env);
  run('chroot', [root, 'apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...PACKAGES], env);
  run('chroot', [root, 'apt-get', 'clean'], env);
}

/** "http://deb.debian.org/debian": where apt gets its packages from on this machine. */
function mirrorOfApt() {
  const known = askMirror();
  if (known) return known;
  execFileSync('apt-get', ['update', '-qq'], { stdio: ['ignore', 'ignore', 2] });
  const mirror = askMirror();
  if (!mirror) throw new Error('apt-get names no mirror for the package hello');
  return mirror;
}

function askMirror() {
  const uris = spawnSync('apt-get', ['--print-uris', 'download', 'hello'], {
    encoding: 'utf8',
    cwd: tmpdir(),
  });
  return /'(https?:[^']+)\/pool\//.exec(uris.stdout ?? '')?.[1];
}

function proxyOfApt() {
  const { stdout } = spawnSync('apt-config', ['shell', 'proxy', 'Acquire::http::Proxy'], {
    encoding: 'utf8',
  });
  const proxy = /^proxy='(.+)'$/m.exec(stdout ?? '')?.[1];
  return proxy ? { http_proxy: proxy } : {};
}

/** A suite grows old and leaves the mirror one day: that is no fault of the product. */
function checkSuite(suite, mirror) {
  const folder = mkdtempSync(join(tmpdir(), 'holdcast-e2e-'));
  const url = `${mirror}/dists/${suite}/InRelease`;
  const helper = spawnSync('/usr/lib/apt/apt-helper', ['download-file', url, join(folder, 'InRelease')], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  rmSync(folder, { recursive: true });
  const said = `${helper.stdout}${helper.stderr}`;
  if (helper.status !== 0 && /\b404\b/.test(said))
    throw new Unavailable(`${SUITES[suite]}: ${mirror} has no Debian ${suite} any more (404)`);
}

/** Runs to its end, keeping its words for the case that it fails. */
function run(command, args, env) {
  const options = { env, encoding: 'utf8', timeout: DEBOOTSTRAP_MS, maxBuffer: 1 << 28, stdio: 'pipe' };
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, options);
  if (status === 0) return;
  const words = `${stdout ?? ''}${stderr ?? ''}`.trim().split('\n').slice(-15).join('\n');
  throw new Error(`${command} ${args.join(' ')} failed (${error?.message ?? status ?? signal})\n${words}`);
}

/** Whether a command is there and answers. */
export function works(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** Installs Debian packages that are not there yet; HOLDCAST_NO_APT prevents it. @returns names that are still missing */
export function provideTools(tools) {
  const missing = () => Object.keys(tools).filter((command) => !works('which', [command]));
  if (missing().length > 0 && canHaveRoots() && !process.env.HOLDCAST_NO_APT) {
    const options = {
      stdio: ['ignore', 'ignore', 2],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    };
    const packages = missing().map((command) => tools[command]);
    execFileSync('apt-get', ['update', '-qq'], options);
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], options);
  }
  return missing();
}
