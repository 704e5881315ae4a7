// The whole hub over a fake Asterisk: from a look-up to a key that reaches the right stream, and how it ends.
// It serves every caller at once, so one thing that fails must not take the others along.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CallNews } from '../../src/asterisk/feed';
import { HubFeed } from '../../src/asterisk/hubFeed';
import { runHub, type HubParts, type HubReady } from '../../src/hub/hub';
import { ManualClock } from '../../src/util/clock';
import { FakeAsterisk, settled } from '../support/fakeAmi';
import { keptLog, owned, RawClient, tempFolder, until } from './fixtures';
import { HOLDCAST } from '../support/process';

interface Running {
  readonly ready: HubReady & { readonly realtime: { readonly port: number } };
  readonly ended: Promise<void>;
  end(): Promise<void>;
}

class TestSystem {
  readonly clock = new ManualClock();
  readonly kept = keptLog();
  readonly asterisk = new FakeAsterisk();
  readonly socket = join(tempFolder(), 'run/hub.sock');
  readonly forgotten: string[] = [];
  readonly sweeps: (string[] | undefined)[] = [];

  constructor(private readonly ami = true) {}

  parts(more: Partial<HubParts> = {}): HubParts {
    return {
      settings: { listen: { host: '127.0.0.1', port: 0 }, socket: this.socket },
      rate: 8000,
      program: HOLDCAST,
      ...(this.ami && { openLink: () => this.asterisk.ami }),
      memory: {
        forget: (uniqueid) => void this.forgotten.push(uniqueid),
        sweep: (live) => void this.sweeps.push(live && [...live]),
      },
      clock: this.clock,
      log: this.kept.log,
      ...more,
    };
  }

  async start(more: Partial<HubParts> = {}): Promise<Running> {
    const abort = new AbortController();
    let ended: Promise<void> = Promise.resolve();
    const ready = await new Promise<Running['ready']>((resolve, reject) => {
      const onReady = (where: HubReady): void => resolve(where as Running['ready']);
      ended = runHub({ ...this.parts(more), onReady }, abort.signal);
      ended.catch(reject);
    });
    const end = (): Promise<void> => {
      abort.abort();
      return ended;
    };
    owned({ close: end });
    return { ready, ended, end };
  }

  /** What the stream of a call is told. */
  stream(uniqueid: string): {
    news: CallNews[];
    told: (type: CallNews['type'], count?: number) => Promise<void>;
  } {
    const news: CallNews[] = [];
    const { clock, socket } = this;
    const feed = owned(new HubFeed({ socket, uniqueid, clock, random: () => 1, log: this.kept.log }));
    feed.open((each) => news.push(each));
    const told = (type: CallNews['type'], count = 1): Promise<void> =>
      until(`${count} ${type}`, () => news.filter((each) => each.type === type).length >= count);
    return { news, told };
  }

  get warnings(): string[] {
    return this.kept.lines.filter(({ level }) => level === 'warn').map(({ message }) => message);
  }
}

async function lookUp(port: number, body: string): Promise<string> {
  const client = new RawClient({ host: '127.0.0.1', port });
  client.write(
    `POST /m/single HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  await client.closed;
  return client.text.split('\r\n\r\n')[1]!;
}

test('callers of one queue: each is looked up, learns who he is, and gets his own keys and places', async () => {
  const system = new TestSystem();
  const { ready } = await system.start();
  const { asterisk } = system;
  asterisk.ami.connect();
  asterisk.join('1.1', 'sales');
  asterisk.call('2.2', { phone: '442079460018', language: 'ru' });
  asterisk.join('2.2', 'sales');
  expect(await lookUp(ready.realtime.port, 'name=hold-2.2')).toContain('stream%20--uniqueid%202.2');
  const [one, two] = [system.stream('1.1'), system.stream('2.2')];
  await Promise.all([one.told('place'), two.told('place')]);
  const identity = {
    uniqueid: '2.2',
    channel: 'PJSIP/trunk-2.2',
    phone: '442079460018',
    language: 'ru',
    queue: 'sales',
  };
  expect(two.news).toEqual([
    { type: 'identity', identity },
    { type: 'place', place: { queue: 'sales', position: 2 } },
  ]);
  asterisk.press('1.1', '3');
  asterisk.abandon('1.1');
  await Promise.all([one.told('ended'), two.told('place', 2)]);
  expect(one.news[2]).toEqual({ type: 'key', digit: '3' });
  expect(one.news.at(-1)).toEqual({ type: 'ended' });
  expect(two.news.slice(2)).toEqual([{ type: 'place', place: { queue: 'sales', position: 1 } }]);
});

test('Asterisk is away for a while: places are not known, then told again', async () => {
  const system = new TestSystem();
  await system.start();
  system.asterisk.ami.connect();
  system.asterisk.join('1.1', 'sales');
  const stream = system.stream('1.1');
  await stream.told('place');
  system.asterisk.lose();
  await stream.told('place', 2);
  system.asterisk.restore();
  await stream.told('place', 3);
  expect(stream.news.filter(({ type }) => type === 'place')).toEqual([
    { type: 'place', place: { queue: 'sales', position: 1 } },
    { type: 'place', place: undefined },
    { type: 'place', place: { queue: 'sales', position: 1 } },
  ]);
});

test('the state of a call is forgotten with the call, followed or not; leftovers whenever Asterisk can be asked', async () => {
  const system = new TestSystem();
  await system.start();
  await settled();
  expect(system.sweeps).toEqual([undefined]);
  system.asterisk.call('1.1');
  system.asterisk.call('2.2');
  system.asterisk.ami.connect();
  await settled();
  expect(system.sweeps).toEqual([undefined, ['1.1', '2.2']]);
  system.asterisk.hangup('1.1');
  expect(system.forgotten).toEqual(['1.1']);
  system.clock.advance(2000);
  expect(system.forgotten).toEqual(['1.1', '1.1']);
  system.asterisk.restart();
  system.asterisk.restore();
  await settled();
  expect(system.sweeps.at(-1)).toEqual([]);
  system.clock.advance(600_000);
  await settled();
  expect(system.sweeps).toHaveLength(4);
});

test('without AMI look-ups are answered, streams are told nothing, and the log says so once', async () => {
  const system = new TestSystem(false);
  const { ready } = await system.start();
  const stream = new RawClient({ path: system.socket }).write('{"type":"hello","v":1,"uniqueid":"1.1"}\n');
  await stream.connected;
  for (let i = 0; i < 2; i++)
    expect(await lookUp(ready.realtime.port, 'name=hold-1.1')).toContain('uniqueid%201.1');
  expect([stream.text, stream.open]).toEqual(['', true]);
  expect(system.warnings).toHaveLength(1);
  expect(system.sweeps).toEqual([undefined]);
});

test('told to end, it closes all it has opened, at once', async () => {
  const system = new TestSystem();
  const hub = await system.start();
  system.asterisk.ami.connect();
  const [streaming, asking] = [
    new RawClient({ path: system.socket }).write('{"type":"hello","v":1,"uniqueid":"1.1"}\n'),
    new RawClient({ host: '127.0.0.1', port: hub.ready.realtime.port }).write('POST /'),
  ];
  await Promise.all([streaming.connected, asking.connected]);
  await hub.end();
  await Promise.all([streaming.closed, asking.closed]);
  expect([system.asterisk.ami.closed, system.asterisk.ami.listeners, system.clock.pending]).toEqual([
    true,
    0,
    0,
  ]);
  expect(existsSync(system.socket)).toBe(false);
  const late = new RawClient({ host: '127.0.0.1', port: hub.ready.realtime.port });
  await late.closed;
  expect(late.text).toBe('');
});

test('a connection to Asterisk that cannot be closed does not keep it from ending', async () => {
  const system = new TestSystem();
  const { ami } = system.asterisk;
  jest.spyOn(ami, 'close').mockReturnValue(new Promise<void>(() => {}) as never);
  const hub = await system.start();
  const ended = hub.end();
  await until('that all else is closed', () => !existsSync(system.socket) && ami.listeners === 0);
  system.clock.advance(1000);
  await ended;
});

test('told to end before it has begun', async () => {
  const system = new TestSystem();
  await runHub(system.parts(), AbortSignal.abort());
  expect([existsSync(system.socket), system.asterisk.ami.closed]).toEqual([false, true]);
});

test('a second hub says that there is one; the first does not notice', async () => {
  const system = new TestSystem();
  const { ready } = await system.start();
  system.asterisk.ami.connect();
  system.asterisk.join('1.1', 'sales');
  const second = new FakeAsterisk();
  await expect(system.start({ openLink: () => second.ami })).rejects.toMatchObject({
    code: 'HC_HUB_ADDRESS',
    message: expect.stringContaining(system.socket) as string,
    hint: expect.stringMatching(/\w+ \w+/) as string,
  });
  expect(second.ami.closed).toBe(true);
  await system.stream('1.1').told('identity');
  expect(await lookUp(ready.realtime.port, 'name=hold-1.1')).not.toBe('');
});

test('a port that is taken: nothing of the second hub stays behind', async () => {
  const { ready } = await new TestSystem().start();
  const system = new TestSystem();
  const settings = { listen: { host: '127.0.0.1', port: ready.realtime.port }, socket: system.socket };
  await expect(system.start({ settings })).rejects.toMatchObject({ code: 'HC_HUB_ADDRESS' });
  expect([existsSync(system.socket), system.asterisk.ami.closed, system.clock.pending]).toEqual([
    false,
    true,
    0,
  ]);
});

test('a program that Asterisk could not start is an error before anything listens', async () => {
  const system = new TestSystem();
  await expect(system.start({ program: '/opt/hold cast/bin/holdcast' })).rejects.toMatchObject({
    code: 'HC_HUB_ADDRESS',
  });
  expect(existsSync(system.socket)).toBe(false);
});
