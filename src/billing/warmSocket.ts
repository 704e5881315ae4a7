// WarmSocket: makes a connection before anything is asked, so that the first caller who presses a key need not wait
// for names, TCP and TLS. The first request uses it; a server may close it before, and then nothing was lost.
import type { Socket } from 'node:net';
import { buildConnector } from 'undici';

type Connect = buildConnector.connector;

export class WarmSocket {
  readonly #connect: Connect;
  #spare: Socket | undefined;
  #closed = false;

  /** @param origin 'https://billing.example:8443' */
  constructor(
    private readonly origin: string,
    options: buildConnector.BuildOptions,
  ) {
    this.#connect = buildConnector(options);
  }

  /** For undici: the spare one, or a new one. */
  readonly connect: Connect = (options, done) => {
    const spare = this.#take();
    if (spare) done(null, spare);
    else this.#connect(options, done);
  };

  /** Resolves when it stands. Rejects with the error of the connection. */
  open(): Promise<void> {
    const { protocol, hostname, host, port } = new URL(this.origin);
    return new Promise((resolve, reject) => {
      this.#connect({ protocol, hostname: bare(hostname), host, port }, (error, socket) => {
        if (error) return reject(error);
        this.#keep(socket);
        resolve();
      });
    });
  }

  /** May be called again. */
  close(): void {
    this.#closed = true;
    this.#take()?.destroy();
  }

  #keep(socket: Socket): void {
    if (this.#closed || this.#spare) return void socket.destroy();
    this.#spare = socket;
    socket.unref();
    socket.on('error', gone).on('end', gone).on('close', gone);
    const forget = (): void => {
      if (this.#spare === socket) this.#spare = undefined;
    };
    socket.on('close', forget);
  }

  #take(): Socket | undefined {
    const socket = this.#spare;
    this.#spare = undefined;
    if (!socket || socket.destroyed || !socket.readable || !socket.writable) return undefined;
    socket.off('error', gone).off('end', gone).off('close', gone);
    socket.ref();
    return socket;
  }
}

/** A server that closes what nobody uses. */
function gone(this: Socket): void {
  this.destroy();
}

/** "[::1]" → "::1", as sockets want it. */
function bare(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, '$1');
}
