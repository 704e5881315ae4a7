// Tells systemd that the hub is ready, reloads, ends, and that it is alive (sd_notify).
// Node has no datagram sockets of the Unix kind, so systemd's own small program is run for each message.
import { execFile } from 'node:child_process';
import type { Cancel, Clock } from '../util/clock';
import { messageOf } from '../util/errors';
import type { Logger } from '../util/log';
import type { Closeable } from '../util/scope';

/** What systemd has put into the environment of a service of Type=notify. */
export interface NotifySettings {
  readonly socket: string;
  /** So often at least it wants to hear that the hub is alive, milliseconds; absent: not at all. */
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

export interface NotifierParts {
  /** Undefined: nothing is told, nothing is run. */
  settings: NotifySettings | undefined;
  /** Asked before each sign of life: a hub whose threads are stuck is to be started again. */
  healthy: () => boolean;
  clock: Clock;
  log: Logger;
  /** Found in PATH. */
  program?: string;
  env?: NodeJS.ProcessEnv;
}

type Kind = 'ready' | 'reloading' | 'stopping' | 'status' | 'watchdog';

interface Message {
  readonly kind: Kind;
  readonly variables: readonly string[];
}

/** It waits up to 5 s by itself until systemd has read the message. */
const PROGRAM_MS = 6000;
const LEAST_BEAT_MS = 1000;
/** systemd cuts a status; this much is on one line of `systemctl status`. */
const STATUS_CHARACTERS = 200;

export class Notifier implements Closeable {
  /** At most one of a kind: the latest. */
  #waiting: Message[] = [];
  #running: Promise<void> | undefined;
  #trouble = false;
  #withheld = false;
  #absent = false;
  #beating = false;
  #next: Cancel = () => {};

  constructor(private readonly parts: NotifierParts) {}

  /** The hub plays; also after `reloading`. From now on systemd hears that it is alive, if it wants to. */
  ready(): void {
    this.#tell('ready', 'READY=1');
    const { settings, log } = this.parts;
    if (settings?.watchdogMs === undefined || this.#beating) return;
    this.#beating = true;
    if (settings.watchdogMs < 2 * LEAST_BEAT_MS)
      log.warn(
        { watchdogMs: settings.watchdogMs, hint: 'set WatchdogSec=10' },
        'watchdog is too short to keep',
      );
    this.#beatIn(Math.max(LEAST_BEAT_MS, settings.watchdogMs / 2));
  }

  /** The config is read again; `ready` says when that is over. */
  reloading(): void {
    // The Clock counts on CLOCK_MONOTONIC, which is what Type=notify-reload compares with.
    const microseconds = Math.floor(this.parts.clock.now() * 1000);
    this.#tell('reloading', 'RELOADING=1', `MONOTONIC_USEC=${microseconds}`);
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

  /** Resolves when all that was told has been delivered, or has failed: at most some seconds for each. */
  async delivered(): Promise<void> {
    while (this.#running) await this.#running;
  }

  /** No more signs of life. What is on its way goes on. */
  close(): Promise<void> {
    this.#next();
    this.#beating = false;
    this.#waiting = this.#waiting.filter(({ kind }) => kind !== 'watchdog');
    return this.delivered();
  }

  #beatIn(everyMs: number): void {
    this.#next = this.parts.clock.after(everyMs, () => {
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
    else this.parts.log.error({}, 'watchdog: not alive; systemd will start the hub again');
  }

  #tell(kind: Kind, ...variables: string[]): void {
    if (!this.parts.settings || this.#absent) return;
    this.#waiting = [...this.#waiting.filter((other) => other.kind !== kind), { kind, variables }];
    this.#running ??= this.#deliver();
  }

  async #deliver(): Promise<void> {
    for (let message = this.#waiting.shift(); message; message = this.#waiting.shift())
      this.#outcome(await this.#run(message.variables));
    this.#running = undefined;
  }

  /** The error with which the program failed. */
  #run(variables: readonly string[]): Promise<unknown> {
    const { program = 'systemd-notify', settings, clock, env = process.env } = this.parts;
    return new Promise((resolve) => {
      let cancel: Cancel = () => {};
      const done = (error: unknown): void => {
        cancel();
        resolve(error ?? undefined);
      };
      const environment = { PATH: env['PATH'], NOTIFY_SOCKET: settings?.socket };
      try {
        const child = execFile(program, [...variables], { env: environment, maxBuffer: 4096 }, done);
        cancel = clock.after(PROGRAM_MS, () => child.kill('SIGKILL'));
      } catch (error) {
        done(error); // no memory for another process
      }
    });
  }

  #outcome(error: unknown): void {
    const { log, program = 'systemd-notify' } = this.parts;
    if (error === undefined) {
      if (this.#trouble) log.info({}, 'systemd can be told again');
      this.#trouble = false;
      return;
    }
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      this.#absent = true;
      this.#waiting = [];
    }
    if (!this.#trouble) log.warn({ program, error: messageOf(error), hint: HINT }, 'systemd cannot be told');
    this.#trouble = true;
  }
}

const HINT =
  'the service needs NotifyAccess=all and the program systemd-notify; else set Type=exec and no WatchdogSec';
