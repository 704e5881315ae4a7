// The feed over the hub's socket: a stream learns who it is, survives the hub, and trusts nobody else's socket.
// The hub is restarted at every update while calls go on: what it told must come back, and nothing wrong may stay.
import { execFile } from 'node:child_process';
import { chmodSync, chownSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { CallNews } from '../../src/asterisk/feed';
import { HubConnection } from '../../src/asterisk/hubConnection';
import { HubFeed } from '../../src/asterisk/hubFeed';
import { Switchboard } from '../../src/asterisk/switchboard';
import { FeedServer } from '../../src/hub/feedServer';
import { LookUps } from '../../src/hub/lookUps';
import { ManualClock } from '../../src/util/clock';
import { silentLogger } from '../../src/util/log';
import { Scope } from '../../src/util/scope';
import { FakeAsterisk } from '../support/fakeAmi';
import { feedContract } from '../support/feedContract';
import { keptLog, owned, ScriptedCalls, tempFolder, until } from '../hub/fixtures';
import { program } from '../media/fixtures';

const IDENTITY: CallNews = { type: 'identity', identity: { uniqueid: '1.1', phone: '100' } };
const PLACE: CallNews = { type: 'place', place: { queue: 'sales', position: 2 } };
const GONE: CallNews = { type: 'place', place: undefined };
const NOBODY: CallNews = { type: 'identity', identity: { uniqueid: '1.1' } };
const KEY: CallNews = { type: 'key', digit: '3' };

/** A clock that keeps the pauses that it was asked for. */
class NotedClock extends ManualClock {
  readonly pauses: number[] = [];
  override after(delayMs: number, task: () => void): () => void {
    this.pauses.push(delayMs);
    return super.after(delayMs, task);
  }
}

/** A stream's feed, and the folder where its hub comes and goes. */
class TestFeed {
  readonly clock = new NotedClock();
  readonly kept = keptLog();
  readonly socket = join(tempFolder(), 'hub.sock');
  readonly calls = new ScriptedCalls();
  readonly news: CallNews[] = [];
  readonly feed: HubFeed;

  constructor({ random = () => 1 }: { random?: () => number } = {}) {
    const { clock, socket } = this;
    this.calls.greeting = () => [IDENTITY, PLACE];
    const { log } = this.kept;
    const retryMs = [100, 1600] as const;
    const connection = new HubConnection({ socket, who: { uniqueid: '1.1' }, clock, random, log, retryMs });
    this.feed = new HubFeed(connection, log);
    owned(this.feed);
  }

  open(listener: (news: CallNews) => void = (news) => this.news.push(news)): this {
    this.feed.open(listener);
    return this;
  }

  async hub(): Promise<FeedServer> {
    const { socket, calls } = this;
    const server = new FeedServer({
      socket,
      calls,
      lookUps: new LookUps(undefined),
      clock: new ManualClock(),
      log: keptLog().log,
    });
    await server.start();
    return owned(server);
  }

  told(count: number): Promise<void> {
    return until(`${count} news, there are ${this.news.length}`, () => this.news.length >= count);
  }

  /** It has failed and waits to try again. */
  waits(): Promise<void> {
    return until('that it waits to try again', () => this.clock.pending === 1);
  }

  /** It fails, waits and tries, this often; it may have failed at once. */
  async fails(times: number): Promise<void> {
    for (let i = 0; i < times; i++) {
      await this.waits();
      this.clock.advance(this.clock.pauses.at(-1)!);
    }
  }

  get complaints(): string[] {
    return this.kept.lines
      .filter(({ message }) => message === 'no hub')
      .map(({ fields }) => String(fields['error']));
  }
}

/** Something else than a hub listens there. */
async function impostor(path: string, greet: (socket: Socket) => void): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    greet(socket);
  });
  await new Promise<void>((done) => server.listen(path, done));
  owned({
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  });
}

feedContract('the feed over a hub’s socket', async (uniqueid) => {
  const scope = new Scope();
  const asterisk = new FakeAsterisk();
  asterisk.ami.connect();
  const parts = { clock: new ManualClock(), log: silentLogger, socket: join(tempFolder(), 'hub.sock') };
  const calls = scope.own(new Switchboard({ ...parts, link: asterisk.ami }));
  const server = scope.own(new FeedServer({ ...parts, calls, lookUps: new LookUps(undefined) }));
  await server.start();
  const feed = new HubFeed(new HubConnection({ ...parts, who: { uniqueid }, random: () => 1 }), parts.log);
  return { feed, asterisk, close: () => scope.close() };
});

test('a stream is told who it is and what happens to it', async () => {
  const test = new TestFeed();
  await test.hub();
  test.open();
  await test.told(2);
  test.calls.tell('1.1', KEY);
  test.calls.tell('1.1', { type: 'ended' });
  await test.told(4);
  expect(test.news).toEqual([IDENTITY, PLACE, KEY, { type: 'ended' }]);
  expect(test.kept.lines).toEqual([]);
});

test('the hub is restarted: place and number are not known meanwhile, then all is told again', async () => {
  const test = new TestFeed();
  const first = await test.hub();
  test.open();
  await test.told(2);
  await first.close();
  await test.waits();
  expect(test.news).toEqual([IDENTITY, PLACE, GONE, NOBODY]);
  await test.hub();
  test.clock.advance(100);
  await test.told(6);
  test.calls.tell('1.1', KEY);
  await test.told(7);
  expect(test.news).toEqual([IDENTITY, PLACE, GONE, NOBODY, IDENTITY, PLACE, KEY]);
  expect(test.kept.messages()).toEqual(['no hub', 'hub: connected again']);
});

test('a hub that was killed leaves a file: as if there were none', async () => {
  const test = new TestFeed();
  const server = createServer();
  await new Promise<void>((done) => server.listen(`${test.socket}.x`, done));
  renameSync(`${test.socket}.x`, test.socket);
  await new Promise((done) => server.close(done));
  test.open();
  await test.waits();
  expect(test.complaints).toEqual([expect.stringContaining('ECONNREFUSED')]);
  await test.hub();
  test.clock.advance(100);
  await test.told(2);
});

test('without a hub it tries again, ever less often, and says so once', async () => {
  const test = new TestFeed().open();
  await test.fails(7);
  await test.waits();
  expect(test.clock.pauses).toEqual([100, 200, 400, 800, 1600, 1600, 1600, 1600]);
  expect(test.complaints).toHaveLength(1);
  await test.hub();
  test.clock.advance(1600);
  await test.told(2);
  expect(test.news).toEqual([IDENTITY, PLACE]);
});

test('that there is no hub may be wanted: it is said, but not as a warning', async () => {
  const test = new TestFeed().open();
  await test.fails(1);
  expect(test.kept.lines.map(({ level }) => level)).toEqual(['info']);
});

test('a socket is not believed where others could put another in its place', async () => {
  const test = new TestFeed();
  await test.hub();
  chmodSync(dirname(test.socket), 0o777);
  test.open();
  await test.fails(1);
  expect(test.complaints).toEqual([expect.stringContaining('others may write')]);
  expect(test.news).toEqual([]);
});

test('a thousand streams come back at different times: by chance, after at least half of the pause', async () => {
  for (const [chance, pauses] of [
    [0, [50, 100]],
    [0.5, [75, 150]],
  ] as const) {
    const test = new TestFeed({ random: () => chance }).open();
    await test.fails(1);
    await test.waits();
    expect(test.clock.pauses).toEqual(pauses);
  }
});

test('after a connection that was of use the pauses are short again', async () => {
  const test = new TestFeed().open();
  await test.fails(3);
  const hub = await test.hub();
  await test.fails(1);
  await test.told(2);
  await hub.close();
  await test.waits();
  expect(test.clock.pauses).toEqual([100, 200, 400, 800, 100]);
});

test('a hub that has nothing to tell, but stood for long, was of use too', async () => {
  const test = new TestFeed();
  test.calls.greeting = () => [];
  test.open();
  await test.fails(2);
  const hub = await test.hub();
  await test.fails(1);
  await until('that it is followed', () => test.calls.listeners.has('1.1'));
  test.clock.advance(1600);
  await hub.close();
  await test.waits();
  expect(test.clock.pauses).toEqual([100, 200, 400, 100]);
  expect(test.news).toEqual([]);
});

describe('what is not trusted', () => {
  const notRoot = process.getuid?.() !== 0;

  (notRoot ? test.skip : test)('another user’s socket: it is not even connected to', async () => {
    const test = new TestFeed();
    let connections = 0;
    await impostor(test.socket, () => connections++);
    chownSync(test.socket, 4242, 4242);
    test.open();
    await test.waits();
    expect(test.complaints).toEqual([expect.stringContaining('4242')]);
    chownSync(test.socket, 0, 0);
    test.clock.advance(100);
    await until('a connection', () => connections === 1);
  });

  (notRoot ? test.skip : test)('root’s socket is trusted by every user', async () => {
    const test = new TestFeed();
    await test.hub();
    const uid = jest.spyOn(process, 'getuid').mockReturnValue(4242);
    test.open();
    await test.told(2);
    uid.mockRestore();
  });

  test('a file that is no socket', async () => {
    const test = new TestFeed();
    writeFileSync(test.socket, '');
    test.open();
    await test.waits();
    expect(test.complaints).toEqual([expect.stringContaining('not a socket')]);
    rmSync(test.socket);
  });

  test.each([
    ['junk', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
    ['a line without an end', 'x'.repeat(10_000)],
    ['another call’s identity', '{"type":"identity","identity":{"uniqueid":"2.2","phone":"200"}}\n'],
    ['nothing but the end', ''],
  ])('%s: the connection is ended, tried again ever less often, and nothing is told', async (_, text) => {
    const test = new TestFeed();
    let connections = 0;
    await impostor(test.socket, (socket) => {
      connections++;
      if (text === '') socket.end();
      else socket.write(text);
    });
    test.open();
    await test.fails(4);
    await test.waits();
    expect(connections).toBe(5);
    expect(test.news).toEqual([]);
    expect(test.clock.pauses).toEqual([100, 200, 400, 800, 1600]);
    expect(test.complaints).toHaveLength(1);
  });

  test('news of a type that a newer hub tells is passed over', async () => {
    const test = new TestFeed();
    await impostor(test.socket, (socket) => socket.write('{"type":"weather"}\n{"type":"key","digit":"3"}\n'));
    test.open();
    await test.told(1);
    expect(test.news).toEqual([KEY]);
  });
});

describe('closed', () => {
  test('it tells nothing more, tries nothing more, and the hub follows it no more', async () => {
    const test = new TestFeed();
    await test.hub();
    test.open();
    await test.told(2);
    test.feed.close();
    test.feed.close();
    test.calls.tell('1.1', KEY);
    await until('that it is not followed', () => test.calls.listeners.size === 0);
    expect(test.news).toEqual([IDENTITY, PLACE]);
    expect(test.clock.pending).toBe(0);
  });

  test.each([
    ['while it waits to try again', (test: TestFeed) => test.waits()],
    ['at once', () => Promise.resolve()],
  ])('%s', async (_, moment) => {
    const test = new TestFeed().open();
    await moment(test);
    test.feed.close();
    expect(test.clock.pending).toBe(0);
    await test.hub();
    test.clock.advance(60_000);
    await new Promise((done) => setTimeout(done, 50));
    expect([test.news, test.calls.listeners.size, test.clock.pending]).toEqual([[], 0, 0]);
  });

  test('while it connects', async () => {
    const test = new TestFeed();
    let connections = 0;
    await impostor(test.socket, () => connections++);
    test.open();
    test.feed.close();
    await new Promise((done) => setTimeout(done, 50));
    expect([connections, test.clock.pending]).toEqual([0, 0]);
  });

  test('by the one who is told, in the middle of it', async () => {
    const test = new TestFeed();
    await test.hub();
    test.open((news) => {
      test.news.push(news);
      test.feed.close();
    });
    await until('that it is not followed', () => test.news.length > 0 && test.calls.listeners.size === 0);
    expect(test.news).toEqual([IDENTITY]);
  });

  test('before it is opened', () => {
    new TestFeed().feed.close();
  });
});

test('who is told may fail: it is logged, and the next news come', async () => {
  const test = new TestFeed();
  await test.hub();
  test.open((news) => {
    test.news.push(news);
    throw new Error('out of cheese');
  });
  await test.told(2);
  expect(test.kept.lines).toHaveLength(2);
  expect(test.kept.lines[0]).toMatchObject({ level: 'error', fields: { error: 'out of cheese' } });
});

test('a process that has nothing else to do ends, connected or not', async () => {
  const source = `import { HubConnection } from 'src/asterisk/hubConnection';
    import { HubFeed } from 'src/asterisk/hubFeed';
    import { systemClock } from 'src/util/clock';
    import { silentLogger } from 'src/util/log';
    const clock = systemClock({ ref: false });
    const parts = { socket: process.argv[2]!, who: { uniqueid: '1.1' }, clock, random: () => 1, log: silentLogger };
    const feed = new HubFeed(new HubConnection(parts), silentLogger);
    feed.open((news) => console.log(news.type));
    const wait = setTimeout(() => {}, Number(process.argv[3]));`;
  const test = new TestFeed();
  const file = program(source);
  const run = async (): Promise<string> =>
    (await promisify(execFile)(process.execPath, [file, test.socket, '700'], { timeout: 10_000 })).stdout;
  expect(await run()).toBe('');
  await test.hub();
  expect(await run()).toBe('identity\nplace\n');
});
