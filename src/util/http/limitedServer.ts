// An HTTP server that no client can block; both HTTP servers of the hub are made here.
// Each handles input that is not HTTP itself.
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
  /** Connections at once. For one more, the one that has waited longest without a whole request is closed. */
  connections: number;
  /** For a request's head, and for all of it, milliseconds. Counted by Node, not by the Clock. */
  headMs: number;
  requestMs: number;
  /** An idle connection is closed after this, milliseconds. */
  idleMs: number;
  /** Interval of the check of `headMs` and `requestMs`, milliseconds. */
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
  /** Names, besides those of loopback, that a request's Host may have; default: none. */
  hosts?: readonly string[] | undefined;
  onRequest: RequestListener;
  /** Called for each refused request (from a browser, for another host), and for connections beyond the limit. */
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
      request.on('error', () => {}); // the client has gone: nobody reads a message
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
 * Why a request is refused; undefined: it is not. A browser on this machine sends any request that a web page makes: to 127.0.0.1, or to a
 * host name of the page's own that resolves to this machine (DNS rebinding). Browsers alone send Origin and Sec-Fetch-Site; Asterisk's curl,
 * Prometheus and probes send neither.
 * @param hosts names, besides those of loopback, that a request's Host may have; lower case
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
 * A client that sends its request at once is served, however many others connect and send nothing, or half a request: beyond the limit
 * the oldest of those is closed. Only if all of them wait for an answer is the new one closed.
 * @param onFull called when an unanswered connection is closed
 */
function makeRoom(server: Server, most: number, onFull: () => void): void {
  /** With the last exchange; the connection that has waited longest without a whole request is first. */
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

/** The first that does not wait for an answer; undefined: all do. */
function oldestIdle(open: ReadonlyMap<Socket, Exchange | undefined>): Socket | undefined {
  for (const [socket, exchange] of open)
    if (!exchange?.request.complete || exchange.response.writableEnded) return socket;
  return undefined;
}

/** Closes all connections too; may be called when the server does not listen. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
