// The hub: one AMI connection for all calls, the answers that give each call its own music class, and the player:
// mixing threads for all calls of the machine, or one process per call.
import { once } from 'node:events';
import { NO_LINK, type AmiPort } from '../asterisk/link';
import { Switchboard } from '../asterisk/switchboard';
import type { SampleRate } from '../audio/frame';
import type { HubSettings } from '../config/types';
import { Owners } from '../pipe/owners';
import type { StateFile } from '../store/stateFile';
import type { Clock } from '../util/clock';
import { errorFields } from '../util/errors';
import { inTime } from '../util/inTime';
import type { Logger } from '../util/log';
import { Scope, type Closeable } from '../util/scope';
import type { HeldSocket } from '../util/http/heldSockets';
import { LookUps } from './lookUps';
import type { HubServices, Playback, PlaybackGiven } from './playback';
import { Housekeeping, type CallMemory } from './housekeeping';
import { addressOf, type Where } from '../util/http/listening';
import { RealtimeServer, type LookUpAnswers, type LookUpResult, type RealtimeLimits } from './realtimeServer';
import { ChannelList } from './admission';
import { isThere as isInstalled, StreamCalls } from './streamCalls';
import { InitialTrack, type InitialTrackParts } from './initialTrack';

export interface HubParts {
  settings: Pick<HubSettings, 'listen' | 'folder'> & Partial<Pick<HubSettings, 'hosts'>>;
  /** Sockets that the service manager holds; default: none. */
  held?: readonly HeldSocket[];
  /** The form of the sound that streams give Asterisk. */
  rate: SampleRate;
  /** Absolute path of bin/holdcast, as Asterisk is to start it. */
  program: string;
  /** Opens the AMI connection, which the hub closes; absent: there is none, and nobody is named to hear anything. */
  openLink?: () => AmiPort & Closeable;
  /**
   * How long the first look-ups wait for the AMI connection, milliseconds: no event names a look-up answered before,
   * so its caller would hear music only. Default: not at all.
   */
  amiMs?: number;
  /** What remembers callers and knows their balances; absent: nothing. */
  openServices?: () => HubServices | Promise<HubServices>;
  /** Where a call's stream finds how it begins; absent: it begins with any track. */
  states?: Pick<StateFile, 'read' | 'write' | 'forget'>;
  memory: CallMemory;
  /** What plays to callers; absent: a process for each of them (StreamCalls). */
  openPlayback?: (given: PlaybackGiven) => Promise<Playback>;
  onLookUp?: (tookMs: number, result: LookUpResult) => void;
  clock: Clock;
  log: Logger;
  limits?: Partial<RealtimeLimits>;
  onReady?(ready: HubReady): void;
}

export interface HubReady {
  readonly realtime: Where;
}

/** Time limit of closing: with thousands of calls their last states take a second or two. */
const CLOSE_MS = 3000;

/**
 * Serves until `signal` fires; everything is closed then, within three seconds.
 * @throws HoldcastError HC_HUB_ADDRESS when it cannot listen, or Asterisk could not start bin/holdcast
 */
export async function runHub(parts: HubParts, signal: AbortSignal): Promise<void> {
  const { log } = parts;
  const scope = new Scope();
  const realtime = realtimeServer(parts);
  try {
    // First of all and to the very last: callers whose look-ups wait in a held socket are to hear of it soon.
    await realtime.start();
    const ready = await start(parts, scope, realtime);
    log.info({ realtime: addressOf(ready.realtime) }, 'hub ready');
    parts.onReady?.(ready);
    if (!signal.aborted) await once(signal, 'abort');
    log.info({ ...realtime.counts }, 'hub ends');
  } finally {
    realtime.withhold();
    await closeInTime(scope, parts);
    await realtime.close();
  }
}

async function start(parts: HubParts, scope: Scope, realtime: RealtimeServer): Promise<HubReady> {
  const { settings, clock, log, memory, states, rate } = parts;
  const link = openLink(parts, scope);
  /** Has `task` run each time that Asterisk can be asked again. */
  const onConnect = (task: () => void): void => scope.defer(link.listen({ connected: task }));
  const calls = scope.own(new Switchboard({ link, clock, log }));
  const lookUps = scope.own(new LookUps(link));
  const services = await openServices(parts, scope);
  const find: InitialTrackParts['find'] = (uniqueid) => calls.find(uniqueid);
  const welcome =
    services && states && new InitialTrack({ find, keeper: services.keeper, states, rate, clock, log });
  onConnect(() => void welcome?.warm());
  const roll = new ChannelList(calls);
  const playback = await openPlayback(parts, scope, {
    calls,
    services,
    lookUps,
    exists: (uniqueid) => roll.has(uniqueid),
    welcome: (uniqueid) => welcome?.firstState(uniqueid),
    prepare: (uniqueid, token) => welcome?.prepare(uniqueid, token),
  });
  const { application } = playback;
  const prepare: LookUpAnswers['prepare'] = (uniqueid, token) => playback.arrive(uniqueid, token);
  const housekeeping = scope.own(new Housekeeping({ calls, memory, playback, clock, log }));
  housekeeping.start();
  onConnect(() => void housekeeping.sweep());
  if (parts.openLink && parts.amiMs !== undefined)
    await inTime(clock, parts.amiMs, new Promise<void>((resolve) => onConnect(resolve)));
  realtime.serve({ application, startable: () => isInstalled(application.program), prepare });
  const { listen } = settings;
  const where = 'path' in listen ? listen : { host: listen.host, port: realtime.port ?? listen.port };
  return { realtime: where };
}

function openLink({ openLink, log }: HubParts, scope: Scope): AmiPort {
  if (openLink) return scope.own(openLink());
  log.warn(
    { hint: 'set ami.secret in the config; `holdcast asterisk` prints the section for manager.conf' },
    'no AMI connection: nothing tells who listens, so callers hear music only',
  );
  return NO_LINK;
}

async function openServices({ openServices }: HubParts, scope: Scope): Promise<HubServices | undefined> {
  const services = await openServices?.();
  if (services?.billing) scope.own(services.billing);
  if (services) scope.own(services.keeper);
  if (services?.purge) scope.own(services.purge);
  return services;
}

async function openPlayback(parts: HubParts, scope: Scope, given: PlaybackGiven): Promise<Playback> {
  const { program, rate, settings, clock, log } = parts;
  const streams = (): Promise<Playback> => {
    const owners = new Owners(settings.folder, { clock, log });
    return StreamCalls.open({ ...given, program, rate, owners, clock, log });
  };
  return scope.own(await (parts.openPlayback ?? streams)(given));
}

function realtimeServer({ settings, held, clock, log, limits, onLookUp }: HubParts): RealtimeServer {
  const { listen, hosts } = settings;
  const given = { ...(hosts && { hosts }), ...(held && { held }), ...(limits && { limits }) };
  return new RealtimeServer({ listen, ...given, onAnswered: onLookUp, clock, log });
}

async function closeInTime(scope: Scope, { clock, log }: HubParts): Promise<void> {
  const closed = scope.close().catch((error: unknown) => log.warn(errorFields(error), 'not closed cleanly'));
  await inTime(clock, CLOSE_MS, closed);
}
