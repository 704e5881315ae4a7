// Ports that nobody has, for servers that are told theirs in a configuration file.
// The lab has a network of its own: who takes one between asking and using is another file of these tests, by chance.
import { createSocket } from 'node:dgram';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';

/** `count` ports on loopback, all different, free for TCP and for UDP. */
export async function freePorts(count: number): Promise<number[]> {
  const held = await Promise.all(Array.from({ length: count }, hold));
  await Promise.all(held.map(({ release }) => release()));
  return held.map(({ port }) => port);
}

interface Held {
  port: number;
  release: () => Promise<unknown>;
}

/** Free for TCP is not free for UDP: each ear of a caller has one. */
async function hold(): Promise<Held> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = createSocket('udp4');
  const release = (): Promise<unknown> => {
    socket.close();
    server.close();
    return once(server, 'close');
  };
  try {
    socket.bind(port, '127.0.0.1');
    await once(socket, 'listening');
    return { port, release };
  } catch {
    await release();
    return hold();
  }
}
