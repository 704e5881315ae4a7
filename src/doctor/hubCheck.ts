// Does the hub answer as Asterisk needs it, and can what Asterisk starts use its folder? It is asked as Asterisk asks it.
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { CLASS_PREFIX, holdApplication, PROBE, READER } from '../asterisk/realtime';
import { isToken } from '../asterisk/token';
import type { HubSettings } from '../config/types';
import type { Clock } from '../util/clock';
import { messageOf } from '../util/errors';
import { named, notChecked, ok, problem, warning, type Check, type Finding } from './check';
import { enginesOf } from './extconfig';
import { noAccount } from './programCheck';
import { obstacle, obstacleText } from './rights';
import type { Site } from './site';

const MOST_BYTES = 4096;
/** It answers within milliseconds; a call waits for it. */
const ANSWER_MS = 3000;
const START =
  'systemctl enable --now holdcast-hub (or run holdcast hub), then look at its log: journalctl -u holdcast-hub';

export function hubChecks(site: Site): Check[] {
  return [{ name: 'hub', run: (signal) => hub(site, signal) }];
}

async function hub(site: Site, signal: AbortSignal): Promise<Finding | Finding[]> {
  const { config } = site;
  if (!config.config) return notChecked('the config is invalid');
  const { listen } = config.config.hub;
  let answer: string;
  try {
    answer = await ask(listen, site.clock, signal);
  } catch (error) {
    const found = `it does not answer on ${addressText(listen)}: ${messageOf(error)}`;
    return (await isMapped(site)) ? problem(found, START) : warning(found, START);
  }
  const { play, folder } = config.config.hub;
  return [
    judged(answer, site),
    named(play === 'hub' ? "callers' pipes" : "calls' names", await pipes(folder, site)),
  ];
}

/**
 * What Asterisk is to start, without the token of the look-up, which is another each time.
 * @param program absolute path of bin/holdcast; the reader lies beside it
 */
export function wantedApplication(program: string, hub: HubSettings | undefined): string {
  if (hub?.play === 'hub') return `${join(dirname(program), READER)} ${hub.folder}`;
  return `${program} stream --token`;
}

function judged(answer: string, { program, config }: Site): Finding {
  const fields = new Map(
    answer
      .split(/[\r\n]/)[0]!
      .split('&')
      .map((pair) => pair.split('=').map(decoded) as [string, string]),
  );
  const application = fields.get('application') ?? '';
  const wanted = wantedApplication(program, config.config?.hub);
  const words = application.split(' ');
  const started = isToken(words.at(-1) ?? '') ? words.slice(0, -1).join(' ') : application;
  if (application === '')
    return problem(
      'something answers, but not with a music class',
      'See that hub.listen is the hub’s address, and no other program’s.',
    );
  // Where the hub has found that Asterisk needs it, the path of Node stands before it.
  if (started !== wanted && !started.endsWith(` ${wanted}`))
    return warning(
      `it makes Asterisk start ${application.split(' ')[0]}, this is ${program}`,
      'Restart the hub after an upgrade; have one installation only: systemctl restart holdcast-hub',
    );
  const { format = 'slin' } = config.config ? holdApplication(program, config.config.program.rate) : {};
  const told = fields.get('format') ?? 'slin';
  return told === format
    ? ok('it answers with a music class for each call')
    : problem(
        `it makes Asterisk read ${told}, sound.rate is ${config.config?.program.rate}`,
        'The config has changed: systemctl restart holdcast-hub',
      );
}

/** Whether extconfig.conf sends Asterisk to a hub, so that calls miss an answer. */
async function isMapped({ conf }: Site): Promise<boolean> {
  const found = await conf('extconfig.conf').catch(() => undefined);
  return found !== undefined && enginesOf(found, 'musiconhold').some(({ driver }) => driver === 'curl');
}

/** Each call's reader is started by Asterisk, and opens a pipe that is the hub's user's alone. */
async function pipes(folder: string, { account, user }: Site): Promise<Finding> {
  if (!account) return noAccount(user);
  const blocked = await obstacle(folder, account, ['r', 'w', 'x']);
  if (blocked?.lacks === 'missing')
    return problem(
      obstacleText(blocked, account),
      'Restart the hub with the same config: systemctl restart holdcast-hub',
    );
  return blocked
    ? problem(obstacleText(blocked, account), `Let the hub run as ${account.name}, as its service does.`)
    : ok(`in ${folder}, which ${account.name} may use`);
}

function ask(listen: HubSettings['listen'], clock: Clock, signal: AbortSignal): Promise<string> {
  const where = 'path' in listen ? { socketPath: listen.path } : { host: listen.host, port: listen.port };
  const options = { ...where, method: 'POST', path: '/realtime/musiconhold/single', signal, agent: false };
  return new Promise<string>((resolve, reject) => {
    const asking = request(options, (response) => {
      let text = '';
      response.setEncoding('latin1');
      response.on('data', (piece: string) => {
        text += piece;
        if (text.length > MOST_BYTES) asking.destroy(new Error('the answer is too long'));
      });
      response.on('end', () => resolve(text));
      response.on('error', reject);
    });
    const late = new Error(`nothing came within ${ANSWER_MS / 1000} s`);
    const cancel = clock.after(ANSWER_MS, () => asking.destroy(late));
    asking.on('error', reject).on('close', cancel);
    asking.end(`name=${CLASS_PREFIX}${PROBE}`);
  });
}

function addressText(listen: HubSettings['listen']): string {
  return 'path' in listen ? listen.path : `${listen.host}:${listen.port}`;
}

function decoded(text = ''): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}
