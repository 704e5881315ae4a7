// The folders in which Asterisk's user must be able to write: prepared media, the state of calls, the log.
// A folder that is not there yet is judged by the nearest one above that is.
import { promises } from 'node:fs';
import { dirname, join } from 'node:path';
import { notChecked, ok, problem, warning, type Check, type Finding } from './check';
import { SYSTEM_CACHE, SYSTEM_RUN } from './configState';
import { noAccount } from './programCheck';
import { obstacle, obstacleText, type Account } from './rights';
import type { Site } from './site';

export function folderChecks(site: Site): Check[] {
  return [
    { name: 'cache', run: () => withAccount(site, (account) => cache(site, account)) },
    { name: 'state of calls', run: () => withAccount(site, (account) => calls(site, account)) },
    { name: 'log', run: () => withAccount(site, (account) => log(site, account)) },
  ];
}

function withAccount(
  { account, user }: Site,
  task: (account: Account) => Promise<Finding>,
): Promise<Finding> {
  return account ? task(account) : Promise.resolve(noAccount(user));
}

async function cache({ config }: Site, account: Account): Promise<Finding> {
  const folder = config.config?.media.cache;
  if (folder === undefined) return notChecked('the config is invalid');
  if (folder === join(account.home, '.cache/holdcast'))
    return warning(
      `there is no ${SYSTEM_CACHE}, so streams keep theirs in ${folder}, and other users use another one`,
      installCommand(SYSTEM_CACHE, account, '0700'),
    );
  return writable(folder, account, installCommand(folder, account, '0700'));
}

async function calls({ config }: Site, account: Account): Promise<Finding> {
  if (!config.config) return notChecked('the config is invalid');
  const { folder } = config.config.calls;
  if (folder === join(config.config.media.cache, 'run/calls'))
    return warning(
      `there is no ${SYSTEM_RUN}, which the hub's service creates; until then the state is kept in the cache`,
      'systemctl enable --now holdcast-hub',
    );
  return writable(folder, account, installCommand(folder, account, '0700'));
}

async function log({ config }: Site, account: Account): Promise<Finding> {
  if (!config.config) return notChecked('the config is invalid');
  const { file } = config.config.log;
  if (file === undefined)
    return warning(
      "standard error, which Asterisk's service usually discards",
      "Set log.file in the config, for example '/var/log/holdcast/holdcast.log'.",
    );
  if (!(await exists(file)))
    return writable(dirname(file), account, installCommand(dirname(file), account, '0750'));
  const blocked = await obstacle(file, account, ['w']);
  return blocked ? problem(obstacleText(blocked, account), `chown ${account.name} ${file}`) : ok(file);
}

/** Whether `account` may make files in `folder`, or make it where it is not there yet. */
async function writable(folder: string, account: Account, todo: string): Promise<Finding> {
  let there = folder;
  while (!(await exists(there)) && dirname(there) !== there) there = dirname(there);
  const blocked = await obstacle(there, account, ['w', 'x']);
  if (blocked) return problem(obstacleText(blocked, account), todo);
  return ok(there === folder ? folder : `${folder}, created when needed`);
}

function installCommand(folder: string, { name }: Account, mode: string): string {
  return `install -d -o ${name} -g ${name} -m ${mode} ${folder}`;
}

function exists(path: string): Promise<boolean> {
  return promises.stat(path).then(
    () => true,
    () => false,
  );
}
