// The whole hub over a fake Asterisk: from a look-up to the note that tells a stream its call, and how it ends.
// It serves every caller at once, so one thing that fails must not take the others along.
import { join } from 'node:path';
import { readerApplication } from '../../src/asterisk/realtime';
import { runHub, type HubParts, type HubReady } from '../../src/hub/hub';
import type { Playback, PlaybackGiven } from '../../src/hub/playback';
import { Owners } from '../../src/pipe/owners';
import { StateFile } from '../../src/store/stateFile';
import { ManualClock } from '../../src/util/clock';
import { FakeAsterisk, settled } from '../support/fakeAmi';
import { ScriptedBalances, ScriptedKeeper } from '../support/callerRecordsContract';
import { keptLog, owned, RawClient, tempFolder, until } from './fixtures';
import { HOLDCAST } from '../support/process';

interface Running {
  readonly ready: HubReady & { readonly realtime: { readonly port: number } };
  readonly ended: Promise<void>;
  end(): Promise<void>;
}

const STARTED = /stream%20--token%20((?:holdcast){8})/i;

class TestSystem {
  readonly clock = new ManualClock();
  readonly kept = keptLog();
  readonly asterisk = new FakeAsterisk();
  readonly folder = join(tempFolder(), 'run/play');
  readonly owners = new Owners(this.folder, { clock: this.clock, log: this.kept.log });
  readonly forgotten: string[] = [];
  readonly sweeps: (string[] | undefined)[] = [];

  constructor(private readonly ami = true) {}

  parts(more: Partial<HubParts> = {}): HubParts {
    return {
      settings: { listen: { host: '127.0.0.1', port: 0 }, folder: this.folder },
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

  /** Looks a class up, as Asterisk does. @returns the token of the answer */
  async token(hub: Running, uniqueid: string): Promise<string> {
    return STARTED.exec(await lookUp(hub.ready.realtime.port, `name=hold-${uniqueid}`))![1]!;
  }

  /** Asterisk says that a channel hears the class of a look-up. */
  hears(uniqueid: string, token: string): void {
    const channel = `PJSIP/trunk-${uniqueid}`;
    this.asterisk.ami.emit({ type: 'moh-start', uniqueid, channel, class: `hold-${token}` });
  }

  get warnings(): string[] {
    return this.kept.lines.filter(({ level }) => level === 'warn').map(({ message }) => message);
  }
}

async function lookUp(port: number, body: string): Promise<string> {
  const client = new RawClient({ host: '127.0.0.1', port });
  client.write(
    `POST /m/single HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  await client.closed;
  return client.text.split('\r\n\r\n')[1]!;
}

test('callers of one queue: each look-up has a token of its own, and a note says who hears it', async () => {
  const system = new TestSystem();
  const hub = await system.start();
  const { asterisk, owners } = system;
  asterisk.ami.connect();
  const [one, two] = [await system.token(hub, '1.1'), await system.token(hub, '2.2')];
  expect([owners.of(one), owners.of(two)]).toEqual([undefined, undefined]);
  system.hears('2.2', two);
  system.hears('1.1', one);
  expect([owners.of(one), owners.of(two)]).toEqual(['1.1', '2.2']);
});

test('what is looked up at the very start is answered when Asterisk can say who hears it', async () => {
  const system = new TestSystem();
  let isReady = false;
  const starting = system.start({ amiMs: 500 }).then(() => (isReady = true));
  await until('the timer', () => system.clock.pending > 1);
  await settled();
  expect(isReady).toBe(false);
  system.asterisk.ami.connect();
  await starting;
});

test('without Asterisk the first look-ups wait half a second for it, and no longer', async () => {
  const system = new TestSystem();
  let isReady = false;
  const starting = system.start({ amiMs: 500 }).then(() => (isReady = true));
  await until('the timer', () => system.clock.pending > 1);
  system.clock.advance(499);
  await settled();
  expect(isReady).toBe(false);
  system.clock.advance(1);
  await starting;
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

test('without AMI look-ups are answered, nobody is named to hear them, and the log says so once', async () => {
  const system = new TestSystem(false);
  const hub = await system.start();
  for (let i = 0; i < 2; i++) await system.token(hub, '1.1');
  expect(system.owners.tokens()).toEqual([]);
  expect(system.warnings).toHaveLength(1);
  expect(system.sweeps).toEqual([undefined]);
});

test('told to end, it closes all it has opened, at once', async () => {
  const system = new TestSystem();
  const hub = await system.start();
  system.asterisk.ami.connect();
  const asking = new RawClient({ host: '127.0.0.1', port: hub.ready.realtime.port }).write('POST /');
  await asking.connected;
  await hub.end();
  await asking.closed;
  expect([system.asterisk.ami.closed, system.asterisk.ami.listeners, system.clock.pending]).toEqual([
    true,
    0,
    0,
  ]);
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
  await until('that all else is closed', () => ami.listeners === 0);
  system.clock.advance(3000);
  await ended;
});

test('told to end before it has begun', async () => {
  const system = new TestSystem();
  await runHub(system.parts(), AbortSignal.abort());
  expect(system.asterisk.ami.closed).toBe(true);
});

test('a port that is taken: nothing of the second hub stays behind', async () => {
  const { ready } = await new TestSystem().start();
  const system = new TestSystem();
  const settings = { listen: { host: '127.0.0.1', port: ready.realtime.port }, folder: system.folder };
  await expect(system.start({ settings })).rejects.toMatchObject({ code: 'HC_HUB_ADDRESS' });
  expect([system.asterisk.ami.listeners, system.clock.pending]).toEqual([0, 0]);
});

test('a program that Asterisk could not start is an error, and nothing goes on listening', async () => {
  const system = new TestSystem();
  await expect(system.start({ program: '/opt/hold cast/bin/holdcast' })).rejects.toMatchObject({
    code: 'HC_HUB_ADDRESS',
  });
  expect([system.asterisk.ami.listeners, system.clock.pending]).toEqual([0, 0]);
});

describe('with a store and billing', () => {
  const services = () => {
    const [keeper, billing] = [new ScriptedKeeper(), new ScriptedBalances()];
    const closed: string[] = [];
    const closing = <T extends object>(what: string, records: T): T & { close(): void } =>
      Object.assign(records, { close: () => void closed.push(what) });
    const both = { keeper: closing('keeper', keeper), billing: closing('billing', billing) };
    return { keeper, billing, closed, openServices: () => both };
  };
  const NUMBER = '442079460018';

  test('a caller’s track is there before their stream is; nobody else’s', async () => {
    const system = new TestSystem();
    const { keeper, openServices } = services();
    const states = new StateFile(tempFolder());
    const hub = await system.start({ openServices, states, rate: 16000 });
    const { asterisk } = system;
    asterisk.ami.connect();
    keeper.choices.set(NUMBER, 'music/first-light.wav');
    asterisk.call('1.1', { phone: NUMBER });
    asterisk.join('1.1', 'sales');
    asterisk.join('2.2', 'sales');
    const tokens = [await system.token(hub, '1.1'), await system.token(hub, '2.2')];
    expect(states.read(tokens[0]!)).toMatchObject({
      rate: 16000,
      music: { trackId: 'music/first-light.wav', sample: 0 },
      heardSamples: 0,
    });
    expect(['1.1', '2.2', tokens[1]!].map((name) => states.read(name))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(JSON.stringify(system.kept.lines)).not.toMatch(/0018/);
  });

  test('both are closed when the hub ends', async () => {
    const system = new TestSystem();
    const { closed, openServices } = services();
    const hub = await system.start({ openServices });
    await hub.end();
    expect(closed).toEqual(['keeper', 'billing']);
  });

  test('one that hangs does not keep the hub from ending', async () => {
    const system = new TestSystem();
    const { openServices } = services();
    const both = openServices();
    const close = jest.fn(() => new Promise<void>(() => {}) as never);
    both.keeper.close = close;
    const hub = await system.start({ openServices: () => both });
    const ended = hub.end();
    await until('that it is closed', () => close.mock.calls.length > 0);
    system.clock.advance(3000);
    await ended;
  });
});

describe('where the hub plays', () => {
  class FakePlaying implements Playback {
    application = readerApplication('/opt/holdcast/bin/holdcast-reader', '/run/play', 8000);
    readonly arrived: string[] = [];
    readonly sweeps: unknown[] = [];
    closed = false;
    readonly tokens: string[] = [];
    arrive(uniqueid: string, token: string): 'plain' | undefined {
      this.arrived.push(uniqueid);
      this.tokens.push(token);
      return uniqueid === '1.2' ? 'plain' : undefined;
    }
    sweep(living: ReadonlySet<string> | undefined): void {
      this.sweeps.push(living);
    }
    close(): void {
      this.closed = true;
    }
  }

  test('look-ups start readers of pipes, or of fallback music where there is no room', async () => {
    const system = new TestSystem();
    const playback = new FakePlaying();
    const settings = { ...system.parts().settings };
    const looked: string[] = [];
    const onLookUp = (_: number, result: string): void => void looked.push(result);
    // Where the reader is not there, nothing is answered: Asterisk would start it again and again.
    playback.application = { ...playback.application, program: HOLDCAST };
    const hub = await system.start({
      settings,
      onLookUp,
      openPlayback: () => Promise.resolve(playback),
    });
    const body = async (uniqueid: string): Promise<string | null> =>
      new URLSearchParams(await lookUp(hub.ready.realtime.port, `name=hold-${uniqueid}`)).get('application');
    expect(await body('1.1')).toBe(`${HOLDCAST} /run/play ${playback.tokens[0]}`);
    expect(await body('1.2')).toBe(`${HOLDCAST} /run/play`);
    expect([playback.arrived, looked]).toEqual([
      ['1.1', '1.2'],
      ['answered', 'plain'],
    ]);
    await hub.end();
    expect(playback.closed).toBe(true);
  });

  test('it is told which calls there still are, and is given the way to their callers’ choices', async () => {
    const system = new TestSystem();
    const playback = new FakePlaying();
    let given: PlaybackGiven | undefined;
    await system.start({
      openPlayback: (all) => {
        given = all;
        return Promise.resolve(playback);
      },
    });
    expect(playback.sweeps.length).toBeGreaterThan(0);
    expect(given?.services).toBeUndefined();
    expect(given?.welcome('1.1')).toBeUndefined();
  });

  test('it learns which calls there are, also while a flood asks for those that are not', async () => {
    const system = new TestSystem();
    let given: PlaybackGiven | undefined;
    await system.start({
      openPlayback: (all) => {
        given = all;
        return Promise.resolve(new FakePlaying());
      },
    });
    const { asterisk } = system;
    asterisk.ami.connect();
    await settled();
    asterisk.ami.holding = true;
    for (let i = 0; i < 1000; i++) void given!.exists(`9.${i}`);
    asterisk.call('1.1');
    const real = given!.exists('1.1');
    for (let i = 0; i < 3; i++) {
      await settled();
      asterisk.ami.look().give();
    }
    await expect(real).resolves.toBe(true);
  });
});
