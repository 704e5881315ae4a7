// The little of SIP that a telephone needs to call, to be called, to hold and to hang up (RFC 3261, over UDP on loopback).
// A call of its own for each caller; the sound is the Ear's.
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Codec } from './ear';
import { until } from './wait';

export interface SoundOptions {
  /** Where the sound is to be sent. */
  readonly rtpPort: number;
  readonly codec: Codec;
}

export interface SipCallOptions extends SoundOptions {
  /** Asterisk's port. */
  readonly port: number;
  readonly extension: string;
  /** The caller's number. */
  readonly phone: string;
  /** Calls as "Anonymous", and asks that nobody is told more (RFC 3323). */
  readonly withheld: boolean;
}

const ANSWER_MS = 20_000;

export class SipCall {
  readonly #socket: Socket;
  readonly #id: string;
  #sequence = 1;
  #to = '';
  #status = 0;
  #contact = '';
  /** Asterisk has hung up, or has answered that we have. */
  over = false;

  private constructor(
    socket: Socket,
    private readonly options: SipCallOptions,
  ) {
    this.#socket = socket;
    this.#id = `${options.phone}-${this.#port}`;
    socket.on('message', (bytes) => this.#take(bytes.toString()));
  }

  /** Resolves when the call is answered. @throws Error when it is refused */
  static async dial(options: SipCallOptions): Promise<SipCall> {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const call = new SipCall(socket, options);
    call.#request('INVITE', describe(options, 1));
    const decided = (): boolean => call.#status >= 200;
    await until(
      () => `an answer to the call of ${options.phone} (last: ${call.#status})`,
      decided,
      ANSWER_MS,
    );
    call.#request('ACK');
    if (call.#status !== 200) throw new Error(`the call of ${options.phone} was refused: ${call.#status}`);
    return call;
  }

  /** Puts the other end on hold (RFC 3264, 8.4). */
  hold(): void {
    this.#sequence++;
    this.#request('INVITE', `${describe(this.options, 2)}a=sendonly\r\n`);
  }

  hangUp(): void {
    if (this.over) return;
    this.#sequence++;
    this.#request('BYE');
  }

  close(): void {
    this.#socket.close();
  }

  get #port(): number {
    return this.#socket.address().port;
  }

  #request(method: string, body = ''): void {
    const { extension, phone, port, withheld } = this.options;
    const from = withheld ? '"Anonymous" <sip:anonymous@anonymous.invalid>' : `<sip:${phone}@127.0.0.1>`;
    const aor = `sip:${extension}@127.0.0.1:${port}`;
    const target = method === 'INVITE' ? aor : this.#contact || aor;
    const lines = [
      `${method} ${target} SIP/2.0`,
      `Via: SIP/2.0/UDP 127.0.0.1:${this.#port};rport;branch=z9hG4bK-${this.#id}-${method}-${this.#sequence}`,
      'Max-Forwards: 70',
      `From: ${from};tag=${this.#id}`,
      ...(withheld ? ['Privacy: id'] : []),
      `To: ${this.#to || `<${aor}>`}`,
      `Call-ID: ${this.#id}@127.0.0.1`,
      `CSeq: ${this.#sequence} ${method}`,
      `Contact: <sip:${phone}@127.0.0.1:${this.#port}>`,
      ...(body === '' ? [] : ['Content-Type: application/sdp']),
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    this.#send(`${lines.join('\r\n')}\r\n\r\n${body}`);
  }

  #take(text: string): void {
    const status = /^SIP\/2\.0 (\d{3})/.exec(text)?.[1];
    if (status === undefined) return this.#answer(text);
    const method = /^CSeq:\s*\d+\s+(\w+)/im.exec(text)?.[1];
    if (method === 'BYE') this.over = true;
    if (method !== 'INVITE' || (this.#status >= 200 && Number(status) < 200)) return;
    if (this.#status >= 200) return this.#request('ACK'); // our first ACK came too late, or got lost
    this.#status = Number(status);
    if (this.#status < 200) return;
    this.#to = headerOf(text, 'To');
    this.#contact = /<([^>]+)>/.exec(headerOf(text, 'Contact'))?.[1] ?? '';
  }

  /** Whatever Asterisk asks is fine, and a BYE is the end. */
  #answer(request: string): void {
    if (request.startsWith('ACK ')) return;
    if (request.startsWith('BYE ')) this.over = true;
    this.#send(accepted(request));
  }

  #send(text: string): void {
    this.#socket.send(text, this.options.port, '127.0.0.1');
  }
}

/** A telephone that is called: it answers at once, and whatever Asterisk asks is fine. */
export class SipPhone {
  private constructor(
    private readonly socket: Socket,
    readonly port: number,
    sound: SoundOptions,
  ) {
    socket.on('message', (bytes, { port: from }) => {
      const request = bytes.toString();
      if (/^(ACK|SIP\/)/.test(request)) return;
      // What is offered is called by the offer's own number (RFC 3264, 6.1).
      const type = /^a=rtpmap:(\d+) L16\/8000/m.exec(request)?.[1];
      const body = request.startsWith('INVITE ') ? describe(sound, 1, type) : '';
      socket.send(accepted(request, body, port), from, '127.0.0.1');
    });
  }

  static async open(sound: SoundOptions): Promise<SipPhone> {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new SipPhone(socket, socket.address().port, sound);
  }

  close(): void {
    this.socket.close();
  }
}

/** @param port of the telephone, where it has something to describe */
function accepted(request: string, body = '', port?: number): string {
  const copied = ['Via', 'From', 'To', 'Call-ID', 'CSeq'].map((name) => {
    const value = headerOf(request, name);
    return `${name}: ${name === 'To' && !value.includes('tag=') ? `${value};tag=called` : value}`;
  });
  const described =
    port === undefined ? [] : [`Contact: <sip:agent@127.0.0.1:${port}>`, 'Content-Type: application/sdp'];
  const length = `Content-Length: ${Buffer.byteLength(body)}`;
  return ['SIP/2.0 200 OK', ...copied, ...described, length, '', body].join('\r\n');
}

function describe({ rtpPort, codec }: SoundOptions, version: number, slin = '96'): string {
  return [
    'v=0',
    `o=- 1 ${version} IN IP4 127.0.0.1`,
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=audio ${rtpPort} RTP/AVP ${codec === 'slin' ? slin : '0'} 101`,
    'a=rtpmap:0 PCMU/8000',
    `a=rtpmap:${slin} L16/8000`,
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-16',
    'a=ptime:20',
    '',
  ].join('\r\n');
}

function headerOf(message: string, name: string): string {
  return new RegExp(`^${name}:\\s*(.*?)\\r?$`, 'im').exec(message)?.[1] ?? '';
}
