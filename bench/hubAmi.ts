// The Asterisk Manager that the hub under test asks: thousands of channels in queues, with their events and lists.
// Says what Asterisk 22 says and in its order, as far as the hub reads it; no more.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

type Headers = Readonly<Record<string, string | number>>;

interface Channel {
  readonly uniqueid: string;
  readonly channel: string;
  readonly number: string;
  readonly language: string;
  readonly queue: string;
  readonly class: string;
}

const text = (headers: Headers): string =>
  `${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;

/** An action whose end does not come is cut off after this many characters. */
const LONGEST_ACTION = 65_536;

export class BenchAmi {
  /** Actions by name, for the report. */
  readonly asked = new Map<string, number>();
  readonly #channels = new Map<string, Channel>();
  /** Who waits in each queue, in order. */
  readonly #queues = new Map<string, string[]>();
  readonly #sessions = new Set<Socket>();
  readonly #server: Server;

  constructor() {
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  /** Listens on a port of loopback, a free one by default, and returns it. */
  async start(port = 0): Promise<number> {
    await new Promise<void>((done, failed) => {
      this.#server.once('error', failed).listen(port, '127.0.0.1', done);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.#sessions) socket.destroy();
    await new Promise((done) => this.#server.close(done));
  }

  /** Channels that there are. */
  get channels(): number {
    return this.#channels.size;
  }

  /** Logged-in connections. */
  get clients(): number {
    return this.#sessions.size;
  }

  /** A channel comes up and calls Queue(); its music starts with `music`. */
  join(uniqueid: string, number: string, queue: string, language = 'en'): void {
    const channel = `PJSIP/bench-${uniqueid.replace('.', '')}`;
    const call = { uniqueid, channel, number, language, queue, class: `hold-${uniqueid}` };
    this.#channels.set(uniqueid, call);
    const line = this.#queues.get(queue) ?? [];
    this.#queues.set(queue, line);
    const place = line.push(uniqueid);
    this.#tell('QueueCallerJoin', { ...describe(call), Queue: queue, Position: place, Count: line.length });
  }

  /** Its application has been started. @param musicClass as the answer to its look-up calls it */
  music(uniqueid: string, musicClass: string): void {
    const call = this.#channels.get(uniqueid);
    if (call) this.#tell('MusicOnHoldStart', { ...describe(call), Class: musicClass });
  }

  keyDown(uniqueid: string, digit: string): void {
    this.#key('DTMFBegin', uniqueid, digit, {});
  }

  keyUp(uniqueid: string, digit: string, heldMs: number): void {
    this.#key('DTMFEnd', uniqueid, digit, { DurationMs: heldMs });
  }

  /** The caller hangs up while they wait. What was said of a channel that is gone is not said again. */
  hangUp(uniqueid: string, heldMs: number): void {
    const call = this.#channels.get(uniqueid);
    if (!call) return;
    this.#channels.delete(uniqueid);
    this.#tell('MusicOnHoldStop', { ...describe(call), Class: call.class });
    const line = this.#queues.get(call.queue) ?? [];
    const place = line.indexOf(uniqueid) + 1;
    line.splice(place - 1, 1);
    const waited = { ...describe(call), Queue: call.queue, Position: place };
    this.#tell('QueueCallerAbandon', {
      ...waited,
      OriginalPosition: place,
      HoldTime: Math.round(heldMs / 1000),
    });
    this.#tell('QueueCallerLeave', { ...waited, Count: line.length });
    if (line.length === 0) this.#queues.delete(call.queue);
    this.#tell('Hangup', { ...describe(call), Cause: 16, 'Cause-txt': 'Normal Clearing' });
  }

  #key(event: string, uniqueid: string, digit: string, more: Headers): void {
    const call = this.#channels.get(uniqueid);
    if (call) this.#tell(event, { ...describe(call), Digit: digit, ...more, Direction: 'Received' });
  }

  #tell(event: string, headers: Headers): void {
    const told = text({ Event: event, Privilege: 'call,all', ...headers });
    for (const socket of this.#sessions) socket.write(told);
  }

  #accept(socket: Socket): void {
    let read = '';
    socket.setEncoding('utf8').on('error', () => {});
    socket.on('close', () => this.#sessions.delete(socket));
    socket.on('data', (part) => {
      read += String(part);
      for (let end = read.indexOf('\r\n\r\n'); end >= 0; end = read.indexOf('\r\n\r\n')) {
        this.#act(socket, headersOf(read.slice(0, end)));
        read = read.slice(end + 4);
      }
      if (read.length > LONGEST_ACTION) socket.destroy();
    });
    socket.write('Asterisk Call Manager/11.0.0\r\n');
  }

  #act(socket: Socket, action: Record<string, string>): void {
    const name = action['action'] ?? '';
    const id = action['actionid'] === undefined ? {} : { ActionID: action['actionid'] };
    const respond = (headers: Headers): void =>
      void socket.write(text({ Response: 'Success', ...id, ...headers }));
    const refuse = (why: string): void => respond({ Response: 'Error', Message: why });
    this.asked.set(name, (this.asked.get(name) ?? 0) + 1);
    switch (name.toLowerCase()) {
      case 'challenge':
        return respond({ Challenge: '4711' });
      case 'login':
        this.#sessions.add(socket);
        return respond({ Message: 'Authentication accepted' });
      case 'ping':
        return respond({ Ping: 'Pong' });
      case 'events':
        return respond({ Events: 'On' });
      case 'filter':
        return refuse('Permission denied');
      case 'logoff':
        return void socket.end(text({ Response: 'Goodbye', ...id }));
      case 'status':
      case 'queuestatus':
      case 'coreshowchannels': {
        const events = this.#list(name.toLowerCase(), action);
        if (!events) return refuse('No such channel');
        const list = events.map((event) => text({ ...event, ...id }));
        const end = {
          Event: `${name}Complete`,
          ...id,
          EventList: 'Complete',
          ListItems: events.length,
        };
        return void socket.write(
          text({ Response: 'Success', ...id, EventList: 'start', Message: 'will follow' }) +
            list.join('') +
            text(end),
        );
      }
      default:
        return refuse('Invalid/unknown command');
    }
  }

  /** The events of a list; undefined: it is asked about a channel that is not there. */
  #list(name: string, action: Record<string, string>): Headers[] | undefined {
    const all = [...this.#channels.values()];
    if (name === 'coreshowchannels') return all.map((call) => statusOf(call, 'CoreShowChannel'));
    if (name === 'queuestatus') return this.#queueStatus(action['queue']);
    const asked = action['channel'];
    if (asked === undefined) return all.map((call) => statusOf(call, 'Status', action['variables']));
    const call = this.#channels.get(asked) ?? all.find(({ channel }) => channel === asked);
    return call && [statusOf(call, 'Status', action['variables'])];
  }

  #queueStatus(asked: string | undefined): Headers[] {
    const queues = [...this.#queues].filter(([queue]) => asked === undefined || queue === asked);
    return queues.flatMap(([Queue, line]) => [
      { Event: 'QueueParams', Queue, Calls: line.length, Strategy: 'ringall' },
      ...line.map((uniqueid, at) => ({
        Event: 'QueueEntry',
        Queue,
        Position: at + 1,
        ...describe(this.#channels.get(uniqueid)!),
      })),
    ]);
  }
}

function describe({ uniqueid, channel, number, language }: Channel): Headers {
  return {
    Channel: channel,
    CallerIDNum: number,
    Language: language,
    Uniqueid: uniqueid,
    Linkedid: uniqueid,
  };
}

/** Of the variables only whether the number may be shown is asked for. */
function statusOf(call: Channel, event: string, variables?: string): Headers {
  return {
    Event: event,
    ...describe(call),
    ...(variables?.includes('CALLERID(num-pres)') && {
      Variable: 'CALLERID(num-pres)=allowed_passed_screen',
    }),
    Application: 'Queue',
    [event === 'Status' ? 'Data' : 'ApplicationData']: `${call.queue},c`,
  };
}

/** By lower-case names. */
function headersOf(raw: string): Record<string, string> {
  return Object.fromEntries(
    raw.split('\r\n').map((line) => {
      const at = line.indexOf(':');
      return [line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()];
    }),
  );
}
