// A program in the place of a MySQL server, which asks for the password in the ways that the protocol has.
// A real server cannot be made to: it keeps what it is told and asks for nothing that it does not need.
import { constants, generateKeyPairSync, privateDecrypt } from 'node:crypto';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

const SALT = Buffer.from('12345678abcdefghijkl');
const CAPABILITIES = 0x0008_a289; // 4.1, plugins, a database, local files
const TLS = 0x800;

export interface FalseMysqlOptions {
  /** What it greets with, and asks to change to. */
  readonly plugin: string;
  /** Claims to speak TLS. */
  readonly tls?: boolean;
  /** Path of a Unix socket; absent: a port of loopback. */
  readonly path?: string;
  /** An error in place of the greeting, by its number. */
  readonly refuses?: number;
  /** Takes any login, and asks for this file when it is asked anything. */
  readonly wants?: string;
}

const RSA = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

export class FalseMysql {
  /** Payloads of all packets that it was sent. */
  readonly heard: Buffer[] = [];
  readonly publicKey = RSA.publicKey;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #ended = 0;
  readonly #waiting = new Set<() => void>();

  private constructor(private readonly options: FalseMysqlOptions) {
    this.#server = createServer((socket) => this.#greet(socket));
  }

  static async start(options: FalseMysqlOptions): Promise<FalseMysql> {
    const { path } = options;
    const server = new FalseMysql(options);
    await new Promise<void>((done) =>
      path === undefined ? server.#server.listen(0, '127.0.0.1', done) : server.#server.listen(path, done),
    );
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Resolves when so many clients have hung up. */
  async left(count = 1): Promise<void> {
    while (this.#ended < count) await new Promise<void>((look) => this.#waiting.add(look));
  }

  /** Whatever could be read of the password in what it was sent. */
  knows(password: string): boolean {
    return this.heard.some((packet) => packet.includes(password) || decrypted(packet).includes(password));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((done) => this.#server.close(done));
  }

  #greet(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#ended++;
      for (const look of this.#waiting) look();
    });
    const { plugin, tls = false, refuses } = this.options;
    if (refuses !== undefined)
      return send(
        socket,
        0,
        Buffer.from([0xff, refuses & 0xff, refuses >> 8, ...Buffer.from('#28000its words')]),
      );
    const capabilities = CAPABILITIES | (tls ? TLS : 0);
    const [low, high] = [Buffer.alloc(2), Buffer.alloc(2)];
    low.writeUInt16LE(capabilities & 0xffff);
    high.writeUInt16LE(capabilities >>> 16);
    const greeting = [
      Buffer.from('\n8.0.36\x00\x01\x00\x00\x00', 'latin1'),
      ...[SALT.subarray(0, 8), Buffer.from([0]), low, Buffer.from([45, 2, 0]), high],
      ...[Buffer.from([21]), Buffer.alloc(10), SALT.subarray(8), Buffer.from(`\0${plugin}\0`)],
    ];
    send(socket, 0, Buffer.concat(greeting));
    let rest = Buffer.alloc(0);
    let count = 0;
    socket.on('data', (data: Buffer) => {
      rest = Buffer.concat([rest, data]);
      while (rest.length >= 4 && rest.length >= 4 + rest.readUIntLE(0, 3)) {
        const end = 4 + rest.readUIntLE(0, 3);
        const packet = rest.subarray(4, end);
        this.heard.push(packet);
        this.#answer(socket, count++, packet, rest[3]! + 1);
        rest = rest.subarray(end);
      }
    });
  }

  #answer(socket: Socket, count: number, packet: Buffer, sequence: number): void {
    const { plugin, wants } = this.options;
    const ok = Buffer.from([0, 0, 0, 2, 0, 0, 0]);
    if (wants !== undefined)
      return send(
        socket,
        sequence,
        count === 0 ? ok : Buffer.concat([Buffer.from([0xfb]), Buffer.from(wants)]),
      );
    if (count === 0)
      return send(
        socket,
        sequence,
        Buffer.concat([Buffer.from(`\xfe${plugin}\0`, 'latin1'), SALT, Buffer.from([0])]),
      );
    // The next step of what it asks for: all of the password, then its own key to encrypt it with, then that will do.
    const full = Buffer.from([1, 4]);
    const key = Buffer.concat([Buffer.from([1]), Buffer.from(RSA.publicKey)]);
    const asksForKey = packet.length === 1;
    if (asksForKey) return send(socket, sequence, key);
    if (plugin === 'caching_sha2_password' && count === 1) return send(socket, sequence, full);
    send(socket, sequence, ok);
  }
}

function send(socket: Socket, sequence: number, payload: Buffer): void {
  const header = Buffer.alloc(4);
  header.writeUIntLE(payload.length, 0, 3);
  header[3] = sequence;
  socket.write(Buffer.concat([header, payload]));
}

/** What its own RSA key makes of a packet, as text. */
function decrypted(packet: Buffer): string {
  if (packet.length !== 256) return '';
  try {
    const options = { key: RSA.privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' };
    return Buffer.from(
      privateDecrypt(options, packet).map((byte, at) => byte ^ SALT[at % SALT.length]!),
    ).toString();
  } catch {
    return '';
  }
}
