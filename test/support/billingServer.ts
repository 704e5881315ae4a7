// A billing system over HTTP or HTTPS on loopback that does what a test tells it to, also what no server should.
// Certificates are made by openssl when a test wants them: an authority of its own and what it has signed.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SeenRequest {
  readonly method: string;
  /** Path and query as they came. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Answering = (request: SeenRequest, response: ServerResponse) => void;

export class BillingServer {
  readonly requests: SeenRequest[] = [];
  readonly sockets = new Set<Socket>();
  /** Since the start. */
  connections = 0;
  #server: Server | undefined;
  #lonely = (): void => {};

  private constructor(
    public answering: Answering,
    private readonly tls: Certificate | undefined,
  ) {}

  /** Its owner closes it. */
  static async start(answering: Answering = says([]), tls?: Certificate): Promise<BillingServer> {
    const server = new BillingServer(answering, tls);
    await server.#listen(0);
    return server;
  }

  /** "http://127.0.0.1:1234"; for HTTPS the host is localhost. */
  get origin(): string {
    return this.tls ? `https://localhost:${this.port}` : `http://127.0.0.1:${this.port}`;
  }

  port = 0;

  /** Resolves when nobody is connected any more. */
  abandoned(): Promise<void> {
    if (this.sockets.size === 0) return Promise.resolve();
    return new Promise((resolve) => (this.#lonely = resolve));
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  /** Listens again where it did. */
  async reopen(): Promise<void> {
    await this.#listen(this.port);
  }

  async #listen(port: number): Promise<void> {
    const take = (request: IncomingMessage, response: ServerResponse): void =>
      void this.#take(request, response);
    const server = this.tls ? createTlsServer({ ...this.tls }, take) : createServer(take);
    server.on('connection', (socket: Socket) => {
      this.connections++;
      this.sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.sockets.delete(socket);
        if (this.sockets.size === 0) this.#lonely();
      });
    });
    await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening));
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    request.setEncoding('utf8');
    try {
      for await (const part of request) body += part as string;
    } catch {
      return;
    }
    const { method = '', url = '', headers } = request;
    const seen = {
      method,
      path: url,
      query: new URL(url, 'http://x').searchParams,
      headers,
      body,
    };
    this.requests.push(seen);
    this.answering(seen, response);
  }
}

/** Answers with this as JSON. */
export function says(json: unknown, status = 200): Answering {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json));
  };
}

/** Answers with these bytes on the bare connection. */
export function saysRaw(text: string, then: 'close' | 'stay' = 'stay'): Answering {
  return (_, { socket }) => {
    if (then === 'close') socket?.end(text);
    else socket?.write(text);
  };
}

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

export const hasOpenssl = ((): boolean => {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** An authority that nobody knows, in a folder of its own. */
export class Authority {
  readonly #folder = mkdtempSync(join(tmpdir(), 'hc-ca-'));

  constructor() {
    const subject = ['-subj', '/CN=Holdcast test authority', '-days', '2'];
    this.#openssl('req', '-x509', ...NEW_KEY, '-keyout', 'ca.key', '-out', 'ca.pem', ...subject);
  }

  /** PEM file with its certificate. */
  get file(): string {
    return join(this.#folder, 'ca.pem');
  }

  /** @param names as in a certificate: 'DNS:localhost' */
  sign(names: string, days = 2): Certificate {
    writeFileSync(join(this.#folder, 'ext'), `subjectAltName=${names}\n`);
    this.#openssl('req', ...NEW_KEY, '-keyout', 'its.key', '-out', 'its.csr', '-subj', '/CN=billing');
    const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', String(days)];
    this.#openssl('x509', '-req', '-in', 'its.csr', '-out', 'its.pem', '-extfile', 'ext', ...signing);
    return { key: this.#read('its.key'), cert: this.#read('its.pem') };
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.#folder, stdio: 'pipe' });
  }

  #read(name: string): string {
    return readFileSync(join(this.#folder, name), 'utf8');
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
