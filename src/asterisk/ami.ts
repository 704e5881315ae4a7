// One AMI connection over asterisk-ami-client; a new client for each, and the only file that imports it.
// The package connects, logs in and writes. What it reads is only its login's answer: all else is read here, since its
// parser loses its place between two pieces, collapses equal headers, and forgets what comes with the login's answer.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type AmiClient from 'asterisk-ami-client';
import type { Cancel, Clock } from '../util/clock';
import { errnoOf, messageOf, type HoldcastError } from '../util/errors';
import type { Random } from '../util/random';
import type { Closeable } from '../util/scope';
import { AmiParser, type AmiMessage } from './message';
import { Requests } from './requests';
import type { AmiSettings } from './settings';
import { lost, mute, refused, unreachable } from './troubles';
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
  /** Gives up connecting. */
  signal?: AbortSignal;
}

type State =
  | { readonly status: 'login'; reject(error: HoldcastError): void }
  /** Logged in, not reading: what the last piece had behind the login's answer waits. */
  | { readonly status: 'held'; readonly messages: AmiMessage[] }
  | { readonly status: 'open'; readonly receiver: AmiReceiver }
  | { readonly status: 'ended'; readonly why: string };

/**
 * Connects and logs in. The caller closes what it gets.
 * @throws HoldcastError HC_AMI_UNREACHABLE, HC_AMI_REFUSED, HC_AMI_TIMEOUT (no answer to the login), HC_AMI_LOST (`signal`)
 */
export async function openAmi(settings: AmiSettings, parts: AmiParts): Promise<AmiConnection> {
  const Client = await clientClass();
  if (parts.signal?.aborted) throw lost('given up');
  const client = new Client({ reconnect: false, keepAlive: false, emitEventsByTypes: false });
  const { user, secret, host, port } = settings;
  let login: Promise<unknown> = Promise.resolve();
  const socket = socketMadeBy(() => {
    login = client.connect(inert(user), inert(secret), { host, port, noDelay: true });
  });
  const line = new Line(client, socket, settings, parts);
  await line.loggedIn(login, parts.signal);
  return line;
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

const SOCKETS = 'net.client.socket';

/** The socket that `connect` makes before it returns: Node tells of each on a diagnostics channel, in that very moment. */
function socketMadeBy(connect: () => void): Socket {
  let made: Socket | undefined;
  const note = (message: unknown): void => {
    made ??= (message as { socket: Socket }).socket;
  };
  subscribe(SOCKETS, note);
  try {
    connect();
  } finally {
    unsubscribe(SOCKETS, note);
  }
  if (!made) throw new Error(`this Node.js does not tell of sockets on ${SOCKETS}`);
  return made;
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

class Line implements AmiConnection {
  readonly #parser = new AmiParser();
  readonly #requests: Requests;
  readonly #clock: Clock;
  #watchdog: Watchdog | undefined;
  #state: State = { status: 'login', reject: () => {} };
  /** The package's parser, which is given the answer to its login and nothing else. */
  #loginReader: NodeJS.WritableStream | undefined;
  #limit: Cancel;

  constructor(
    private readonly client: AmiClient,
    private readonly socket: Socket,
    private readonly settings: AmiSettings,
    { clock, random }: AmiParts,
  ) {
    const prefix = `hc${Math.floor(random() * 2 ** 32).toString(16)}-`;
    this.#clock = clock;
    this.#requests = new Requests({ clock, answerMs: settings.answerMs, prefix });
    this.#limit = this.#within(unreachable(settings, 'no answer'));
    socket.pipe = (target) => this.#piped(target);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.once('connect', () => {
      this.#limit();
      this.#limit = this.#within(mute(settings));
    });
    socket.once('end', () => this.#broken('closed by Asterisk'));
    this.#watchSocket();
  }

  /** @param login what the package makes of it; why it failed is known here before, and better */
  async loggedIn(login: Promise<unknown>, signal?: AbortSignal): Promise<void> {
    const giveUp = (): void => this.#end('given up');
    signal?.addEventListener('abort', giveUp, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        this.#state = { status: 'login', reject };
        login.then(
          () => resolve(),
          (error: unknown) => this.#broken(errnoOf(error) ?? messageOf(error)),
        );
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

  /** The package calls it once for its login, and again when that is accepted: from there on it only writes. */
  #piped<T extends NodeJS.WritableStream>(target: T): T {
    if (!this.#loginReader) {
      this.#loginReader = target;
      return target;
    }
    this.#limit();
    this.#state = { status: 'held', messages: [] };
    this.socket.pause();
    // It has taken our listeners away, and its own would throw when nobody listens to them.
    this.socket.removeAllListeners('error').removeAllListeners('close');
    this.#watchSocket();
    this.#watchdog = new Watchdog({
      clock: this.#clock,
      silenceMs: this.settings.pingMs,
      ask: () => void this.request({ Action: 'Ping' }).catch(() => {}),
      dead: () => this.#end(`nothing heard for ${2 * this.settings.pingMs} ms`),
    });
    return target;
  }

  #watchSocket(): void {
    this.socket.on('error', (error) => this.#broken(errnoOf(error) ?? messageOf(error)));
    this.socket.on('close', () => this.#broken('closed'));
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

  /** The package judges the first response: by then it has either called `pipe` again, or the login has failed. */
  #answerLogin(message: AmiMessage, asked: State): void {
    const response = message.get('Response');
    if (response === undefined) return;
    const lines = ['Response', 'ActionID', 'Message'].map(
      (name) => `${name}: ${message.get(name) ?? ''}\r\n`,
    );
    this.#loginReader?.write(`${lines.join('')}\r\n`);
    if (this.#state !== asked) return;
    const { settings } = this;
    if (response.toLowerCase() === 'error') this.#end('refused', refused(settings, message.get('Message')));
    else this.#broken('the login was answered out of turn');
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
