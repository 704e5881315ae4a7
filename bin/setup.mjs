// Makes a fresh clone ready: installs packages if they are missing or older than the lock file, and builds. With --tests it also
// installs ffmpeg; with --build it only builds, for running tests, during which no package may be exchanged.
// Plain Node without packages, since it runs before they are installed; only syntax of Node 12, so that a Node that is too old gets as
// far as the message.
import { spawnSync } from 'child_process';
import { existsSync, readdirSync, realpathSync, statSync } from 'fs';
import { dirname, join } from 'path';

const root = dirname(dirname(realpathSync(process.argv[1])));
const MIN_NODE = 20;
const OPTIONS = ['--tests', '--build'];
const say = (text) => process.stderr.write(`setup: ${text}\n`);
const mtime = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

/** The cause in one line, with what to do. */
class Failure extends Error {}

/** @throws Failure with the program's own message, in one line, and `todo` */
function run(command, args, todo) {
  const name = [command === process.execPath ? 'node' : command]
    .concat(args)
    .join(' ')
    .split(`${root}/`)
    .join('');
  const child = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 64 << 20 });
  if (process.env.HOLDCAST_DEBUG) process.stderr.write(`${child.stdout || ''}${child.stderr || ''}`);
  if (child.status === 0) return;
  const why = child.error
    ? child.error.code
    : reasonIn(child.stderr) || child.signal || `exit code ${child.status}`;
  throw new Failure(`\`${name}\` failed (${why}): ${todo}`);
}

/** The first lines of an error, without the frames of a stack: "ENOTFOUND: request to … failed". */
function reasonIn(text) {
  const lines = text
    .split('\n')
    .map((line) => line.replace(/^npm (ERR!|error)/, '').trim())
    .filter((line) => line !== '' && !/^at |^node:|^\^|^Node\.js/.test(line));
  const first = lines.findIndex((line) => /error|^code /i.test(line));
  const said = lines.slice(Math.max(0, first)).slice(0, 2);
  return said
    .join(': ')
    .replace(/^code /, '')
    .slice(0, 300);
}

function newest(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs|json)$/.test(entry.name))
    .reduce((latest, entry) => Math.max(latest, mtime(join(entry.parentPath || entry.path, entry.name))), 0);
}

function installPackages() {
  const installed = join(root, 'node_modules/.package-lock.json');
  if (mtime(installed) >= mtime(join(root, 'package-lock.json')) && existsSync(installed)) return;
  say('installing packages (npm ci), which may take a minute');
  // Only the optional ffmpeg-static needs its install script, which downloads: no script is run.
  run(
    'npm',
    ['ci', '--ignore-scripts', '--no-audit', '--no-fund'],
    `see that npm is installed, that the network is there, and that this user may write to ${root}; then try again`,
  );
}

function build() {
  const sources = ['src', 'bench', 'media/make', 'bin'].map((folder) => newest(join(root, folder)));
  if (mtime(join(root, 'dist/cli.cjs')) > Math.max(...sources, mtime(join(root, 'package.json')))) return;
  say('building');
  run(
    process.execPath,
    [join(root, 'bin/build.mjs')],
    `see that the folder is whole and that this user may write to ${root}; remove node_modules there, and try again`,
  );
}

/** Tests that decode and measure audio need ffmpeg: root on Debian installs it, others get a message. */
function provideFfmpeg() {
  const found = () => spawnSync('ffmpeg', ['-version']).status === 0;
  if (process.env.FFMPEG_PATH || found()) return;
  const isRoot = process.getuid && process.getuid() === 0;
  const canInstall = isRoot && spawnSync('apt-get', ['--version']).status === 0;
  if (canInstall && !process.env.HOLDCAST_NO_APT) {
    say(
      'installing ffmpeg with apt-get, which tests of media preparation need (HOLDCAST_NO_APT=1 prevents it)',
    );
    try {
      run('apt-get', ['update', '-qq'], 'try it by hand');
      run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'ffmpeg'], 'try it by hand');
    } catch (failure) {
      say(failure.message);
    }
  }
  if (!found())
    say('no ffmpeg: the tests of media preparation will be skipped. Debian: apt-get install ffmpeg');
}

/** @returns exit code */
function setup(options) {
  const unknown = options.filter((option) => !OPTIONS.includes(option));
  if (unknown.length > 0) {
    say(`${unknown.join(' ')} is no option: there is ${OPTIONS.join(', ')}`);
    return 2;
  }
  if (Number(process.versions.node.split('.')[0]) < MIN_NODE) {
    const found = `${process.version} (${process.execPath})`;
    say(`Node ${MIN_NODE} or later is needed, and this is ${found}: see docs/install.md`);
    return 1;
  }
  try {
    if (!options.includes('--build')) installPackages();
    build();
    if (options.includes('--tests')) provideFfmpeg();
    return 0;
  } catch (error) {
    const known = error instanceof Failure;
    say(known ? error.message : `${error.message}: unpack or clone Holdcast again, all of it, and try again`);
    return 1;
  }
}

process.exitCode = setup(process.argv.slice(2));
