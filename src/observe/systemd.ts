// Tells systemd that the hub is ready, reloads, ends, and that it is alive: the protocol of sd_notify(3).
// A message is one datagram from the hub's own process, so the service needs no more than NotifyAccess=main.
import type { Cancel, Clock } from '../util/clock';
import { errnoOf, messageOf } from '../util/errors';
import { hasLibc, sendDatagram } from '../util/libc';
import type { Logger } from '../util/log';
import type { Closeable } from '../util/scope';

/** What systemd has put into the environment of a service of Type=notify. */
export interface NotifySettings {
  /** A path, or "@name" in Linux' abstract namespace. */
  readonly socket: string;
  /** systemd restarts a hub that is silent for this time, milliseconds; absent: it does not watch. */
  readonly watchdogMs?: number;
}

/**
 * Takes the settings out of `env`, so that no other program that the hub starts speaks for it.
 * @returns undefined when no systemd wants to be told
 */
export function takeNotifySettings(
  env: NodeJS.ProcessEnv,
  pid: number = process.pid,
): NotifySettings | undefined {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: microseconds, WATCHDOG_PID: whose } = env;
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete env[name];
  if (!socket) return undefined;
  const watchdogMs = whose === undefined || Number(whose) === pid ? Number(microseconds) / 1000 : NaN;
  return { socket, ...(watchdogMs > 0 && Number.isFinite(watchdogMs) && { watchdogMs }) };
}

export interface SystemdNotifierParts {
  /** Undefined: nothing is told. */
  settings: NotifySettings | undefined;
  /** Asked before each sign of life: a hub whose threads are stuck is to be started again. */
  healthy: () => boolean;
  clock: Clock;
  log: Logger;
  /** Tests have one for a machine without koffi. */
  datagrams?: typeof SYSTEM_DATAGRAMS;
}

const LEAST_BEAT_MS = 1000;
const RETRY_MS = 1000;
/** systemd cuts a status; this much is on one line of `systemctl status`. */
const STATUS_CHARACTERS = 200;
const SYSTEM_DATAGRAMS = { available: hasLibc, send: sendDatagram };

/**
 * Each message is sent at once. One that systemd cannot take now (its queue is full, it restarts itself) waits with the
 * others in their order, and is tried again each second; a sign of life is not kept, since the next one replaces it.
 */
export class SystemdNotifier implements Closeable {
  readonly #settings: NotifySettings | undefined;
  readonly #datagrams: typeof SYSTEM_DATAGRAMS;
  /** What waits: by its variable, of which only the latest message counts. */
  readonly #waiting = new Map<string, string>();
  #failing = false;
  #withheld = false;
  #cancelBeat: Cancel | undefined;
  #cancelRetry: Cancel | undefined;

  constructor(private readonly parts: SystemdNotifierParts) {
    const { settings, datagrams = SYSTEM_DATAGRAMS, log } = parts;
    this.#datagrams = datagrams;
    const able = !settings || datagrams.available();
    this.#settings = able ? settings : undefined;
    if (!able) log.warn({ hint: WITHOUT_DATAGRAMS }, 'systemd cannot be told: koffi does not run here');
  }

  /** The hub plays; also after `reloading`. From now on systemd hears that it is alive, if it wants to. */
  ready(): void {
    this.#tell('READY', '1');
    const watchdogMs = this.#settings?.watchdogMs;
    if (watchdogMs === undefined || this.#cancelBeat) return;
    if (watchdogMs < 2 * LEAST_BEAT_MS)
      this.parts.log.warn({ watchdogMs, hint: 'set WatchdogSec=10' }, 'watchdog is too short to keep');
    this.#beatIn(Math.max(LEAST_BEAT_MS, watchdogMs / 2));
  }

  /** The config is read again; `ready` says when that is over. */
  reloading(): void {
    // The Clock counts on CLOCK_MONOTONIC, which is what Type=notify-reload compares with.
    this.#tell('RELOADING', `1\nMONOTONIC_USEC=${Math.floor(this.parts.clock.now() * 1000)}`);
  }

  /** It drains. Signs of life go on until it is closed. */
  stopping(): void {
    this.#tell('STOPPING', '1');
  }

  /** One line for `systemctl status`; it must hold nothing personal. */
  status(text: string): void {
    this.#tell('STATUS', text.replace(/[\u0000-\u001f\u007f]+/g, ' ').slice(0, STATUS_CHARACTERS));
  }

  /** No more signs of life, and what waits is given up. */
  close(): void {
    this.#cancelBeat?.();
    this.#cancelRetry?.();
    this.#waiting.clear();
  }

  #beatIn(everyMs: number): void {
    this.#cancelBeat = this.parts.clock.after(everyMs, () => {
      this.#beat();
      this.#beatIn(everyMs);
    });
  }

  #beat(): void {
    const healthy = this.parts.healthy();
    if (healthy) this.#tell('WATCHDOG', '1');
    if (healthy === !this.#withheld) return;
    this.#withheld = !healthy;
    if (healthy) this.parts.log.info({}, 'watchdog: alive again');
    else this.parts.log.error({}, 'watchdog: not alive; systemd will restart the hub');
  }

  #tell(variable: string, value: string): void {
    if (!this.#settings) return;
    this.#waiting.delete(variable);
    this.#waiting.set(variable, value);
    this.#send(this.#settings);
    this.#waiting.delete('WATCHDOG');
  }

  /** Sends what waits, in its order, up to the first failure. */
  #send({ socket }: NotifySettings): void {
    const { log, clock } = this.parts;
    try {
      for (const [variable, value] of this.#waiting) {
        this.#datagrams.send(socket, `${variable}=${value}`);
        this.#waiting.delete(variable);
      }
      if (this.#failing) log.info({}, 'systemd can be told again');
      this.#failing = false;
    } catch (error) {
      const fields = { errno: errnoOf(error), error: messageOf(error), hint: UNREACHABLE };
      if (!this.#failing) log.warn(fields, 'systemd cannot be told');
      this.#failing = true;
      this.#cancelRetry ??= clock.after(RETRY_MS, () => {
        this.#cancelRetry = undefined;
        if (this.#waiting.size > 0) this.#send({ socket });
      });
    }
  }
}

const UNREACHABLE =
  'the hub needs AF_UNIX in RestrictAddressFamilies=; else set Type=exec and WatchdogSec=0: systemctl edit holdcast-hub';
const WITHOUT_DATAGRAMS =
  'set Type=exec and WatchdogSec=0 in the service, or systemd ends the hub: systemctl edit holdcast-hub';
