// The AMI port in the hands of another user while Asterisk is away: whatever they say there, they are told nothing.
// Listeners are real, and so is the other user, where the tests run as root.
import { spawn, type ChildProcess } from 'node:child_process';
import dns from 'node:dns';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { openAmi } from '../../src/asterisk/ami';
import type { AmiSettings } from '../../src/asterisk/settings';
import { ManualClock } from '../../src/util/clock';
import { seededRandom } from '../../src/util/random';
import { isOwnMachine, userOfPeer } from '../../src/util/tcpSockets';
import { AmiServer } from '../support/amiServer';

const NOBODY = 65_534;
const asRoot = process.getuid?.() === 0;

/** Listens as this process's user, greets, answers as Asterisk does and prints what it is told; `uid` is whose it is from then on. */
const LISTENER = `
  const { host, uid, closes, port = 0 } = JSON.parse(process.argv[1]);
  const server = require('node:net').createServer((socket) => {
    socket.on('error', () => {});
    socket.write('Asterisk Call Manager/11.0.0\\r\\n', () => closes && socket.destroy());
    socket.on('data', (text) => {
      process.stdout.write(JSON.stringify(String(text)) + '\\n');
      const [, id] = /ActionID: (.*)\\r/.exec(text);
      socket.write('Response: Success\\r\\nActionID: ' + id + '\\r\\nChallenge: 123\\r\\n\\r\\n');
    });
    socket.on('close', () => process.stdout.write('"closed"\\n'));
  });
  server.listen(port, host, () => {
    if (uid !== undefined) process.setgid(uid), process.setuid(uid);
    process.stdout.write(server.address().port + '\\n');
  });`;

class Listener {
  readonly #lines: AsyncIterator<string>;
  port = 0;

  private constructor(readonly child: ChildProcess) {
    this.#lines = createInterface(child.stdout!)[Symbol.asyncIterator]();
  }

  static async start(
    as: { host?: string; port?: number; uid?: number; closes?: boolean } = {},
  ): Promise<Listener> {
    const args = ['-e', LISTENER, JSON.stringify({ host: '127.0.0.1', ...as })];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], cwd: '/' });
    const listener = new Listener(child);
    listener.port = Number(await listener.next());
    return listener;
  }

  /** What it was told next; undefined: nothing before it ended. */
  async next(): Promise<unknown> {
    const line = await this.#lines.next();
    if (line.done) return undefined;
    return JSON.parse(String(line.value)) as unknown;
  }
}

const clock = new ManualClock();
const listeners: Listener[] = [];
const sockets: Socket[] = [];
afterEach(() => {
  for (const { child } of listeners.splice(0)) child.kill('SIGKILL');
  for (const socket of sockets.splice(0)) socket.destroy();
  expect(clock.pending).toBe(0);
});

async function listening(as?: Parameters<typeof Listener.start>[0]): Promise<Listener> {
  const listener = await Listener.start(as);
  listeners.push(listener);
  return listener;
}

function open({ port }: { port: number }, change: Partial<AmiSettings> = {}) {
  const times = { connectMs: 5000, answerMs: 5000, pingMs: 10_000, retryMs: [250, 30_000] as const };
  const settings = { host: '127.0.0.1', port, user: 'moh', secret: 'mohsecret', ...times, ...change };
  return openAmi(settings, { clock, random: seededRandom(1) });
}

/** A connection of our own, which has heard the greeting where there is one. */
async function reached(port: number, host = '127.0.0.1', greets = true): Promise<Socket> {
  const socket = connect(port, host);
  sockets.push(socket);
  await new Promise((done) => socket.once(greets ? 'data' : 'connect', done));
  return socket;
}

const ours = process.getuid?.();
const itAsRoot = asRoot ? test : test.skip;

describe('a listener of another user', () => {
  itAsRoot.each([
    ['that they made', '127.0.0.1', '127.0.0.1'],
    ['at all addresses of both kinds', '::', '127.0.0.1'],
    ['of IPv6', '::1', '::1'],
    ['that is reached by IPv6 for IPv4', '127.0.0.1', '::ffff:127.0.0.1'],
    ['at another address of loopback', '127.0.0.9', '127.0.0.9'],
  ])('%s is told nothing, not even a user or a response', async (_, at, host) => {
    const listener = await listening({ host: at, uid: NOBODY });
    await expect(open(listener, { host })).rejects.toMatchObject({
      code: 'HC_AMI_FOREIGN',
      message: expect.stringContaining('uid 65534 (nobody)') as string,
      hint: expect.stringContaining('ami.trustUid') as string,
    });
    expect(await listener.next()).toBe('closed');
  });

  itAsRoot('at ::1 does not stand between localhost and an Asterisk that is there by IPv4', async () => {
    const server = await AmiServer.open();
    const foreign = await listening({ host: '::1', uid: NOBODY, port: server.port });
    // As with an /etc/hosts that names ::1 for it.
    const lookup = jest
      .spyOn(dns, 'lookup')
      .mockImplementation(((
        _: string,
        { all }: { all?: boolean },
        found: (error: null, address: unknown, family?: number) => void,
      ) => (all ? found(null, [{ address: '::1', family: 6 }]) : found(null, '::1', 6))) as never);
    const entered = await open(server, { host: 'localhost' }).then(
      (connection) => void connection.close(),
      (error: unknown) => error,
    );
    lookup.mockRestore();
    await server.close();
    expect(entered).toBeUndefined();
    foreign.child.kill('SIGTERM');
    expect(await foreign.next()).toBeUndefined();
  });

  itAsRoot('is told nothing either when it greets and closes at once', async () => {
    const listener = await listening({ uid: NOBODY, closes: true });
    await expect(open(listener)).rejects.toMatchObject({
      code: expect.stringMatching(/^HC_AMI_(FOREIGN|UNREACHABLE)$/) as string,
    });
    expect(await listener.next()).toBe('closed');
  });

  itAsRoot.each([
    ['by name', ['nobody']],
    ['by number', [4_000_000, NOBODY]],
    ['by number as text', ['65534']],
  ])('is asked for a challenge when the operator trusts it %s', async (_, trustUid) => {
    const listener = await listening({ uid: NOBODY });
    const connection = await open(listener, { trustUid });
    expect(await listener.next()).toContain('Action: Challenge');
    connection.close();
  });

  itAsRoot('a name that is no user’s is named', async () => {
    const listener = await listening({ uid: NOBODY });
    await expect(open(listener, { trustUid: ['stunel4'] })).rejects.toMatchObject({
      message: expect.stringContaining('stunel4, and there is no such user') as string,
    });
  });

  test('one that nobody accepts hears nothing, and has no user', async () => {
    const listener = await listening();
    listener.child.kill('SIGSTOP');
    const socket = await reached(listener.port, '127.0.0.1', false);
    expect(await userOfPeer(socket)).toBeUndefined();
    const opening = expect(open(listener)).rejects.toMatchObject({ code: 'HC_AMI_TIMEOUT' });
    while (clock.pending === 0) await new Promise((turn) => setImmediate(turn));
    for (let i = 0; i < 50; i++) await new Promise((turn) => setImmediate(turn));
    clock.advance(5000);
    await opening;
    listener.child.kill('SIGCONT');
    socket.destroy();
    expect([await listener.next(), await listener.next()]).toEqual(['closed', 'closed']);
  });
});

describe('the user at the other end', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::', '127.0.0.1'],
    ['::1', '::1'],
    ['127.0.0.1', '::ffff:127.0.0.1'],
  ])('is found where %s listens and %s is reached', async (at, host) => {
    const socket = await reached((await listening({ host: at })).port, host);
    expect([await userOfPeer(socket), isOwnMachine(socket)]).toEqual([ours, true]);
  });

  itAsRoot('is who has accepted, not who listens', async () => {
    const socket = await reached((await listening({ uid: NOBODY })).port);
    expect(await userOfPeer(socket)).toBe(NOBODY);
  });

  test('is unknown where the kernel does not tell, and our own user is not trusted then', async () => {
    const socket = await reached((await listening()).port);
    expect(await userOfPeer(socket, '/nowhere')).toBeUndefined();
    expect(await userOfPeer({ ...ends(socket), localPort: 1 })).toBeUndefined();
  });

  test.each([
    ['127.0.0.1', true],
    ['127.255.0.9', true],
    ['::ffff:127.0.0.1', true],
    ['::1', true],
    ['0:0:0:0:0:0:0:1', true],
    ['192.0.2.7', false],
    ['2001:db8::7f', false],
    ['::ffff:192.0.2.7', false],
    ['198.51.100.4', true],
  ])('%s is on this machine: %s', (remoteAddress, own) => {
    expect(isOwnMachine({ localAddress: '198.51.100.4', remoteAddress })).toBe(own);
  });

  test('a port that our own user serves is trusted', async () => {
    const server = await AmiServer.open();
    const connection = await open(server);
    connection.close();
    await server.close();
  });
});

function ends({ localAddress, localPort, remoteAddress, remotePort }: Socket) {
  return { localAddress, localPort, remoteAddress, remotePort };
}
