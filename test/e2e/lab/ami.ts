// The judge's own AMI connection: starts calls, sends commands, keeps every event with the moment it came.
// Shares no code with the product, so that a mistake in the product's client cannot hide itself here.
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { until } from './wait';

/** Header → value; of a header that comes twice the first, but all lines of Output. */
export type Message = Readonly<Record<string, string>>;

export interface Seen {
  /** `performance.now()`. */
  readonly atMs: number;
  readonly event: Message;
}

const ANSWER_MS = 15_000;

export class Manager {
  readonly events: Seen[] = [];
  readonly #answers = new Map<string, (message: Message) => void>();
  readonly #socket: Socket;
  #text = '';
  #serial = 0;
  closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('utf8').on('data', (text) => this.#read(String(text)));
    socket.on('error', () => {});
    socket.on('close', () => (this.closed = true));
  }

  /** @throws Error when nobody listens or the login is refused */
  static async login(port: number, user: string, secret: string): Promise<Manager> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const manager = new Manager(socket);
    await manager.request({ Action: 'Login', Username: user, Secret: secret });
    return manager;
  }

  /** @throws Error when the answer is an error, or there is none */
  async request(action: Message): Promise<Message> {
    const id = `judge-${++this.#serial}`;
    let answer: Message | undefined;
    this.#answers.set(id, (message) => (answer = message));
    const lines = Object.entries({ ...action, ActionID: id }).map(([name, value]) => `${name}: ${value}`);
    this.#socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    await until(
      () => `an answer to ${action['Action']}`,
      () => answer !== undefined || this.closed,
      ANSWER_MS,
    );
    this.#answers.delete(id);
    if (answer?.['Response'] === 'Error' || !answer)
      throw new Error(`${action['Action']}: ${answer?.['Message'] ?? 'the connection was closed'}`);
    return answer;
  }

  /** The first event (of those to come or already there from index `after` on) that has all these headers. */
  async event(wanted: Message, limitMs = 15_000, after = 0): Promise<Seen> {
    const find = (): Seen | undefined => this.events.slice(after).find(({ event }) => matches(event, wanted));
    await until(
      () => `event ${JSON.stringify(wanted)}`,
      () => find() !== undefined,
      limitMs,
    );
    return find()!;
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(text: string): void {
    const atMs = performance.now();
    this.#text += text;
    for (let end = this.#text.indexOf('\r\n\r\n'); end >= 0; end = this.#text.indexOf('\r\n\r\n')) {
      const message = parse(this.#text.slice(0, end));
      this.#text = this.#text.slice(end + 4);
      if (message['Event'] !== undefined) this.events.push({ atMs, event: message });
      else this.#answers.get(message['ActionID'] ?? '')?.(message);
    }
  }
}

function matches(event: Message, wanted: Message): boolean {
  return Object.entries(wanted).every(([name, value]) => event[name] === value);
}

function parse(text: string): Message {
  const message: Record<string, string> = {};
  for (const line of text.split('\r\n')) {
    const [, name, value] = /^([^:]+): ?(.*)$/s.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    if (name === 'Output' && message[name] !== undefined) message[name] += `\n${value}`;
    else message[name] ??= value;
  }
  return message;
}
