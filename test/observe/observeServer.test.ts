// What the hub tells whom: figures to everybody on this machine, calls only on its own socket, and nothing to a flood.
// A probe that is answered wrongly has a good hub restarted or a dead one kept; a slow client must hold up nobody.
import { request } from 'node:http';
import { statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import fc from 'fast-check';
import { ObserveServer, type Observed, type ObserveLimits } from '../../src/observe/observeServer';
import { ManualClock } from '../../src/util/clock';
import { keptLog, owned, RawClient, tempFolder, until } from '../hub/fixtures';
import { hubStatus } from './observed';

interface Reply {
  status: number;
  type: string | undefined;
  body: string;
}

async function watchedHub(more: Partial<Observed> = {}, limits: Partial<ObserveLimits> = {}, port = 0) {
  const [{ log, lines }, clock] = [keptLog(), new ManualClock()];
  const problems = { health: [] as string[], ready: [] as string[] };
  const observed: Observed = {
    metrics: () => ({
      contentType: 'text/plain; version=0.0.4',
      text: () => Promise.resolve('holdcast_ready 1\n'),
    }),
    health: () => problems.health,
    ready: () => problems.ready,
    status: () => Promise.resolve(hubStatus()),
    ...more,
  };
  const socket = join(tempFolder(), 'status.sock');
  const listen = { host: '127.0.0.1', port };
  const hosts = ['pbx.example'];
  const observer = owned(new ObserveServer({ observed, listen, socket, hosts, clock, log, limits }));
  await observer.start();
  const ask = (path: string, { over = 'tcp', method = 'GET', headers = {} } = {}): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const where = over === 'tcp' ? { host: '127.0.0.1', port: observer.port! } : { socketPath: socket };
      const call = request({ ...where, path, method, headers, agent: false }, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (part: string) => (body += part));
        response.on('end', () =>
          resolve({ status: response.statusCode!, type: response.headers['content-type'], body }),
        );
      });
      call.on('error', reject).end();
    });
  const raw = (): RawClient => new RawClient({ host: '127.0.0.1', port: observer.port! });
  return { observer, socket, problems, lines, clock, ask, raw };
}

test('metrics come in the form and with the type that Prometheus reads', async () => {
  const { ask } = await watchedHub();
  const metrics = { status: 200, type: 'text/plain; version=0.0.4', body: 'holdcast_ready 1\n' };
  expect(await ask('/metrics')).toEqual(metrics);
  expect(await ask('/metrics?x=1')).toEqual(metrics);
  expect(await ask('/metrics', { over: 'socket' })).toEqual(metrics);
  expect(await ask('/metrics', { method: 'HEAD' })).toEqual({ ...metrics, body: '' });
});

test.each(['health', 'ready'] as const)('/%s is 200, and 503 with the reason', async (name) => {
  const { ask, problems } = await watchedHub();
  const word = name === 'health' ? 'healthy' : 'ready';
  const good = await ask(`/${name}`);
  expect([good.status, JSON.parse(good.body)]).toEqual([200, { [word]: true, problems: [] }]);
  problems[name].push('mixing thread 1 has not reported for 9 s');
  const bad = await ask(`/${name}`);
  expect([bad.status, JSON.parse(bad.body)]).toEqual([503, { [word]: false, problems: problems[name] }]);
});

test('calls are told on the socket alone, which is of the hub’s own user', async () => {
  const { ask, socket, observer } = await watchedHub();
  expect((await ask('/status')).status).toBe(404);
  expect((await ask('/status?')).status).toBe(404);
  const told = await ask('/status', { over: 'socket' });
  expect([told.status, JSON.parse(told.body)]).toEqual([200, hubStatus()]);
  expect(statSync(socket).mode & 0o777).toBe(0o600);
  await observer.close();
  expect(statSync(socket, { throwIfNoEntry: false })).toBeUndefined();
});

test('other pages and methods are refused', async () => {
  const { ask } = await watchedHub();
  for (const path of ['/', '/metrics/', '//status', '/__proto__', '/toString', '/%2e%2e/etc/passwd'])
    expect([path, (await ask(path)).status]).toEqual([path, 404]);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])
    expect((await ask('/metrics', { method })).status).toBe(405);
});

test('a port that somebody else has costs the metrics, not the hub', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  owned({ close: () => void other.close() });
  const { port } = other.address() as { port: number };
  const { observer, ask, lines } = await watchedHub({}, {}, port);
  expect(observer.port).toBeUndefined();
  expect(lines.map(({ level, fields }) => [level, fields['code']])).toEqual([['error', 'HC_HUB_ADDRESS']]);
  expect((await ask('/health', { over: 'socket' })).status).toBe(200);
});

test('what lies at the socket’s place and is no socket is not removed', async () => {
  const socket = join(tempFolder(), 'status.sock');
  writeFileSync(socket, 'mine');
  const { observer } = await watchedHub();
  const { log } = keptLog();
  const parts = { observed: {} as Observed, listen: undefined, socket, clock: new ManualClock(), log };
  await expect(new ObserveServer(parts).start()).rejects.toMatchObject({ code: 'HC_HUB_ADDRESS' });
  expect(statSync(socket).isFile()).toBe(true);
  expect(observer.port).toBeGreaterThan(0);
});

test('a status that never comes is given up, and does not hold up the metrics', async () => {
  let asked = 0;
  const status = (): Promise<never> => {
    asked++;
    return new Promise(() => {});
  };
  const { ask, clock, lines } = await watchedHub({ status });
  const waiting = [1, 2, 3].map(() => ask('/status', { over: 'socket' }));
  await until('asked', () => asked > 0);
  expect((await ask('/metrics')).status).toBe(200);
  // The other two may still be on their way; they wait for the same answer then, or for one of their own.
  const replies = Promise.all(waiting);
  let over = false;
  void replies.then(() => (over = true));
  await until('given up', () => {
    clock.advance(500);
    return over;
  });
  expect((await replies).map(({ status: code }) => code)).toEqual([503, 503, 503]);
  expect(lines).toHaveLength(1);
});

test('many that ask at once have it made once', async () => {
  let asked = 0;
  let tell = (): void => {};
  const told = new Promise<void>((resolve) => (tell = resolve));
  const text = async (): Promise<string> => {
    asked++;
    await told;
    return 'holdcast_ready 1\n';
  };
  const { ask, raw } = await watchedHub({ metrics: () => ({ contentType: 'text/plain', text }) });
  const client = raw().write('GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
  await until('asked', () => asked === 1);
  const others = [1, 2, 3, 4].map(() => raw().write('GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'));
  expect((await ask('/health')).status).toBe(200);
  await Promise.all(others.map(({ connected }) => connected));
  expect((await ask('/health')).status).toBe(200);
  tell();
  await until('all answered', () =>
    [client, ...others].every((one) => one.text.endsWith('holdcast_ready 1\n')),
  );
  expect(asked).toBe(1);
});

test('60 connections that say nothing hide nothing', async () => {
  const limits = { headMs: 60_000, requestMs: 60_000, idleMs: 60_000 };
  const { ask, raw, lines } = await watchedHub({}, limits);
  const mute = Array.from({ length: 60 }, () => raw());
  for (const client of mute) await client.connected;
  expect((await ask('/health')).status).toBe(200);
  expect((await ask('/metrics')).status).toBe(200);
  expect(lines.map(({ fields }) => fields['error'])).toEqual(['too many connections']);
});

test.each([
  [{ Host: 'attacker.example' }, 403],
  [{ Origin: 'http://attacker.example' }, 403],
  [{ 'Sec-Fetch-Site': 'cross-site' }, 403],
  [{ Host: 'PBX.example:443' }, 200],
  [{ Host: '[::1]' }, 200],
])('%j is answered with %d, also on the socket', async (headers, status) => {
  const { ask } = await watchedHub();
  for (const over of ['tcp', 'socket'])
    expect((await ask('/metrics', { over, headers })).status).toBe(status);
});

test('what fails is an answer and one line in the log', async () => {
  const broken = (): never => {
    throw new Error('no such thread');
  };
  const { ask, lines } = await watchedHub({ status: broken, health: broken });
  expect((await ask('/status', { over: 'socket' })).status).toBe(500);
  expect((await ask('/health')).status).toBe(500);
  expect(lines.map(({ fields }) => fields['error'])).toEqual(['no such thread']);
  expect((await ask('/metrics')).status).toBe(200);
});

describe('floods', () => {
  /** Nothing is closed for being slow. */
  const patient = { headMs: 60_000, requestMs: 60_000, idleMs: 60_000 };

  test('connections beyond the limit are closed, and those in it are served', async () => {
    const { ask, raw, observer } = await watchedHub({}, { connections: 5, ...patient });
    const clients = Array.from({ length: 20 }, raw);
    await until('the rest is closed', () => clients.filter(({ open }) => !open).length >= 15);
    expect(clients.filter(({ open }) => open)).toHaveLength(5);
    for (const { socket } of clients) socket.destroy();
    await Promise.all(clients.map(({ closed }) => closed));
    const served = (): Promise<boolean> =>
      ask('/health')
        .then(({ status }) => status === 200)
        .catch(() => false);
    let good = false;
    for (let i = 0; i < 200 && !good; i++) good = await served();
    expect(good).toBe(true);
    expect(observer.port).toBeGreaterThan(0);
  });

  test.each([
    ['half a head', 'GET /metrics HTTP/1.1\r\nHo'],
    ['nothing', ''],
    ['an endless head', `GET /metrics HTTP/1.1\r\nX: ${'x'.repeat(10_000)}\r\n\r\n`],
    ['no HTTP', '\u0016\u0003\u0001\r\n\r\n'],
    ['a body', 'GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000000\r\n\r\nxxx'],
    [
      'pieces of a body',
      'GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
    ],
  ])('%s is closed in time', async (_, text) => {
    const limits = { headMs: 100, requestMs: 150, idleMs: 200, checkMs: 20 };
    const { ask, raw } = await watchedHub({}, limits);
    const client = raw().write(text);
    await client.closed;
    expect(client.text).not.toContain('holdcast_ready');
    expect((await ask('/health')).status).toBe(200);
  });

  test('whatever bytes come, the next good question is answered', async () => {
    const { ask, raw } = await watchedHub({}, { headMs: 100, requestMs: 100, checkMs: 20, idleMs: 150 });
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
        raw().write(bytes).socket.end();
        expect((await ask('/health')).status).toBe(200);
      }),
      { numRuns: 40 },
    );
  });
});
