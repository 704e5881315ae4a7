// One AMI connection over asterisk-ami-client; a new client for each, and the only file that imports it.
// The package writes actions. Its connector is replaced, since that logs in with the secret in clear, to any listener;
// and what comes is read here, since its parser loses its place between two pieces and collapses equal headers.
import type AmiClient from 'asterisk-ami-client';
import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Cancel, Clock } from '../util/clock';
import { errnoOf, messageOf, type HoldcastError } from '../util/errors';
import type { Random } from '../util/random';
import type { Closeable } from '../util/scope';
import { AmiParser, type AmiMessage } from './message';
import { Requests } from './requests';
import { type AmiSettings, lost, mute, refused, unreachable } from './settings';
import { distrustOf } from './trust';
import { Watchdog } from './watchdog';

/** Line ends and NUL are taken out of names and values, and colons out of names: one action stays one action. */
export interface AmiAction {
  readonly Action: string;
  /** An ActionID is replaced by one of our own. */
  readonly [header: string]: string;
}

export interface AmiReceiver {
  /** What is no answer to a request. */
  event(message: AmiMessage): void;
  /** Called once, also for `close`. */
  ended(why: string): void;
}

export interface AmiConnection extends Closeable {
  /** Begins to read; called once. Answers and events that came right behind the login are handed on first. */
  start(receiver: AmiReceiver): void;
  /** @throws HoldcastError HC_AMI_LOST, HC_AMI_TIMEOUT, HC_AMI_ERROR */
  request(action: AmiAction): Promise<AmiMessage>;
  /** The events of a list, without the one that completes it. Same errors. */
  list(action: AmiAction): Promise<AmiMessage[]>;
  /** Leaves no socket, timer or pending request. */
  close(): void;
}

export interface AmiParts {
  clock: Clock;
  random: Random;
  signal?: AbortSignal;
}

type State =
  | {
      readonly status: 'login';
      asked: LoginStep | undefined;
      readonly resolve: () => void;
      readonly reject: (error: HoldcastError) => void;
    }
  /** Logged in, not reading: what the last piece had behind the login's answer waits. */
  | { readonly status: 'held'; readonly messages: AmiMessage[] }
  | { readonly status: 'open'; readonly receiver: AmiReceiver }
  | { readonly status: 'ended'; readonly why: string };

type LoginStep = 'Challenge' | 'Login';

/** Asterisk's is a decimal number. An empty one would make the response a plain hash of the secret. */
const CHALLENGE = /^[A-Za-z0-9]{1,64}$/;

/**
 * Connects and logs in by MD5 challenge, once it is known that the peer may be told anything. The caller closes what it gets.
 * @throws HoldcastError HC_AMI_UNREACHABLE, HC_AMI_FOREIGN (not Asterisk's program), HC_AMI_REFUSED, HC_AMI_TIMEOUT (no
 *   answer to the login), HC_AMI_LOST (`signal`)
 */
export async function openAmi(settings: AmiSettings, parts: AmiParts): Promise<AmiConnection> {
  const Client = await clientClass();
  if (parts.signal?.aborted) throw lost('given up');
  const socket = reach(settings);
  const line = new Line(clientOver(socket, Client), socket, settings, parts);
  await line.loggedIn(parts.signal);
  return line;
}

function reach(settings: AmiSettings): Socket {
  const { host, port } = settings;
  // By its number: the name may lead to ::1 first, where any user may listen while Asterisk is there by IPv4 alone.
  const address = host.toLowerCase() === 'localhost' ? '127.0.0.1' : host;
  try {
    return connect({ host: address, port, noDelay: true });
  } catch (error) {
    throw unreachable(settings, errnoOf(error) ?? messageOf(error));
  }
}

/** A client that writes to `socket`; ready in a microtask. */
function clientOver(socket: Socket, Client: typeof AmiClient): AmiClient {
  const client = new Client({ reconnect: false, keepAlive: false, emitEventsByTypes: false });
  const write = (action: Record<string, string>): void => {
    const lines = Object.entries(action).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(`${lines.join('')}\r\n`);
  };
  const connection = Object.assign(new EventEmitter(), { write, close: () => {} });
  client._connector = { connect: () => Promise.resolve(connection) };
  void client.connect('', '');
  return client;
}

let loading: Promise<typeof AmiClient> | undefined;

/**
 * The package, loaded at the first use. It brings `debug`, which reads its environment when it is loaded and writes to
 * stdout, the caller's ear, for DEBUG_FD=1: both names are out of sight for that moment.
 */
function clientClass(): Promise<typeof AmiClient> {
  loading ??= (async () => {
    const hidden = ['DEBUG', 'DEBUG_FD'].map((name) => [name, process.env[name]] as const);
    for (const [name] of hidden) delete process.env[name];
    try {
      return (await import('asterisk-ami-client')).default;
    } finally {
      for (const [name, value] of hidden) if (value !== undefined) process.env[name] = value;
    }
  })();
  return loading;
}

/** Without what would end a line. */
function inert(text: string): string {
  return text.replace(/[\r\n\0]/g, '');
}

function headersOf(action: AmiAction): Record<string, string> {
  return Object.fromEntries(
    Object.entries(action)
      .map(([name, value]) => [inert(name).replaceAll(':', ''), inert(value)] as const)
      .filter(([name]) => name !== '' && name.toLowerCase() !== 'actionid'),
  );
}

/** `login` → `held` when Asterisk has taken it; `held` → `open` by `start`; all → `ended` by `close`, or whatever breaks it. */
class Line implements AmiConnection {
  readonly #parser = new AmiParser();
  readonly #requests: Requests;
  readonly #prefix: string;
  readonly #clock: Clock;
  #watchdog: Watchdog | undefined;
  #state: State = { status: 'login', asked: undefined, resolve: () => {}, reject: () => {} };
  #limit: Cancel;

  constructor(
    private readonly client: AmiClient,
    private readonly socket: Socket,
    private readonly settings: AmiSettings,
    { clock, random }: AmiParts,
  ) {
    const prefix = `hc${Math.floor(random() * 2 ** 32).toString(16)}-`;
    this.#prefix = prefix;
    this.#clock = clock;
    this.#requests = new Requests({ clock, answerMs: settings.answerMs, prefix });
    this.#limit = this.#within(unreachable(settings, 'no answer'));
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.once('data', () => void this.#greeted());
    socket.once('connect', () => {
      this.#limit();
      this.#limit = this.#within(mute(settings));
    });
    socket.once('end', () => this.#broken('closed by Asterisk'));
    socket.on('error', (error) => this.#broken(errnoOf(error) ?? messageOf(error)));
    socket.on('close', () => this.#broken('closed'));
  }

  async loggedIn(signal?: AbortSignal): Promise<void> {
    const giveUp = (): void => this.#end('given up');
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        this.#state = { status: 'login', asked: undefined, resolve, reject };
      });
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  start(receiver: AmiReceiver): void {
    const state = this.#state;
    if (state.status === 'ended') return receiver.ended(state.why);
    if (state.status !== 'held') throw new Error('an AMI connection is started once');
    this.#state = { status: 'open', receiver };
    for (const message of state.messages) this.#take(message);
    this.socket.resume();
  }

  async request(action: AmiAction): Promise<AmiMessage> {
    const [response] = await this.#ask(action, 'response');
    return response!;
  }

  list(action: AmiAction): Promise<AmiMessage[]> {
    return this.#ask(action, 'list');
  }

  close(): void {
    this.#end('closed');
  }

  async #ask(action: AmiAction, wants: 'response' | 'list'): Promise<AmiMessage[]> {
    if (this.#state.status === 'ended') throw lost(this.#state.why);
    return this.#requests.begin(inert(action.Action), wants, (ActionID) => {
      this.client.action({ ...headersOf(action), ActionID });
    });
  }

  /** The peer has said something, so a program has accepted the connection. */
  async #greeted(): Promise<void> {
    const distrust = await distrustOf(this.socket, this.settings);
    if (this.#state.status !== 'login') return;
    if (distrust) this.#end('not trusted', distrust);
    else this.#sendLogin(this.#state, 'Challenge', {});
  }

  #sendLogin(state: State & { status: 'login' }, step: LoginStep, headers: Record<string, string>): void {
    state.asked = step;
    this.client.action({ Action: step, AuthType: 'MD5', ...headers, ActionID: this.#prefix + step });
  }

  #read(chunk: Buffer): void {
    this.#watchdog?.heard();
    try {
      this.#parser.push(chunk, (message) => this.#take(message));
    } catch (error) {
      this.#broken(messageOf(error));
    }
  }

  #take(message: AmiMessage): void {
    const state = this.#state;
    if (state.status === 'login') this.#answerLogin(message, state);
    else if (state.status === 'held') state.messages.push(message);
    else if (state.status === 'open' && !this.#requests.take(message)) state.receiver.event(message);
  }

  /** What is no answer to what was asked is nothing to us yet. */
  #answerLogin(message: AmiMessage, state: State & { status: 'login' }): void {
    const response = message.get('Response')?.toLowerCase();
    if (!state.asked || response === undefined || message.get('ActionID') !== this.#prefix + state.asked)
      return;
    const { settings } = this;
    if (response !== 'success') return this.#end('refused', refused(settings, message.get('Message')));
    if (state.asked === 'Login') return this.#loggedIn(state);
    const challenge = message.get('Challenge') ?? '';
    if (!CHALLENGE.test(challenge)) return this.#broken('its challenge is none');
    const key = createHash('md5')
      .update(challenge + inert(settings.secret))
      .digest('hex');
    this.#sendLogin(state, 'Login', { Username: inert(settings.user), Key: key });
  }

  #loggedIn({ resolve }: State & { status: 'login' }): void {
    this.#limit();
    this.#state = { status: 'held', messages: [] };
    this.socket.pause();
    this.#watchdog = new Watchdog({
      clock: this.#clock,
      silenceMs: this.settings.pingMs,
      ask: () => void this.request({ Action: 'Ping' }).catch(() => {}),
      dead: () => this.#end(`nothing heard for ${2 * this.settings.pingMs} ms`),
    });
    resolve();
  }

  #within(error: HoldcastError): Cancel {
    return this.#clock.after(this.settings.connectMs, () => this.#end(error.message, error));
  }

  #broken(why: string): void {
    const { greeting } = this.#parser;
    const said = greeting === undefined ? '' : ` (it said "${greeting.slice(0, 60)}")`;
    this.#end(why, this.#state.status === 'login' ? unreachable(this.settings, why + said) : lost(why));
  }

  #end(why: string, error = lost(why)): void {
    const state = this.#state;
    if (state.status === 'ended') return;
    this.#state = { status: 'ended', why };
    this.#limit();
    this.#watchdog?.stop();
    this.socket.destroy();
    this.#requests.endAll(lost(why));
    if (state.status === 'login') state.reject(error);
    if (state.status === 'open') state.receiver.ended(why);
  }
}
