// Who listens where Asterisk looks up its classes, does systemd keep the port while the hub restarts, and does the hub's service see
// every folder that the config names? The program that answers look-ups tells Asterisk which programs to run.
import { existsSync, promises } from 'node:fs';
import type { ResolvedConfig } from '../config/types';
import { addressOf } from '../util/http/listening';
import { uidText } from '../util/account';
import { realTimePriority } from '../util/processStart';
import { tryProgram } from '../util/tryProgram';
import { listenersOn, tcpListeners, type TcpListener } from '../util/tcpSockets';
import { named, ok, problem, warning, type Check, type Finding, type Findings } from './check';
import { configOf, type Site } from './site';

const SERVICE = 'holdcast-hub.service';
const SOCKET = 'holdcast-hub.socket';
const ROOT = 0;
const SYSTEMCTL_MS = 5000;

/** The machine; tests have their own. */
export interface Machine {
  readonly listeners: () => TcpListener[];
  /** Properties of a unit; undefined: no systemd runs here. Never rejects. */
  readonly unit: (name: string, properties: readonly string[]) => Promise<Record<string, string> | undefined>;
}

const thisMachine: Machine = { listeners: tcpListeners, unit: unitProperties };

export function serviceChecks(site: Site, machine = thisMachine): Check[] {
  return [
    { name: 'port of look-ups', run: () => port(site, machine) },
    { name: 'folders of the service', run: () => homeFolders(site, machine) },
    { name: 'priority of the service', run: () => priority(site, machine) },
  ];
}

async function port(site: Site, machine: Machine): Promise<Findings> {
  const { listen } = configOf(site).hub;
  const kept = await keeping(listen, machine);
  if ('path' in listen) return kept;
  const ours = [ROOT, site.account?.uid];
  const foreign = listenersOn(listen, machine.listeners()).find(({ uid }) => !ours.includes(uid));
  if (!foreign) return kept;
  return [
    problem(
      `a program of ${uidText(foreign.uid)} listens on ${addressOf(listen)}: Asterisk runs the programs that it names`,
      `End it, and find out what else it did: ss -ltnp 'sport = :${listen.port}'. Then: systemctl restart ${SERVICE}`,
    ),
    named('port kept', kept),
  ];
}

/** Whether systemd keeps the port while the hub restarts. */
async function keeping(listen: ResolvedConfig['hub']['listen'], { unit }: Machine): Promise<Finding> {
  const [service, socket] = await Promise.all([
    unit(SERVICE, ['LoadState']),
    unit(SOCKET, ['LoadState', 'ActiveState', 'Listen']),
  ]);
  if (!service || !socket || service['LoadState'] !== 'loaded')
    return ok(`no ${SERVICE} here: docs/operating.md says how to keep the port without systemd`);
  if (socket['LoadState'] !== 'loaded')
    return 'path' in listen
      ? ok('its folder belongs to no other user')
      : warning(
          `any user of this machine may listen on ${addressOf(listen)} while the hub restarts`,
          `Copy packaging/systemd/${SOCKET} beside the service, then: systemctl daemon-reload && systemctl restart ${SERVICE}`,
        );
  const addresses = [...(socket['Listen'] ?? '').matchAll(/(\S+) \(Stream\)/g)].map(([, address]) => address);
  if (!addresses.includes(addressOf(listen)))
    return problem(
      `${SOCKET} holds ${addresses.join(', ') || 'nothing'}, hub.listen is ${addressOf(listen)}: the hub does not start`,
      `Set ListenStream= to the same: systemctl edit ${SOCKET} (an empty ListenStream= before it), then: systemctl restart ${SERVICE}`,
    );
  return socket['ActiveState'] === 'active'
    ? ok(`systemd keeps ${addressOf(listen)}`)
    : warning(
        `${SOCKET} is ${socket['ActiveState']}: nothing keeps ${addressOf(listen)}`,
        `systemctl restart ${SERVICE}`,
      );
}

/** An Asterisk at real-time priority takes all processors while callers arrive, and callers of a hub without it hear gaps. */
async function priority({ asterisk }: Site, { unit }: Machine): Promise<Finding> {
  const service = await unit(SERVICE, ['LimitRTPRIO', 'RestrictRealtime']);
  const asterisks = asterisk.pid === undefined ? 0 : realTimePriority(asterisk.pid);
  if (asterisks === 0 || service?.['LimitRTPRIO'] === undefined) return ok('nothing else is needed');
  if (Number(service['LimitRTPRIO']) > asterisks && service['RestrictRealtime'] !== 'yes')
    return ok(`real time, above Asterisk's ${asterisks}`);
  return warning(
    `Asterisk runs at real-time priority ${asterisks}, and the service grants the hub none above it: gaps while callers arrive`,
    `Copy packaging/systemd/${SERVICE} again (LimitRTPRIO=11, no RestrictRealtime=), then: systemctl daemon-reload && systemctl restart ${SERVICE}`,
  );
}

const HOMES = /^\/(home|root|run\/user)(\/|$)/;
/** Defaults of the user who runs this; the service has its own folders for them. */
const DEFAULTS = /\/\.(cache|local\/share)\/holdcast(\/|$)/;

/** ProtectHome=yes makes those folders empty for the service: a warning before it misses its media. */
async function homeFolders(site: Site, { unit }: Machine): Promise<Findings> {
  const inHomes: { what: string; path: string }[] = [];
  const places = [
    ...placesOf(configOf(site)),
    ['the program', site.program],
    ['the config', site.config.path],
  ] as const;
  for (const [what, path] of places) {
    if (path === undefined || DEFAULTS.test(path)) continue;
    const target = await promises.realpath(path).catch(() => path);
    if (HOMES.test(path) || HOMES.test(target)) inHomes.push({ what, path });
  }
  if (inHomes.length === 0) return ok('none lies below /home, /root or /run/user');
  const protection = (await unit(SERVICE, ['ProtectHome']))?.['ProtectHome'];
  if (protection === 'no' || protection === 'read-only')
    return ok(`the service sees home folders (${protection})`);
  return inHomes.map(({ what, path }) =>
    (protection === 'yes' || protection === 'tmpfs' ? problem : warning)(
      `the hub's service does not see ${path} (${what}): ProtectHome=yes`,
      `Move it, for example below /srv or /var/lib/holdcast; or systemctl edit ${SERVICE}: [Service] ProtectHome=read-only`,
    ),
  );
}

/** Every file and folder that the config names, by the option that names it. */
function placesOf({ media, hub, calls, store, log, voices }: ResolvedConfig): [string, string | undefined][] {
  const { listen, observe } = hub;
  return [
    ['media.folder', media.folder],
    ['media.cache', media.cache],
    ['media.ffmpeg', media.ffmpeg],
    ['hub.folder', hub.folder],
    ['hub.listen', 'path' in listen ? listen.path : undefined],
    ['hub.observe', observe && 'path' in observe ? observe.path : undefined],
    ['calls.folder', calls.folder],
    ['store.file', store.mysql ? undefined : store.file],
    ['store.spool', store.spool],
    ['log.file', log.file],
    ...pathsIn(voices).map((path): [string, string] => ['voices', path]),
  ];
}

function pathsIn(value: unknown): string[] {
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(pathsIn);
  return typeof value === 'string' && value.startsWith('/') ? [value] : [];
}

/** systemd's tools may be installed where it does not run; the test is that of `sd_booted`. */
async function unitProperties(
  name: string,
  properties: readonly string[],
): Promise<Record<string, string> | undefined> {
  if (!existsSync('/run/systemd/system')) return undefined;
  const argv = ['show', name, ...properties.map((property) => `--property=${property}`)];
  const said = await tryProgram('systemctl', argv, { env: process.env, limitMs: SYSTEMCTL_MS }).catch(
    () => undefined,
  );
  const pairs = said?.stdout.matchAll(/^(\w+)=(.*)$/gm);
  return pairs && Object.fromEntries([...pairs].map(([, key = '', value = '']) => [key, value] as const));
}
