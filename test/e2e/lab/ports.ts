// Ports that nobody has, for servers that are told theirs in a configuration file.
// The lab has a network of its own, so that nobody takes one between asking and using.
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';

/** `count` free ports on loopback, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}
