// The folders in which Asterisk's user must be able to write: prepared media, the state of calls, the log.
// A folder that is not there yet is judged by the nearest one above it.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ok, warning, type Check, type Finding } from './check';
import { blocked, type Account } from './rights';
import { configOf, SYSTEM_CACHE, SYSTEM_RUN, userOf, type Site } from './site';

export function folderChecks(site: Site): Check[] {
  return [
    { name: 'cache', run: () => cache(site) },
    { name: 'state of calls', run: () => calls(site) },
    { name: 'log', run: () => log(site) },
  ];
}

async function cache(site: Site): Promise<Finding> {
  const user = userOf(site);
  const folder = configOf(site).media.cache;
  if (folder !== join(user.home, '.cache/holdcast')) return writable(folder, user, '0700');
  return warning(
    `there is no ${SYSTEM_CACHE}, so streams keep theirs in ${folder}, and other users use another one`,
    installCommand(SYSTEM_CACHE, user, '0700'),
  );
}

async function calls(site: Site): Promise<Finding> {
  const user = userOf(site);
  const { calls, media } = configOf(site);
  if (calls.folder !== join(media.cache, 'run/calls')) return writable(calls.folder, user, '0700');
  return warning(
    `there is no ${SYSTEM_RUN}, which the hub's service creates; until then the state is kept in the cache`,
    'systemctl enable --now holdcast-hub',
  );
}

async function log(site: Site): Promise<Finding> {
  const user = userOf(site);
  const { file } = configOf(site).log;
  if (file === undefined)
    return warning(
      "standard error, which Asterisk's service usually discards",
      "Set log.file in the config, for example '/var/log/holdcast/holdcast.log'.",
    );
  if (!existsSync(file)) return writable(dirname(file), user, '0750');
  return (await blocked(user, [file], ['w'])) ?? ok(file);
}

/** Whether `user` may make files in `folder`, or make it if it is not there yet. */
async function writable(folder: string, user: Account, mode: string): Promise<Finding> {
  let there = folder;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  const found = ok(there === folder ? folder : `${folder}, created when needed`);
  return (await blocked(user, [there], ['w', 'x'], installCommand(folder, user, mode))) ?? found;
}

function installCommand(folder: string, { name }: Account, mode: string): string {
  return `install -d -o ${name} -g ${name} -m ${mode} ${folder}`;
}
