// Is the config valid, do streams find the same one, may they read it, and may nobody else read the password in it?
import { promises } from 'node:fs';
import { findConfig } from '../config/locate';
import { readRegularSync } from '../util/regularFile';
import { expected, ok, problem, warning, type Check, type Finding } from './check';
import { blocked } from './rights';
import { configOf, HUB_ENVIRONMENT, userOf, type Site } from './site';

/** Where Asterisk's service starts its children if that is not known. */
const USUAL_CWD = '/var/lib/asterisk';
/** No config is longer; bytes. */
const MOST_BYTES = 4 << 20;

export function configChecks(site: Site): Check[] {
  return [
    { name: 'config', run: () => validity(site) },
    { name: 'config for streams', run: () => forStreams(site) },
    { name: 'password in config', run: () => privacy(site) },
  ];
}

function validity({ config }: Site): Finding {
  if (!config.error) return ok(config.path ?? 'none found, using the defaults');
  const { message, hint } = config.error;
  const todo = `Run holdcast config check${hint === undefined ? '' : `: ${hint}`}.`;
  return problem(message.split('\n')[0]!, todo);
}

/** Streams are given no --config: what they find by themselves is what counts. */
async function forStreams(site: Site): Promise<Finding> {
  configOf(site);
  const { asterisk, config } = site;
  let found: string | undefined;
  try {
    found = findConfig(undefined, { env: asterisk.env, cwd: asterisk.cwd ?? USUAL_CWD })?.file;
  } catch (error) {
    const { message, hint = '' } = expected(error);
    return problem(message, `In the environment of Asterisk: ${hint}.`);
  }
  if ((await realPath(found)) !== (await realPath(config.path))) {
    const one = config.path ?? 'none';
    const other = found ?? 'none (the defaults)';
    return problem(
      `this command takes ${one}, streams take ${other}`,
      config.path === undefined
        ? `Name it: holdcast doctor --config ${other}`
        : `Put it at /etc/holdcast/config.ts, or set HOLDCAST_CONFIG=${one} in the environment of Asterisk and of the hub.`,
    );
  }
  if (found === undefined) return ok('there is none: the defaults');
  const user = userOf(site);
  return (await blocked(user, [found], ['r'])) ?? ok(`${found}, which ${user.name} may read`);
}

/** Looks into the config and into the environment file of the hub. */
async function privacy({ config, user }: Site): Promise<Finding> {
  const secret = config.config?.ami?.secret;
  if (secret === undefined) return ok('there is none');
  for (const [file, owner] of [
    [config.path, user],
    [HUB_ENVIRONMENT, 'root'],
  ] as const)
    if (file !== undefined && (await isOpen(file, secret)))
      return warning(
        `every user of this machine may read ami.secret in ${file}`,
        `chgrp ${owner} ${file} && chmod 0640 ${file}`,
      );
  return ok('not everybody may read it');
}

async function isOpen(file: string, secret: string): Promise<boolean> {
  try {
    const { mode } = await promises.stat(file);
    return (mode & 0o004) !== 0 && readRegularSync(file, MOST_BYTES).includes(secret);
  } catch {
    return false;
  }
}

async function realPath(path: string | undefined): Promise<string | undefined> {
  return path && promises.realpath(path).catch(() => path);
}
