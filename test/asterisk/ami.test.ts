// One AMI connection against a scripted Asterisk: what the client package gets wrong by itself is right from outside.
// Sockets are real, time is not.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import type { Socket } from 'node:net';
import { promisify } from 'node:util';
import { openAmi, type AmiConnection, type AmiParts, type AmiReceiver } from '../../src/asterisk/ami';
import type { AmiMessage } from '../../src/asterisk/message';
import type { AmiSettings } from '../../src/asterisk/settings';
import { ManualClock } from '../../src/util/clock';
import { seededRandom } from '../../src/util/random';
import { program } from '../media/fixtures';
import { AmiServer, amiText, type AmiSession, type Received } from '../support/amiServer';

let server: AmiServer;
let clock: ManualClock;

beforeEach(async () => {
  server = await AmiServer.open();
  clock = new ManualClock();
});
afterEach(() => server.close());

/** What a connection says that is no answer. */
class Heard implements AmiReceiver {
  readonly events: AmiMessage[] = [];
  readonly ends: string[] = [];
  #ended!: (why: string) => void;
  readonly whyEnded = new Promise<string>((ended) => (this.#ended = ended));
  event = (message: AmiMessage): void => void this.events.push(message);
  ended = (why: string): void => {
    this.ends.push(why);
    this.#ended(why);
  };
  get names(): (string | undefined)[] {
    return this.events.map((event) => event.get('Event'));
  }
}

function open(change: Partial<AmiSettings> = {}, parts: Partial<AmiParts> = {}): Promise<AmiConnection> {
  return openAmi(server.settings(change), { clock, random: seededRandom(1), ...parts });
}

interface Opened {
  connection: AmiConnection;
  heard: Heard;
  session: AmiSession;
  client: Socket;
}

async function opened(change: Partial<AmiSettings> = {}): Promise<Opened> {
  const connection = await open(change);
  const heard = new Heard();
  connection.start(heard);
  const session = server.sessions.at(-1)!;
  return { connection, heard, session, client: server.clientOf(session.socket)! };
}

/** Lets promises settle; nothing comes from a socket meanwhile. */
async function microtasks(done: () => boolean): Promise<void> {
  for (let i = 0; i < 1000 && !done(); i++) await Promise.resolve();
  expect(done()).toBe(true);
}

/** Nothing of a connection is left on either side, and no timer. */
async function expectNothingLeft(client: Socket | undefined): Promise<void> {
  await server.until(() => server.sessions.length === 0);
  expect(clock.pending).toBe(0);
  if (client) expect([client.destroyed, client.listenerCount('data')]).toEqual([true, expect.any(Number)]);
}

const QUEUE = [
  { Event: 'QueueParams', Queue: 'support', Calls: 2 },
  { Event: 'QueueEntry', Queue: 'support', Position: 1, CallerIDName: 'Zoë Ж 😀' },
  { Event: 'QueueEntry', Queue: 'support', Position: 2, CallerIDName: 'Борис' },
];

describe('logging in', () => {
  /** Greeting, login with an event behind it, a list with an event in the middle: everything that is said. */
  async function conversation(): Promise<unknown> {
    const { connection, heard } = await opened();
    const list = await connection.list({ Action: 'QueueStatus' });
    connection.close();
    await server.until(() => server.sessions.length === 0);
    return [heard.names, list.map((item) => item.get('CallerIDName') ?? item.get('Queue'))];
  }

  beforeEach(() => {
    server.afterLogin = amiText({ Event: 'FullyBooted', Status: 'Fully Booted' });
    server.on('QueueStatus', (action, session) => {
      session.event('Hangup', { Uniqueid: '1.1', CallerIDName: 'Ж' });
      session.list(action, QUEUE);
    });
  });
  const expected = [
    ['FullyBooted', 'Hangup'],
    ['support', 'Zoë Ж 😀', 'Борис'],
  ];

  test('an event in the same piece as the answer to the login is not lost', async () => {
    expect(await conversation()).toEqual(expected);
  });

  test('all is the same when every byte comes by itself', async () => {
    server.cuts = 'everywhere';
    expect(await conversation()).toEqual(expected);
  });

  test('all is the same wherever the conversation is cut in two', async () => {
    const { connection, client } = await opened();
    await connection.list({ Action: 'QueueStatus' });
    const length = client.bytesRead;
    connection.close();
    expect(length).toBeGreaterThan(500);
    for (let cut = 1; cut < length; cut++) {
      server.cuts = [cut];
      expect(await conversation()).toEqual(expected);
    }
  });

  test('what comes before anybody listens waits, and not in our memory', async () => {
    const connection = await open();
    const session = await server.session();
    const client = server.clientOf(session.socket)!;
    session.event('Hangup', { Uniqueid: '1.1' });
    for (let i = 0; i < 100; i++) session.event('VarSet', { Value: 'x'.repeat(100_000) });
    for (let i = 0; i < 200; i++) await new Promise((turn) => setImmediate(turn));
    expect(client.bytesRead).toBeLessThan(1_000_000);
    const heard = new Heard();
    connection.start(heard);
    await connection.request({ Action: 'Ping' });
    expect(heard.names.slice(0, 2)).toEqual(['FullyBooted', 'Hangup']);
    expect(heard.names).toHaveLength(102);
    connection.close();
  });

  test('a wrong password is told from an Asterisk that is not there, and the password is not told', async () => {
    server.login = 'refuse';
    const refused = await open().catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: 'HC_AMI_REFUSED',
      hint: expect.stringContaining('manager.conf') as string,
    });
    expect(String(refused)).toContain('Authentication failed');
    expect(JSON.stringify(refused) + String(refused)).not.toContain('mohsecret');
    await expectNothingLeft(undefined);
    await server.stop();
    await expect(open()).rejects.toMatchObject({
      code: 'HC_AMI_UNREACHABLE',
      message: expect.stringContaining('ECONNREFUSED') as string,
    });
    await expectNothingLeft(undefined);
  });

  test('what Node refuses to connect to is told at once, not after the time for a connection', async () => {
    await expect(open({ port: 99_999 })).rejects.toMatchObject({ code: 'HC_AMI_UNREACHABLE' });
    expect(clock.pending).toBe(0);
  });

  test('a connection that does not come about is given up in time', async () => {
    const opening = open({ connectMs: 3000 });
    await microtasks(() => clock.pending === 1);
    clock.advance(3000);
    await expect(opening).rejects.toMatchObject({ code: 'HC_AMI_UNREACHABLE' });
    expect(clock.pending).toBe(0);
  });

  test.each(['ignore', 'no greeting'] as const)(
    'a peer that is mute (%s) is given up in time',
    async (how) => {
      server.login = 'ignore';
      if (how === 'no greeting') server.greeting = undefined;
      const opening = open({ connectMs: 3000 });
      await (how === 'ignore' ? server.action('Login') : server.until(() => server.connections === 1));
      const client = server.clientOf(server.sessions[0]!.socket)!;
      while (client.connecting) await new Promise((turn) => setImmediate(turn));
      clock.advance(2999);
      expect(server.sessions).toHaveLength(1);
      clock.advance(1);
      await expect(opening).rejects.toMatchObject({ code: 'HC_AMI_TIMEOUT' });
      await expectNothingLeft(undefined);
    },
  );

  test('a peer that is no Asterisk is quoted', async () => {
    server.greeting = 'SSH-2.0-OpenSSH_9.2\r\n';
    server.login = 'ignore';
    const opening = open();
    await server.action('Login');
    server.sessions[0]!.end();
    await expect(opening).rejects.toMatchObject({
      code: 'HC_AMI_UNREACHABLE',
      message: expect.stringContaining('SSH-2.0') as string,
    });
    await expectNothingLeft(undefined);
  });

  test('an answer to somebody else is not taken for the login’s', async () => {
    server.login = 'ignore';
    const opening = open();
    await server.action('Login');
    const [session] = server.sessions;
    session!.send(amiText({ Response: 'Success', ActionID: '__auth_1__' }));
    session!.refuse(server.received.at(-1)!, 'Authentication failed');
    await expect(opening).rejects.toMatchObject({ code: 'HC_AMI_REFUSED' });
    await expectNothingLeft(undefined);
  });

  test('a connection that breaks in the moment of the login crashes nothing', async () => {
    server.on('QueueStatus', () => {});
    for (let i = 0; i < 20; i++) {
      const opening = open();
      await server.session(server.connections + 1);
      server.sessions.at(-1)!.socket.resetAndDestroy();
      const heard = new Heard();
      const connection = await opening;
      connection.start(heard);
      const request = connection.request({ Action: 'QueueStatus' });
      await expect(request).rejects.toMatchObject({ code: 'HC_AMI_LOST' });
      await heard.whyEnded;
      await expectNothingLeft(undefined);
    }
  });

  test('nor does an error between the answer to the login and the first listener', async () => {
    const opening = open();
    const session = await server.session();
    const client = server.clientOf(session.socket)!;
    client.on('data', () => client.destroy(new Error('broken pipe')));
    const heard = new Heard();
    (await opening).start(heard);
    expect(await heard.whyEnded).toBe('broken pipe');
    await expectNothingLeft(client);
  });

  test('giving up ends it at every stage', async () => {
    const before = new AbortController();
    before.abort();
    await expect(open({}, { signal: before.signal })).rejects.toMatchObject({ code: 'HC_AMI_LOST' });
    expect(server.connections).toBe(0);

    const connecting = new AbortController();
    const first = open({}, { signal: connecting.signal });
    await microtasks(() => clock.pending === 1);
    connecting.abort();
    await expect(first).rejects.toMatchObject({ code: 'HC_AMI_LOST' });

    server.login = 'ignore';
    const loggingIn = new AbortController();
    const second = open({}, { signal: loggingIn.signal });
    await server.action('Login');
    loggingIn.abort();
    await expect(second).rejects.toMatchObject({ code: 'HC_AMI_LOST' });
    await expectNothingLeft(undefined);
  });
});

describe('what is told to whom', () => {
  /** Everything that a peer got, in clear. */
  const told = (): string => server.received.map(({ raw }) => raw).join('\n');

  test('the secret is never sent: who knows it answers a challenge', async () => {
    const connection = await open();
    connection.close();
    expect(server.received[0]).toMatchObject({ Action: 'Challenge', AuthType: 'MD5' });
    const key = createHash('md5').update('146389731mohsecret').digest('hex');
    expect(server.received[1]).toMatchObject({ AuthType: 'MD5', Username: 'moh', Key: key });
    expect(told()).not.toMatch(/mohsecret/);
  });

  test.each([
    ['none', ''],
    ['one with spaces', 'a b'],
    ['a long one', '1'.repeat(200)],
  ])('a challenge that is %s gets no response', async (_, challenge) => {
    server.challenge = challenge;
    await expect(open()).rejects.toMatchObject({ code: 'HC_AMI_UNREACHABLE' });
    expect(told()).not.toMatch(/Key/);
    await expectNothingLeft(undefined);
  });

  test('what a peer says before it is asked is no answer', async () => {
    server.greeting = `Asterisk Call Manager/11\r\n${amiText({ Response: 'Success', ActionID: 'hca087eaf3-Login' })}`;
    server.login = 'refuse';
    await expect(open()).rejects.toMatchObject({ code: 'HC_AMI_REFUSED' });
  });
});

describe('requests', () => {
  test('answers that come in any order reach who asked', async () => {
    const { connection } = await opened();
    const asked: [Received, AmiSession][] = [];
    server.on('Getvar', (action, session) => asked.push([action, session]));
    const answers = Promise.all(
      Array.from({ length: 50 }, (_, i) => connection.request({ Action: 'Getvar', Variable: `v${i}` })),
    );
    await server.until(() => asked.length === 50);
    for (const [action, session] of asked.reverse()) session.respond(action, { Value: action['Variable']! });
    expect((await answers).map((answer) => answer.get('Value'))).toEqual(
      Array.from({ length: 50 }, (_, i) => `v${i}`),
    );
    expect(new Set(asked.map(([action]) => action['ActionID'])).size).toBe(50);
    connection.close();
  });

  test('no two connections use the same ActionID: another client’s answer is never ours', async () => {
    const random = seededRandom(7);
    const a = await open({}, { random });
    const b = await open({}, { random });
    for (const connection of [a, b]) {
      connection.start(new Heard());
      await connection.request({ Action: 'Ping' });
      connection.close();
    }
    const ids = server.received
      .filter((action) => action['Action'] === 'Ping')
      .map((action) => action['ActionID']);
    expect(new Set(ids).size).toBe(2);
  });

  test('lists that come interleaved, with events and answers between, are put together', async () => {
    const { connection, heard, session } = await opened();
    server.on('QueueStatus', () => {});
    const lists = Promise.all([
      connection.list({ Action: 'QueueStatus', Queue: 'a' }),
      connection.list({ Action: 'QueueStatus', Queue: 'b' }),
    ]);
    await server.until(() => server.received.length === 4);
    const [a, b] = server.received.slice(2) as [Received, Received];
    const item = (action: Received, queue: string, Position: number): void =>
      session.event('QueueEntry', { Queue: queue, Position, ActionID: action['ActionID']! });
    session.respond(a, { EventList: 'start' });
    session.respond(b, { EventList: 'start' });
    item(b, 'b', 1);
    session.event('QueueEntry', { Queue: 'stranger', ActionID: 'other-1' });
    item(a, 'a', 1);
    session.event('Hangup', { Uniqueid: '1.1' });
    item(b, 'b', 2);
    const pong = connection.request({ Action: 'Ping' });
    await server.action('Ping');
    session.event('QueueStatusComplete', { ActionID: b['ActionID']!, EventList: 'Complete' });
    item(a, 'a', 2);
    session.event('QueueStatusComplete', { ActionID: a['ActionID']!, EventList: 'Complete' });
    const places = (await lists).map((list) =>
      list.map((entry) => `${entry.get('Queue')}${entry.get('Position')}`),
    );
    expect(places).toEqual([
      ['a1', 'a2'],
      ['b1', 'b2'],
    ]);
    expect((await pong).get('Ping')).toBe('Pong');
    expect(heard.names).toEqual(['QueueEntry', 'Hangup']);
    connection.close();
  });

  test('a list may be empty; one that Asterisk breaks off or refuses is an error', async () => {
    const { connection, heard } = await opened();
    server.on('QueueStatus', (action, session) => session.list(action, []));
    expect(await connection.list({ Action: 'QueueStatus' })).toEqual([]);
    server.on('QueueStatus', (action, session) => session.respond(action, { Message: 'no list' }));
    expect(await connection.list({ Action: 'QueueStatus' })).toEqual([]);
    server.on('QueueStatus', (action, session) => {
      session.respond(action, { EventList: 'start' });
      session.event('QueueEntry', { ActionID: action['ActionID']! });
      session.event('QueueStatusComplete', { ActionID: action['ActionID']!, EventList: 'cancelled' });
    });
    await expect(connection.list({ Action: 'QueueStatus' })).rejects.toMatchObject({ code: 'HC_AMI_ERROR' });
    await expect(connection.list({ Action: 'Status', Channel: '1.1' })).rejects.toMatchObject({
      code: 'HC_AMI_ERROR',
      message: expect.stringContaining('Invalid/unknown command') as string,
    });
    expect(heard.events).toEqual([]);
    connection.close();
  });

  test('a list without an end is given up before it fills the memory', async () => {
    const { connection } = await opened();
    server.on('QueueStatus', (action, session) => {
      session.respond(action, { EventList: 'start' });
      const item = amiText({ Event: 'QueueEntry', ActionID: action['ActionID']!, X: 'x'.repeat(500_000) });
      for (let i = 0; i < 40; i++) session.send(item);
    });
    await expect(connection.list({ Action: 'QueueStatus' })).rejects.toMatchObject({
      code: 'HC_AMI_ERROR',
      message: expect.stringContaining('too long') as string,
    });
    expect((await connection.request({ Action: 'Ping' })).get('Ping')).toBe('Pong');
    connection.close();
  });

  test('a right that is missing is named, with what to do', async () => {
    const { connection } = await opened();
    server.on('CoreShowChannels', (action, session) => session.refuse(action, 'Permission denied'));
    await expect(connection.list({ Action: 'CoreShowChannels' })).rejects.toMatchObject({
      code: 'HC_AMI_ERROR',
      message: expect.stringContaining('CoreShowChannels: Permission denied') as string,
      hint: expect.stringContaining('holdcast asterisk') as string,
    });
    connection.close();
  });

  test('an answer that comes too late is nobody’s: not the next request’s, and no event', async () => {
    const { connection, heard, session } = await opened({ answerMs: 2000, pingMs: 60_000 });
    server.on('QueueStatus', () => {});
    const slow = connection.list({ Action: 'QueueStatus' });
    const action = await server.action('QueueStatus');
    clock.advance(2000);
    await expect(slow).rejects.toMatchObject({ code: 'HC_AMI_TIMEOUT' });
    session.list(action, QUEUE);
    session.respond(action, {});
    expect((await connection.request({ Action: 'Ping' })).get('Ping')).toBe('Pong');
    expect(heard.events).toEqual([]);
    connection.close();
    expect(clock.pending).toBe(0);
  });

  test('a line end in a name or value starts no second header and no second action', async () => {
    const { connection } = await opened();
    server.on('UserEvent', (action, session) => session.respond(action, {}));
    await connection.request({
      Action: 'UserEvent',
      'Na:me\r\nAction: Originate\r\n\r\nX': 'a\r\n\r\nAction: Hangup\nChannel: all\rb\0c',
      actionid: 'mine',
    });
    const [, , action, ...more] = server.received;
    expect(more).toEqual([]);
    expect(action!.raw.split('\r\n')).toEqual([
      'Action: UserEvent',
      'NameAction OriginateX: aAction: HangupChannel: allbc',
      expect.stringMatching(/^ActionID: hc[0-9a-f]+-1$/),
    ]);
    connection.close();
  });

  test('nor does one in the user’s name or password', async () => {
    server.secret = 'sAction: Originate';
    const connection = await open({ user: 'moh\r\nAction: x', secret: 's\r\n\r\nAction: Originate' });
    connection.close();
    expect(server.received).toHaveLength(2);
    expect(server.received[1]).toMatchObject({ Username: 'mohAction: x' });
  });
});

describe('the end of a connection', () => {
  test('everything that waits fails when Asterisk closes, and later requests too', async () => {
    const { connection, heard, session, client } = await opened();
    server.on('QueueStatus', (action, its) => its.respond(action, { EventList: 'start' }));
    const waiting = [
      connection.list({ Action: 'QueueStatus' }),
      connection.request({ Action: 'QueueStatus' }),
    ];
    const failures = Promise.allSettled(waiting);
    await server.until(() => server.received.length === 4);
    session.end();
    expect(await heard.whyEnded).toBe('closed by Asterisk');
    expect((await failures)[0]).toMatchObject({ status: 'rejected', reason: { code: 'HC_AMI_LOST' } });
    await expect(connection.request({ Action: 'Ping' })).rejects.toMatchObject({ code: 'HC_AMI_LOST' });
    connection.close();
    expect(heard.ends).toHaveLength(1);
    await expectNothingLeft(client);
  });

  test('one that broke before anybody listened says so at once', async () => {
    const connection = await open();
    const client = server.clientOf((await server.session()).socket)!;
    const closed = new Promise((done) => client.once('close', done));
    server.sessions[0]!.socket.resetAndDestroy();
    await closed;
    const heard = new Heard();
    connection.start(heard);
    expect(heard.ends).toEqual(['ECONNRESET']);
    await expectNothingLeft(client);
  });

  test('a peer that is silent is asked, and stays when it answers anything', async () => {
    const { connection, heard, session, client } = await opened({ pingMs: 4000 });
    for (let i = 1; i <= 5; i++) {
      const pong = new Promise((come) => client.once('data', come));
      clock.advance(4000);
      await pong;
      expect(server.received.filter((action) => action['Action'] === 'Ping')).toHaveLength(i);
    }
    session.event('Hangup', { Uniqueid: '1.1' });
    await connection.request({ Action: 'Events' });
    clock.advance(3999);
    expect([server.received.length, heard.ends]).toEqual([8, []]);
    connection.close();
    await expectNothingLeft(client);
  });

  test('a peer that is busy is not asked', async () => {
    const { connection, session, client } = await opened({ pingMs: 4000 });
    for (let i = 0; i < 10; i++) {
      const came = new Promise((come) => client.once('data', come));
      session.event('Hangup', { Uniqueid: '1.1' });
      await came;
      clock.advance(3000);
    }
    await connection.request({ Action: 'Events' });
    expect(server.received.map((action) => action['Action'])).toEqual(['Challenge', 'Login', 'Events']);
    connection.close();
  });

  test('a half-open connection is noticed: nothing comes, not even the end', async () => {
    const { connection, heard, session, client } = await opened({ pingMs: 4000, answerMs: 60_000 });
    const waiting = connection.request({ Action: 'QueueStatus' }).catch((error: unknown) => error);
    session.freeze();
    clock.advance(4000);
    clock.advance(3999);
    expect(heard.ends).toEqual([]);
    clock.advance(1);
    expect(heard.ends).toEqual(['nothing heard for 8000 ms']);
    expect(await waiting).toMatchObject({ code: 'HC_AMI_LOST' });
    expect([client.destroyed, clock.pending]).toEqual([true, 0]);
  });

  test('a process that stood still itself asks again before it judges', async () => {
    const { connection, heard, client } = await opened({ pingMs: 4000 });
    const pong = new Promise((come) => client.once('data', come));
    clock.advance(4000);
    clock.stall(60_000);
    clock.advance(0);
    expect(heard.ends).toEqual([]);
    await pong;
    clock.advance(3999);
    expect(heard.ends).toEqual([]);
    connection.close();
  });

  test('a message without an end costs the connection, not the memory', async () => {
    const { heard, session, client } = await opened();
    for (let i = 0; i < 40; i++) session.send(Buffer.alloc(1 << 15, 'x'));
    expect(await heard.whyEnded).toMatch(/longer than 1048576 bytes/);
    await expectNothingLeft(client);
  });

  test('close in the middle of a piece: nothing more is heard of it', async () => {
    const { connection, session, client } = await opened();
    connection.close();
    await expectNothingLeft(client);
    const other = await open();
    const seen: string[] = [];
    other.start({
      event: (message) => {
        seen.push(message.get('Event')!);
        other.close();
      },
      ended: (why) => seen.push(why),
    });
    server.sessions.at(-1)!.send(amiText({ Event: 'A' }) + amiText({ Event: 'B' }));
    await server.until(() => server.sessions.length === 0);
    expect(seen).toEqual(['A', 'closed']);
    expect(session.socket.destroyed).toBe(true);
  });
});

test('standard output stays clean whatever DEBUG says, and DEBUG is what it was', async () => {
  const file = program(`
    import { openAmi } from 'src/asterisk/ami';
    import { systemClock } from 'src/util/clock';
    const settings = JSON.parse(process.argv[2]!);
    void openAmi(settings, { clock: systemClock(), random: () => 0.5 }).then(async (connection) => {
      connection.start({ event: () => {}, ended: () => {} });
      await connection.request({ Action: 'Ping' });
      connection.close();
      await openAmi(settings, { clock: systemClock(), random: () => 0.5 }).then((c) => c.close());
      process.stderr.write(['done', process.env.DEBUG, process.env.DEBUG_FD].join(' '));
    });`);
  const env = { ...process.env, DEBUG: '*', DEBUG_FD: '1' };
  const args = [file, JSON.stringify(server.settings())];
  const printed = await promisify(execFile)(process.execPath, args, { env, timeout: 30_000 });
  expect(printed).toEqual({ stdout: '', stderr: 'done * 1' });
});
