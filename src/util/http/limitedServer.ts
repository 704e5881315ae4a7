// An HTTP server on which no client can hold anything up: both servers of the hub that are asked by HTTP are made here.
// What they do about what is not HTTP is their own.
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { isLoopback } from './listening';

export interface HttpLimits {
  /** Connections at once. For one more the one goes that has waited longest without a whole request. */
  connections: number;
  /** For a request's head, and for all of it, milliseconds. Counted by Node, not by the Clock. */
  headMs: number;
  requestMs: number;
  /** A connection on which nothing moves is closed after this, milliseconds. */
  idleMs: number;
  /** How often the first two are looked at, milliseconds. */
  checkMs: number;
}

export const defaultHttpLimits: Omit<HttpLimits, 'connections'> = {
  headMs: 2000,
  requestMs: 3000,
  idleMs: 15_000,
  checkMs: 1000,
};

export interface LimitedServerParts {
  /** `headBytes`: the longest head of a request. */
  limits: HttpLimits & { headBytes: number };
  /** Names besides those of loopback by which it may be called; default: none. */
  hosts?: readonly string[] | undefined;
  onRequest: RequestListener;
  /** Told of what is refused here: requests from browsers and for other hosts, and connections of which there are too many. */
  onRefused: (why: string) => void;
}

export function limitedServer({ limits, hosts = [], onRequest, onRefused }: LimitedServerParts): Server {
  const server = createServer(
    {
      headersTimeout: limits.headMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.idleMs,
      connectionsCheckingInterval: limits.checkMs,
      maxHeaderSize: limits.headBytes,
    },
    (request, response) => {
      request.on('error', () => {}); // gone in the middle of it: there is nobody to tell
      response.on('error', () => {});
      const why = foreignness(request, hosts);
      if (why === undefined) return onRequest(request, response);
      onRefused(why);
      response.writeHead(403, { 'Content-Length': 0, Connection: 'close' }).end();
    },
  );
  makeRoom(server, limits.connections, () => onRefused('too many connections'));
  return server.setTimeout(limits.idleMs, (socket) => socket.destroy());
}

/**
 * Why a request is not answered; undefined: it may be. A browser on this machine sends what any web page likes: to 127.0.0.1, or to a host
 * name of the page's own that leads here (DNS rebinding). Browsers alone send Origin and Sec-Fetch-Site; Asterisk's curl,
 * Prometheus and probes send neither.
 * @param hosts names, besides those of this machine's loopback, by which the server may be called; lower case
 */
function foreignness(
  { url = '', headers, headersDistinct }: Pick<IncomingMessage, 'url' | 'headers' | 'headersDistinct'>,
  hosts: readonly string[],
): string | undefined {
  const browser = ['origin', 'sec-fetch-site'].find((name) => headers[name] !== undefined);
  if (browser !== undefined) return `from a browser (${browser})`;
  // A request line may name a host as well, and that one counts (RFC 9112, 3.2.2).
  const [, inLine] = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(url) ?? [];
  const named = [...(headersDistinct['host'] ?? []), ...(inLine === undefined ? [] : [inLine])];
  return named.every((host) => isOwn(host, hosts)) ? undefined : 'for another host';
}

/** Absent in HTTP/1.0, which no browser speaks. */
function isOwn(header: string, hosts: readonly string[]): boolean {
  const [, name = ''] = /^(\[[^\]]*\]|[^:]*)(?::\d{1,5})?$/.exec(header.trim().toLowerCase()) ?? [];
  return isLoopback(name.replace(/^\[(.*)\]$/, '$1')) || hosts.includes(name);
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/**
 * Whoever asks at once is served, however many connect and say nothing, or half of something: for a connection too many the
 * oldest of those goes. Only where all of them have asked and wait for an answer is the new one closed.
 * @param onFull told when one is closed that had not been answered
 */
function makeRoom(server: Server, most: number, onFull: () => void): void {
  /** With the last that was asked; the one that has waited longest without a whole request comes first. */
  const open = new Map<Socket, Exchange | undefined>();
  server.on('connection', (socket: Socket) => {
    if (open.size >= most) {
      const oldest = oldestIdle(open) ?? socket;
      if (!open.get(oldest)?.response.writableEnded) onFull();
      open.delete(oldest);
      oldest.destroy();
      if (oldest === socket) return;
    }
    open.set(socket, undefined);
    socket.once('close', () => open.delete(socket));
  });
  server.on('request', (request, response) => {
    const { socket } = request;
    if (!open.has(socket)) return;
    open.set(socket, { request, response });
    response.once('finish', () => {
      if (open.delete(socket)) open.set(socket, { request, response });
    });
  });
}

/** The first that does not wait for an answer; undefined: all of them do. */
function oldestIdle(open: ReadonlyMap<Socket, Exchange | undefined>): Socket | undefined {
  for (const [socket, exchange] of open)
    if (!exchange?.request.complete || exchange.response.writableEnded) return socket;
  return undefined;
}

/** Cuts off who is connected; may be called when it does not listen. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
