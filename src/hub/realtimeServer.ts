// The HTTP server that Asterisk's res_config_curl asks for the music class of each call.
// A look-up holds up the thread of a caller's channel, so nothing here waits: no Asterisk, no log in the way, and for
// the music that a caller chose before no longer than a moment that he does not notice.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  actionOf,
  answer,
  askedCall,
  NO_CLASS,
  type HoldApplication,
  type RealtimeAnswer,
} from '../asterisk/realtime';
import type { Clock } from '../util/clock';
import type { Logger } from '../util/log';
import type { Closeable } from '../util/scope';
import { closeServer, defaultHttpLimits, limitedServer, type HttpLimits } from './limitedServer';
import { listen, type Where } from './listening';
import { Seldom } from './seldom';

/** For a connection that was closed because it was idle, Asterisk's curl opens another. */
export interface RealtimeLimits extends HttpLimits {
  /** Bytes of a request's body. */
  bodyBytes: number;
}

export const defaultRealtimeLimits: RealtimeLimits = {
  ...defaultHttpLimits,
  bodyBytes: 4096,
  connections: 1000,
};

/** `plain`: what is started plays to this call as to any other. */
export type Prepared = 'plain' | undefined;

export type LookUpResult = 'answered' | 'plain' | 'empty';

export interface RealtimeParts {
  listen: Where;
  application: HoldApplication;
  /** Whether the application could be started now; asked before each answer, so it must be quick. */
  startable: () => boolean;
  /** What is to be done before something is started for a call; undefined: nothing to wait for. Never rejects. */
  prepare?: ((uniqueid: string) => Prepared | Promise<Prepared | void>) | undefined;
  /** Told how long each answer took and what it was. */
  onAnswered?: ((tookMs: number, result: LookUpResult) => void) | undefined;
  clock: Clock;
  log: Logger;
  limits?: Partial<RealtimeLimits>;
}

/** How many requests had which end, since the start. */
export interface RealtimeCounts {
  /** A class was answered. */
  answered: number;
  /** Well asked, but there is no such class, or nothing to change. */
  empty: number;
  /** Not HTTP, a wrong method or path, too long, too slow, one connection too many. */
  refused: number;
}

const BAD_REQUEST = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';
const HEAD_BYTES = 8192;
/** From this share of the connections on, those that are idle make room. */
const CROWDED = 0.9;
const COMPLAIN_EVERY_MS = 10_000;

/**
 * The Host header is not looked at: a web page in a browser on this machine could, by a host name of its own (DNS
 * rebinding), read the path of bin/holdcast here. There is nothing else to learn and nothing to change, while an operator
 * may well have given the hub a name of his own in extconfig.conf.
 */
export class RealtimeServer implements Closeable {
  readonly counts: RealtimeCounts = { answered: 0, empty: 0, refused: 0 };
  readonly #server: Server;
  readonly #limits: RealtimeLimits;
  readonly #complaint: Seldom;
  #open = 0;

  constructor(private readonly parts: RealtimeParts) {
    const limits = (this.#limits = { ...defaultRealtimeLimits, ...parts.limits });
    this.#complaint = new Seldom(parts.clock, COMPLAIN_EVERY_MS);
    this.#server = limitedServer({ ...limits, headBytes: HEAD_BYTES }, (request, response) =>
      this.#take(request, response),
    )
      .on('connection', (socket) => this.#arrived(socket))
      .on('drop', () => this.#refused('too many connections'))
      .on('clientError', (_, socket) => this.#malformed(socket));
  }

  /** @throws HoldcastError HC_HUB_ADDRESS */
  async start(): Promise<void> {
    // Whoever may connect learns nothing but what every caller is given; Asterisk may be in the group only.
    await listen(this.#server, this.parts.listen, { option: 'hub.listen', mode: 0o660 });
    this.#server.on('error', (error) => this.parts.log.error({ error: error.message }, 'look-ups: server'));
  }

  /** The port that it listens on; undefined on a Unix socket. */
  get port(): number | undefined {
    const address = this.#server.address();
    return typeof address === 'object' ? address?.port : undefined;
  }

  /** Connections that are open, asking or not. */
  get connections(): number {
    return this.#open;
  }

  close(): Promise<void> {
    return closeServer(this.#server);
  }

  #arrived(socket: Socket): void {
    this.#open++;
    socket.once('close', () => this.#open--);
    if (this.#open > this.#limits.connections * CROWDED) this.#server.closeIdleConnections();
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const { method, url = '', headers } = request;
    // Asterisk asks by POST, but for `static`, which it asks by GET.
    if (method !== 'POST' && !(method === 'GET' && actionOf(url) === 'static'))
      return this.#refuse(response, 405, 'method');
    if (Number(headers['content-length'] ?? 0) > this.#limits.bodyBytes)
      return this.#refuse(response, 413, 'body too long');
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      if (bytes > this.#limits.bodyBytes) return;
      bytes += chunk.length;
      if (bytes > this.#limits.bodyBytes) this.#refuse(response, 413, 'body too long');
      else chunks.push(chunk);
    });
    request.on('end', () => {
      if (bytes <= this.#limits.bodyBytes)
        this.#answer(response, url, Buffer.concat(chunks).toString('latin1'));
    });
  }

  #answer(response: ServerResponse, path: string, body: string): void {
    const { application, startable, prepare, clock } = this.parts;
    const askedAt = clock.now();
    const request = { path, body };
    const known = answer(request, application);
    const reply = known.found && !startable() ? this.#withheld() : known;
    if (reply.status !== 200) return this.#refuse(response, reply.status, 'path');
    const uniqueid = reply.found ? askedCall(body) : undefined;
    const prepared = uniqueid === undefined ? undefined : prepare?.(uniqueid);
    const send = (how: Prepared | void): void => {
      const plain = how === 'plain';
      this.#reply(response, plain ? answer(request, application, plain) : reply);
      const result = plain ? 'plain' : reply.found ? 'answered' : 'empty';
      this.parts.onAnswered?.(clock.now() - askedAt, result);
    };
    if (prepared instanceof Promise) void prepared.then(send);
    else send(prepared);
  }

  #reply(response: ServerResponse, { status, body: text, found }: RealtimeAnswer): void {
    this.counts[found ? 'answered' : 'empty']++;
    response.writeHead(status, { 'Content-Type': 'text/plain', 'Content-Length': Buffer.byteLength(text) });
    response.end(text);
  }

  /** Asterisk plays its default class then, which is better than to start what cannot be started. */
  #withheld(): RealtimeAnswer {
    this.#complaint.say((times) =>
      this.parts.log.error(
        { program: this.parts.application.program, times },
        'not there, or not executable',
      ),
    );
    return NO_CLASS;
  }

  /** Always with an empty body, since Asterisk would read one as an answer. */
  #refuse(response: ServerResponse, status: number, why: string): void {
    this.#refused(why);
    response.writeHead(status, { 'Content-Length': 0, Connection: 'close' });
    response.end();
  }

  #malformed(socket: Duplex): void {
    this.#refused('not HTTP, or too slow');
    if (socket.writable) socket.end(BAD_REQUEST, () => socket.destroy());
    else socket.destroy();
  }

  #refused(why: string): void {
    this.counts.refused++;
    this.#complaint.say((times) => this.parts.log.warn({ why, times }, 'look-up refused'));
  }
}
