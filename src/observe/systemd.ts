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

/** How a datagram is sent; tests have one for a machine without koffi. */
export interface DatagramPort {
  available(): boolean;
  /** @throws an error with the errno as its `code` */
  send(address: string, text: string): void;
}

export interface SystemdNotifierParts {
  /** Undefined: nothing is told. */
  settings: NotifySettings | undefined;
  /** Asked before each sign of life: a hub whose threads are stuck is to be started again. */
  healthy: () => boolean;
  clock: Clock;
  log: Logger;
  datagrams?: DatagramPort;
}

/** In each kind only the latest message counts. */
type Kind = 'ready' | 'reloading' | 'stopping' | 'status' | 'watchdog';

const LEAST_BEAT_MS = 1000;
const RETRY_MS = 1000;
/** systemd cuts a status; this much is on one line of `systemctl status`. */
const STATUS_CHARACTERS = 200;
const SYSTEM_DATAGRAMS: DatagramPort = { available: hasLibc, send: sendDatagram };

/**
 * Each message is sent at once. One that systemd cannot take now (its queue is full, it restarts itself) waits with the
 * others in their order, and is tried again each second; a sign of life is not kept, since the next one replaces it.
 */
export class SystemdNotifier implements Closeable {
  readonly #settings: NotifySettings | undefined;
  readonly #datagrams: DatagramPort;
  #waiting: { readonly kind: Kind; readonly text: string }[] = [];
  #failing = false;
  #withheld = false;
  #beating = false;
  #cancelBeat: Cancel = () => {};
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
    this.#tell('ready', 'READY=1');
    const watchdogMs = this.#settings?.watchdogMs;
    if (watchdogMs === undefined || this.#beating) return;
    this.#beating = true;
    if (watchdogMs < 2 * LEAST_BEAT_MS)
      this.parts.log.warn({ watchdogMs, hint: 'set WatchdogSec=10' }, 'watchdog is too short to keep');
    this.#beatIn(Math.max(LEAST_BEAT_MS, watchdogMs / 2));
  }

  /** The config is read again; `ready` says when that is over. */
  reloading(): void {
    // The Clock counts on CLOCK_MONOTONIC, which is what Type=notify-reload compares with.
    const microseconds = Math.floor(this.parts.clock.now() * 1000);
    this.#tell('reloading', `RELOADING=1\nMONOTONIC_USEC=${microseconds}`);
  }

  /** It drains. Signs of life go on until it is closed. */
  stopping(): void {
    this.#tell('stopping', 'STOPPING=1');
  }

  /** One line for `systemctl status`; it must hold nothing personal. */
  status(text: string): void {
    const line = text.replace(/[\u0000-\u001f\u007f]+/g, ' ').slice(0, STATUS_CHARACTERS);
    this.#tell('status', `STATUS=${line}`);
  }

  /** No more signs of life, and what waits is given up. */
  close(): void {
    this.#beating = false;
    this.#cancelBeat();
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#waiting = [];
  }

  #beatIn(everyMs: number): void {
    this.#cancelBeat = this.parts.clock.after(everyMs, () => {
      this.#beat();
      this.#beatIn(everyMs);
    });
  }

  #beat(): void {
    const healthy = this.parts.healthy();
    if (healthy) this.#tell('watchdog', 'WATCHDOG=1');
    if (healthy === !this.#withheld) return;
    this.#withheld = !healthy;
    if (healthy) this.parts.log.info({}, 'watchdog: alive again');
    else this.parts.log.error({}, 'watchdog: not alive; systemd will restart the hub');
  }

  #tell(kind: Kind, text: string): void {
    if (!this.#settings) return;
    this.#waiting = [...this.#waiting.filter((other) => other.kind !== kind), { kind, text }];
    this.#send();
    this.#waiting = this.#waiting.filter((message) => message.kind !== 'watchdog');
  }

  /** Sends what waits, in its order, up to the first failure. */
  #send(): void {
    const { socket } = this.#settings!;
    try {
      for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
        this.#datagrams.send(socket, next.text);
        this.#waiting.shift();
      }
      if (this.#failing) this.parts.log.info({}, 'systemd can be told again');
      this.#failing = false;
    } catch (error) {
      const fields = { errno: errnoOf(error), error: messageOf(error), hint: UNREACHABLE };
      if (!this.#failing) this.parts.log.warn(fields, 'systemd cannot be told');
      this.#failing = true;
      this.#retry();
    }
  }

  #retry(): void {
    this.#cancelRetry ??= this.parts.clock.after(RETRY_MS, () => {
      this.#cancelRetry = undefined;
      if (this.#waiting.length > 0) this.#send();
    });
  }
}

const UNREACHABLE =
  'the hub needs AF_UNIX in RestrictAddressFamilies=; else set Type=exec and WatchdogSec=0: systemctl edit holdcast-hub';
const WITHOUT_DATAGRAMS =
  'set Type=exec and WatchdogSec=0 in the service, or systemd ends the hub: systemctl edit holdcast-hub';
