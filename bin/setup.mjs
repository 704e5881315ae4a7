// Makes a fresh clone ready: installs packages where they are missing or older than the lock file, and builds.
// Plain Node without packages, since it runs before there are any. With --tests it also sees to ffmpeg.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const MIN_NODE = 20;
const say = (text) => process.stderr.write(`setup: ${text}\n`);
const run = (command, args) => execFileSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
const mtime = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

function newest(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs|json)$/.test(entry.name))
    .reduce((latest, entry) => Math.max(latest, mtime(join(entry.parentPath ?? entry.path, entry.name))), 0);
}

function installPackages() {
  const installed = join(root, 'node_modules/.package-lock.json');
  if (mtime(installed) >= mtime(join(root, 'package-lock.json')) && existsSync(installed)) return;
  say('installing packages (npm ci)');
  // ffmpeg-static downloads in its install script and is optional: no script of a package is needed or run.
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
}

function build() {
  const sources = ['src', 'bench', 'media/make', 'bin'].map((folder) => newest(join(root, folder)));
  if (mtime(join(root, 'dist/cli.cjs')) > Math.max(...sources, mtime(join(root, 'package.json')))) return;
  say('building');
  run(process.execPath, [join(root, 'bin/build.mjs')]);
}

/** Tests that decode and measure audio need ffmpeg; root on Debian gets it, others are told. */
function provideFfmpeg() {
  const found = () => spawnSync('ffmpeg', ['-version']).status === 0;
  if (process.env.FFMPEG_PATH || found()) return;
  const canInstall = process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0;
  if (canInstall && !process.env.HOLDCAST_NO_APT) {
    say(
      'installing ffmpeg with apt-get, which tests of media preparation need (HOLDCAST_NO_APT=1 prevents it)',
    );
    try {
      run('apt-get', ['update', '-qq']);
      run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'ffmpeg']);
    } catch {
      say('apt-get failed');
    }
  }
  if (!found())
    say('no ffmpeg: the tests of media preparation will be skipped. Debian: apt-get install ffmpeg');
}

if (Number(process.versions.node.split('.')[0]) < MIN_NODE) {
  say(`Node ${MIN_NODE} or later is needed; this is ${process.version}.`);
  process.exit(1);
}
installPackages();
build();
if (process.argv.includes('--tests')) provideFfmpeg();
