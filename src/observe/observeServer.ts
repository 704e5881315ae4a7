// What watches the hub asks here: Prometheus for /metrics, a load balancer or a probe for /health and /ready, and
// `holdcast status` for /status. Over TCP there are only figures; what names calls is served on a socket of mode 0600.
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../util/clock';
import { errorFields, messageOf } from '../util/errors';
import { inTime, LATE } from '../util/inTime';
import type { Logger } from '../util/log';
import type { Closeable } from '../util/scope';
import { heldFor, type HeldSocket } from '../util/http/heldSockets';
import { closeServer, defaultHttpLimits, limitedServer, type HttpLimits } from '../util/http/limitedServer';
import { addressOf, listen, type Where } from '../util/http/listening';
import { LogThrottle } from '../util/logThrottle';
import type { HubStatus } from './status';

/** Connections are those of each of both listeners. */
export interface ObserveLimits extends HttpLimits {
  /** What the hub needs longer for is not answered, milliseconds. */
  answerMs: number;
}

const defaultObserveLimits: ObserveLimits = {
  ...defaultHttpLimits,
  connections: 32,
  answerMs: 2000,
};

/** What the observer tells; asked in the main thread, at each request. */
export interface Observed {
  metrics(): { readonly contentType: string; text(): Promise<string> };
  /** Why the hub is not alive, in words without anything personal; none: all its threads beat. */
  health(): readonly string[];
  /** Why the hub cannot play to a new caller (it starts, it drains); none: it can. */
  ready(): readonly string[];
  status(): Promise<HubStatus>;
}

export interface ObserveServerParts {
  observed: Observed;
  /** Undefined: nothing over TCP (or on another socket). */
  listen: Where | undefined;
  /** Path of the socket that also serves /status. */
  socket: string;
  /** Names besides those of loopback by which it may be asked (`hub.hosts`). */
  hosts?: readonly string[];
  /** Sockets that the service manager holds. */
  held?: readonly HeldSocket[];
  clock: Clock;
  log: Logger;
  limits?: Partial<ObserveLimits>;
}

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer;
}

const PATHS = ['/metrics', '/health', '/ready', '/status'] as const;
type Path = (typeof PATHS)[number];
const isPath = (path: string): path is Path => (PATHS as readonly string[]).includes(path);

const HEAD_BYTES = 4096;
const JSON_TYPE = 'application/json';
const COMPLAIN_EVERY_MS = 60_000;

export class ObserveServer implements Closeable {
  readonly #limits: ObserveLimits;
  readonly #complaint: LogThrottle;
  readonly #servers: Server[] = [];
  /** By path, those that are being made: ten that ask at once make one. */
  readonly #making = new Map<string, Promise<Reply>>();
  #public: Server | undefined;

  constructor(private readonly parts: ObserveServerParts) {
    this.#limits = { ...defaultObserveLimits, ...parts.limits };
    this.#complaint = new LogThrottle(parts.clock, COMPLAIN_EVERY_MS);
  }

  /**
   * An address that cannot be had is logged, and the hub plays unwatched; a socket where another hub answers is not.
   * @throws HoldcastError HC_HUB_ADDRESS of the socket
   */
  async start(): Promise<void> {
    const { socket, listen: where, held, log } = this.parts;
    const local = this.#server(true);
    await listen(local, { path: socket }, { option: 'hub.folder', mode: 0o600 });
    this.#stands(local);
    if (!where) return;
    const open = this.#server(false);
    try {
      await listen(open, where, { option: 'hub.observe', mode: 0o660, fd: heldFor(held ?? [], where) });
      this.#stands(open);
      this.#public = open;
    } catch (error) {
      log.error({ ...errorFields(error), address: addressOf(where) }, 'metrics cannot be served');
    }
  }

  /** The TCP port; undefined: it does not listen on one. */
  get port(): number | undefined {
    const address = this.#public?.address();
    return address && typeof address === 'object' ? address.port : undefined;
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.splice(0).map(closeServer));
  }

  #stands(server: Server): void {
    this.#servers.push(server.on('error', (error) => this.#complain({ error: error.message })));
  }

  #server(local: boolean): Server {
    return limitedServer({
      limits: { ...this.#limits, headBytes: HEAD_BYTES },
      hosts: this.parts.hosts,
      onRequest: (request, response) => void this.#take(request, response, local),
      onRefused: (why) => this.#complain({ error: why }),
    }).on('clientError', (_, socket) => (socket as Socket).destroy());
  }

  async #take(request: IncomingMessage, response: ServerResponse, local: boolean): Promise<void> {
    const { method, url = '', headers } = request;
    const hasBody = headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
    if (method !== 'GET' && method !== 'HEAD') return send(response, problem(405, 'ask by GET'), true);
    if (hasBody) return send(response, problem(413, 'nothing is to be sent with it'), true);
    send(response, await this.#answer(url.split('?', 1)[0]!, local), false);
  }

  /** Never rejects. */
  #answer(path: string, local: boolean): Promise<Reply> {
    if (!isPath(path) || (path === '/status' && !local))
      return Promise.resolve(problem(404, 'there is no such page'));
    const known = this.#making.get(path);
    if (known) return known;
    const making = this.#made(path).finally(() => this.#making.delete(path));
    this.#making.set(path, making);
    return making;
  }

  async #make(path: Path): Promise<Reply> {
    const { observed } = this.parts;
    if (path === '/health') return verdict('healthy', observed.health());
    if (path === '/ready') return verdict('ready', observed.ready());
    if (path === '/status') return json(200, await observed.status());
    const metrics = observed.metrics();
    return { status: 200, type: metrics.contentType, body: Buffer.from(await metrics.text()) };
  }

  async #made(path: Path): Promise<Reply> {
    try {
      const reply = await inTime(this.parts.clock, this.#limits.answerMs, this.#make(path));
      if (reply !== LATE) return reply;
      this.#complain({ path, error: 'not answered in time' });
      return problem(503, 'a thread of the hub does not answer');
    } catch (error) {
      this.#complain({ path, error: messageOf(error) });
      return problem(500, 'the hub could not answer; its log says why');
    }
  }

  #complain(fields: { error: string; path?: string }): void {
    this.#complaint.say((times) => this.parts.log.warn({ ...fields, times }, 'monitoring the hub failed'));
  }
}

function verdict(word: 'healthy' | 'ready', problems: readonly string[]): Reply {
  return json(problems.length === 0 ? 200 : 503, { [word]: problems.length === 0, problems });
}

function problem(status: number, text: string): Reply {
  return json(status, { problems: [text] });
}

function json(status: number, value: unknown): Reply {
  return { status, type: JSON_TYPE, body: Buffer.from(`${JSON.stringify(value)}\n`) };
}

/** Without a body where it was asked by HEAD: Node sees to that. */
function send(response: ServerResponse, { status, type, body }: Reply, last: boolean): void {
  if (response.destroyed) return;
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
    ...(status === 405 && { Allow: 'GET, HEAD' }),
    ...(last && { Connection: 'close' }),
  });
  response.end(body);
}
