// Does Asterisk ask the hub? A look-up from its console tries the whole way: module, extconfig.conf, hub.
// If the console cannot be reached, extconfig.conf is read.
import { CLASS_PREFIX, PROBE } from '../asterisk/realtime';
import { lookUpAddress } from '../asterisk/snippets';
import { named, ok, problem, warning, type Check, type Finding, type Findings } from './check';
import { enginesOf } from './confFile';
import { wantedApplication } from './hubCheck';
import { configOf, confOf, consoleText, type Site } from './site';

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

async function moduleLoaded(site: Site): Promise<Finding> {
  const text = await consoleText(site, 'module show like res_config_curl');
  return /^res_config_curl\.so\b.*\bRunning\b/m.test(text)
    ? ok('loaded')
    : problem('the module is not loaded in Asterisk', INSTALL);
}

async function mapping(site: Site): Promise<Findings> {
  const { listen, hosts } = configOf(site).hub;
  if ('path' in listen || listen.port === 0)
    return warning(
      'hub.listen is no fixed port, so Asterisk cannot ask the hub',
      "Set hub.listen to '127.0.0.1:8099'.",
    );
  const conf = await confOf(site, 'extconfig.conf');
  if (!conf) return problem(`there is no ${site.etc}/extconfig.conf`, RESTART);
  const [gap] = conf.gaps;
  const todo = 'Correct the #include: a missing file keeps Asterisk from starting.';
  const gaps = gap === undefined ? [] : [named('extconfig.conf includes', warning(gap, todo))];
  const [first] = enginesOf(conf, 'musiconhold');
  if (!first) return [problem('musiconhold is not mapped: Asterisk looks up no class', RESTART), ...gaps];
  const { driver, address } = first;
  const wanted = lookUpAddress(listen);
  const host = hostIn(address)?.replace(/:\d+$/, '');
  if (driver !== 'curl')
    return [ok(`${driver},${address} is asked first (another engine than the hub)`), ...gaps];
  if (host !== undefined && hosts.includes(host))
    return [ok(`the hub is asked by a name in hub.hosts: ${address}`), ...gaps];
  // The path is the operator's choice: the hub answers on any.
  const isHub = hostIn(address)?.replace(/^localhost:/, '127.0.0.1:') === hostIn(wanted);
  if (isHub) return [ok(`the hub is asked: ${address}`), ...gaps];
  return [problem(`${address} is asked, the hub answers on ${wanted}`, RESTART), ...gaps];
}

/** Host and port in an address, as they stand in a request's Host. */
function hostIn(address: string): string | undefined {
  return /^https?:\/\/([^/]+)/i.exec(address)?.[1]?.toLowerCase();
}

async function lookUp(site: Site): Promise<Finding> {
  const text = await consoleText(site, `realtime load musiconhold name ${CLASS_PREFIX}${PROBE}`);
  if (text.includes(wantedApplication(site))) return ok('Asterisk gets one from the hub');
  const application = /^\s*application\s+(\S.*)$/m.exec(text)?.[1]?.trim();
  if (application === undefined)
    return problem(
      'Asterisk gets none: callers hear the class [default]',
      'Check res_config_curl, extconfig.conf and the hub, above.',
    );
  return application === `${site.program} stream`
    ? problem('Asterisk gets that of the second engine: no keys, no places', 'Start the hub.')
    : warning(
        `Asterisk gets: ${application}`,
        `The hub of this installation would answer with ${site.program}.`,
      );
}
