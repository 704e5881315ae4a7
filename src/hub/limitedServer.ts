// An HTTP server on which no client can hold anything up: both servers of the hub that are asked by HTTP are made here.
// What they do about a connection too many, and about what is not HTTP, is their own.
import { createServer, type RequestListener, type Server } from 'node:http';

export interface HttpLimits {
  /** Connections at once; those beyond it are closed. */
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
  checkMs: 500,
};

/** @param limits `headBytes`: the longest head of a request. */
export function limitedServer(
  limits: HttpLimits & { headBytes: number },
  onRequest: RequestListener,
): Server {
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
      onRequest(request, response);
    },
  );
  server.maxConnections = limits.connections;
  return server.setTimeout(limits.idleMs, (socket) => socket.destroy());
}

/** Cuts off who is connected; may be called when it does not listen. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
