// Can Asterisk's user start the program? If not, Asterisk tries again and again, and Asterisk 22.10 was seen to crash on that.
// So everything is examined: each folder above, the Node on Asterisk's PATH, and the start itself.
import { promises } from 'node:fs';
import { dirname, join } from 'node:path';
import { holdApplication, READER } from '../asterisk/realtime';
import { messageOf } from '../util/errors';
import { tryProgram } from '../util/tryProgram';
import { expected, ok, notChecked, problem, warning, type Check, type Finding } from './check';
import { blocked, obstacle, obstacleText, type Account } from './rights';
import { userOf, type Site } from './site';

const OLDEST_NODE = 20;
const START_MS = 8000;

export function programChecks(site: Site): Check[] {
  return [
    { name: 'Node.js', run: ownNode },
    { name: "Asterisk's process", run: () => runningAsterisk(site) },
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
function runningAsterisk(site: Site): Finding {
  const { name } = userOf(site);
  const { pid, stranger } = site.asterisk;
  if (pid !== undefined) return ok(`${pid}, as ${name}`);
  if (!stranger) return notChecked(`none runs as ${name}`, 'Start Asterisk, or name its user with --user.');
  return warning(
    `process ${stranger.pid} is named asterisk, but ${stranger.why}: it is ignored`,
    'Name the user that runs Asterisk with --user; if the process is not yours, end it.',
  );
}

/** bin/holdcast begins with `#!/usr/bin/env node`: the Node on Asterisk's PATH counts, unless somebody put another there. */
async function nodeForAsterisk(site: Site): Promise<Finding> {
  const user = userOf(site);
  const [, interpreter = ''] = /^#!\s*(\S+)/.exec(await promises.readFile(site.program, 'utf8')) ?? [];
  if (interpreter.endsWith('/env')) return nodeOnPath(site, user);
  return (await blocked(user, [interpreter], ['x'])) ?? ok(`${interpreter}, as ${site.program} names it`);
}

async function nodeOnPath({ asterisk }: Site, user: Account): Promise<Finding> {
  const path = asterisk.env['PATH'] ?? '';
  const origin = asterisk.known ? 'the PATH of Asterisk' : 'the usual PATH of a service';
  let why = '';
  for (const folder of path.split(':').filter((entry) => entry.startsWith('/'))) {
    const node = join(folder, 'node');
    const found = await obstacle(node, user, ['x']);
    if (!found) return ok(`${node}, on ${origin}`);
    if (found.lacks !== 'missing') why ||= `: ${obstacleText(found, user)}`;
  }
  return problem(
    `${origin} (${path}) has no node that ${user.name} may run${why}`,
    'Install Node.js for all users, not by nvm in a home folder; see docs/install.md.',
  );
}

async function programFile(site: Site): Promise<Finding> {
  const { program } = site;
  try {
    holdApplication(program, 8000);
  } catch (error) {
    const { message, hint = '' } = expected(error);
    return problem(message, `${hint}.`);
  }
  const user = userOf(site);
  const bundle = join(dirname(dirname(program)), 'dist/stream.cjs');
  const reader = join(dirname(program), READER);
  const found =
    (await blocked(user, [program, reader], ['r', 'x'])) ?? (await blocked(user, [bundle], ['r']));
  if (found) return found;
  const { mode } = await promises.stat(program);
  return mode & 0o002
    ? warning(`every user may change ${program}`, `chmod o-w ${program}`)
    : ok(`${program}, for ${user.name} too`);
}

/** The proof, if this user may give it: the same program, user and environment as Asterisk's. */
async function startIt(site: Site): Promise<Finding> {
  const user = userOf(site);
  const own = process.geteuid?.();
  if (user.uid === 0)
    return notChecked(
      'Asterisk runs as root, and doctor starts nothing as root',
      'Let Asterisk run as a user of its own.',
    );
  if (own !== 0 && own !== user.uid)
    return notChecked(`only root and ${user.name} may try it`, 'Run: sudo holdcast doctor');
  const as = own === 0 ? user : undefined;
  try {
    await tryProgram(site.program, ['--version'], { env: site.asterisk.env, limitMs: START_MS, as });
    return ok(`it starts as ${user.name}`);
  } catch (error) {
    return problem(
      `it does not start as ${user.name}: ${messageOf(error)}`,
      'Correct this before calls arrive: Asterisk restarts a program that ends repeatedly, and may crash on it.',
    );
  }
}
