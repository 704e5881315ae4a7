// Billing over HTTP against real servers that do what servers do on a bad day: hang, flood, lie, close, redirect.
// Would catch: credentials that follow a redirect, a certificate that is not looked at, a body without end.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { buildSync } from 'esbuild';
import type { Billing, BillingReply } from '../../src/billing/billing';
import { openHttp } from '../../src/billing/http';
import type { HttpBilling } from '../../src/billing/settings';
import { silentLogger } from '../../src/util/log';
import { askedBy, rejection, usd } from '../support/billingContract';
import {
  Authority,
  BillingServer,
  hasOpenssl,
  says,
  saysRaw,
  type Answering,
  type Certificate,
} from '../support/billingServer';
import { KeptLog, owned } from './fixtures';

const QUESTION = { phone: '+442079460018', uniqueid: '1795225281.7', language: 'en' };
const ONE = [{ number: '000412', balance: '12.50' }];
const ACCOUNTS = { status: 'accounts', accounts: [usd('000412', 1250n)] };
const NONE = { status: 'accounts', accounts: [] };

async function serving(answering: Answering, tls?: Certificate): Promise<BillingServer> {
  return owned(await BillingServer.start(answering, tls));
}

async function opened(settings: HttpBilling, limitMs = 3000, log = silentLogger): Promise<Billing> {
  const billing = await openHttp(settings, { currency: 'USD', limitMs, log });
  owned({ close: () => billing.close?.() });
  return billing;
}

const ask = (
  billing: Billing,
  more: object = {},
  signal = new AbortController().signal,
): Promise<BillingReply> => askedBy(billing, { ...QUESTION, ...more }, signal);

/** A server that answers so, and an adapter that asks it. */
async function pair(
  answering: Answering,
  settings: Partial<HttpBilling> = {},
): Promise<{ server: BillingServer; billing: Billing }> {
  const server = await serving(answering);
  return { server, billing: await opened({ url: `${server.origin}/of/{phone}`, ...settings }) };
}

describe('a request', () => {
  test('has its method, path, headers and no body', async () => {
    const headers = { 'X-Api-Key': 'k3y', 'Accept-Language': '{language}', 'x-unset': undefined };
    const { server, billing } = await pair(says(ONE), { headers });
    expect(await ask(billing, { language: 'ru\r\nx-admin: 1' })).toEqual(ACCOUNTS);
    const [request] = server.requests;
    expect(request).toMatchObject({ method: 'GET', path: '/of/%2B442079460018', body: '' });
    expect(request!.headers).toMatchObject({
      'x-api-key': 'k3y',
      'accept-language': 'rux-admin: 1',
      accept: 'application/json',
    });
    expect(request!.headers).not.toHaveProperty('x-unset');
    expect(request!.headers).not.toHaveProperty('x-admin');
  });

  test('with a body is a POST in JSON, or what the config says', async () => {
    const body = { phone: '{phone}', pin: '{pin}' };
    const { server, billing } = await pair(says(ONE), { body });
    await ask(billing, { pin: '0042' });
    const put = await opened({ url: server.origin, method: 'PUT', body: ['{language}"'] });
    await ask(put);
    expect(
      server.requests.map(({ method, headers, body }) => [method, headers['content-type'], body]),
    ).toEqual([
      ['POST', 'application/json', '{"phone":"+442079460018","pin":"0042"}'],
      ['PUT', 'application/json', '["en\\""]'],
    ]);
  });

  test('carries a user and password, or a token', async () => {
    const { server, billing } = await pair(says(ONE), { user: 'hold', password: 'pä:ss' });
    await ask(billing);
    await ask(await opened({ url: server.origin, token: 't0ken' }));
    await ask(await opened({ url: server.origin }));
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([
      `Basic ${Buffer.from('hold:pä:ss').toString('base64')}`,
      'Bearer t0ken',
      undefined,
    ]);
  });

  test('uses the connection of the one before', async () => {
    const { server, billing } = await pair(says(ONE));
    await ask(billing);
    expect(server.connections).toBe(1);
    for (let i = 0; i < 20; i++) await ask(billing);
    // The client opens a second one when it is asked again in the moment in which an answer ends.
    expect(server.connections).toBeLessThanOrEqual(2);
  });

  test('makes a new connection when the one before was closed', async () => {
    const { server, billing } = await pair(says(ONE));
    await ask(billing);
    for (const socket of server.sockets) socket.destroy();
    await server.abandoned();
    // The client's end has seen it too, or meets it now: in both cases nothing was asked, and asking again is safe.
    const reply = await ask(billing).catch((error: unknown) => error);
    expect([ACCOUNTS, expect.objectContaining({ again: true })]).toContainEqual(reply);
    expect(await ask(billing)).toEqual(ACCOUNTS);
  });

  test('with headers that are none is refused', async () => {
    const { billing } = await pair(says(ONE), { headers: { 'a b': 'x' } });
    expect(await rejection(ask(billing))).toMatchObject({
      code: 'HC_BILLING_FAILED',
      hint: expect.stringContaining('headers') as string,
    });
  });
});

describe('an answer', () => {
  test('goes through the function of the config, which may be wrong about it', async () => {
    const json = { data: [{ id: 412, cents: 1250 }] };
    const answer = (given: unknown): { number: string; balance: number }[] =>
      (given as typeof json).data.map(({ id, cents }) => ({
        number: String(id).padStart(6, '0'),
        balance: cents / 100,
      }));
    const { server, billing } = await pair(says(json), { answer });
    expect(await ask(billing)).toEqual(ACCOUNTS);
    server.answering = says({ error: 'no such customer' });
    expect(await rejection(ask(billing))).toMatchObject({
      code: 'HC_BILLING_ANSWER',
      message: expect.stringMatching(/`answer` threw TypeError at .*http\.test\.ts:\d+:\d+/) as string,
    });
  });

  test.each<[string, Answering]>([
    ['JSON', says({ error: 'no such customer' }, 404)],
    [
      'a problem in JSON',
      (_, response) =>
        response.writeHead(404, { 'content-type': 'application/problem+json; charset=utf-8' }).end('{}'),
    ],
    ['nothing', (_, response) => response.writeHead(404).end()],
  ])('of status 404 with %s is that nobody is registered, which the log says once', async (_, answering) => {
    const kept = new KeptLog();
    const server = await serving(answering);
    const billing = await opened({ url: `${server.origin}/of/{phone}` }, 3000, kept.log);
    expect([await ask(billing), await ask(billing)]).toEqual([NONE, NONE]);
    expect(kept.lines).toMatchObject([
      { level: 'info', fields: { status: 404, hint: expect.stringContaining('path') as string } },
    ]);
    expect(JSON.stringify(kept.lines)).not.toContain('7946');
  });

  test('of status 404 with a page is a failure: a mistyped path must not tell callers that they are not registered', async () => {
    const { server, billing } = await pair((_, response) =>
      response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>Not found</h1>'),
    );
    for (let i = 0; i < 2; i++)
      expect(await rejection(ask(billing))).toMatchObject({
        code: 'HC_BILLING_FAILED',
        message: 'billing answered with status 404',
        hint: expect.stringContaining('path of the URL') as string,
        ofOne: true,
      });
    server.answering = says(ONE);
    expect(await ask(billing)).toEqual(ACCOUNTS);
  });

  test.each([401, 403])('of status %d to a question with a PIN is that it is wrong', async (status) => {
    const kept = new KeptLog();
    const server = await serving(says({ error: 'wrong' }, status));
    const billing = await opened({ url: `${server.origin}/{pin}` }, 3000, kept.log);
    for (let i = 0; i < 2; i++) expect(await ask(billing, { pin: '0042' })).toEqual({ status: 'wrong-pin' });
    expect(kept.lines).toMatchObject([{ level: 'info', fields: { status } }]);
    expect(JSON.stringify(kept.lines)).not.toContain('0042');
  });

  test.each([
    [400, true],
    [403, true],
    [422, true],
    [429, false],
    [500, false],
    [503, false],
  ])('of status %d: whether only this question failed is %p', async (status, ofOne) => {
    const { billing } = await pair(says({}, status));
    expect(await rejection(ask(billing))).toMatchObject({ ofOne });
  });

  test('that is no JSON is billing’s failure, one that is strange about a caller is not', async () => {
    const { server, billing } = await pair((_, response) => response.end('<html>'));
    expect(await rejection(ask(billing))).toMatchObject({ ofOne: false });
    server.answering = says([{ number: '000412', balance: '12,50' }]);
    expect(await rejection(ask(billing))).toMatchObject({ ofOne: true });
  });

  test.each([
    [401, '`user` and `password`, or `token`'],
    [403, 'let this user'],
    [429, 'cacheMs'],
    [500, 'log of the billing system'],
    [302, 'no redirect is followed'],
    [400, 'as it expects'],
  ])('of status %d is a failure, with what to do', async (status, hint) => {
    const { billing } = await pair(says({ phone: QUESTION.phone }, status));
    const error = await rejection(ask(billing));
    expect(error).toMatchObject({ code: 'HC_BILLING_FAILED', again: false });
    expect(error.message).toBe(`billing answered with status ${status}`);
    expect(error.hint).toContain(hint);
  });

  test.each([
    ['gzip', gzipSync('[]'), 'gzip'],
    ['br', brotliCompressSync('[]'), 'br'],
    [undefined, gzipSync('[]'), 'gzip'],
  ])('that is compressed though nobody asked for it says so (%s)', async (coding, body, named) => {
    const { server, billing } = await pair((_, response) =>
      response.writeHead(200, coding === undefined ? {} : { 'content-encoding': coding }).end(body),
    );
    expect(await rejection(ask(billing))).toMatchObject({
      code: 'HC_BILLING_ANSWER',
      message: expect.stringContaining(`compressed (${named})`) as string,
      hint: expect.stringContaining('compression') as string,
      ofOne: false,
    });
    expect(server.requests[0]!.headers['accept-encoding']).toBe('identity');
  });

  test.each([
    ['a banner of SSH', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['an alert of TLS', '\x15\x03\x01\x00\x02\x02\x46'],
  ])('that is %s is no HTTP, and may be TLS', async (_, text) => {
    const { billing } = await pair(saysRaw(text, 'close'));
    expect(await rejection(ask(billing))).toMatchObject({
      code: 'HC_BILLING_FAILED',
      message: expect.stringContaining('is not HTTP') as string,
      hint: expect.stringContaining('https:') as string,
    });
  });

  test('that redirects to https says to write it so', async () => {
    const { billing } = await pair((_, response) =>
      response.writeHead(301, { location: 'https://billing.example/' }).end(),
    );
    expect((await rejection(ask(billing))).hint).toContain('redirects to https');
  });

  test.each([
    ['nothing', ''],
    ['a page', '<html>balance 12.50</html>'],
    ['half of it', '[{"number":"000412","balance":'],
    ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['another JSON', '{"balance":12.5}'],
    ['a number too large for a float', '[{"number":"1","balance":1e400}]'],
    ['deep lists', '['.repeat(30_000)],
  ])('of %s is refused and not repeated', async (_, body) => {
    const { billing } = await pair((_, response) => response.end(body));
    const error = await rejection(ask(billing));
    expect(error.code).toBe('HC_BILLING_ANSWER');
    expect(`${error.message} ${error.hint}`).not.toMatch(/12\.50|000412|1e400/);
  });
});

describe('a server that', () => {
  /** Whoever asks gives up when the server has done its part; resolves when that connection is closed. */
  async function givenUp(answering: Answering): Promise<void> {
    const abort = new AbortController();
    let closed: Promise<unknown> = Promise.resolve();
    const { billing } = await pair((request, response) => {
      closed = new Promise((done) => response.socket!.on('close', done));
      answering(request, response);
      setImmediate(() => abort.abort());
    });
    expect(await rejection(ask(billing, {}, abort.signal))).toBeInstanceOf(Error);
    await closed;
  }

  test('hangs before its headers is hung up on when nobody waits any more', () => givenUp(() => {}));

  test('hangs in the middle of its body, too', () =>
    givenUp(saysRaw('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[{"number"')));

  test('sends a gigabyte is hung up on after 64 KB', async () => {
    let sent = 0;
    const { server, billing } = await pair((_, response) => {
      const part = Buffer.alloc(1024 * 1024, ' ');
      const more = (): void => {
        while (sent < 1024 && !response.destroyed) {
          sent++;
          if (!response.write(part)) return void response.once('drain', more);
        }
        response.end();
      };
      more();
    });
    expect(await rejection(ask(billing))).toMatchObject({
      code: 'HC_BILLING_ANSWER',
      message: 'the answer is longer than 64 KB',
    });
    await server.abandoned();
    expect(sent).toBeLessThan(100);
  });

  test.each([404, 500])('sends a gigabyte with status %d costs no more', async (status) => {
    let sent = 0;
    const { server, billing } = await pair((_, response) => {
      response.writeHead(status);
      const part = Buffer.alloc(1024 * 1024, ' ');
      const more = (): void => {
        while (sent < 1024 && !response.destroyed) {
          sent++;
          if (!response.write(part)) return void response.once('drain', more);
        }
        response.end();
      };
      more();
    });
    const reply = await ask(billing).catch(() => 'failed');
    expect(reply).toBe('failed');
    await server.abandoned();
    expect(sent).toBeLessThan(100);
  });

  const body = JSON.stringify(ONE);
  test.each<[string, string, 'close' | 'stay', object]>([
    ['closes without an answer', '', 'close', { code: 'HC_BILLING_FAILED', again: true }],
    [
      'closes before the length that it told',
      `HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n${body}`,
      'close',
      { code: 'HC_BILLING_FAILED' },
    ],
    [
      'tells a length that is too short',
      `HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n${body}`,
      'stay',
      { code: expect.stringMatching(/^HC_BILLING_/) as string },
    ],
    [
      'tells two lengths',
      `HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 50\r\n\r\n${body}`,
      'stay',
      { code: 'HC_BILLING_FAILED' },
    ],
    ['speaks no HTTP', '220 mail.example ESMTP\r\n', 'stay', { code: 'HC_BILLING_FAILED' }],
    [
      'has headers without end',
      `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`,
      'stay',
      { code: 'HC_BILLING_FAILED' },
    ],
  ])('%s has not answered', async (_, text, then, expected) => {
    const { server, billing } = await pair(saysRaw(text, then));
    expect(await rejection(ask(billing))).toMatchObject(expected);
    server.answering = says(ONE);
    const next = await ask(billing).catch(() => ask(billing));
    expect(next).toEqual(ACCOUNTS);
  });

  test.each([301, 307, 308])('redirects (%d) elsewhere takes nobody along', async (status) => {
    const elsewhere = await serving(says(ONE));
    const { billing } = await pair(
      (_, response) => response.writeHead(status, { location: `${elsewhere.origin}/` }).end(),
      { token: 's3cret' },
    );
    expect(await rejection(ask(billing))).toMatchObject({ code: 'HC_BILLING_FAILED', again: false });
    expect(elsewhere.connections).toBe(0);
  });

  test('is not there may be asked again, unless that may do harm', async () => {
    const { server, billing } = await pair(says(ONE));
    await server.close();
    expect(await rejection(ask(billing))).toMatchObject({
      code: 'HC_BILLING_FAILED',
      message: 'billing is not reached: ECONNREFUSED',
      again: true,
    });
    expect(await rejection(ask(billing, { pin: '0042' }))).toMatchObject({ again: false });
    const post = await opened({ url: server.origin, body: {} });
    expect(await rejection(ask(post))).toMatchObject({ again: false });
    await server.reopen();
    expect(await ask(billing)).toEqual(ACCOUNTS);
  });

  test('is restarted between two questions has at most one that may be asked again', async () => {
    const { server, billing } = await pair(says(ONE));
    await ask(billing);
    await server.close();
    await server.reopen();
    const reply = await ask(billing).catch((error: unknown) => error);
    expect([ACCOUNTS, expect.objectContaining({ again: true })]).toContainEqual(reply);
    expect(await ask(billing)).toEqual(ACCOUNTS);
  });
});

test('closing ends what is asked', async () => {
  const { server, billing } = await pair(() => void billing.close?.());
  expect(await rejection(ask(billing))).toMatchObject({ code: 'HC_BILLING_FAILED' });
  await server.abandoned();
});

test('a file of an authority that is not there is said when it is opened', async () => {
  const settings = { url: 'https://localhost/', ca: '/no/such/ca.pem' };
  expect(await rejection(opened(settings))).toMatchObject({
    code: 'HC_BILLING_FAILED',
    hint: expect.stringContaining('`ca`') as string,
  });
});

(hasOpenssl ? describe : describe.skip)(`over TLS${hasOpenssl ? '' : ' (no openssl here)'}`, () => {
  let authority: Authority;
  let own: Certificate;
  let others: Certificate;
  beforeAll(() => {
    authority = new Authority();
    own = authority.sign('DNS:localhost');
    others = authority.sign('DNS:billing.example');
  });
  afterAll(() => authority?.remove());

  test('a certificate of the authority that the config names is believed', async () => {
    const server = await serving(says(ONE), own);
    const billing = await opened({ url: `${server.origin}/`, ca: authority.file });
    expect(await ask(billing)).toEqual(ACCOUNTS);
    expect(server.connections).toBe(1);
  });

  test.each([
    ['of an authority that nobody knows', () => own, false],
    ['for another host', () => others, true],
  ])('one %s is not, and nothing is sent', async (_, tls, named) => {
    const server = await serving(says(ONE), tls());
    const ca = named ? { ca: authority.file } : {};
    const billing = await opened({ url: `${server.origin}/`, token: 's3cret', ...ca });
    for (let i = 0; i < 2; i++)
      expect(await rejection(ask(billing))).toMatchObject({
        code: 'HC_BILLING_FAILED',
        message: expect.stringContaining('certificate is not believed') as string,
        again: false,
      });
    expect(server.requests).toEqual([]);
  });

  test('no variable of the environment turns that off', async () => {
    const server = await serving(says(ONE), own);
    // A process of its own: what Jest gives a test for process.env is a copy that Node does not look at.
    const program = `
      const { openHttp } = require('./http.cjs');
      openHttp({ url: '${server.origin}/' }, { currency: 'USD', limitMs: 3000, log: { info() {} } })
        .then((billing) => billing.accounts({ phone: '55', uniqueid: '1.1', language: 'en' }, new AbortController().signal))
        .then(() => console.log('believed'), (error) => console.log(error.message));`;
    const folder = mkdtempSync(join(tmpdir(), 'hc-tls-'));
    owned({ close: () => rmSync(folder, { recursive: true }) });
    const entryPoints = [join(__dirname, '../../src/billing/http.ts')];
    buildSync({
      entryPoints,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      outfile: join(folder, 'http.cjs'),
    });
    const env = { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', program], { cwd: folder, env });
    expect(stdout).toContain('certificate is not believed');
    expect(server.requests).toEqual([]);
  });

  test('a server without TLS is refused', async () => {
    const server = await serving(says(ONE));
    const billing = await opened({ url: `https://localhost:${server.port}/` });
    expect(await rejection(ask(billing))).toMatchObject({
      code: 'HC_BILLING_FAILED',
      message: expect.stringContaining('is not TLS') as string,
      hint: expect.stringContaining('port that speaks https') as string,
    });
  });

  test('a server of TLS that is asked without it is, with the word that is missing', async () => {
    const server = await serving(says(ONE), own);
    const billing = await opened({ url: `http://127.0.0.1:${server.port}/` });
    expect(await rejection(ask(billing))).toMatchObject({
      code: 'HC_BILLING_FAILED',
      hint: expect.stringContaining('write the URL with https:') as string,
    });
  });

  test.each([
    ['has expired', () => authority.sign('DNS:localhost', -1), 'it has expired'],
    ['is for another host', () => others, 'it is for another host'],
  ])('a certificate that %s is named as such', async (_, tls, why) => {
    const server = await serving(says(ONE), tls());
    const billing = await opened({ url: `${server.origin}/`, ca: authority.file });
    expect((await rejection(ask(billing))).message).toContain(why);
    expect(server.requests).toEqual([]);
  });

  test('a server that never greets is given up with its question', async () => {
    const abort = new AbortController();
    const silent: Server = createServer((socket) => {
      owned({ close: () => void socket.destroy() });
      abort.abort();
    });
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    owned({ close: () => void silent.close() });
    const { port } = silent.address() as AddressInfo;
    const billing = await opened({ url: `https://localhost:${port}/` }, 600_000);
    expect(await rejection(ask(billing, {}, abort.signal))).toBeInstanceOf(Error);
  });
});
