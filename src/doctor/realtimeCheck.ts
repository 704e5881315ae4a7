// Does Asterisk ask the hub? Its console is asked, by which the whole way is tried: module, extconfig.conf, hub. Where
// the console cannot be reached, extconfig.conf is read.
import { CLASS_PREFIX, PROBE } from '../asterisk/realtime';
import { lookUpAddress } from '../asterisk/snippets';
import { errnoOf, messageOf } from '../util/errors';
import { named, notChecked, ok, problem, warning, type Check, type Finding } from './check';
import type { Conf } from './confFile';
import { enginesOf } from './extconfig';
import { wantedApplication } from './hubCheck';
import type { Site } from './site';

const INSTALL =
  'Install it (Debian: apt-get install asterisk-modules), then: asterisk -rx "module load res_config_curl.so"';
const RESTART =
  'holdcast asterisk prints the line for [settings] of extconfig.conf; Asterisk reads it at: asterisk -rx "module reload extconfig"';

export function realtimeChecks(site: Site): Check[] {
  return [
    { name: 'res_config_curl', run: () => moduleLoaded(site) },
    { name: 'extconfig.conf', run: () => mapping(site) },
    { name: 'class for each call', run: () => lookUp(site) },
  ];
}

async function moduleLoaded({ console: ask }: Site): Promise<Finding> {
  const text = await ask('module show like res_config_curl');
  if (text === undefined) return cannotAsk();
  return /^res_config_curl\.so\b.*\bRunning\b/m.test(text)
    ? ok('loaded')
    : problem('the module is not loaded in Asterisk', INSTALL);
}

async function mapping({ conf, config, etc }: Site): Promise<Finding | Finding[]> {
  if (!config.config) return notChecked('the config is invalid');
  const { listen } = config.config.hub;
  if ('path' in listen || listen.port === 0)
    return warning(
      'hub.listen is no fixed port, so Asterisk cannot ask the hub',
      "Set hub.listen to '127.0.0.1:8099'.",
    );
  let found: Conf;
  try {
    found = await conf('extconfig.conf');
  } catch (error) {
    return errnoOf(error) === 'ENOENT'
      ? problem(`there is no ${etc}/extconfig.conf`, RESTART)
      : notChecked(`${etc}/extconfig.conf: ${messageOf(error)}`, 'Run this as root.');
  }
  const engines = enginesOf(found, 'musiconhold');
  const [first] = engines;
  const wanted = lookUpAddress(listen);
  const others = found.gaps.length === 0 ? [] : [gaps(found)];
  if (!first) return [problem('musiconhold is not mapped: Asterisk looks up no class', RESTART), ...others];
  if (first.driver !== 'curl')
    return [ok(`${first.driver},${first.address} is asked first (another engine than the hub)`), ...others];
  const named = hostIn(first.address);
  if (named !== undefined && config.config.hub.hosts.includes(named))
    return [ok(`the hub is asked by a name in hub.hosts: ${first.address}`), ...others];
  if (sameAddress(first.address, wanted)) return [ok(`the hub is asked: ${first.address}`), ...others];
  return [problem(`${first.address} is asked, the hub answers on ${wanted}`, RESTART), ...others];
}

function gaps({ gaps: [first = ''] }: Conf): Finding {
  return named(
    'extconfig.conf includes',
    warning(first, 'Correct the #include: a missing file keeps Asterisk from starting.'),
  );
}

/** The path is the operator's choice: the hub answers on any. */
function sameAddress(one: string, other: string): boolean {
  const host = (text: string): string =>
    /^https?:\/\/([^/]+)/i.exec(text)?.[1]?.replace(/^localhost:/i, '127.0.0.1:') ?? text;
  return host(one) === host(other);
}

/** The name in an address, as it stands in a request's Host, without the port. */
function hostIn(address: string): string | undefined {
  return /^https?:\/\/(\[[^\]]*\]|[^/:]+)/i.exec(address)?.[1]?.toLowerCase();
}

async function lookUp({ console: ask, program, config }: Site): Promise<Finding> {
  const text = await ask(`realtime load musiconhold name ${CLASS_PREFIX}${PROBE}`);
  if (text === undefined) return cannotAsk();
  if (text.includes(wantedApplication(program, config.config?.hub)))
    return ok('Asterisk gets one from the hub');
  const application = /^\s*application\s+(\S.*)$/m.exec(text)?.[1]?.trim();
  if (application === undefined)
    return problem(
      'Asterisk gets none: callers hear the class [default]',
      'Check res_config_curl, extconfig.conf and the hub, above.',
    );
  return application === `${program} stream`
    ? problem('Asterisk gets that of the second engine: no keys, no places', 'Start the hub.')
    : warning(`Asterisk gets: ${application}`, `The hub of this installation would answer with ${program}.`);
}

function cannotAsk(): Finding {
  return notChecked(
    "cannot tell: Asterisk's console does not answer",
    'Run this as root where Asterisk runs: sudo holdcast doctor',
  );
}
