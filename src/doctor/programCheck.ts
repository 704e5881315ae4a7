// Can Asterisk's user start the program? When not, Asterisk tries again and again, and Asterisk 22.10 was seen to crash
// on it, so this is looked at from all sides: every folder above, the Node on Asterisk's PATH, and by starting it.
import { promises } from 'node:fs';
import { dirname, join } from 'node:path';
import { holdApplication, READER } from '../asterisk/realtime';
import { HoldcastError, messageOf } from '../util/errors';
import { tryProgram } from '../util/tryProgram';
import { ok, notChecked, problem, warning, type Check, type Finding } from './check';
import { obstacle, obstacleRemedy, obstacleText, type Account } from './rights';
import type { Site } from './site';

const OLDEST_NODE = 20;
const START_MS = 8000;

export function programChecks(site: Site): Check[] {
  return [
    { name: 'Node.js', run: () => Promise.resolve(ownNode()) },
    { name: "Asterisk's process", run: () => Promise.resolve(runningAsterisk(site)) },
    { name: 'Node.js for Asterisk', run: () => nodeForAsterisk(site) },
    { name: 'program', run: () => programFile(site) },
    { name: 'start as Asterisk', run: () => startIt(site) },
  ];
}

function ownNode(): Finding {
  const major = Number(process.versions.node.split('.')[0]);
  const found = `${process.version} at ${process.execPath}`;
  return major >= OLDEST_NODE
    ? ok(found)
    : problem(found, `Install Node.js ${OLDEST_NODE} or later, see docs/install.md.`);
}

/** What it gives its children is known only from a process that is believed. */
function runningAsterisk({ asterisk: { pid, stranger }, account, user }: Site): Finding {
  if (!account) return noAccount(user);
  if (pid !== undefined) return ok(`${pid}, as ${account.name}`);
  if (stranger)
    return warning(
      `process ${stranger.pid} is named asterisk, but ${stranger.why}: it is ignored`,
      'Name the user that runs Asterisk with --user; if the process is not yours, end it.',
    );
  return notChecked(`none runs as ${account.name}`, 'Start Asterisk, or name its user with --user.');
}

/** bin/holdcast begins with `#!/usr/bin/env node`: the Node on Asterisk's PATH counts, unless somebody put another there. */
async function nodeForAsterisk(site: Site): Promise<Finding> {
  const { account, user, program } = site;
  if (!account) return noAccount(user);
  const [, interpreter = ''] = /^#!\s*(\S+)/.exec(await promises.readFile(program, 'utf8')) ?? [];
  if (interpreter.endsWith('/env')) return nodeOnPath(site, account);
  const blocked = await obstacle(interpreter, account, ['x']);
  return blocked
    ? problem(obstacleText(blocked, account), obstacleRemedy(blocked, account))
    : ok(`${interpreter}, as ${program} names it`);
}

async function nodeOnPath({ asterisk }: Site, account: Account): Promise<Finding> {
  const path = asterisk.env['PATH'] ?? '';
  const origin = asterisk.known ? 'the PATH of Asterisk' : 'the usual PATH of a service';
  let blocked: string | undefined;
  for (const folder of path.split(':').filter((entry) => entry.startsWith('/'))) {
    const node = join(folder, 'node');
    const found = await obstacle(node, account, ['x']);
    if (!found) return ok(`${node}, on ${origin}`);
    if (found.lacks !== 'missing') blocked ??= obstacleText(found, account);
  }
  const why = blocked === undefined ? '' : `: ${blocked}`;
  return problem(
    `${origin} (${path}) has no node that ${account.name} may run${why}`,
    'Install Node.js for all users, not by nvm in a home folder; see docs/install.md.',
  );
}

async function programFile({ program, account, user }: Site): Promise<Finding> {
  try {
    holdApplication(program, 8000);
  } catch (error) {
    if (!(error instanceof HoldcastError)) throw error;
    return problem(error.message, `${error.hint ?? ''}.`);
  }
  if (!account) return noAccount(user);
  const bundle = join(dirname(dirname(program)), 'dist/stream.cjs');
  const reader = join(dirname(program), READER);
  const found =
    (await obstacle(program, account, ['r', 'x'])) ??
    (await obstacle(reader, account, ['r', 'x'])) ??
    (await obstacle(bundle, account, ['r']));
  if (found) return problem(obstacleText(found, account), obstacleRemedy(found, account));
  const { mode } = await promises.stat(program);
  return mode & 0o002
    ? warning(`every user may change ${program}`, `chmod o-w ${program}`)
    : ok(`${program}, for ${account.name} too`);
}

/** The proof, where this user may give it: the same program, user and environment as Asterisk's. */
async function startIt({ program, account, user, asterisk }: Site): Promise<Finding> {
  if (!account) return noAccount(user);
  const own = process.geteuid?.();
  if (account.uid === 0)
    return notChecked(
      'Asterisk runs as root, and doctor starts nothing as root',
      'Let Asterisk run as a user of its own.',
    );
  if (own !== 0 && own !== account.uid)
    return notChecked(`only root and ${account.name} may try it`, 'Run: sudo holdcast doctor');
  const as = own === 0 ? account : undefined;
  try {
    await tryProgram(program, ['--version'], { env: asterisk.env, limitMs: START_MS, as });
    return ok(`it starts as ${account.name}`);
  } catch (error) {
    return problem(
      `it does not start as ${account.name}: ${messageOf(error)}`,
      'Correct this before calls arrive: Asterisk restarts a program that ends repeatedly, and may crash on it.',
    );
  }
}

export function noAccount(user: string): Finding {
  return notChecked(
    `this system has no user ${user}`,
    'Name the user that runs Asterisk with --user, or run this where Asterisk runs.',
  );
}
