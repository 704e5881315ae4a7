// Can Holdcast log in to Asterisk's manager interface, and may it do there what it needs? Each right is tried. Rights to events
// cannot be tried (Asterisk accepts the login and sends none), so they are read from its console or manager.conf.
import { openAmi, type AmiConnection } from '../asterisk/ami';
import { NEEDED_READ, NEEDED_WRITE } from '../asterisk/snippets';
import { errorFields, messageOf } from '../util/errors';
import { seededRandom } from '../util/random';
import { named, notChecked, ok, problem, warning, type Check, type Finding, type Findings } from './check';
import { valueOf } from './confFile';
import { configOf, type Site } from './site';

const OLDEST_ASTERISK = 16;
const ASKED = ['QueueStatus', 'Status', 'CoreShowChannels'] as const;
/** Classes of `write=` with which somebody who has the password could do harm. */
const POWERFUL = 'system,call,agent,user,config,command,originate,message,agi,all'.split(',');

export function amiChecks(site: Site): Check[] {
  return [{ name: 'AMI', run: (signal) => ami(site, signal) }];
}

async function ami(site: Site, signal: AbortSignal): Promise<Findings> {
  const settings = configOf(site).ami;
  if (!settings)
    return warning(
      'the config has no ami.secret: callers have music, but no keys and no places in the queue',
      'holdcast asterisk prints what to put into manager.conf and into the config',
    );
  const { user, host, port } = settings;
  let connection: AmiConnection;
  try {
    // Root, who may run this, is not Asterisk's user.
    const trustUid = [...(settings.trustUid ?? []), ...(site.account ? [site.account.uid] : [])];
    const parts = { clock: site.clock, random: seededRandom(process.pid), signal };
    connection = await openAmi({ ...settings, trustUid }, parts);
  } catch (error) {
    const { hint = "See Asterisk's own log." } = errorFields(error);
    return named('AMI login', problem(messageOf(error), hint));
  }
  try {
    connection.start({ event: () => {}, ended: () => {} });
    const asked = await Promise.all(ASKED.map((action) => tried(connection, action, user)));
    return [
      named('AMI login', ok(`as ${user} at ${host}:${port}`)),
      ...(await versionOf(connection)),
      ...asked,
      ...(await rightsOf(site, user)),
    ];
  } finally {
    connection.close();
  }
}

async function tried(connection: AmiConnection, action: string, user: string): Promise<Finding> {
  try {
    await connection.list({ Action: action });
    return named(`AMI ${action}`, ok('answered'));
  } catch (error) {
    const denied = /permission denied/i.test(messageOf(error));
    const todo = denied
      ? `In [${user}] of manager.conf: write=${NEEDED_WRITE.join(',')} (added to what is there); then: asterisk -rx "manager reload"`
      : 'Is app_queue loaded? asterisk -rx "module show like app_queue"';
    return named(`AMI ${action}`, problem(messageOf(error), todo));
  }
}

async function versionOf(connection: AmiConnection): Promise<Finding[]> {
  const answer = await connection.request({ Action: 'CoreSettings' }).catch(() => undefined);
  const version = answer?.get('AsteriskVersion');
  if (version === undefined) return [];
  const major = Number(/^\d+/.exec(version)?.[0]);
  const finding =
    major < OLDEST_ASTERISK
      ? warning(version, `Holdcast was tried with Asterisk ${OLDEST_ASTERISK} and later.`)
      : ok(version);
  return [named('Asterisk', finding)];
}

interface Rights {
  readonly read: readonly string[];
  readonly write: readonly string[];
  /** "manager.conf", "Asterisk's console". */
  readonly from: string;
}

async function rightsOf(site: Site, user: string): Promise<Finding[]> {
  const rights = (await rightsOnConsole(site, user)) ?? (await rightsInFile(site, user));
  const needed = `read=${NEEDED_READ.join(',')}`;
  if (!rights) {
    const found = `neither Asterisk's console nor ${site.etc}/manager.conf can be read`;
    return [named('AMI events', notChecked(found, `Run this as root, or see that [${user}] has ${needed}`))];
  }
  const missing = NEEDED_READ.filter((right) => !rights.read.includes(right) && !rights.read.includes('all'));
  const events =
    missing.length === 0
      ? ok(needed)
      : problem(
          `${rights.from}: read= lacks ${missing.join(', ')}`,
          `In [${user}] of manager.conf: ${needed}; then: asterisk -rx "manager reload"`,
        );
  const tooMuch = rights.write.filter((right) => POWERFUL.includes(right));
  if (tooMuch.length === 0) return [named('AMI events', events)];
  const spare = warning(
    `${rights.from}: [${user}] may do more than it needs: ${tooMuch.join(', ')}`,
    `write=${NEEDED_WRITE.join(',')} is enough for Holdcast.`,
  );
  return [named('AMI events', events), named('AMI rights', spare)];
}

async function rightsOnConsole({ console: ask }: Site, user: string): Promise<Rights | undefined> {
  if (!/^[\w.-]+$/.test(user)) return undefined;
  const text = await ask(`manager show user ${user}`);
  const [read, write] = ['read', 'write'].map(
    (kind) => new RegExp(`^\\s*${kind} perm:\\s*(\\S*)`, 'm').exec(text ?? '')?.[1],
  );
  if (read === undefined || write === undefined) return undefined;
  return { read: words(read), write: words(write), from: "Asterisk's console" };
}

async function rightsInFile({ conf }: Site, user: string): Promise<Rights | undefined> {
  const found = await conf('manager.conf').catch(() => undefined);
  const section = found?.sections.find(({ name, template }) => name === user && !template);
  if (!section) return undefined;
  const list = (name: string): string[] => words(valueOf(section, name)?.value ?? '');
  return { read: list('read'), write: list('write'), from: 'manager.conf' };
}

function words(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
