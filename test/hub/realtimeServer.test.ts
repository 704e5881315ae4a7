// The hub's HTTP server as Asterisk's curl meets it, and as floods, junk and other hosts do.
// Whatever arrives, the next good look-up is answered: a caller waits for it.
import { Agent, request } from 'node:http';
import { statSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { holdApplication } from '../../src/asterisk/realtime';
import { RealtimeServer, type LookUpResult, type RealtimeLimits } from '../../src/hub/realtimeServer';
import type { Where } from '../../src/util/http/listening';
import { ManualClock } from '../../src/util/clock';
import { keptLog, owned, RawClient, tempFolder, until } from './fixtures';

const PROGRAM = '/opt/holdcast/bin/holdcast';

interface Reply {
  status: number;
  body: string;
}

/** The call of each token that was answered. */
const tokens = new Map<string, string>();
const readable = (text: string): string =>
  text.replace(/(?:holdcast){8}/gi, (token) => tokens.get(token) ?? token);

class TestServer {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 50 });
  private constructor(
    readonly server: RealtimeServer,
    readonly kept: ReturnType<typeof keptLog>,
    readonly clock: ManualClock,
    /** What of the installation is not there just now. */
    readonly missing: { program: boolean },
    /** What the answer about a call waits for. */
    readonly preparing: Map<string, 'plain' | Promise<'plain' | void>>,
    /** Calls whose look-up came, answered or not yet. */
    readonly asked: string[],
    /** Ends of look-ups, as they are told. */
    readonly told: LookUpResult[],
  ) {}

  static async start(limits: Partial<RealtimeLimits> = {}, listen: Where = { host: '127.0.0.1', port: 0 }) {
    const [kept, clock] = [keptLog(), new ManualClock()];
    const application = holdApplication(PROGRAM, 8000);
    const missing = { program: false };
    const startable = (): boolean => !missing.program;
    const preparing = new Map<string, 'plain' | Promise<'plain' | void>>();
    const asked: string[] = [];
    const prepare = (uniqueid: string, token: string) => {
      asked.push(uniqueid);
      tokens.set(token, uniqueid);
      return preparing.get(uniqueid);
    };
    const told: LookUpResult[] = [];
    const onAnswered = (_: number, result: LookUpResult): void => void told.push(result);
    const parts = { listen, hosts: ['pbx.example'], onAnswered, clock, log: kept.log, limits };
    const server = new RealtimeServer(parts);
    await server.start();
    server.serve({ application, startable, prepare });
    owned(server);
    const test = new TestServer(server, kept, clock, missing, preparing, asked, told);
    owned({ close: () => test.#agent.destroy() });
    return test;
  }

  get port(): number {
    return this.server.port!;
  }

  raw(): RawClient {
    return new RawClient({ host: '127.0.0.1', port: this.port });
  }

  ask(body: string | Buffer, { path = '/realtime/musiconhold/single', method = 'POST', headers = {} } = {}) {
    return new Promise<Reply>((resolve, reject) => {
      const options = { agent: this.#agent, host: '127.0.0.1', port: this.port, path, method, headers };
      const call = request(options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('end', () => resolve({ status: response.statusCode!, body: text }));
      });
      call.on('error', reject);
      call.end(body);
    });
  }

  /** A caller arrives: their look-up is answered. */
  async expectService(uniqueid = '1795225281.1'): Promise<void> {
    const { status, body } = await this.ask(`name=hold-${uniqueid}`);
    expect(status).toBe(200);
    expect(decodeURIComponent(readable(body))).toBe(
      `name=hold-${uniqueid}&mode=custom&application=${PROGRAM} stream --token ${uniqueid}`,
    );
  }
}

const post = (body: string, more = ''): string =>
  `POST /m/single HTTP/1.1\r\nHost: 127.0.0.1\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;

test('a look-up as curl makes it', async () => {
  const test = await TestServer.start();
  const type = { 'Content-Type': 'application/x-www-form-urlencoded', Accept: '*/*' };
  const { status, body } = await test.ask('name=hold%2D1.1', { headers: type });
  expect([status, readable(body)]).toEqual([
    200,
    'name=hold-1.1&mode=custom&application=%2Fopt%2Fholdcast%2Fbin%2Fholdcast%20stream%20--token%201.1',
  ]);
  expect(test.server.counts).toEqual({ answered: 1, empty: 0, refused: 0 });
});

test('what is no class of a call is an empty answer, and counted', async () => {
  const test = await TestServer.start();
  for (const body of ['name=default', 'name=hold-1%0A--config', 'name=%', '', Buffer.from([0xff, 0, 0x80])])
    expect(await test.ask(body)).toEqual({ status: 200, body: '' });
  expect(test.server.counts).toEqual({ answered: 0, empty: 5, refused: 0 });
});

test('static is asked by GET, everything else by POST', async () => {
  const test = await TestServer.start();
  expect(await test.ask('', { method: 'GET', path: '/m/static?file=x' })).toEqual({ status: 200, body: '' });
  for (const method of ['GET', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'TRACE', 'PROPFIND'])
    expect(await test.ask('', { method })).toEqual({ status: 405, body: '' });
  expect(await test.ask('name=hold-1.1', { path: '/' })).toEqual({ status: 404, body: '' });
  expect(test.server.counts).toEqual({ answered: 0, empty: 1, refused: 9 });
  await test.expectService();
});

test('connections are reused, and a second request may come with the first', async () => {
  const test = await TestServer.start();
  const client = test
    .raw()
    .write(post('name=hold-1.1') + post('name=hold-2.2'))
    .write(post('name=hold-3.3'));
  await until('three answers', () => client.text.split('HTTP/1.1 200 OK').length === 4);
  expect([...readable(client.text).matchAll(/token%20([\d.]+)/g)].map(([, id]) => id)).toEqual([
    '1.1',
    '2.2',
    '3.3',
  ]);
  expect(client.open).toBe(true);
});

test('a body in pieces of one byte, chunked or not', async () => {
  const test = await TestServer.start();
  const plain = test.raw();
  for (const byte of post('name=hold-1.1')) plain.write(byte);
  const chunked = test
    .raw()
    .write('POST /m/single HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n');
  for (const byte of 'name=hold-1.1') chunked.write(`1\r\n${byte}\r\n`);
  chunked.write('0\r\n\r\n');
  for (const client of [plain, chunked])
    await until('an answer', () => readable(client.text).includes('token%201.1'));
});

test('curl that asks whether it may go on is let', async () => {
  const test = await TestServer.start();
  const client = test
    .raw()
    .write(
      `POST /m/single HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: 13\r\n\r\n`,
    );
  await until('that it may', () => client.text.includes('100 Continue'));
  client.write('name=hold-1.1');
  await until('an answer', () => readable(client.text).includes('token%201.1'));
});

test('2,000 look-ups over 50 connections: each gets its own answer', async () => {
  const test = await TestServer.start();
  const ids = Array.from({ length: 2000 }, (_, i) => `1795225281.${i}`);
  await Promise.all(ids.map((id) => test.expectService(id)));
  expect(test.server.counts).toEqual({ answered: 2000, empty: 0, refused: 0 });
});

describe('too much', () => {
  const long = `name=hold-1.1&x=${'y'.repeat(5000)}`;

  test('a body that says it is long is refused unread', async () => {
    const test = await TestServer.start();
    const client = test
      .raw()
      .write('POST /m/single HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99999999\r\n\r\nname');
    await client.closed;
    expect(client.text).toMatch(/^HTTP\/1\.1 413 [^]*Connection: close[^]*\r\n\r\n$/);
    expect(test.server.counts.refused).toBe(1);
    await test.expectService();
  });

  test('a body that does not say so is refused when it is', async () => {
    const test = await TestServer.start();
    const client = test
      .raw()
      .write('POST /m/single HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n');
    for (let i = 0; i < 100; i++) client.write(`${(1000).toString(16)}\r\n${'x'.repeat(1000)}\r\n`);
    await client.closed;
    expect(client.text).toMatch(/^HTTP\/1\.1 413 /);
    expect(test.server.counts).toEqual({ answered: 0, empty: 0, refused: 1 });
    await test.expectService();
  });

  test('up to the limit it is read', async () => {
    const test = await TestServer.start();
    expect(readable((await test.ask(long.slice(0, 4096))).body)).toContain('token%201.1');
    expect(await test.ask(long)).toEqual({ status: 413, body: '' });
  });

  test('a head without an end', async () => {
    const test = await TestServer.start();
    const client = test.raw().write(`POST /m/single HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'y'.repeat(20_000)}`);
    await client.closed;
    expect(client.text).toMatch(/^HTTP\/1\.1 400 /);
    await test.expectService();
  });

  test('connections: those that only stand there make room for one that asks', async () => {
    const test = await TestServer.start({ connections: 20 });
    const idle = Array.from({ length: 18 }, () => test.raw().write(post('name=hold-1.1')));
    for (const client of idle) await until('an answer', () => readable(client.text).includes('token'));
    for (let i = 0; i < 18; i++) {
      const client = test.raw().write(post(`name=hold-2.${i}`));
      await until('an answer', () => readable(client.text).includes(`token%202.${i}`));
    }
    expect(test.server.counts.refused).toBe(0);
  });

  const patient = { headMs: 60_000, requestMs: 60_000, idleMs: 60_000 };

  test('1,200 connections that say nothing: each call is answered all the same, and the log says it once', async () => {
    const test = await TestServer.start(patient);
    const mute = Array.from({ length: 1200 }, () => test.raw());
    for (const client of mute) await client.connected;
    await test.expectService('1.1');
    await test.expectService('1.2');
    expect(test.server.connections).toBeLessThanOrEqual(1000);
    expect(test.kept.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    expect(test.kept.lines.at(-1)).toMatchObject({ fields: { why: 'too many connections' } });
  });

  test.each([
    ['half a head', 'POST /m/single HTTP/1.1\r\nHost: 127.0.0.1\r\nX: '],
    ['half a body', 'POST /m/single HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 13\r\n\r\nname='],
  ])('when full, the oldest that has said %s goes, and no other', async (_, text) => {
    const test = await TestServer.start({ ...patient, connections: 5 });
    const half: RawClient[] = [];
    for (let i = 0; i < 5; i++) {
      half.push(test.raw().write(text));
      await until('that it is there', () => test.server.connections === i + 1);
    }
    const asking = test.raw().write(post('name=hold-1.1'));
    await until('an answer', () => readable(asking.text).includes('token%201.1'));
    await half[0]!.closed;
    expect(half.slice(1).every(({ open }) => open)).toBe(true);
  });

  test('when all wait for an answer, the new one goes and none of those', async () => {
    const test = await TestServer.start({ ...patient, connections: 3 });
    let ready: () => void = () => {};
    const answers = new Promise<void>((done) => (ready = done));
    const asking = [1, 2, 3].map((n) => {
      test.preparing.set(`1.${n}`, answers);
      return test.raw().write(post(`name=hold-1.${n}`));
    });
    await until('that all have asked', () => test.asked.length === 3);
    await test.raw().closed;
    ready();
    for (const [i, client] of asking.entries())
      await until('an answer', () => readable(client.text).includes(`token%201.${i + 1}`));
  });
});

describe('whom it answers', () => {
  test.each([
    '127.0.0.1',
    '127.0.0.1:8099',
    '127.9.9.9',
    'localhost',
    'LocalHost:1',
    '[::1]:8099',
    'pbx.example',
    'PBX.example:80',
  ])('a request for %s', async (host) => {
    const test = await TestServer.start();
    expect((await test.ask('name=hold-1.1', { headers: { Host: host } })).status).toBe(200);
  });

  test.each([
    ['another host', { Host: 'attacker.example' }],
    ['another host that begins as this one', { Host: '127.0.0.1.attacker.example:8099' }],
    ['one of a list that ends as ours', { Host: 'xpbx.example' }],
    ['an address of the network', { Host: '192.0.2.1:8099' }],
    ['a user and a name', { Host: 'x@127.0.0.1' }],
    ['a page of another origin', { Host: '127.0.0.1', Origin: 'http://attacker.example' }],
    ['a page without an origin', { Host: '127.0.0.1', Origin: 'null' }],
    ['a page of its own', { Host: '127.0.0.1', 'Sec-Fetch-Site': 'same-origin' }],
    ['an address bar', { Host: '127.0.0.1', 'Sec-Fetch-Site': 'none' }],
  ])('not a request for or from %s', async (_, headers) => {
    const test = await TestServer.start();
    expect(await test.ask('name=hold-1.1', { headers })).toEqual({ status: 403, body: '' });
    expect([test.told, test.server.counts.refused]).toEqual([[], 1]);
    expect(test.kept.messages()).toEqual(['look-up refused']);
    await test.expectService();
  });

  test.each([
    ['two hosts in one request', post('name=hold-1.1', 'Host: attacker.example\r\nConnection: close\r\n')],
    [
      'a request line for another host',
      'POST http://attacker.example/m/single HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 13\r\n\r\nname=hold-1.1',
    ],
    ['an empty host', 'POST /m/single HTTP/1.1\r\nHost:\r\nContent-Length: 13\r\n\r\nname=hold-1.1'],
  ])('not %s', async (_, text) => {
    const test = await TestServer.start();
    const client = test.raw().write(text);
    await client.closed;
    expect(client.text).toMatch(/^HTTP\/1\.1 40[03] [^]*\r\n\r\n$/);
  });

  test('HTTP/1.0 without a host, as probes ask', async () => {
    const test = await TestServer.start();
    const client = test.raw().write('POST /m/single HTTP/1.0\r\nContent-Length: 13\r\n\r\nname=hold-1.1');
    await client.closed;
    expect(readable(client.text)).toContain('token%201.1');
  });
});

describe('a hub that is not ready, or not any more', () => {
  async function unready() {
    const [kept, clock] = [keptLog(), new ManualClock()];
    const server = owned(
      new RealtimeServer({ listen: { host: '127.0.0.1', port: 0 }, clock, log: kept.log }),
    );
    await server.start();
    const ask = (): RawClient =>
      new RawClient({ host: '127.0.0.1', port: server.port! }).write(post('name=hold-1.1'));
    const asking = ask();
    await until('that it has asked', () => server.connections === 1);
    return { server, clock, ask, asking };
  }
  const answers = {
    application: holdApplication(PROGRAM, 8000),
    startable: () => true,
    prepare: (uniqueid: string, token: string) => void tokens.set(token, uniqueid),
  };
  const isEmpty = ({ text }: RawClient): boolean => /^HTTP\/1\.1 200 [^]*Content-Length: 0\r\n/.test(text);

  test('a look-up that came too early is answered when the hub is ready', async () => {
    const { server, asking } = await unready();
    await new Promise((done) => setTimeout(done, 50));
    expect(asking.text).toBe('');
    server.serve(answers);
    await until('an answer', () => readable(asking.text).includes('token%201.1'));
  });

  test('after a second without, it is told that there is no class, as is everybody until the hub is ready', async () => {
    const { server, clock, ask, asking } = await unready();
    await new Promise((done) => setTimeout(done, 50));
    clock.advance(1000);
    await until('an answer', () => isEmpty(asking));
    const later = ask();
    await until('an answer', () => isEmpty(later));
    server.serve(answers);
    const last = ask();
    await until('an answer', () => readable(last.text).includes('token%201.1'));
  });

  test.each(['withhold', 'close'] as const)('at its end (%s) nobody waits any more', async (end) => {
    const { server, asking } = await unready();
    await new Promise((done) => setTimeout(done, 50));
    void server[end]();
    await until('an answer', () => isEmpty(asking));
  });
});

describe('a call that can have no class is no riddle', () => {
  test.each([
    ['a Uniqueid that is too long', `hold-${'x'.repeat(75)}`, 'more than 74 bytes'],
    ['a line end and a terminal’s escape', 'hold-1%0A%1B[31m%C2%9B', 'no Uniqueid'],
    ['a blank at its end', 'hold-1.1%20', 'no Uniqueid'],
    ['two names', 'hold-1.1&name=hold-2.2', 'two classes'],
  ])('%s: the log says it, in visible characters and seldom', async (_, name, why) => {
    const test = await TestServer.start();
    for (let i = 0; i < 3; i++) expect((await test.ask(`name=${name}`)).body).toBe('');
    expect(test.kept.messages()).toEqual(['a call has no class of its own']);
    const { asked, why: said } = test.kept.lines[0]!.fields as { asked: string; why: string };
    expect(said).toContain(why);
    expect(asked).toMatch(/hold-/);
    expect(asked).not.toMatch(/\p{Cc}/u);
  });
});

describe('slow', () => {
  const fast = { headMs: 150, requestMs: 200, idleMs: 300, checkMs: 20 };

  test.each([
    ['that say nothing', ''],
    ['in the middle of the head', 'POST /m/single HTTP/1.1\r\nHost: 127.0.0.1\r\nX: '],
    [
      'in the middle of the body',
      'POST /m/single HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 13\r\n\r\nname=',
    ],
    ['after an answer', post('name=hold-1.1')],
  ])('connections %s are closed, and meanwhile others are served', async (_, text) => {
    const test = await TestServer.start(fast);
    const slow = Array.from({ length: 30 }, () => test.raw().write(text));
    await test.expectService();
    for (const client of slow) await client.closed;
    await test.expectService();
  });

  test.each([
    [
      'a head',
      { headMs: 150, requestMs: 60_000 },
      'POST /m/single HTTP/1.1\r\nHost: 127.0.0.1\r\n',
      'X: y\r\n',
    ],
    [
      'a body',
      { headMs: 150, requestMs: 200 },
      'POST /m/single HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4000\r\n\r\n',
      'x',
    ],
  ])('one that sends a byte of %s now and then gets no more time for it', async (_, limits, start, more) => {
    const test = await TestServer.start({ ...limits, checkMs: 20 });
    const client = test.raw().write(start);
    const drip = setInterval(() => client.write(more), 20);
    await client.closed;
    clearInterval(drip);
    expect(client.text).toMatch(/^HTTP\/1\.1 400 /);
    await test.expectService();
  });

  test('one that asks and asks and never reads is closed', async () => {
    const test = await TestServer.start(fast);
    const client = test.raw();
    await client.connected;
    client.socket.pause();
    for (let i = 0; i < 100; i++) client.write(post('name=hold-1.1').repeat(2000));
    await until(
      'that it is stuck',
      () => client.socket.writableLength > 0 && test.server.counts.answered > 0,
    );
    await test.expectService();
    await until('that all are closed', () => test.server.connections === 0);
    expect(test.server.counts.answered).toBeLessThan(200_000);
    await test.expectService();
  });
});

describe('junk', () => {
  test.each([
    ['no HTTP', 'hello\r\n\r\n'],
    ['TLS', Buffer.from('160301020001fc0303', 'hex')],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    [
      'two lengths',
      'POST /m/single HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx',
    ],
    [
      'a length and chunks',
      'POST /m/single HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    ],
    ['a negative length', 'POST /m/single HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n'],
    ['no host', 'POST /m/single HTTP/1.1\r\nContent-Length: 0\r\n\r\n'],
    [
      'a wrong chunk',
      'POST /m/single HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    ],
    ['a tunnel', 'CONNECT example.com:443 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'],
  ])('%s: refused with an empty body and closed', async (_, bytes) => {
    const test = await TestServer.start();
    const client = test.raw().write(bytes);
    await client.closed;
    expect(client.text).toMatch(/^(HTTP\/1\.1 400 [^]*\r\n\r\n)?$/);
    await test.expectService();
  });

  test('random bytes, whole or cut off: the next good look-up is answered', async () => {
    const test = await TestServer.start();
    const good = Buffer.from(post('name=hold-1.1'));
    const spoilt = fc
      .tuple(fc.nat(good.length - 1), fc.uint8Array({ minLength: 1, maxLength: 20 }))
      .map(([at, bytes]) => Buffer.concat([good.subarray(0, at), bytes, good.subarray(at + bytes.length)]));
    const any = fc.uint8Array({ minLength: 1, maxLength: 500 }).map((bytes) => Buffer.from(bytes));
    await fc.assert(
      fc.asyncProperty(fc.oneof(spoilt, any), async (bytes) => {
        const client = test.raw();
        client.socket.end(bytes);
        await client.closed;
        await test.expectService();
      }),
      { numRuns: 300 },
    );
  });
});

describe('where it listens', () => {
  test('another host’s connection is refused by the machine: it is bound to loopback alone', async () => {
    const test = await TestServer.start();
    const other = Object.values(networkInterfaces())
      .flat()
      .find((address) => address?.family === 'IPv4' && !address.internal)?.address;
    if (other === undefined) return; // a machine without a network
    const client = new RawClient({ host: other, port: test.port });
    await client.closed;
    expect(client.text).toBe('');
  });

  test.each(['0.0.0.0', '192.0.2.1', '::', 'localhost.example', '127.0.0.1.example'])(
    '%s is not loopback, and refused',
    async (host) => {
      await expect(TestServer.start({}, { host, port: 0 })).rejects.toMatchObject({ code: 'HC_HUB_ADDRESS' });
    },
  );

  test.each(['localhost', '127.0.0.2'])('%s is', async (host) => {
    const test = await TestServer.start({}, { host, port: 0 });
    const client = new RawClient({ host: host === 'localhost' ? '127.0.0.1' : host, port: test.port });
    client.write(post('name=hold-1.1'));
    await until('an answer', () => readable(client.text).includes('token%201.1'));
  });

  test('a port that is taken is an error that says what to do', async () => {
    const { port } = await TestServer.start();
    await expect(TestServer.start({}, { host: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'HC_HUB_ADDRESS',
      message: expect.stringContaining(`127.0.0.1:${port}`) as string,
      hint: expect.stringContaining('hub.listen') as string,
    });
  });

  test('a Unix socket, which the user and their group may use', async () => {
    const path = join(tempFolder(), 'look-ups.sock');
    const test = await TestServer.start({}, { path });
    expect(statSync(path).mode & 0o777).toBe(0o660);
    expect(test.server.port).toBeUndefined();
    const client = new RawClient({ path }).write(post('name=hold-1.1'));
    await until('an answer', () => readable(client.text).includes('token%201.1'));
  });

  test('closing does not wait for connections that are open', async () => {
    const test = await TestServer.start();
    const clients = [test.raw(), test.raw().write(post('name=hold-1.1')), test.raw().write('POST /')];
    await until('an answer', () => readable(clients[1]!.text).includes('token'));
    await test.server.close();
    for (const client of clients) await client.closed;
  });
});

test('a program that is gone is not answered until it is back: Asterisk would start it again and again', async () => {
  const test = await TestServer.start();
  test.missing.program = true;
  expect((await test.ask('name=hold-1.1')).body).toBe('');
  expect(test.kept.messages()).toEqual(['not there, or not executable']);
  test.missing.program = false;
  expect((await test.ask('name=hold-1.1')).body).toContain('mode=custom');
});

test('an answer waits for what is to be done before its stream begins; no other answer does', async () => {
  const test = await TestServer.start();
  let done: () => void = () => {};
  test.preparing.set('1.1', new Promise((resolve) => (done = resolve)));
  const [slow, gone] = [test.raw().write(post('name=hold-1.1')), test.raw().write(post('name=hold-1.1'))];
  for (let i = 0; i < 20; i++) await test.expectService(`2.${i}`);
  gone.socket.destroy();
  expect(slow.text).toBe('');
  done();
  await until('an answer', () => readable(slow.text).includes('token%201.1'));
  await test.expectService();
});

test('a call for which there is no room is not named in its answer, at once or after a wait', async () => {
  const test = await TestServer.start();
  test.preparing.set('1.1', 'plain').set('1.2', Promise.resolve('plain' as const));
  for (const uniqueid of ['1.1', '1.2']) {
    const { body } = await test.ask(`name=hold-${uniqueid}`);
    expect(new URLSearchParams(body).get('application')).toBe(`${PROGRAM} stream --token`);
  }
  await test.expectService('1.3');
  await test.ask('name=other');
  expect(test.told).toEqual(['plain', 'plain', 'answered', 'empty']);
});

test('the doctor is answered as any, and nothing is made ready for it', async () => {
  const hub = await TestServer.start();
  hub.preparing.set('doctor.1', new Promise(() => {}));
  const { status, body } = await hub.ask('name=hold-doctor.1');
  expect([status, decodeURIComponent(body)]).toEqual([200, expect.stringMatching(/ stream --token \w+$/)]);
});
