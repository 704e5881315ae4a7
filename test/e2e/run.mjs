// `npm run e2e`: the product on real Asterisk, 22 and 16, each in a network and process space of its own.
// Root on Debian builds what it needs; elsewhere the `asterisk` on PATH serves, or one line says what was skipped and why.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  cacheFolder,
  canHaveRoots,
  provideRoot,
  provideTools,
  SUITES,
  Unavailable,
  works,
} from './roots.mjs';
import { failedTests, readAllowed, reasonsFor } from './secondTries.mjs';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const HERE = join(PROJECT, 'test/e2e');
/** What inside.sh ends with when this Node cannot run in a root. */
const NOT_HERE = 77;
const ALLOWED = readAllowed();
const TOOLS = { debootstrap: 'debootstrap', ip: 'iproute2', unshare: 'util-linux', sipp: 'sip-tester' };

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
const FIGURES = join(PROJECT, 'dist/e2e-figures.json');

/** Tests that measure are run one by one. */
const ALONE = '\\.alone\\.e2e\\.ts$';
/** Who plays in a suite; and of the older Asterisk only those files for which versions differ: minutes for nothing new. */
const RUNS = {
  sid: { play: 'hub' },
  bullseye: {
    play: 'stream',
    company: '/e2e/(keys|phone|trouble|hubLife|install)\\.e2e\\.ts$',
    alone: '/e2e/respawn\\.alone\\.e2e\\.ts$',
  },
};
const JEST = [
  process.execPath,
  join(PROJECT, 'node_modules/jest/bin/jest.js'),
  '--config',
  join(HERE, 'jest.config.cjs'),
];

const HELP = `usage: node test/e2e/run.mjs [options] [-- words for jest]
  --suite name      only this Asterisk: ${Object.keys(SUITES).join(', ')} (default: both)
  --here            with the Asterisk of this machine
  --command words   run this in the lab instead of the tests; it finds HOLDCAST_E2E_ROOT in its environment
With words for jest: only those tests, and none is run again. A file that failed beside others is else run once more by
itself; when it passes then, the run fails all the same, unless secondTries.json names what failed. HOLDCAST_E2E_PLAY=hub|stream: who plays. Figures that were measured: ${FIGURES}
`;

const say = (text) => process.stderr.write(`e2e: ${text}\n`);

function options() {
  const { values, positionals } = parseArgs({
    options: {
      suite: { type: 'string' },
      here: { type: 'boolean', default: false },
      command: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  if (values.suite !== undefined && !(values.suite in SUITES)) throw new Error(HELP);
  return { ...values, words: positionals };
}

/**
 * What to run one after the other: tests that may have company, two files at a time, then those that measure, alone.
 * @returns command lines; `again`: files of it that fail are run once more
 */
function commands({ command, words }, { company, alone = ALONE } = {}) {
  if (command !== undefined) return [{ argv: command.split(' ').filter((word) => word !== '') }];
  if (words.length > 0) return [{ argv: [...JEST, '--runInBand', ...words] }];
  const some = company === undefined ? [] : ['--testPathPatterns', company];
  return [
    { argv: [...JEST, '--maxWorkers', '2', '--testPathIgnorePatterns', ALONE, ...some], again: true },
    { argv: [...JEST, '--runInBand', '--testPathPatterns', alone], again: true },
  ];
}

/**
 * Runs a command in namespaces of its own: ports never collide, and nothing that was started survives.
 * @returns its exit code, or the signal that ended it; and with `report`, the files with tests that failed
 */
async function enter({ root, label, play, user, argv, report = false }) {
  const work = mkdtempSync('/tmp/holdcast-e2e-');
  chmodSync(work, 0o755); // the user asterisk goes through it
  const env = {
    ...process.env,
    ROOT: root,
    WORK: work,
    PROJECT,
    NODE: process.execPath,
    TMPDIR: work,
    HOLDCAST_E2E_ROOT: root,
    HOLDCAST_E2E_WORK: work,
    HOLDCAST_E2E_LABEL: label,
    HOLDCAST_E2E_PLAY: process.env.HOLDCAST_E2E_PLAY ?? play ?? 'hub',
    HOLDCAST_E2E_FIGURES: process.env.HOLDCAST_E2E_FIGURES ?? FIGURES,
  };
  const results = join(work, 'results.json');
  const spaces = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', ...user];
  const reporting = report ? ['--json', '--outputFile', results] : [];
  const inside = ['bash', join(HERE, 'inside.sh'), ...argv, ...reporting];
  // Jest's results go to a file; what it writes to standard output besides is the same once more.
  const options = { cwd: PROJECT, env, stdio: ['ignore', report ? 'ignore' : 'inherit', 'inherit'] };
  // Also when this process is killed without a word.
  const words = ['--pdeathsig', 'KILL', 'unshare', ...spaces, ...inside];
  const status = await ended(spawn('setpriv', words, options), 'SIGKILL');
  const failed = report ? failedFiles(results) : [];
  const kept = status !== 0 || process.env.HOLDCAST_E2E_KEEP;
  if (kept && status !== NOT_HERE) say(`${label}: recordings and logs are in ${work}`);
  else rmSync(work, { recursive: true, force: true });
  return { status, failed };
}

/** Files with tests that failed in them. None where Jest has not come so far as to tell. */
function failedFiles(results) {
  if (!existsSync(results)) return [];
  const { testResults } = JSON.parse(readFileSync(results, 'utf8'));
  const failed = testResults.filter(({ status }) => status === 'failed');
  return failed.map((result) => ({ file: result.name, tests: failedTests(result) }));
}

/**
 * How a child has ended: its exit code, or the signal that ended it. When this process is told to end meanwhile, so is
 * the child: a process space that loses its first process goes as a whole.
 */
async function ended(child, signal) {
  const end = () => {
    child.kill(signal);
    process.exit(1);
  };
  for (const name of SIGNALS) process.on(name, end);
  const [code, endedBy] = await once(child, 'close');
  for (const name of SIGNALS) process.off(name, end);
  return code ?? endedBy;
}

/**
 * Tests on real time share this machine with whatever else runs on it. A file that failed is run once more by itself at
 * the end: whether it passes then tells a test that is not steady from one that is broken. A line says so, and only what
 * secondTries.json names with a reason is no failure.
 * @returns whether all of it went well
 */
async function runAll(place, lines) {
  const failed = [];
  let well = true;
  for (const { argv, again } of lines) {
    const ran = await enter({ ...place, argv, report: again });
    if (ran.status === 0) continue;
    if (ran.failed.length > 0) failed.push(...ran.failed);
    else well = false;
  }
  for (const { file, tests } of failed) well = (await passesAlone(place, file, tests)) && well;
  return well;
}

async function passesAlone(place, file, tests) {
  const name = `${place.label}: ${relative(PROJECT, file)}`;
  say(`${name}: once more, by itself`);
  const { status } = await enter({ ...place, argv: [...JEST, '--runInBand', '--runTestsByPath', file] });
  if (status !== 0) return false;
  const reasons = reasonsFor(ALLOWED, relative(HERE, file), tests);
  secondTries.push(`${name}: ${reasons?.join('; ') ?? 'NOT ALLOWED: no reason for it in secondTries.json'}`);
  return reasons !== undefined;
}

/** Said at the end, where they are seen. */
const secondTries = [];
const sayOfSecondTries = () => secondTries.forEach((file) => say(`passed only when run again: ${file}`));

async function runInRoots(suites, given) {
  const skipped = [];
  let failed = false;
  for (const suite of suites) {
    const label = SUITES[suite];
    try {
      const root = provideRoot(suite, say);
      const { play, ...files } = RUNS[suite];
      const place = { root, label, play, user: [] };
      if ((await enter({ ...place, argv: ['true'] })).status === NOT_HERE)
        skipped.push(`${label}: this Node cannot run in Debian ${suite}`);
      else if (!(await runAll(place, commands(given, files)))) failed = true;
    } catch (error) {
      if (error instanceof Unavailable) skipped.push(error.message);
      else {
        say(`${label}: ${error.message}`);
        failed = true;
      }
    }
  }
  sayWithoutDatabase();
  sayOfSecondTries();
  for (const why of skipped) say(`skipped: ${why}`);
  return failed ? 1 : 0;
}

/** Installed by nobody but the machine's owner: a database server is not a thing to bring along. */
function sayWithoutDatabase() {
  const folders = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin'];
  if (!folders.some((folder) => existsSync(join(folder, 'mariadbd'))))
    say('skipped: billing and store with MariaDB (Debian: apt-get install mariadb-server)');
}

/** With the Asterisk that this machine has. */
async function runHere(given) {
  if (!works('asterisk', ['-V'])) {
    say('skipped: not root on Debian (which builds its own Asterisk), and no `asterisk` on PATH');
    return 0;
  }
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  if (!works('ip', ['-V'])) {
    say('skipped: no command ip (Debian: apt-get install iproute2)');
    return 0;
  }
  if (!works('unshare', [...user, '--net', '--mount', '--pid', '--fork', 'ip', 'link', 'set', 'lo', 'up'])) {
    say('skipped: no network of its own for the tests (unshare --user --net is refused here)');
    return 0;
  }
  if (!works('which', ['sipp'])) say('skipped: a telephone of sipp (Debian: apt-get install sip-tester)');
  sayWithoutDatabase();
  const place = { root: '', label: 'the Asterisk of this machine', user };
  const well = await runAll(place, commands(given));
  sayOfSecondTries();
  return well ? 0 : 1;
}

/**
 * Two runs on one machine would measure each other: the later one waits. The lock is the kernel's, so a run that was
 * killed holds none.
 */
async function inTurn() {
  mkdirSync(cacheFolder(), { recursive: true });
  const words = ['--no-fork', join(cacheFolder(), 'lock'), process.execPath, ...process.argv.slice(1)];
  const env = { ...process.env, HOLDCAST_E2E_IN_TURN: 'yes' };
  return (await ended(spawn('flock', words, { env, stdio: 'inherit' }), 'SIGTERM')) === 0 ? 0 : 1;
}

async function main() {
  const given = options();
  if (given.help) return process.stdout.write(HELP);
  if (!process.env.HOLDCAST_E2E_IN_TURN && works('flock', ['--version'])) {
    process.exitCode = await inTurn();
    return;
  }
  if (given.here || !canHaveRoots()) {
    process.exitCode = await runHere(given);
    return;
  }
  const missing = provideTools(TOOLS);
  if (missing.length > 0) {
    say(`skipped: not installed, and not to be installed: ${missing.join(', ')}`);
    return;
  }
  process.exitCode = await runInRoots(given.suite === undefined ? Object.keys(SUITES) : [given.suite], given);
}

await main();
