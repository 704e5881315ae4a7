// The connection to Asterisk that is always there or on its way back: connects, watches, tells what happens.
// Its users see three things only: connected, events in order, disconnected. None can stall another.
import { Backoff } from '../util/backoff';
import type { Cancel, Clock } from '../util/clock';
import { errorFields, errnoOf, HoldcastError } from '../util/errors';
import type { Logger } from '../util/log';
import { LogThrottle } from '../util/logThrottle';
import type { Random } from '../util/random';
import type { Closeable } from '../util/scope';
import { openAmi, type AmiAction, type AmiConnection } from './ami';
import { EVENT_CLASSES, EVENT_FILTER, readEvent, type AmiEvent } from './events';
import type { AmiMessage } from './message';
import type { AmiSettings } from './settings';

export type { AmiAction } from './ami';

export interface AmiListener {
  /** A login has succeeded: take a snapshot, what happened before is not known. */
  connected?(): void;
  event?(event: AmiEvent): void;
  disconnected?(why: string): void;
}

export interface AmiPort {
  readonly connected: boolean;
  /** @throws HoldcastError HC_AMI_LOST, HC_AMI_TIMEOUT, HC_AMI_ERROR (Response: Error; its message) */
  request(action: AmiAction): Promise<AmiMessage>;
  /** The events of a list, without its Complete event. Same errors. */
  list(action: AmiAction): Promise<AmiMessage[]>;
  /** Returns a Cancel. When connected already, `connected` is called at once (in a microtask). */
  listen(listener: AmiListener): Cancel;
}

/** Where no secret is set: it never connects. */
export const NO_LINK: AmiPort = {
  connected: false,
  request: () => Promise.reject(notConnected()),
  list: () => Promise.reject(notConnected()),
  listen: () => () => {},
};

function notConnected(): HoldcastError {
  return new HoldcastError('HC_AMI_LOST', 'there is no connection to Asterisk');
}

export interface LinkParts {
  clock: Clock;
  random: Random;
  log: Logger;
}

type State =
  | { readonly status: 'connecting'; readonly giveUp: AbortController }
  | { readonly status: 'connected'; readonly connection: AmiConnection; readonly sinceMs: number }
  | { readonly status: 'waiting'; readonly cancel: Cancel }
  | { readonly status: 'closed' };

/** A listener that throws at each event is logged so often, not at each event. */
const COMPLAINT_MS = 10_000;

interface Listening {
  readonly listener: AmiListener;
  /** Has been told of the connection that stands. */
  told: boolean;
  readonly complaint: LogThrottle;
}

/**
 * `connecting` → `connected` when a login has succeeded, or `waiting` when it failed; `connected` → `waiting` when the connection is lost;
 * `waiting` → `connecting` when its pause is over. All → `closed` by `close`.
 */
export class AmiLink implements AmiPort, Closeable {
  readonly #listening = new Set<Listening>();
  #state: State;
  /** Failures in a row: of connecting, or of connections that did not last. */
  readonly #backoff: Backoff;
  /** What the log has last said of a failure. */
  #said: string | undefined;

  constructor(
    private readonly settings: AmiSettings,
    private readonly parts: LinkParts,
  ) {
    this.#backoff = new Backoff(settings.retryMs, parts.random);
    this.#state = this.#connect();
  }

  get connected(): boolean {
    return this.#state.status === 'connected';
  }

  async request(action: AmiAction): Promise<AmiMessage> {
    return this.#connection().request(action);
  }

  async list(action: AmiAction): Promise<AmiMessage[]> {
    return this.#connection().list(action);
  }

  listen(listener: AmiListener): Cancel {
    const complaint = new LogThrottle(this.parts.clock, COMPLAINT_MS);
    const listening: Listening = { listener, told: false, complaint };
    this.#listening.add(listening);
    queueMicrotask(() => this.#tellConnected(listening));
    return () => void this.#listening.delete(listening);
  }

  /** At any moment. What is pending fails with HC_AMI_LOST; listeners are not called any more. */
  close(): void {
    const state = this.#state;
    this.#state = { status: 'closed' };
    this.#listening.clear();
    if (state.status === 'connecting') state.giveUp.abort();
    if (state.status === 'waiting') state.cancel();
    if (state.status === 'connected') state.connection.close();
  }

  #connection(): AmiConnection {
    if (this.#state.status === 'connected') return this.#state.connection;
    throw notConnected();
  }

  #connect(): State {
    const { clock, random } = this.parts;
    const giveUp = new AbortController();
    const state: State = { status: 'connecting', giveUp };
    openAmi(this.settings, { clock, random, signal: giveUp.signal }).then(
      (connection) => (this.#state === state ? this.#opened(connection) : connection.close()),
      (error: unknown) => this.#state === state && this.#failed(error),
    );
    return state;
  }

  #opened(connection: AmiConnection): void {
    const { clock, log } = this.parts;
    const { host, port } = this.settings;
    const state: State = { status: 'connected', connection, sinceMs: clock.now() };
    this.#state = state;
    this.#said = undefined;
    log.info({ host, port }, 'ami connected');
    this.#subscribe(connection);
    for (const listening of [...this.#listening]) this.#tellConnected(listening);
    connection.start({
      event: (message) => this.#dispatch(message),
      ended: (why) => this.#state === state && this.#lost(why, state.sinceMs),
    });
  }

  /** Fewer events, less to read: Asterisk drops a client that does not keep up. */
  #subscribe(connection: AmiConnection): void {
    const { log } = this.parts;
    connection.request({ Action: 'Events', EventMask: EVENT_CLASSES.join(',') }).then(
      (answer) => {
        if (answer.get('Events')?.toLowerCase() === 'off') log.warn({}, 'ami sends no events');
      },
      (error: unknown) => log.warn(errorFields(error), 'ami event mask'),
    );
    // Needs the right `system`, which nobody should give for this alone: most users are refused, and it does no harm.
    connection
      .request({ Action: 'Filter', Operation: 'Add', Filter: EVENT_FILTER })
      .catch((error: unknown) => log.debug(errorFields(error), 'ami event filter'));
  }

  #failed(error: unknown): void {
    const { log } = this.parts;
    const code = errnoOf(error) ?? '';
    if (this.#said !== code) log.warn(errorFields(error), 'ami not connected');
    this.#said = code;
    // Someone must mend a password first; asking often would only fill Asterisk's log.
    this.#retry(code === 'HC_AMI_REFUSED' ? this.#backoff.longestMs() : this.#backoff.nextMs());
  }

  #lost(why: string, sinceMs: number): void {
    const { clock, log } = this.parts;
    log.warn({ why }, 'ami lost');
    if (clock.now() - sinceMs >= this.settings.pingMs) this.#backoff.reset();
    this.#retry(this.#backoff.nextMs());
    for (const listening of [...this.#listening]) {
      if (!listening.told) continue;
      listening.told = false;
      this.#call(listening, () => listening.listener.disconnected?.(why));
    }
  }

  #retry(pauseMs: number): void {
    const cancel = this.parts.clock.after(pauseMs, () => (this.#state = this.#connect()));
    this.#state = { status: 'waiting', cancel };
  }

  #tellConnected(listening: Listening): void {
    if (!this.connected || listening.told || !this.#listening.has(listening)) return;
    listening.told = true;
    this.#call(listening, () => listening.listener.connected?.());
  }

  #dispatch(message: AmiMessage): void {
    const event = readEvent(message);
    if (!event) return;
    for (const listening of [...this.#listening])
      if (listening.told) this.#call(listening, () => listening.listener.event?.(event));
  }

  /** A listener that throws is logged; the others and the connection don't notice. */
  #call(listening: Listening, call: () => void): void {
    if (!this.#listening.has(listening)) return;
    try {
      call();
    } catch (error) {
      listening.complaint.say(() => this.parts.log.error(errorFields(error), 'ami listener'));
    }
  }
}
