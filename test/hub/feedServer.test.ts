// The socket on which streams ask who they are: each is told of its own call, and a bad one harms no other.
// A stream is killed at any moment, by the thousand; nothing of it may stay behind.
import { join } from 'node:path';
import fc from 'fast-check';
import type { AmiEvent } from '../../src/asterisk/events';
import type { CallNews } from '../../src/asterisk/feed';
import { mintToken } from '../../src/asterisk/token';
import { decodeHearer, decodeNews, encodeHello, LineReader } from '../../src/asterisk/wire';
import { FeedServer, type FeedLimits, type FeedParts } from '../../src/hub/feedServer';
import { LookUps } from '../../src/hub/lookUps';
import { ManualClock } from '../../src/util/clock';
import { FakeAsterisk } from '../support/fakeAmi';
import { keptLog, owned, RawClient, ScriptedCalls, tempFolder, until } from './fixtures';

class TestHub {
  readonly calls = new ScriptedCalls();
  readonly ami = new FakeAsterisk().ami;
  readonly lookUps = new LookUps(this.ami);
  readonly clock = new ManualClock();
  readonly kept = keptLog();
  readonly socket = join(tempFolder(), 'hub.sock');
  readonly server: FeedServer;

  private constructor(limits: Partial<FeedLimits>, office: FeedParts['office']) {
    const { calls, clock, socket } = this;
    this.server = new FeedServer({
      socket,
      calls,
      lookUps: this.lookUps,
      office,
      clock,
      log: this.kept.log,
      limits,
    });
  }

  static async start(limits: Partial<FeedLimits> = {}, office?: FeedParts['office']): Promise<TestHub> {
    const hub = new TestHub(limits, office);
    await hub.server.start();
    owned(hub.server);
    return hub;
  }

  raw(): RawClient {
    return new RawClient({ path: this.socket });
  }

  stream(uniqueid: string): RawClient {
    return this.raw().write(encodeHello({ uniqueid }));
  }

  get complaints(): unknown[] {
    return this.kept.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields);
  }
}

const newsIn = (client: RawClient): unknown[] =>
  new LineReader().push(Buffer.from(client.text, 'latin1')).map((line) => decodeNews(line));
const told = (client: RawClient, count: number): Promise<void> =>
  until(`${count} news`, () => newsIn(client).length >= count);
const identity = (uniqueid: string): CallNews => ({ type: 'identity', identity: { uniqueid } });

describe('a stream that says the token of its look-up', () => {
  const start = (token: string, uniqueid: string): AmiEvent => ({
    type: 'moh-start',
    uniqueid,
    channel: 'PJSIP/x',
    class: `hold-${token}`,
  });
  const hearerIn = (client: RawClient): string | undefined =>
    new LineReader()
      .push(Buffer.from(client.text, 'latin1'))
      .map((line) => decodeHearer(line))
      .find((uniqueid) => uniqueid !== undefined);

  async function nameless(): Promise<{ hub: TestHub; token: string; stream: RawClient }> {
    const hub = await TestHub.start();
    hub.ami.connect();
    const token = mintToken();
    hub.lookUps.open(token, '1.1');
    const stream = hub.raw().write(encodeHello({ token }));
    await until('that it is heard', () => hub.server.connections === 1);
    return { hub, token, stream };
  }

  it('is told nothing before its call is known to hear it, then which it is, then its news', async () => {
    const { hub, token, stream } = await nameless();
    hub.calls.tell('1.1', { type: 'key', digit: '1' });
    expect(hub.calls.listeners.size).toBe(0);
    hub.ami.emit(start(token, '1.1'));
    await told(stream, 2);
    hub.calls.tell('1.1', { type: 'key', digit: '3' });
    await told(stream, 3);
    expect(hearerIn(stream)).toBe('1.1');
    expect(newsIn(stream)).toEqual([undefined, identity('1.1'), { type: 'key', digit: '3' }]);
  });

  it('is told nothing, ever, where another channel hears it', async () => {
    const { hub, token, stream } = await nameless();
    hub.ami.emit(start(token, '2.2'));
    hub.ami.emit(start(token, '1.1'));
    await new Promise(setImmediate);
    expect([stream.text, hub.calls.listeners.size]).toEqual(['', 0]);
  });

  it('is let go where a second channel hears the same', async () => {
    const { hub, token, stream } = await nameless();
    hub.ami.emit(start(token, '1.1'));
    await told(stream, 2);
    hub.ami.emit(start(token, '2.2'));
    await stream.closed;
    expect(hub.calls.listeners.size).toBe(0);
    const again = hub.raw().write(encodeHello({ token, uniqueid: '1.1' }));
    await until('that it is heard', () => hub.server.connections === 1);
    await new Promise(setImmediate);
    expect(again.text).toBe('');
  });

  it('says to a hub that was started anew which call it was; one that nobody has named gets nothing from its token', async () => {
    const hub = await TestHub.start();
    const [named, other] = [mintToken(), mintToken()];
    const stream = hub.raw().write(encodeHello({ token: named, uniqueid: '1.1' }));
    const nobody = hub.raw().write(encodeHello({ token: other }));
    await told(stream, 2);
    expect(newsIn(stream)).toEqual([undefined, identity('1.1')]);
    expect(nobody.text).toBe('');
  });
});

test('a stream is told who it is, and then what happens to it', async () => {
  const hub = await TestHub.start();
  const stream = hub.stream('1.1');
  await told(stream, 1);
  const news: CallNews[] = [
    { type: 'key', digit: '3' },
    { type: 'place', place: { queue: 'sales', position: 2, waitMs: [60_000, 120_000] } },
    { type: 'place', place: undefined },
    { type: 'ended' },
  ];
  for (const each of news) hub.calls.tell('1.1', each);
  await told(stream, 5);
  expect(newsIn(stream)).toEqual([identity('1.1'), ...news]);
});

test('each of a hundred is told of its own call only', async () => {
  const hub = await TestHub.start();
  const ids = Array.from({ length: 100 }, (_, i) => `1.${i}`);
  const streams = ids.map((id) => hub.stream(id));
  await Promise.all(streams.map((stream) => told(stream, 1)));
  ids.forEach((id, i) => hub.calls.tell(id, { type: 'key', digit: String(i % 10) }));
  await Promise.all(streams.map((stream) => told(stream, 2)));
  streams.forEach((stream, i) =>
    expect(newsIn(stream)).toEqual([identity(ids[i]!), { type: 'key', digit: String(i % 10) }]),
  );
});

test('two streams of one call, as at a respawn, are both told', async () => {
  const hub = await TestHub.start();
  const [old, young] = [hub.stream('1.1'), hub.stream('1.1')];
  await Promise.all([told(old, 1), told(young, 1)]);
  old.socket.destroy();
  await until('that it is forgotten', () => hub.server.connections === 1);
  hub.calls.tell('1.1', { type: 'key', digit: '1' });
  await told(young, 2);
});

test('a hello in pieces of one byte', async () => {
  const hub = await TestHub.start();
  const stream = hub.raw();
  for (const byte of encodeHello({ uniqueid: '1.1' })) {
    stream.write(byte);
    await new Promise(setImmediate);
  }
  await told(stream, 1);
});

test('a stream that is gone is followed no more', async () => {
  const hub = await TestHub.start();
  const streams = Array.from({ length: 50 }, (_, i) => hub.stream(`1.${i}`));
  await Promise.all(streams.map((stream) => told(stream, 1)));
  streams.forEach((stream, i) => (i % 2 ? stream.socket.destroy() : stream.socket.end()));
  await until('that none is followed', () => hub.calls.listeners.size === 0);
  expect(hub.server.connections).toBe(0);
  expect(hub.clock.pending).toBe(0);
  expect(hub.complaints).toEqual([]);
});

test('a stream that is killed while it is told something', async () => {
  const hub = await TestHub.start();
  for (let round = 0; round < 20; round++) {
    const stream = hub.stream('1.1');
    await told(stream, 1);
    stream.socket.destroy();
    for (let i = 0; i < 100; i++) hub.calls.tell('1.1', { type: 'key', digit: '1' });
    await until('that it is followed no more', () => hub.calls.listeners.size === 0);
  }
  expect(hub.complaints).toEqual([]);
});

describe('let go', () => {
  test('a stream that does not say which call it is within 2 s', async () => {
    const hub = await TestHub.start();
    const [mute, late] = [hub.raw(), hub.raw().write('{"type":"weather"}\n{"type":"hel')];
    const good = hub.stream('1.1');
    await told(good, 1);
    await until('three connections', () => hub.server.connections === 3);
    hub.clock.advance(1999);
    expect(hub.server.connections).toBe(3);
    hub.clock.advance(1);
    await Promise.all([mute.closed, late.closed]);
    hub.clock.advance(3_600_000);
    hub.calls.tell('1.1', { type: 'key', digit: '1' });
    await told(good, 2);
    expect(hub.complaints).toHaveLength(1);
  });

  test.each([
    ['what is not the protocol', 'GET / HTTP/1.1\r\n\r\n'],
    ['a Uniqueid that is none', '{"type":"hello","v":1,"uniqueid":"1.1\\u0000"}\n'],
    ['a line without an end', 'x'.repeat(9000)],
    ['hello twice', encodeHello({ uniqueid: '1.1' }) + encodeHello({ uniqueid: '2.2' })],
    ['junk after hello', `${encodeHello({ uniqueid: '1.1' })}junk\n`],
  ])('one that says %s', async (_, text) => {
    const hub = await TestHub.start();
    const good = hub.stream('3.3');
    const bad = hub.raw().write(text);
    await bad.closed;
    await told(good, 1);
    await until('that only the good one is followed', () => [...hub.calls.listeners.keys()].join() === '3.3');
    expect(hub.complaints).toHaveLength(1);
  });

  test('one that does not read, before it takes memory; the others are told on', async () => {
    const hub = await TestHub.start();
    const [stuck, good] = [hub.stream('1.1'), hub.stream('2.2')];
    await Promise.all([told(stuck, 1), told(good, 1)]);
    stuck.socket.pause();
    for (let i = 0; hub.calls.listeners.has('1.1'); i++) {
      if (i > 1_000_000) throw new Error('it is never let go');
      hub.calls.tell('1.1', { type: 'key', digit: '1' });
      if (i % 100 === 0) await new Promise(setImmediate);
    }
    expect(hub.complaints).toEqual([{ uniqueid: '1.1', why: 'it does not read', times: 1 }]);
    hub.calls.tell('2.2', { type: 'key', digit: '2' });
    await told(good, 2);
  });

  test('one that cannot take what is told as it begins', async () => {
    const hub = await TestHub.start({ unreadBytes: 0 });
    hub.calls.greeting = () => Array.from({ length: 20_000 }, (): CallNews => ({ type: 'key', digit: '1' }));
    const stream = hub.raw();
    await stream.connected;
    stream.socket.pause();
    stream.write(encodeHello({ uniqueid: '1.1' }));
    await until('that it is let go', () => hub.complaints.length === 1);
    expect(hub.calls.listeners.size).toBe(0);
  });

  test('more than there may be; when one ends there is room again', async () => {
    const hub = await TestHub.start({ connections: 3 });
    const streams = ['1.1', '2.2', '3.3'].map((id) => hub.stream(id));
    await Promise.all(streams.map((stream) => told(stream, 1)));
    for (let i = 0; i < 5; i++) await hub.stream('4.4').closed;
    expect(hub.complaints).toEqual([{ connections: 3, times: 1 }]);
    streams[0]!.socket.destroy();
    await until('that there is room', () => hub.server.connections === 2);
    await told(hub.stream('4.4'), 1);
  });
});

describe('with a back office', () => {
  const start = async (): Promise<{ hub: TestHub; closed: string[]; asked: string[] }> => {
    const [closed, asked] = [[] as string[], [] as string[]];
    const hub = await TestHub.start({}, (call) => ({
      choice: () => {
        asked.push(call().phone ?? 'nobody');
        return Promise.resolve(`music/${call().uniqueid}.wav`);
      },
      balance: () => Promise.resolve({ status: 'locked' }),
      remember: () => {},
      close: () => void closed.push(call().uniqueid),
    }));
    hub.calls.greeting = (uniqueid) => [
      { type: 'identity', identity: { uniqueid, phone: `of ${uniqueid}` } },
    ];
    return { hub, closed, asked };
  };

  test('a stream is answered about the call of its hello, whatever else it says', async () => {
    const { hub, closed, asked } = await start();
    const stream = hub
      .stream('1.1')
      .write('{"type":"choice","id":7,"uniqueid":"2.2","phone":"442079460018"}\n');
    await until('an answer', () => stream.text.includes('"id":7'));
    expect(stream.text).toContain('music/1.1.wav');
    expect(asked).toEqual(['of 1.1']);
    stream.socket.destroy();
    await until('that its office is closed', () => closed.length === 1);
  });

  test.each([
    ['a question without a number', '{"type":"balance","language":"en"}\n'],
    ['a PIN that is none', '{"type":"balance","id":1,"language":"en","pin":"0 OR 1"}\n'],
    ['junk to remember', '{"type":"remember","seq":1,"wallMs":1,"what":{"type":"song"}}\n'],
    ['the same number twice', '{"type":"choice","id":1}\n{"type":"choice","id":1}\n'],
  ])('a stream that says %s is let go', async (_, text) => {
    const { hub } = await start();
    const good = hub.stream('3.3');
    await hub.stream('1.1').write(text).closed;
    good.write('{"type":"choice","id":1}\n');
    await until('an answer', () => good.text.includes('music/3.3.wav'));
    expect(hub.complaints).toHaveLength(1);
    expect(JSON.stringify(hub.kept.lines)).not.toContain('OR 1');
  });

  test('a question before the hello is nobody’s', async () => {
    const { hub, asked } = await start();
    const stream = hub
      .raw()
      .write('{"type":"choice","id":1}\n')
      .write(encodeHello({ uniqueid: '1.1' }));
    await told(stream, 1);
    expect([stream.text.includes('"id"'), asked]).toEqual([false, []]);
  });
});

test('random bytes: never a crash, and the next stream is told', async () => {
  const hub = await TestHub.start();
  const hello = Buffer.from(encodeHello({ uniqueid: '1.1' }));
  const spoilt = fc
    .tuple(fc.nat(hello.length - 1), fc.uint8Array({ minLength: 1, maxLength: 10 }))
    .map(([at, bytes]) => Buffer.concat([hello.subarray(0, at), bytes, hello.subarray(at)]));
  const any = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
  await fc.assert(
    fc.asyncProperty(fc.oneof(spoilt, any), async (bytes) => {
      const client = hub.raw();
      client.socket.end(bytes);
      await client.closed;
      await told(hub.stream('2.2'), 1);
    }),
    { numRuns: 200 },
  );
});

test('closing ends every stream and follows nothing', async () => {
  const hub = await TestHub.start();
  const [greeted, mute] = [hub.stream('1.1'), hub.raw()];
  await told(greeted, 1);
  await mute.connected;
  await hub.server.close();
  await Promise.all([greeted.closed, mute.closed]);
  expect([hub.calls.listeners.size, hub.clock.pending]).toEqual([0, 0]);
});
