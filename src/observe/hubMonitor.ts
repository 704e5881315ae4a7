// HubMonitor: the hub's figures, the heartbeats of its threads, the servers that tell them, and what systemd is told.
// The hub tells it what happens and knows nothing of those that ask.
import type { HubSettings } from '../config/types';
import type { Cancel, Clock } from '../util/clock';
import { watchGc } from '../util/gcPauses';
import type { Logger } from '../util/log';
import { Scope, type Closeable } from '../util/scope';
import type { HeldSocket } from '../util/http/heldSockets';
import type { CallStatus, MixerFigures } from '../mixer/messages';
import { HubMetrics } from './metrics';
import { SystemdNotifier, type NotifySettings } from './systemd';
import { ObserveServer } from './observeServer';
import { NO_THREAD, Heartbeats } from './heartbeats';
import { LoopDelay } from './loopDelay';
import { statusSocket, type HubStatus, type LinkStatus } from './status';

/** What plays, as far as it is watched. */
export interface MonitoredHub {
  readonly cacheBytes: number;
  /** Mixing threads that run now; absent: each call has a process of its own. */
  readonly threads?: number;
  /** Rejects or never resolves where a thread hangs. */
  status(): Promise<readonly CallStatus[]>;
}

/** Most callers, 0 and more, and why they are fewer than the config asks for: fields of a log line. */
export interface CallerRoom {
  readonly mostCallers: number;
  readonly reasons: readonly {
    readonly code: 'HC_HUB_LIMIT';
    readonly limit: string;
    /** For how many there is room. */
    readonly callers: number;
    readonly hint: string;
  }[];
}

export interface MonitorParts {
  settings: Pick<HubSettings, 'folder' | 'observe' | 'cacheMb' | 'play'> &
    Partial<Pick<HubSettings, 'hosts'>>;
  /** Sockets that the service manager holds; default: none. */
  held?: readonly HeldSocket[];
  most: CallerRoom;
  version: string;
  ami: () => LinkStatus;
  store: () => LinkStatus;
  /** Of takeNotifySettings; undefined: no systemd. */
  notify: NotifySettings | undefined;
  clock: Clock;
  log: Logger;
}

const EVERY_MS = 1000;
/** Shortest interval between two status lines for systemd. */
const LINE_EVERY_MS = 10_000;

export class HubMonitor implements Closeable {
  readonly metrics: HubMetrics;
  readonly #heartbeats: Heartbeats;
  readonly #notifier: SystemdNotifier;
  readonly #server: ObserveServer;
  readonly #loop = new LoopDelay();
  readonly #scope = new Scope();
  #cancelLook: Cancel = () => {};
  #state: HubStatus['state'] = 'starting';
  #hub: MonitoredHub | undefined;
  #line = '';
  #lineAt = -Infinity;

  constructor(private readonly parts: MonitorParts) {
    const { settings, clock, log } = parts;
    this.metrics = this.#metricsOf(parts);
    this.#heartbeats = new Heartbeats(clock, () => this.#hub?.threads);
    const healthy = (): boolean => this.#heartbeats.healthy;
    this.#notifier = new SystemdNotifier({ settings: parts.notify, healthy, clock, log });
    this.#server = new ObserveServer({
      observed: {
        metrics: () => this.metrics,
        health: () => this.#heartbeats.problems(),
        ready: () => this.#unready(),
        status: () => this.#status(),
      },
      listen: settings.observe,
      ...(settings.hosts && { hosts: settings.hosts }),
      ...(parts.held && { held: parts.held }),
      socket: statusSocket(settings.folder),
      clock,
      log,
    });
  }

  /** Answers from now on, "starting" at first. @throws HoldcastError HC_HUB_ADDRESS when another hub answers there */
  async start(): Promise<void> {
    await this.#server.start();
    this.#scope.own(this.#notifier);
    this.#scope.own(this.#server);
    this.#scope.own(this.#heartbeats);
    this.#heartbeats.start();
    this.#scope.defer(watchGc((kind, pauseMs) => this.metrics.gc(kind, pauseMs)));
    this.#scope.own(this.#loop);
    this.#lookAgain();
    this.#scope.defer(() => this.#cancelLook());
  }

  /** The port of /metrics; undefined: none. */
  get port(): number | undefined {
    return this.#server.port;
  }

  /** A mixing thread's figures, which are its sign of life too. */
  figures(thread: number, figures: MixerFigures): void {
    this.#heartbeats.beat(thread);
    this.metrics.figures(thread, figures);
  }

  /** It ended, by itself or on purpose. */
  threadGone(thread: number): void {
    this.#heartbeats.gone(thread);
    this.metrics.threadGone(thread);
  }

  get state(): HubStatus['state'] {
    return this.#state;
  }

  /** `hub` plays from now on; also when a reload is over. One that drains stays at that. */
  ready(hub: MonitoredHub): void {
    if (this.#state === 'draining') return;
    this.#hub = hub;
    this.#state = 'ready';
    this.#notifier.ready();
    this.#tellLine();
  }

  /** The config is read again; callers are played to meanwhile. `ready` follows, whether it was taken or refused. */
  reloading(): void {
    if (this.#state !== 'draining') this.#notifier.reloading();
  }

  draining(): void {
    this.#state = 'draining';
    this.#notifier.stopping();
  }

  close(): Promise<void> {
    return this.#scope.close();
  }

  #metricsOf({ settings, most, version, ami, store, clock }: MonitorParts): HubMetrics {
    const sources = {
      mostCallers: () => most.mostCallers,
      cacheBytes: () => this.#hub?.cacheBytes ?? 0,
      cacheLimitBytes: () => cacheBytes(settings),
      ami,
      store,
      ready: () => this.#unready().length === 0,
    };
    return new HubMetrics(sources, { version, clock });
  }

  /** Once a second. An idle hub's own delay is that of its timers; nobody hears it. */
  #lookAgain(): void {
    this.#cancelLook = this.parts.clock.after(EVERY_MS, () => {
      this.metrics.loopLag(Math.max(this.#loop.takeWorstMs(), this.#heartbeats.lagMs));
      const { playing, waiting } = this.metrics.overview().callers;
      this.#loop.sample(playing + waiting > 0);
      this.#tellLine();
      this.#lookAgain();
    });
  }

  #unready(): string[] {
    if (this.#state === 'starting') return ['it starts'];
    if (this.#state === 'draining') return ['it drains'];
    return this.#heartbeats.threadless ? [NO_THREAD] : [];
  }

  /** For `systemctl status`: seldom, and only what has changed. */
  #tellLine(): void {
    const now = this.parts.clock.now();
    if (this.#state !== 'ready' || now - this.#lineAt < LINE_EVERY_MS) return;
    const line = this.#lineNow();
    if (line === this.#line) return;
    this.#line = line;
    this.#lineAt = now;
    this.#notifier.status(line);
  }

  #lineNow(): string {
    const { settings, most } = this.parts;
    if (settings.play === 'stream') return 'one process per caller';
    const { playing } = this.metrics.overview().callers;
    return `plays to ${playing} of at most ${most.mostCallers} callers`;
  }

  async #status(): Promise<HubStatus> {
    const { settings, most, version, ami, store } = this.parts;
    const calls = (await this.#hub?.status()) ?? [];
    const { callers, threads, lag } = this.metrics.overview();
    const { rss, heapUsed } = process.memoryUsage();
    const heapBytes = threads.reduce((sum, thread) => sum + thread.heapBytes, heapUsed);
    return {
      version,
      pid: process.pid,
      uptimeMs: process.uptime() * 1000,
      state: this.#state,
      play: settings.play,
      problems: this.#heartbeats.problems(),
      callers: { ...callers, most: most.mostCallers },
      totals: await this.metrics.totals(),
      lag,
      memory: {
        rssBytes: rss,
        heapBytes,
        cacheBytes: this.#hub?.cacheBytes ?? 0,
        cacheLimitBytes: cacheBytes(settings),
      },
      threads,
      ami: ami(),
      store: store(),
      limits: most.reasons.map(({ limit, callers: room, hint }) => `${limit}: room for ${room}; ${hint}`),
      calls,
    };
  }
}

function cacheBytes({ cacheMb }: Pick<HubSettings, 'cacheMb'>): number {
  return cacheMb * 1024 * 1024;
}
