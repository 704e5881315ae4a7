// `holdcast hub`: runs the hub until it is told to end, with its own log and its own signals.
// It says at its start what it is ready for.
import type { BillingSettings } from '../billing/settings';
import { loadConfig, loadLastGood, type LoadedConfig } from '../config/load';
import type { HubReady } from '../hub/hub';
import { HubService } from '../hub/hubService';
import { checkHeldSockets, takeHeldSockets } from '../util/http/heldSockets';
import { addressOf } from '../util/http/listening';
import { takeNotifySettings } from '../observe/systemd';
import { harmlessText } from '../session/limited';
import { systemClock } from '../util/clock';
import { errorFields } from '../util/errors';
import type { Logger } from '../util/log';
import { becomeOwnerOf } from '../util/privileges';
import { labelled } from '../util/textTable';
import { version } from '../util/version';
import { becomeOwnerOfConfig, foldersOf, type Context } from './context';

/**
 * Ends on SIGTERM and SIGINT. The exit code: 0.
 * @param options as given by --config
 * @throws HoldcastError of the config, HC_HUB_ADDRESS, or HC_NOT_AS_ROOT
 */
export async function hubCommand(
  options: { config?: string },
  { out }: Pick<Context, 'out'>,
): Promise<number> {
  const notify = takeNotifySettings(process.env);
  const held = takeHeldSockets(process.env);
  becomeOwnerOfConfig(options.config);
  const { loaded, wrong } = await configFor(options.config);
  becomeOwnerOf(foldersOf(loaded.config));
  const { listen, observe } = loaded.config.hub;
  checkHeldSockets(held, { 'hub.listen': listen, 'hub.observe': observe });
  const clock = systemClock();
  const service = await HubService.open({ loaded, configFile: options.config, notify, held, clock });
  const { log } = service;
  const abort = new AbortController();
  const release = takeSignals({ abort, log, reload: () => void service.reload() });
  if (wrong !== undefined) log.error(errorFields(wrong), 'config rejected; using the last valid one');
  try {
    await service.run(abort.signal, (ready) => out.write(readyText(ready, loaded)));
    return 0;
  } finally {
    release();
  }
}

/** A hub that does not start would take every caller's own music; streams use the last valid config too. */
async function configFor(path: string | undefined): Promise<{ loaded: LoadedConfig; wrong?: unknown }> {
  try {
    return { loaded: await loadConfig(path) };
  } catch (wrong) {
    const config = await loadLastGood(path);
    if (!config) throw wrong;
    return { loaded: { config }, wrong };
  }
}

interface Signals {
  abort: AbortController;
  log: Logger;
  reload: () => void;
}

/** An error that nobody expected must not end the hub: it would take the music from every caller. */
function takeSignals({ abort, log, reload }: Signals): () => void {
  const end = (signal: NodeJS.Signals): void => {
    log.info({ signal }, 'hub is stopping');
    abort.abort();
  };
  const survive = (error: unknown): void =>
    log.error(unexpectedFields(error), 'unexpected error; the hub continues');
  const handlers = [
    ['SIGTERM', end],
    ['SIGINT', end],
    ['SIGHUP', reload],
    ['uncaughtException', survive],
    ['unhandledRejection', survive],
  ] as const;
  for (const [name, handler] of handlers) process.on(name, handler);
  return () => {
    for (const [name, handler] of handlers) process.off(name, handler);
  };
}

/** What the log says of an error that nobody expected: it may come from an operator's code, and have a number in its text. */
export function unexpectedFields(error: unknown): ReturnType<typeof errorFields> {
  return { ...errorFields(error), error: harmlessText(error) };
}

function readyText(ready: HubReady, { config, path }: LoadedConfig): string {
  const { ami, store, billing } = config;
  const rows = [
    ['Config', path ?? 'none found, using the defaults'],
    ['Look-ups', lookUpText(ready)],
    [
      'Callers',
      config.hub.play === 'hub'
        ? `this hub plays to up to ${config.hub.callers}; shared folder ${config.hub.folder}`
        : 'one process each, with its own AMI connection for keys and places',
    ],
    ['Store', store.mysql ? `database ${store.mysql.database}` : store.file],
    ['Billing', billing ? billingText(billing) : 'none in the config: no balance is available'],
    [
      'Asterisk',
      ami
        ? `AMI at ${ami.host}:${ami.port} as ${ami.user}`
        : 'no ami.secret in the config: no keys, no places',
    ],
  ] as const;
  return `holdcast hub ${version} is ready\n${labelled(rows)}`;
}

function billingText({ source }: BillingSettings): string {
  if (typeof source === 'function') return 'by a function of the config';
  return 'sql' in source ? `database ${source.sql.database.database}` : 'over HTTP';
}

function lookUpText({ realtime }: HubReady): string {
  const address = addressOf(realtime);
  if ('path' in realtime) return address;
  return `http://${address}  (extconfig.conf: musiconhold => curl,http://${address}/realtime/musiconhold)`;
}
