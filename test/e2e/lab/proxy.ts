// A cable that can be pulled: a TCP proxy whose connections can go silent without being closed.
// That is how a network fails: nobody says so, and only a time-out or a watchdog notices.
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';

export class Cable {
  readonly #sockets = new Set<Socket>();
  #cut = false;

  private constructor(
    private readonly server: Server,
    private readonly target: number,
  ) {
    server.on('connection', (socket) => this.#join(socket));
  }

  /** To a port on loopback. */
  static async to(target: number): Promise<Cable> {
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Cable(server, target);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Nothing gets through any more, and nobody is told; who connects gets no answer. */
  pull(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.unpipe().pause();
  }

  /** New connections work again; those from before the cut are reset, as by a peer that knows nothing of them. */
  plugIn(): void {
    this.#cut = false;
    this.#reset();
  }

  close(): void {
    this.#reset();
    this.server.close();
  }

  #reset(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  #join(near: Socket): void {
    this.#keep(near);
    if (this.#cut) return void near.pause();
    const far = this.#keep(connect(this.target, '127.0.0.1'));
    near.pipe(far).pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket);
    return socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
  }
}
