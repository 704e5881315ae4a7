// The kernel's list of TCP sockets: the same address is the same however the kernel or Node writes it.
// Would catch: a listener of another user that is not seen, since it listens by IPv6 for IPv4.
import { createServer, type AddressInfo } from 'node:net';
import { listenersOn, plainAddress, tcpRows } from '../../src/util/tcpSockets';

const onLinux = process.platform === 'linux' ? test : test.skip;

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::ffff:127.0.0.1', '127.0.0.1'],
  ['::FFFF:7f00:1', '127.0.0.1'],
  ['0:0:0:0:0:0:0:1', '::1'],
  ['FE80::0:1%eth0', 'fe80::1'],
  ['::', '::'],
  ['127.1', undefined],
  ['localhost', undefined],
  ['', undefined],
])('%s is %s', (address, plain) => {
  expect(plainAddress(address)).toBe(plain);
});

onLinux.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::ffff:127.0.0.1', '127.0.0.1'],
  ['::ffff:127.0.0.1', 'localhost'],
  ['::', '127.0.0.1'],
  ['::1', '::1'],
  ['127.0.0.9', '127.0.0.9'],
])('who listens on %s is in the way of %s', async (at, host) => {
  const server = createServer();
  await new Promise<void>((done) => server.listen({ host: at, port: 0 }, done));
  const { port } = server.address() as AddressInfo;
  const [listener, ...others] = listenersOn({ host, port });
  expect([listener?.uid, others]).toEqual([process.getuid?.(), []]);
  expect(listenersOn({ host: '127.0.0.8', port })).toHaveLength(at === '::' ? 1 : 0);
  await new Promise((done) => server.close(done));
});

test('rows that are cut off, as a list that changes while it is read has them, are none', () => {
  expect(tcpRows('  sl  local_address\n   0: 0100007F:13AE 00000000:0000 0A\n\n   1:')).toEqual([]);
});
