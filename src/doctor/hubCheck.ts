// Does the hub answer as Asterisk needs it, and can what Asterisk starts use its folder? It is asked as Asterisk asks it.
import { dirname, join } from 'node:path';
import { CLASS_PREFIX, holdApplication, PROBE, READER } from '../asterisk/realtime';
import { isToken } from '../asterisk/token';
import { messageOf } from '../util/errors';
import { ask } from '../util/http/ask';
import { addressOf } from '../util/http/listening';
import { named, ok, problem, warning, type Check, type Finding, type Findings } from './check';
import { enginesOf } from './confFile';
import { obstacle, obstacleText } from './rights';
import { configOf, userOf, type Site } from './site';

/** It answers within milliseconds; a call waits for it. */
const QUESTION = {
  method: 'POST',
  path: '/realtime/musiconhold/single',
  body: `name=${CLASS_PREFIX}${PROBE}`,
  limitMs: 3000,
  mostBytes: 4096,
  words: { late: 'nothing came within 3 s', long: 'the answer is too long' },
};
const START =
  'systemctl enable --now holdcast-hub (or run holdcast hub), then look at its log: journalctl -u holdcast-hub';

export function hubChecks(site: Site): Check[] {
  return [{ name: 'hub', run: (signal) => hub(site, signal) }];
}

async function hub(site: Site, signal: AbortSignal): Promise<Findings> {
  const { listen, play } = configOf(site).hub;
  let answer: string;
  try {
    ({ text: answer } = await ask(listen, QUESTION, { clock: site.clock, signal }));
  } catch (error) {
    const found = `it does not answer on ${addressOf(listen)}: ${messageOf(error)}`;
    return (await isMapped(site)) ? problem(found, START) : warning(found, START);
  }
  const name = play === 'hub' ? "callers' pipes" : "calls' names";
  return [judged(answer, site), named(name, await pipes(site))];
}

/** What Asterisk is to start, without the token of the look-up, which is another each time. */
export function wantedApplication(site: Site): string {
  const { play, folder } = configOf(site).hub;
  return play === 'hub'
    ? `${join(dirname(site.program), READER)} ${folder}`
    : `${site.program} stream --token`;
}

function judged(answer: string, site: Site): Finding {
  const { program } = site;
  const { rate } = configOf(site).program;
  const fields = new URLSearchParams(answer.split(/[\r\n]/)[0]);
  const application = fields.get('application') ?? '';
  const wanted = wantedApplication(site);
  const words = application.split(' ');
  const started = isToken(words.at(-1) ?? '') ? words.slice(0, -1).join(' ') : application;
  if (application === '')
    return problem(
      'something answers, but not with a music class',
      'See that hub.listen is the hub’s address, and no other program’s.',
    );
  // If the hub has found that Asterisk needs it, the path of Node stands before it.
  if (started !== wanted && !started.endsWith(` ${wanted}`))
    return warning(
      `it makes Asterisk start ${words[0]}, this is ${program}`,
      'Restart the hub after an upgrade; have one installation only: systemctl restart holdcast-hub',
    );
  const { format = 'slin' } = holdApplication(program, rate);
  const given = fields.get('format') ?? 'slin';
  return given === format
    ? ok('it answers with a music class for each call')
    : problem(
        `it makes Asterisk read ${given}, sound.rate is ${rate}`,
        'The config has changed: systemctl restart holdcast-hub',
      );
}

/** Whether extconfig.conf sends Asterisk to a hub, so that calls miss an answer. */
async function isMapped({ conf }: Site): Promise<boolean> {
  const found = await conf('extconfig.conf').catch(() => undefined);
  return found !== undefined && enginesOf(found, 'musiconhold').some(({ driver }) => driver === 'curl');
}

/** Asterisk starts each call's reader, which opens a pipe that only the hub's user may open. */
async function pipes(site: Site): Promise<Finding> {
  const user = userOf(site);
  const { folder } = configOf(site).hub;
  const found = await obstacle(folder, user, ['r', 'w', 'x']);
  if (!found) return ok(`in ${folder}, which ${user.name} may use`);
  const todo =
    found.lacks === 'missing'
      ? 'Restart the hub with the same config: systemctl restart holdcast-hub'
      : `Let the hub run as ${user.name}, as its service does.`;
  return problem(obstacleText(found, user), todo);
}
