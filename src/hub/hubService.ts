// HubService: the hub with everything that belongs to it, from one config: log, Asterisk, store, billing, what plays, and
// what is told of it. On SIGHUP it switches to another config without a click in any call.
import { availableParallelism } from 'node:os';
import type { AmiPort } from '../asterisk/link';
import { READER } from '../asterisk/realtime';
import type { BalanceService } from '../billing/balanceService';
import type { PinResult } from '../billing/billing';
import type { BillingSettings } from '../billing/settings';
import { loadConfig, type LoadedConfig } from '../config/load';
import type { ResolvedConfig } from '../config/types';
import type { HeldSocket } from '../util/http/heldSockets';
import { runHub, type HubParts, type HubReady } from './hub';
import type { HubServices, PlaybackGiven } from './playback';
import type { CallMemory } from './housekeeping';
import { CallerLimit, possibleCallers } from './limits';
import type { NotifySettings } from '../observe/systemd';
import { MixedPlayback } from './mixedPlayback';
import type { LinkStatus } from '../observe/status';
import { HubMonitor, type MonitoredHub } from '../observe/hubMonitor';
import { requestPreparation } from '../media/background';
import type { BalanceSource } from '../session/callerRecords';
import { StateFile } from '../store/stateFile';
import { keptOf, SharedStateFile } from '../store/sharedStateFile';
import type { StoreEntry } from '../store/store';
import type { WriteBehindStore } from '../store/writeBehindStore';
import type { Clock } from '../util/clock';
import { errorFields, HoldcastError } from '../util/errors';
import { createLogger, type LogWriter, type Logger } from '../util/log';
import { openLogWriter } from '../util/logWriter';
import { packageRoot } from '../util/packageRoot';
import { takeRealTime } from '../util/priority';
import { seededRandom } from '../util/random';
import { readResources } from '../util/resources';
import type { Closeable } from '../util/scope';
import { version } from '../util/version';

export interface HubServiceParts {
  loaded: LoadedConfig;
  /** As given by --config: read again on SIGHUP. */
  configFile: string | undefined;
  notify: NotifySettings | undefined;
  /** Sockets that the service manager holds; default: none. */
  held?: readonly HeldSocket[];
  clock: Clock;
}

/** Asterisk takes some 100 ms; a hub that plays by streams is ready before, and look-ups may wait for it since it was stopped. */
const AMI_MS = 500;
const NO_REAL_TIME = 'no real-time priority: callers may hear gaps whenever many arrive at once';
/** Where each call has a process of its own. */
const NOTHING: MonitoredHub = { cacheBytes: 0, status: () => Promise.resolve([]) };

/** What a hub takes up only when it is started: addresses, connections, folders. */
const AT_START = ['hub', 'ami', 'store', 'calls', 'log'] as const;

export class HubService {
  readonly log: Logger;
  #config: ResolvedConfig;
  readonly #watch: HubMonitor;
  readonly #limit: CallerLimit;
  readonly #writeLog: LogWriter;
  #playback: MixedPlayback | undefined;
  #link: AmiPort | undefined;
  #keeper: WriteBehindStore | undefined;
  readonly #balances = new CurrentBalances();
  #reloading: Promise<void> = Promise.resolve();

  private constructor(
    private readonly parts: HubServiceParts,
    writer: LogWriter,
  ) {
    const { clock, loaded, notify } = parts;
    const config = (this.#config = loaded.config);
    const wall = (): number => clock.wall();
    this.#writeLog = writer;
    this.log = createLogger((...line) => this.#writeLog(...line), wall, config.log.level);
    const { callers, cacheMb, threads = availableParallelism() } = config.hub;
    const playback = config.hub.play === 'hub';
    const possible = possibleCallers({ callers, cacheMb, threads }, readResources());
    const most = playback ? possible : { mostCallers: callers, reasons: [] };
    this.#watch = new HubMonitor({
      settings: config.hub,
      most,
      version,
      notify,
      ...(parts.held && { held: parts.held }),
      ami: () => linkStatus(config.ami !== undefined, this.#link?.connected ?? false),
      store: () => linkStatus(true, this.#keeper?.isAway === false),
      clock,
      log: this.log,
    });
    this.#writeLog = this.#watch.metrics.counting(writer);
    for (const reason of most.reasons)
      this.log.warn({ ...reason }, 'room for fewer callers than hub.callers');
    this.#limit = new CallerLimit({ mostCallers: most.mostCallers, clock, log: this.log });
  }

  static async open(parts: HubServiceParts): Promise<HubService> {
    const { clock, loaded } = parts;
    return new HubService(parts, await openLogWriter(loaded.config.log, () => clock.wall()));
  }

  /**
   * Until `signal` fires.
   * @throws HoldcastError HC_HUB_ADDRESS, HC_HUB_FIFO, HC_MIXER_FAILED
   */
  async run(signal: AbortSignal, onReady: (ready: HubReady) => void): Promise<void> {
    signal.addEventListener('abort', () => this.#watch.draining(), { once: true });
    if (!takeRealTime()) this.log.info({ hint: 'LimitRTPRIO=11, see docs/operating.md' }, NO_REAL_TIME);
    try {
      await this.#watch.start();
      await runHub({ ...(await this.#hubParts()), onReady: (ready) => this.#ready(ready, onReady) }, signal);
    } finally {
      await this.#reloading;
      await this.#balances.close();
      await this.#watch.close();
    }
  }

  /** Reads the config again. A wrong one is refused, and the hub goes on by the one that it has. Never rejects. */
  reload(): Promise<void> {
    this.#reloading = this.#reloading.then(async () => {
      if (this.#watch.state !== 'ready')
        return this.log.info({}, 'SIGHUP ignored: the hub is starting or stopping');
      this.#watch.reloading();
      try {
        await this.#goBy((await loadConfig(this.parts.configFile)).config);
        this.log.info({}, 'config reloaded');
      } catch (error) {
        this.log.error(errorFields(error), 'config rejected; keeping the current one');
      }
      this.#watch.ready(this.#playback ?? NOTHING);
    });
    return this.#reloading;
  }

  /** What can fail comes first. */
  async #goBy(next: ResolvedConfig): Promise<void> {
    const before = this.#config;
    if (next.program.rate !== before.program.rate)
      throw new HoldcastError(
        'HC_CONFIG_INVALID',
        'sound.rate cannot change while callers listen',
        'restart the hub: systemctl restart holdcast-hub',
      );
    const kept = AT_START.filter((name) => !isSame(before[name], next[name]));
    if (kept.length > 0)
      this.log.warn(
        { sections: kept, hint: 'systemctl restart holdcast-hub' },
        'changes of these take effect after a restart',
      );
    const { hub, ami, store, calls, log } = before;
    const config: ResolvedConfig = { ...next, hub, ...(ami && { ami }), store, calls, log };
    // The balances knows what was asked a moment ago.
    const isSameBilling = isSame(before.billing, config.billing);
    const balances = isSameBilling
      ? this.#balances.current
      : await this.#openBilling(config.billing, this.#keeper);
    await this.#playback?.reload(config);
    this.#config = config;
    if (!isSameBilling) await this.#balances.change(balances);
  }

  #ready(ready: HubReady, onReady: (ready: HubReady) => void): void {
    this.#watch.ready(this.#playback ?? NOTHING);
    onReady(ready);
  }

  async #hubParts(): Promise<HubParts> {
    const { clock } = this.parts;
    const { log } = this;
    const config = this.#config;
    const openLink = await this.#linkOpener();
    const states = new StateFile(config.calls.folder);
    const shared = new SharedStateFile(config.calls.folder);
    return {
      settings: config.hub,
      ...(this.parts.held && { held: this.parts.held }),
      rate: config.program.rate,
      program: `${packageRoot()}/bin/holdcast`,
      ...(openLink && { openLink, amiMs: AMI_MS }),
      openServices: () => this.#openServices(),
      states: {
        read: (uniqueid) => keptOf(uniqueid, states, shared),
        write: (token, state) => states.write(token, state),
        forget: (token) => states.forget(token),
      },
      memory: memoryOf(states, config, clock),
      ...(config.hub.play === 'hub' && { openPlayback: (given) => this.#openPlayback(given, states) }),
      onLookUp: (tookMs, result) => this.#watch.metrics.lookup(tookMs, result),
      clock,
      log,
    };
  }

  async #openPlayback(given: PlaybackGiven, states: StateFile): Promise<MixedPlayback> {
    const { clock } = this.parts;
    const { log } = this;
    this.#playback = await MixedPlayback.open({
      ...given,
      config: this.#config,
      reader: `${packageRoot()}/bin/${READER}`,
      mixerFile: `${packageRoot()}/dist/mixer.cjs`,
      states,
      admits: (callers) => this.#limit.admits(callers),
      onAnswered: (about, tookMs) => this.#watch.metrics.question(about, tookMs),
      onCall: (what) => this.#watch.metrics.caller(what),
      requestPreparation: ({ media }) => requestPreparation(this.parts.configFile, media.cache, log),
      writeLog: (...line) => this.#writeLog(...line),
      onFigures: (thread, figures) => this.#watch.figures(thread, figures),
      onThreadGone: (thread) => this.#watch.threadGone(thread),
      clock,
      log,
    });
    return this.#playback;
  }

  /** Both open what they need in the background: a store or a billing system that is away keeps no hub from starting. */
  async #openServices(): Promise<HubServices> {
    const { clock } = this.parts;
    const { log } = this;
    const { store: settings, billing, timeZone } = this.#config;
    const [{ WriteBehindStore }, { openStore }, { startPurge }] = await Promise.all([
      import('../store/writeBehindStore'),
      import('../store/open'),
      import('./purge'),
    ]);
    const open = (): ReturnType<typeof openStore> => openStore(settings, { clock, log });
    const random = seededRandom(process.pid);
    const onDropped = (type: StoreEntry['type']): void => this.#watch.metrics.dropped(type);
    const keeper = new WriteBehindStore({ settings, open, clock, log, random, onDropped });
    keeper.start();
    this.#keeper = keeper;
    await this.#balances.change(await this.#openBilling(billing, keeper));
    const { purge: when, keepDays } = settings;
    const purge = await startPurge({ keeper, when, keepDays, timeZone, clock, log });
    const balances = this.#balances;
    // A config that is read later may have billing where there was none.
    return {
      keeper,
      purge,
      get billing() {
        return balances.current && balances;
      },
    };
  }

  async #openBilling(
    settings: BillingSettings | undefined,
    keeper: WriteBehindStore | undefined,
  ): Promise<BalanceService | undefined> {
    // Where each call has a process of its own, that asks for the balance.
    if (!settings || !keeper || this.#config.hub.play === 'stream') return undefined;
    const { openBilling } = await import('../billing/open');
    const { pins } = keeper;
    const onPin = (result: PinResult): void => this.#watch.metrics.pin(result);
    const balances = openBilling(settings, { clock: this.parts.clock, log: this.log, pins, onPin });
    void balances.warm();
    return balances;
  }

  /** The AMI client is loaded only where there is something to connect to. */
  async #linkOpener(): Promise<HubParts['openLink']> {
    const { ami } = this.#config;
    if (!ami) return undefined;
    const { AmiLink } = await import('../asterisk/link');
    const { clock } = this.parts;
    return () => {
      const link = new AmiLink(ami, { clock, random: seededRandom(process.pid), log: this.log });
      this.#link = link;
      return link;
    };
  }
}

/** The BalanceService of the config that counts now. */
class CurrentBalances implements BalanceSource, Closeable {
  current: BalanceService | undefined;

  balance: BalanceSource['balance'] = (...asked) =>
    this.current?.balance(...asked) ?? Promise.resolve({ status: 'unavailable' });

  /** Questions that are under way are cut off. */
  async change(balances: BalanceService | undefined): Promise<void> {
    const before = this.current;
    this.current = balances;
    await before?.close();
  }

  async close(): Promise<void> {
    await this.current?.close();
  }
}

function linkStatus(isConfigured: boolean, isConnected: boolean): LinkStatus {
  if (!isConfigured) return 'none';
  return isConnected ? 'connected' : 'away';
}

function memoryOf(states: StateFile, { calls }: ResolvedConfig, clock: Clock): CallMemory {
  return {
    forget: (uniqueid) => states.forget(uniqueid),
    sweep: (living) => states.sweep({ keepMs: calls.keepMs, nowWall: clock.wall(), living }),
  };
}

/** Functions are the same where their text is. */
function isSame(one: unknown, other: unknown): boolean {
  const plain = (_: string, value: unknown): unknown => (typeof value === 'function' ? String(value) : value);
  return JSON.stringify(one, plain) === JSON.stringify(other, plain);
}
