// The HTTP server that Asterisk's res_config_curl asks for the music class of each call.
// A look-up blocks the thread of a caller's channel, so nothing here waits: not for Asterisk, not for the log, and for
// the caller's earlier choice of music no longer than a moment that they do not notice.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  actionOf,
  answer,
  NO_CLASS,
  PROBE,
  type HoldApplication,
  type LookUpTrouble,
  type RealtimeAnswer,
  type RealtimeRequest,
} from '../asterisk/realtime';
import { mintToken } from '../asterisk/token';
import type { Cancel, Clock } from '../util/clock';
import type { Logger } from '../util/log';
import type { Closeable } from '../util/scope';
import { heldFor, type HeldSocket } from '../util/http/heldSockets';
import { closeServer, defaultHttpLimits, limitedServer, type HttpLimits } from '../util/http/limitedServer';
import { listen, type Where } from '../util/http/listening';
import { LogThrottle } from '../util/logThrottle';
import { printable } from '../util/printable';

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

/** What look-ups are answered with. */
export interface LookUpAnswers {
  application: HoldApplication;
  /** Whether the application could be started now; asked before each answer, so it must be quick. */
  startable: () => boolean;
  /**
   * What is to be done before something is started for a look-up; undefined: nothing to wait for. Never rejects.
   * @param uniqueid of the call that the class is named after; who hears it is known later
   */
  prepare?: ((uniqueid: string, token: string) => Prepared | Promise<Prepared | void>) | undefined;
}

export interface RealtimeParts {
  listen: Where;
  /** Sockets that the service manager holds. */
  held?: readonly HeldSocket[];
  /** Names besides those of loopback by which it may be asked (`hub.hosts`). */
  hosts?: readonly string[];
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
  /** A valid request, but there is no such class, or nothing to change. */
  empty: number;
  /** Not HTTP, a wrong method or path, too long, too slow, one connection too many. */
  refused: number;
}

const BAD_REQUEST = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';
const HEAD_BYTES = 8192;
const COMPLAIN_EVERY_MS = 10_000;
/** Characters of what was asked for that stand in the log. */
const LONGEST_ASKED = 160;
/**
 * Where the service manager holds the socket, look-ups wait in it while the hub restarts. From this on after its start a hub
 * that is not ready says "no such class": with a second for the process to end and begin, no caller waits longer than 2 s.
 */
const READY_MS = 1000;

/**
 * It listens before the hub can answer, and still while the hub drains: what comes before `serve` waits a moment for it,
 * what comes after `withhold` is answered at once with "no such class", upon which Asterisk asks its next engine.
 */
export class RealtimeServer implements Closeable {
  readonly counts: RealtimeCounts = { answered: 0, empty: 0, refused: 0 };
  readonly #server: Server;
  readonly #limits: RealtimeLimits;
  readonly #complaint: LogThrottle;
  readonly #misasked: LogThrottle;
  #open = 0;
  /** Undefined: not yet, or not any more. */
  #answers: LookUpAnswers | undefined;
  /** Look-ups that wait for `serve`; undefined: none waits any more. */
  #waiting: (() => void)[] | undefined = [];
  #cancel: Cancel = () => {};

  constructor(private readonly parts: RealtimeParts) {
    const limits = (this.#limits = { ...defaultRealtimeLimits, ...parts.limits });
    this.#complaint = new LogThrottle(parts.clock, COMPLAIN_EVERY_MS);
    this.#misasked = new LogThrottle(parts.clock, COMPLAIN_EVERY_MS);
    this.#server = limitedServer({
      limits: { ...limits, headBytes: HEAD_BYTES },
      hosts: parts.hosts,
      onRequest: (request, response) => this.#take(request, response),
      onRefused: (why) => this.#refused(why),
    })
      .on('connection', (socket) => this.#arrived(socket))
      .on('clientError', (_, socket) => this.#malformed(socket));
  }

  /** @throws HoldcastError HC_HUB_ADDRESS */
  async start(): Promise<void> {
    const { listen: where, held = [], clock } = this.parts;
    // Any client learns only what every caller gets; Asterisk may be in the group only.
    await listen(this.#server, where, { option: 'hub.listen', mode: 0o660, fd: heldFor(held, where) });
    this.#cancel = clock.after(READY_MS, () => this.#settle());
    this.#server.on('error', (error) => this.parts.log.error({ error: error.message }, 'look-ups: server'));
  }

  /** The port that it listens on; undefined on a Unix socket. */
  get port(): number | undefined {
    const address = this.#server.address();
    return typeof address === 'object' ? address?.port : undefined;
  }

  get connections(): number {
    return this.#open;
  }

  /** Answers from now on, including look-ups that wait. */
  serve(answers: LookUpAnswers): void {
    this.#answers = answers;
    this.#settle();
  }

  /** Answers "no such class" from now on. */
  withhold(): void {
    this.#answers = undefined;
    this.#settle();
  }

  close(): Promise<void> {
    this.withhold();
    return closeServer(this.#server);
  }

  #settle(): void {
    this.#cancel();
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const answerNow of waiting) answerNow();
  }

  #arrived(socket: Socket): void {
    this.#open++;
    socket.once('close', () => this.#open--);
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
    const { clock } = this.parts;
    const askedAt = clock.now();
    const answers = this.#answers;
    if (answers) return this.#answerBy(answers, response, { path, body }, askedAt);
    if (this.#waiting) return void this.#waiting.push(() => this.#answer(response, path, body));
    this.#reply(response, NO_CLASS);
  }

  #answerBy(
    answers: LookUpAnswers,
    response: ServerResponse,
    request: RealtimeRequest,
    askedAt: number,
  ): void {
    const { application, startable, prepare } = answers;
    const token = mintToken();
    const known = answer(request, application, token);
    if (known.trouble) this.#misaskedBy(known.trouble);
    const reply = known.call !== undefined && !startable() ? this.#withheld(application) : known;
    if (reply.status !== 200) return this.#refuse(response, reply.status, 'path');
    const { call } = reply;
    const prepared = call === undefined || call === PROBE ? undefined : prepare?.(call, token);
    const send = (how: Prepared | void): void => {
      const plain = how === 'plain';
      this.#reply(response, plain ? answer(request, application, token, plain) : reply);
      const result = plain ? 'plain' : call === undefined ? 'empty' : 'answered';
      this.parts.onAnswered?.(this.parts.clock.now() - askedAt, result);
    };
    if (prepared instanceof Promise) void prepared.then(send);
    else send(prepared);
  }

  #reply(response: ServerResponse, { status, body: text, call }: RealtimeAnswer): void {
    this.counts[call === undefined ? 'empty' : 'answered']++;
    response.writeHead(status, { 'Content-Type': 'text/plain', 'Content-Length': Buffer.byteLength(text) });
    response.end(text);
  }

  /** Asterisk plays its default class then, which is better than to start what cannot be started. */
  #withheld({ program }: HoldApplication): RealtimeAnswer {
    this.#complaint.say((times) => this.parts.log.error({ program, times }, 'not there, or not executable'));
    return NO_CLASS;
  }

  /** The log must explain a call without its own music. The name comes from the client and may contain anything. */
  #misaskedBy({ asked, why }: LookUpTrouble): void {
    const shown = printable(asked.slice(0, LONGEST_ASKED));
    this.#misasked.say((times) =>
      this.parts.log.warn({ asked: shown, why, times }, 'a call has no class of its own'),
    );
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
