// A scripted Asterisk Manager on a real socket: says what a test tells it to, in pieces of any size, or nothing.
// Nothing here waits on a clock: tests wait for what has happened, and a piece is sent when the last one has been read.
import { createHash } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { AmiSettings } from '../../src/asterisk/settings';

/** Headers of an action as they came, each name once; `raw` is its text. */
export interface Received {
  readonly raw: string;
  readonly [header: string]: string;
}

export type Answer = (action: Received, session: AmiSession) => void;

/** "Name: value" lines and the empty one. */
export function amiText(headers: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${lines.join('')}\r\n`;
}

export class AmiServer {
  readonly sessions: AmiSession[] = [];
  /** Every action of every session, logins included. */
  readonly received: Received[] = [];
  /** Sessions ever begun. */
  connections = 0;
  /** 'accept': who knows the secret. */
  login: 'accept' | 'refuse' | 'ignore' = 'accept';
  secret = 'mohsecret';
  challenge = '146389731';
  /** Undefined: says nothing at first. */
  greeting: string | undefined = 'Asterisk Call Manager/11.0.0\r\n';
  /** Sent in one piece with the answer to the login. */
  afterLogin = '';
  /** Where what a session sends is cut into pieces: offsets from its first byte. */
  cuts: readonly number[] | 'everywhere' = [];
  readonly #answers = new Map<string, Answer>();
  readonly #waiting = new Set<() => void>();
  /** Client sockets of this process, so that a session knows what has been read. */
  readonly #clients: Socket[] = [];
  #server: Server;
  #port = 0;

  private constructor() {
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    subscribe('net.client.socket', this.#note);
    this.on('Challenge', (action, session) => session.respond(action, { Challenge: this.challenge }));
    this.on('Ping', (action, session) => session.respond(action, { Ping: 'Pong' }));
    this.on('Events', (action, session) => session.respond(action, { Events: 'On' }));
    this.on('Filter', (action, session) => session.refuse(action, 'Permission denied'));
  }

  static async open(): Promise<AmiServer> {
    const server = new AmiServer();
    await server.listen();
    return server;
  }

  get port(): number {
    return this.#port;
  }

  /** How to reach it; times as in production. */
  settings(change: Partial<AmiSettings> = {}): AmiSettings {
    return {
      host: '127.0.0.1',
      port: this.#port,
      user: 'moh',
      secret: this.secret,
      connectMs: 5000,
      answerMs: 5000,
      pingMs: 10_000,
      retryMs: [250, 30_000],
      ...change,
    };
  }

  /** What answers an action; without it, an action gets `Response: Error`. */
  on(action: string, answer: Answer): void {
    this.#answers.set(action.toLowerCase(), answer);
  }

  /** Listens, also again after `stop`, on the same port. */
  async listen(): Promise<void> {
    await new Promise<void>((done, failed) => {
      this.#server.once('error', failed).listen(this.#port, '127.0.0.1', done);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** As Asterisk that ends: nobody listens, every connection closes. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((done) => this.#server.close(() => done()));
    for (const session of [...this.sessions]) session.drop();
    await closed;
  }

  async close(): Promise<void> {
    unsubscribe('net.client.socket', this.#note);
    if (this.#server.listening) await this.stop();
  }

  /** Waits until `condition` holds; looked at whenever something has come or a connection has changed. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((look) => this.#waiting.add(look));
  }

  /** The newest session, when one has logged in after `count` have been there. */
  async session(count = 1): Promise<AmiSession> {
    await this.until(() => this.connections >= count && this.sessions.at(-1)?.loggedIn === true);
    return this.sessions.at(-1)!;
  }

  /** The first action of this name from `from` on, counted in `received`. */
  async action(name: string, from = 0): Promise<Received> {
    const find = (): Received | undefined =>
      this.received.slice(from).find((action) => action['Action'] === name);
    await this.until(() => find() !== undefined);
    return find()!;
  }

  /** The socket at the other end of `session`, when it is in this process. */
  clientOf(socket: Socket): Socket | undefined {
    return this.#clients.find((client) => client.localPort === socket.remotePort && !client.destroyed);
  }

  /** @internal */
  changed(): void {
    for (const look of this.#waiting) look();
    this.#waiting.clear();
  }

  /** @internal */
  act(action: Received, session: AmiSession): void {
    this.received.push(action);
    const name = action['Action']?.toLowerCase() ?? '';
    if (name === 'login') this.#logIn(action, session);
    else if (this.#answers.has(name)) this.#answers.get(name)!(action, session);
    else session.refuse(action, 'Invalid/unknown command');
    this.changed();
  }

  #note = (message: unknown): void => {
    this.#clients.push((message as { socket: Socket }).socket);
  };

  #accept(socket: Socket): void {
    this.connections++;
    const session = new AmiSession(this, socket);
    this.sessions.push(session);
    socket.on('close', () => {
      this.sessions.splice(this.sessions.indexOf(session), 1);
      this.changed();
    });
    if (this.greeting !== undefined) session.send(this.greeting);
    this.changed();
  }

  #logIn(action: Received, session: AmiSession): void {
    if (this.login === 'ignore') return;
    const key = createHash('md5')
      .update(this.challenge + this.secret)
      .digest('hex');
    if (this.login === 'refuse' || action['Key'] !== key) {
      session.refuse(action, 'Authentication failed');
      return session.end();
    }
    session.loggedIn = true;
    const answer = { Response: 'Success', ActionID: action['ActionID']!, Message: 'Authentication accepted' };
    session.send(amiText(answer) + this.afterLogin);
  }
}

export class AmiSession {
  loggedIn = false;
  #text = '';
  #sent = 0;
  #sending = Promise.resolve();
  #frozen = false;

  constructor(
    private readonly server: AmiServer,
    readonly socket: Socket,
  ) {
    socket.setEncoding('utf8');
    socket.on('error', () => {});
    socket.on('data', (text) => this.#read(String(text)));
  }

  respond(action: Received, headers: Readonly<Record<string, string | number>>): void {
    this.send(amiText({ Response: 'Success', ActionID: action['ActionID']!, ...headers }));
  }

  refuse(action: Received, why: string): void {
    this.send(amiText({ Response: 'Error', ActionID: action['ActionID']!, Message: why }));
  }

  event(name: string, headers: Readonly<Record<string, string | number>> = {}): void {
    this.send(amiText({ Event: name, ...headers }));
  }

  /** A whole list: its start, its events, its end. */
  list(action: Received, events: readonly Readonly<Record<string, string | number>>[]): void {
    const ActionID = action['ActionID']!;
    this.respond(action, { EventList: 'start', Message: 'will follow' });
    for (const event of events) this.send(amiText({ ...event, ActionID }));
    this.send(amiText({ Event: 'ListComplete', ActionID, EventList: 'Complete', ListItems: events.length }));
  }

  /** Sends bytes, behind all that was sent before. */
  send(content: string | Buffer): void {
    if (this.#frozen) return;
    const bytes = Buffer.from(content);
    if (this.server.cuts === 'everywhere' || this.server.cuts.length > 0)
      this.#sending = this.#sending.then(() => this.#sendPieces(bytes));
    else this.socket.write(bytes);
  }

  /** Resolves when the kernel has taken all that was sent. */
  async drained(): Promise<void> {
    await this.#sending;
    if (this.socket.writableNeedDrain) await new Promise((done) => this.socket.once('drain', done));
  }

  /** As a peer whose machine is gone: takes nothing, says nothing, and no packet tells of it. */
  freeze(): void {
    this.#frozen = true;
    this.socket.pause();
  }

  /** Closes after what was sent. */
  end(): void {
    void this.#sending.then(() => this.socket.end());
  }

  /** Closes in the middle of everything. */
  drop(): void {
    this.socket.destroy();
  }

  async #sendPieces(bytes: Buffer): Promise<void> {
    const { cuts } = this.server;
    const client = this.server.clientOf(this.socket);
    for (let at = 0; at < bytes.length && !this.socket.destroyed;) {
      const rest = bytes.length - at;
      const next =
        cuts === 'everywhere'
          ? 1
          : Math.min(rest, ...cuts.map((cut) => cut - this.#sent).filter((n) => n > 0));
      this.socket.write(bytes.subarray(at, at + next));
      at += next;
      this.#sent += next;
      while (client && !client.destroyed && !client.isPaused() && client.bytesRead < this.#sent)
        await new Promise((turn) => setImmediate(turn));
    }
  }

  #read(text: string): void {
    this.#text += text;
    for (let end = this.#text.indexOf('\r\n\r\n'); end >= 0; end = this.#text.indexOf('\r\n\r\n')) {
      const raw = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 4);
      const pairs = raw.split('\r\n').map((line) => line.split(/: ?(.*)/s).slice(0, 2));
      this.server.act({ ...(Object.fromEntries(pairs) as Record<string, string>), raw }, this);
    }
  }
}
